"""Small files and folders under the names that the documentation uses for large ones."""

import gzip
import shutil
import sys
import zipfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from cstm.cli.measure import evaluate
from cstm.data.synthetic import render_clip, synthesize
from cstm.inference.load import find_weights
from cstm.inference.samples import write_clip
from cstm.training.checkpoint import load_checkpoint


def write_stand_ins(folder: Path, photographs: Path) -> None:
    """Write all of them into a folder, which is HOME as well."""
    synthesize(folder / "world", 3, 2, seed=4, size=(96, 80), frames=12, workers=1)
    shutil.copytree(folder / "world", folder / "A2D")
    for name in ("PHOTOGRAPHS", "coco"):
        shutil.copytree(photographs, folder / name)
    _write_jhmdb(folder / "JHMDB")

    clip = render_clip(5, size=(96, 80), frames=12)
    write_clip(clip.frames, Fraction(24), folder / "cats.mp4")
    shutil.copy(folder / "cats.mp4", folder / "bikes.mp4")
    street = folder / "demo" / "street"
    (street / "01").mkdir(parents=True)
    frames = [cv2.resize(frame, (640, 272)) for frame in render_clip(6, frames=33).frames]
    write_clip(frames, Fraction(24), street.with_suffix(".mp4"))
    mask = np.zeros((272, 640), np.uint8)
    mask[50:200, 400:450] = 255
    cv2.imwrite(str(street / "01" / "00020.png"), mask)

    evaluate(
        "tiny",
        root=folder / "world",
        save_predictions=folder / "predictions.json",
        save_truth=folder / "ground_truth.json",
        workers=0,
    )

    words = load_checkpoint(find_weights("tiny")).vocabulary.words
    numbers = np.random.default_rng(0).normal(size=(len(words), 300)).round(2)
    lines = [
        f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, numbers, strict=True)
    ]
    with gzip.open(folder / "word_vectors_300d.txt.gz", "wt") as file:
        file.writelines(lines)
    (folder / "runs" / "paper").mkdir(parents=True)
    shutil.copy(find_weights("tiny"), folder / "runs" / "paper" / "cstm.safetensors")

    (folder / "cache").mkdir()
    with zipfile.ZipFile(folder / "cache" / "glove.840B.300d.zip", "w") as archive:
        archive.writestr("glove.840B.300d.txt", "".join(lines))


def _write_jhmdb(root: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parent / "data"))
    try:
        from traps import WAVE, jhmdb_with_traps
    finally:
        sys.path.pop(0)
    pinned = root.parent / "jhmdb_sentences_samples_metadata.json"
    jhmdb_with_traps(root).pin(pinned, ("wave", WAVE, 1, 1, "man waving"))
