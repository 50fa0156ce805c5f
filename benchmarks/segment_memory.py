"""Peak memory of ``cstm segment`` on ten seconds and on ten minutes of the same clip.

Run by hand: ``python benchmarks/segment_memory.py clip.mp4``. Exits with 1 where the long video
takes over a tenth more memory than the short one.
"""

import os
import subprocess
import sys
import tempfile
from itertools import chain, islice, repeat
from pathlib import Path

import tyro

from cstm.data.frames.video import open_video
from cstm.inference.film import open_film

SEGMENT = (sys.executable, "-c", "from cstm.cli import main; main()", "segment")

LIMIT = 1.1
"""Most that the long video's peak may be, in peaks of the short one."""


def repeat_clip(source: Path, seconds: float, path: Path) -> None:
    """Write a clip over and over until it lasts as long as wanted."""
    video = open_video(source)
    # H.264 takes even sizes only.
    height, width = video.height // 2 * 2, video.width // 2 * 2
    frames = chain.from_iterable(video.frames() for _ in repeat(None))
    with open_film(path, height, width, video.fps) as film:
        for index, frame in enumerate(islice(frames, round(seconds * video.fps))):
            film.add(frame.image[:height, :width].copy(), float(index / video.fps))


def peak_memory(command: list[str]) -> float:
    """Largest resident size in MiB that a command reached, which must succeed."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"exit code {process.returncode} of: {' '.join(command)}")
    units_in_mib = 2**20 if sys.platform == "darwin" else 2**10
    return usage.ru_maxrss / units_in_mib


def main(
    video: tyro.conf.Positional[Path],
    query: str = "a dog running to the left",
    weights: str = "tiny",
    short: float = 10,
    long: float = 600,
) -> None:
    """Measure both lengths and print their ratio.

    Args:
        video: a clip of any length.
        query: sentence to look for.
        weights: name or path of the network.
        short: seconds of the short video.
        long: seconds of the long video.
    """
    peaks = []
    for seconds in (short, long):
        with tempfile.TemporaryDirectory() as folder:
            clip, out = Path(folder, "clip.mp4"), Path(folder, "out")
            repeat_clip(video, seconds, clip)
            options = ["--query", query, "--weights", weights, "--out", str(out)]
            peaks.append(peak_memory([*SEGMENT, str(clip), *options]))
            frames = sum(1 for _ in (out / "01").iterdir())
        print(f"{seconds:6g} s  {frames:6d} frames  {peaks[-1]:7.1f} MiB", flush=True)
    ratio = peaks[1] / peaks[0]
    print(f"ratio {ratio:.3f} (at most {LIMIT})")
    raise SystemExit(ratio > LIMIT)


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except ValueError as error:
        raise SystemExit(str(error)) from None
