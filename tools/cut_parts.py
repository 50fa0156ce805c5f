"""Add parts of cut-outs, as others or the border leave them, for `cstm train --data composed`.

    python tools/cut_parts.py PHOTOGRAPHS

cuts three in ten of the pictures in PHOTOGRAPHS/cutouts* along a line and keeps half of each or
more, since a dog whose head is hidden is still a dog. What is called NAME.*.png is the same thing
as NAME.png, and so goes into the same split. Run it once, when all cut-outs are there.
"""

from pathlib import Path

import cv2
import numpy as np
import tyro
from collect_cutouts import MARGIN, read, rng_of, write

SHARE, LEAST_SIDE, LEAST_AREA = 0.3, 60, 0.4


def part_of(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """What is on one side of a line, mostly upright or level; None if it is too little.

    Args:
        picture: a cut-out, BGRA.
        rng: says where the line runs.
    """
    is_there = picture[..., 3] > 127
    if min(is_there.shape) < LEAST_SIDE:
        return None
    angle = np.deg2rad(rng.choice([0, 90, 180, 270]) + rng.normal(0, 25))
    y, x = np.indices(is_there.shape)
    along = np.cos(angle) * x + np.sin(angle) * y
    line = np.quantile(along[is_there], rng.uniform(0.25, 0.5))
    part = picture.copy()
    part[..., 3] = (picture[..., 3] * np.clip(along - line + 0.5, 0, 1)).astype(np.uint8)
    is_left = part[..., 3] > 127
    left, top, width, height = cv2.boundingRect(is_left.astype(np.uint8))
    if is_left.sum() < LEAST_AREA * is_there.sum() or max(width, height) < LEAST_SIDE:
        return None
    return part[
        max(0, top - MARGIN) : top + height + MARGIN, max(0, left - MARGIN) : left + width + MARGIN
    ]


def cut_parts(root: Path) -> int:
    """Write the parts beside their cut-outs; returns how many.

    Raises:
        ValueError: there are no cut-outs, or there are parts already.
    """
    paths = sorted(path for path in root.glob("cutouts*/*/*.png") if path.name[0] != ".")
    if not paths:
        raise ValueError(f"{root}: no cutouts*/CLASS/*.png; see tools/collect_cutouts.py")
    if any(".part-" in path.name for path in paths):
        raise ValueError(f"{root}: there are parts already; delete **/*.part-* to make others")
    count = 0
    for path in paths:
        rng = rng_of(f"frag/{path.parent.name}/{path.name}")
        if rng.random() > SHARE:
            continue
        part = part_of(read(path), rng)
        if part is not None:
            thing = path.name.partition(".")[0]
            write(part, path.with_name(f"{thing}.part-{path.stem.replace('.', '-')}.png"))
            count += 1
    return count


def main(root: tyro.conf.Positional[Path]) -> None:
    """Cut them.

    Args:
        root: folder of photographs, with cut-outs.
    """
    print(f"{cut_parts(root)} parts of cut-outs in {root}")


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
