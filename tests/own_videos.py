"""The drawn world as a folder of one's own videos."""

import json
import shutil
from pathlib import Path

import h5py
import numpy as np
from pycocotools import mask as coco


def write_own(world: Path, root: Path) -> None:
    """Draw a small world, and write it once more, with a sentence about nobody for each video."""
    # Not at the top: conftest.py has yet to hook what is imported.
    from cstm.data.formats.a2d_files import read_directions, read_sentences, read_videoset
    from cstm.data.sample import ACTIONS, ACTORS, DIRECTIONS
    from cstm.data.synthetic import synthesize

    synthesize(world, 3, 2, seed=3, size=(96, 80), frames=12, workers=1)
    shutil.copytree(world / "Release" / "clips320H", root / "videos")
    sentences = read_sentences(world / "a2d_annotation.txt")
    directions = read_directions(world / "instances.csv")
    listed = read_videoset(world / "Release" / "videoset.csv")
    for split in ("train", "test"):
        videos = [video for video in sentences if listed[video].split == split]
        annotations = []
        for number, video in enumerate(videos):
            files = sorted((world / "a2d_annotation_with_instances" / video).iterdir())
            for file in files:
                with h5py.File(file) as h5:
                    masks = h5["reMask"][()]
                    masks = masks if masks.ndim == 3 else masks[None]
                    rows = list(zip(h5["instance"][()], h5["id"][()], masks, strict=True))
                for instance, label, mask in rows:
                    run_lengths = coco.encode(np.asfortranarray(mask.T))
                    run_lengths["counts"] = run_lengths["counts"].decode()
                    annotations.append(
                        {
                            "video_id": number,
                            "frame": int(file.stem) - 1,
                            "segmentation": run_lengths,
                            "sentences": [s for i, s in sentences[video] if i == instance],
                            "category": ACTORS[label // 10 - 1],
                            "action": ACTIONS[label % 10 - 1],
                            "direction": DIRECTIONS[directions[video, int(instance)] - 1],
                            "iscrowd": 0,
                        }
                    )
            annotations.append(
                {
                    "video_id": number,
                    "frame": int(files[0].stem) - 1,
                    "segmentation": None,
                    "sentences": ["a zebra on the left"],
                }
            )
        document = {
            "videos": [{"id": n, "file_name": f"{video}.mp4"} for n, video in enumerate(videos)],
            "annotations": [{"id": n, **one} for n, one in enumerate(annotations, start=1)],
        }
        (root / f"{split}.json").write_text(json.dumps(document))


def edit(root: Path, change, file: str = "train.json") -> None:
    document = json.loads((root / file).read_text())
    change(document)
    (root / file).write_text(json.dumps(document))


def annotation(number: int, **values):
    """Change the annotation with an id."""
    return lambda document: document["annotations"][number - 1].update(values)
