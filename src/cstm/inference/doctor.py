"""What works on this machine: device, codecs, extras, weights; and a network that runs."""

import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import torch
from packaging.requirements import Requirement

from cstm.data.frames.video import open_video
from cstm.download import cache_folder, check
from cstm.faults import reason
from cstm.inference.film import open_film
from cstm.inference.load import load, shipped
from cstm.model.published import PUBLISHED
from cstm.processes import pick_device, pick_precision


@dataclass(frozen=True)
class Symptom:
    """One thing looked at."""

    what: str
    state: Literal["works", "absent", "broken"]
    """Absent: something optional that is not there."""
    detail: str
    """What was found; what to do where it doesn't work."""


def examine() -> Iterator[Symptom]:
    """Look at everything that cstm needs or can use, one after the other; some take seconds."""
    yield Symptom("cstm", "works", f"{version('cstm')} on Python {platform.python_version()}")
    yield _device()
    yield _codecs()
    for name in shipped():
        yield _weights(name)
    yield from _extras()
    yield _cache()


def _device() -> Symptom:
    found = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    if not torch.cuda.is_available():
        found += f", computes in {pick_precision('auto', torch.device('cpu'))}"
        return Symptom("device", "works", f"CPU; {found}; no GPU that torch can use")
    gpu = None
    try:
        gpu = torch.cuda.get_device_properties(0)
        torch.ones(1, device=pick_device("cuda")).sum().item()
    except RuntimeError as error:
        name = gpu.name if gpu else "GPU"
        return Symptom("device", "broken", f"{name}: {reason(error)}; use --device cpu")
    return Symptom("device", "works", f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB; {found}")


def _codecs() -> Symptom:
    """Write a film and read it again."""
    with TemporaryDirectory(prefix="cstm-") as folder:
        path = Path(folder) / "film.mp4"
        try:
            with open_film(path, 16, 16, Fraction(10)) as film:
                film.add(np.zeros((16, 16, 3), np.uint8), 0.0)
            if sum(1 for _ in open_video(path).frames()) != 1:
                raise ValueError("a film of one frame was read as none, or as more")
        except Exception as error:
            return Symptom("codecs", "broken", f"{reason(error)}; install the package av anew")
    return Symptom("codecs", "works", f"H.264 written and read; PyAV {version('av')}")


def _weights(name: str) -> Symptom:
    """Run shipped weights on a clip of noise, as `cstm segment` would."""
    began = time.monotonic()
    try:
        segmenter = load(name, looks=1)
        clip = np.random.default_rng(0).integers(0, 256, (16, 240, 320, 3), np.uint8)
        loaded = time.monotonic()
        query = " ".join(word for word in ("a", "cat") if word in segmenter.vocabulary)
        frames = sum(1 for _ in segmenter.segment(clip, [query]))
    except ValueError as error:
        return Symptom(f"weights {name}", "broken", f"{error}; install cstm anew")
    except RuntimeError as error:
        return Symptom(f"weights {name}", "broken", reason(error))
    speed = frames / (time.monotonic() - loaded)
    return Symptom(
        f"weights {name}",
        "works",
        f"loaded in {loaded - began:.1f} s, {speed:.0f} frames a second with one sentence and one "
        "look, "
        f"{len(segmenter.vocabulary.known)} words",
    )


def _extras() -> Iterator[Symptom]:
    """Every extra that people install, and what of it is missing."""
    wanted: dict[str, list[str]] = {}
    for line in requires("cstm") or ():
        requirement = Requirement(line)
        if requirement.marker and requirement.name != "cstm":
            for extra in _EXTRAS:
                if requirement.marker.evaluate({"extra": extra}):
                    wanted.setdefault(extra, []).append(requirement.name)
    for extra, packages in sorted(wanted.items()):
        missing = [package for package in packages if not _is_installed(package)]
        yield (
            Symptom(
                f"[{extra}]",
                "absent",
                f'{_EXTRAS[extra]}; pip install "cstm[{extra}]" brings {", ".join(missing)}',
            )
            if missing
            else Symptom(f"[{extra}]", "works", _EXTRAS[extra])
        )


_EXTRAS = {
    "web": "the page, cstm serve",
    "demo": "a real clip for cstm demo",
    "lite": "weights that training lite starts from",
    "remote": "videos from URLs and buckets",
    "supervision": "results as supervision.Detections",
}
"""Extras and what they are for."""


def _is_installed(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _cache() -> Symptom:
    """Which published weights are there already, and whether they are what was published."""
    there = []
    for name, weights in PUBLISHED.items():
        path = weights.file.path
        if path.exists():
            try:
                check(weights.file)
            except ValueError as error:
                return Symptom("cache", "broken", str(error))
            there.append(name if path.parent == cache_folder() else f"{name} (in its package)")
    found = ", ".join(there) if there else "no weights to train from; `cstm fetch` brings them"
    return Symptom("cache", "works" if there else "absent", f"{cache_folder()}: {found}")
