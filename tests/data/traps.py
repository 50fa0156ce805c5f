"""Small datasets, written by hand as the published files are laid out, with all of their traps."""

import json
from pathlib import Path

import av
import h5py
import numpy as np
from PIL import Image
from scipy.io import savemat

HEIGHT, WIDTH = 24, 32


def frames_of(video: str, count: int = 20) -> np.ndarray:
    """Pictures that differ between frames, and between videos with names of different length."""
    random = np.random.default_rng(len(video))
    return random.integers(0, 256, (count, HEIGHT, WIDTH, 3), dtype=np.uint8)


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    """A mask as a viewer sees it, height × width."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


NOTHING = box(0, 0, 0, 0)
CAT, DOG, MAN = box(2, 3, 10, 20), box(12, 5, 20, 11), box(0, 24, 24, 30)


class A2DWorld:
    """Writes a small A2D Sentences."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "Release" / "clips320H").mkdir(parents=True)
        self.videoset: list[str] = []
        self.sentences = ["video_id,instance_id,query"]

    def video(
        self, name: str, subset: int, annotated: int, sentences: list[tuple[str, str]]
    ) -> None:
        # PNG pictures in a file named .mp4 keep every value; readers go by content.
        path = self.root / "Release" / "clips320H" / f"{name}.mp4"
        with av.open(str(path), "w", format="mov") as container:
            stream = container.add_stream("png", rate=24)
            stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "rgb24"
            for frame in frames_of(name):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame)))
            container.mux(stream.encode())
        self.videoset.append(f"{name},11,0:00:01,0:00:02,{HEIGHT},{WIDTH},20,{annotated},{subset}")
        self.sentences += [f"{name},{instance},{query}" for instance, query in sentences]

    def frame(
        self, video: str, number: int, ids: list[int], labels: list[int], masks: list[np.ndarray]
    ) -> None:
        folder = self.root / "a2d_annotation_with_instances" / video
        folder.mkdir(parents=True, exist_ok=True)
        transposed = np.stack([mask.T for mask in masks])  # N × W × H
        with h5py.File(folder / f"{number:05d}.h5", "w") as file:
            file["instance"] = np.array(ids, np.float64)
            file["id"] = np.array(labels, np.float64)[None]
            file["reMask"] = transposed[0] if len(masks) == 1 else transposed
            file["reBBox"] = np.zeros((4, len(masks)))

    def write(self) -> None:
        (self.root / "Release" / "videoset.csv").write_text("\n".join(self.videoset) + "\n")
        (self.root / "a2d_annotation.txt").write_text("\n".join(self.sentences) + "\n")
        (self.root / "a2d_missed_videos.txt").write_text("missedvideo\n")


def a2d_with_traps(root: Path) -> A2DWorld:
    """Two videos for training, one for testing, one without sentences."""
    world = A2DWorld(root)
    world.video(
        "-train1",
        subset=0,
        annotated=4,
        sentences=[
            ("0", " A  white cat is\tJumping "),
            ("5", "the dog running"),
            ("5", "brown dog"),
            ("1 (copy)", "bird standing in the beach"),
            ("9", "nobody as no frame has this number"),
        ],
    )
    # Numbers that are no positions; one actor leaves, so that a frame has a single mask.
    world.frame("-train1", 4, [5, 0], [77, 65], [DOG, CAT])
    world.frame("-train1", 12, [5], [79], [DOG])
    # An empty mask; and more masks than numbers.
    world.frame("-train1", 16, [0, 5], [65, 77], [CAT, NOTHING])
    world.frame("-train1", 20, [0], [65], [CAT, MAN])
    world.video("train22", subset=0, annotated=1, sentences=[("3", "man")])
    # A number twice.
    world.frame("train22", 1, [3, 3], [18, 18], [MAN, CAT])
    world.video("test333", subset=1, annotated=1, sentences=[("0", "dog")])
    world.frame("test333", 10, [0], [77], [DOG])
    # A missed video: masks, but no sentence.
    world.frame("missedvideo", 10, [0], [77], [DOG])
    world.videoset.append(f"missedvideo,11,0,1,{HEIGHT},{WIDTH},20,3,0")
    world.write()
    return world


A2D_TRIPLES = [
    ("-train1/00004/0", "A white cat is Jumping", CAT),
    ("-train1/00004/5", "the dog running", DOG),
    ("-train1/00004/5", "brown dog", DOG),
    ("-train1/00012/5", "the dog running", DOG),
    ("-train1/00012/5", "brown dog", DOG),
    ("-train1/00016/0", "A white cat is Jumping", CAT),
    ("-train1/00020/0", "A white cat is Jumping", CAT),
    ("train22/00001/3", "man", MAN),
]
"""What must be read of its training part: name, sentence and mask."""


class JHMDBWorld:
    """Writes a small J-HMDB Sentences."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.sentences = ["video_id,query"]

    def video(
        self, action: str, name: str, frames: int, masks: list[np.ndarray], query: str
    ) -> None:
        folder = self.pictures(action, name)
        folder.mkdir(parents=True)
        for number, picture in enumerate(frames_of(name, frames), start=1):
            Image.fromarray(picture).save(folder / f"{number:05d}.png")
        (folder / ".DS_Store").touch()
        path = self.masks(action, name)
        path.parent.mkdir(parents=True)
        stacked = np.stack(masks, axis=2)
        # MATLAB drops a last axis of length 1.
        savemat(
            path,
            {"part_mask": stacked[..., 0] if len(masks) == 1 else stacked},
            do_compression=True,
        )
        self.sentences.append(f"{name},{query}")

    def write(self) -> None:
        (self.root / "jhmdb_annotation.txt").write_text("\n".join(self.sentences) + "\n")

    def pictures(self, action: str, name: str) -> Path:
        return self.root / "Rename_Images" / action / name

    def masks(self, action: str, name: str) -> Path:
        return self.root / "puppet_mask" / action / name / "puppet_mask.mat"

    def pin(self, path: Path, *rows: tuple[str, str, int, int, str]) -> Path:
        """Write the community's list: action, video, frame from 1, frames with masks, sentence."""
        folder = "./jhmdb_sentences"
        document = [
            [
                video,
                f"{folder}/Rename_Images/{action}/{video}/{number:05d}.png",
                f"{folder}/puppet_mask/{action}/{video}/puppet_mask.mat",
                annotated,
                sentence,
            ]
            for action, video, number, annotated, sentence in rows
        ]
        path.write_text(json.dumps(document))
        return path


def growing(number: int) -> np.ndarray:
    """Mask of a frame, counted from 0, which no other frame has."""
    return box(1, 2, 5 + number, 10 + number)


CLAP, KICK, WAVE = "Boom__Snap__Clap!_(Challenge)_[1]", "DWK_1_kick_ball_f", "wave_1"


def jhmdb_with_traps(root: Path) -> JHMDBWorld:
    """Three videos; names do not tell actions."""
    world = JHMDBWorld(root)
    # An empty mask in a frame that is evaluated.
    masks = [growing(number) for number in range(8)]
    masks[4] = NOTHING
    world.video("clap", CLAP, 8, masks, " An  old woman clapping ")
    # Fewer masks than frames.
    world.video("kick_ball", KICK, 10, [growing(n) for n in range(7)], "man kicking")
    # One mask, which is two-dimensional then.
    world.video("wave", WAVE, 3, [growing(0)], "man waving")
    world.write()
    return world


JHMDB_TRIPLES = [
    (f"{CLAP}/00002/1", "An old woman clapping", growing(1)),
    (f"{CLAP}/00005/1", "An old woman clapping", NOTHING),
    (f"{CLAP}/00007/1", "An old woman clapping", growing(6)),
    (f"{KICK}/00002/1", "man kicking", growing(1)),
    (f"{KICK}/00004/1", "man kicking", growing(3)),
    (f"{KICK}/00006/1", "man kicking", growing(5)),
    (f"{WAVE}/00001/1", "man waving", growing(0)),
]
"""What must be read of it with uniform frames: name, sentence and mask."""
