"""Collect cut-outs of animals, vehicles and things for `cstm train --data composed`.

    apt-get install tuxpaint-stamps-default fonts-noto-color-emoji openclipart-png
    npm install @lobehub/fluent-emoji-3d
    python tools/collect_cutouts.py PHOTOGRAPHS

writes PHOTOGRAPHS/cutouts/CLASS/*.png. The stamps are photographs cut out by Tux Paint's
contributors (GPL-2), the emoji rendered models by Microsoft (MIT) and drawings by Google (OFL), the
clip art drawings that are in the public domain (Open Clip Art).
"""

import configparser
import hashlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont, features

from cstm.folder import whole_folder

STAMPS = Path("/usr/share/tuxpaint/stamps")
FLUENT = Path("node_modules/@lobehub/fluent-emoji-3d/assets")
NOTO = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
CLIP_ART = Path("/usr/share/openclipart/png")
MARGIN, LONG_SIDE = 4, 480

TABLE = Path(__file__).with_name("cutouts.ini")
NOTO_SIZE = 109
"""Pixels an em, the one size that the font holds its pictures in."""


def read_table() -> dict[str, dict[str, list[str]]]:
    """Of each kind of source, the pictures of each class."""
    table = configparser.ConfigParser(delimiters=("=",))
    table.read(TABLE, "utf-8")
    return {
        kind: {category: names.split() for category, names in table[kind].items()}
        for kind in table.sections()
    }


def find_stamp(folder: Path, name: str) -> Path:
    found = [path for path in folder.rglob(f"{name}.png") if "cartoon" not in path.parts]
    if len(found) != 1:
        raise ValueError(f"{folder}: {len(found)} files {name}.png, not one")
    return found[0]


def code(emoji: str) -> str:
    return "-".join(f"{ord(character):04x}" for character in emoji)


def find_emoji(folder: Path, emoji: str) -> Path:
    for path in (folder / f"{code(emoji)}.webp", folder / f"{code(emoji)}-fe0f.webp"):
        if path.exists():
            return path
    raise ValueError(f"{folder}: no {code(emoji)}.webp for {emoji}")


def draw_emoji(font: ImageFont.FreeTypeFont, emoji: str) -> np.ndarray:
    """Draw an emoji of a colour font, BGRA."""
    picture = Image.new("RGBA", (2 * NOTO_SIZE, 2 * NOTO_SIZE))
    ImageDraw.Draw(picture).text((16, 16), emoji, font=font, embedded_color=True)
    return without_black(np.asarray(picture))


def without_black(picture: np.ndarray) -> np.ndarray:
    """What was drawn on black, RGBA, as BGRA without the black that is mixed in at its edges."""
    alpha = picture[..., 3:].astype(float) / 255
    colours = np.clip(picture[..., 2::-1] / np.maximum(alpha, 1 / 255), 0, 255)
    return np.dstack([np.uint8(colours + 0.5), picture[..., 3]])


def rng_of(told: str) -> np.random.Generator:
    """Random numbers that depend on this text alone."""
    digest = hashlib.sha256(told.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


def cut(picture: np.ndarray, source: object) -> np.ndarray:
    """Crop a picture, BGRA, to what is not transparent, with a margin.

    Raises:
        ValueError: all of it is transparent; ``source`` is named.
    """
    left, top, width, height = cv2.boundingRect((picture[..., 3] > 127).astype(np.uint8))
    if not width:
        raise ValueError(f"{source}: all of it is transparent")
    picture = picture[top : top + height, left : left + width]
    scale = min(1, LONG_SIDE / max(width, height))
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    colours, alpha = np.ascontiguousarray(picture[..., :3]), picture[..., 3]
    # Colours go on beyond the edge: what is transparent may have any.
    colours = cv2.inpaint(colours, (alpha < 128).astype(np.uint8), 3, cv2.INPAINT_TELEA)
    colours = np.pad(colours, ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), "edge")
    return np.dstack([colours, np.pad(alpha, MARGIN)])


def write(picture: np.ndarray, target: Path) -> None:
    """Write a picture as PNG.

    Raises:
        ValueError: it can't be written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(target), picture):
        raise ValueError(f"cannot write {target}")


def read(source: Path) -> np.ndarray:
    """Read a picture with a transparent background, BGRA.

    Raises:
        ValueError: there is none, or no such background.
    """
    if not source.is_file():
        raise ValueError(f"{source}: not there; is the package another version?")
    picture = cv2.imread(str(source), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.shape[2:] != (4,) or picture.dtype != np.uint8:
        raise ValueError(f"{source}: no picture of 8 bits with a transparent background")
    return picture


def main(
    root: tyro.conf.Positional[Path],
    stamps: Path = STAMPS,
    fluent: Path = FLUENT,
    noto: Path = NOTO,
    clip_art: Path = CLIP_ART,
) -> None:
    """Collect them.

    Args:
        root: folder of photographs, in which cutouts is written.
        stamps: folder of Tux Paint's stamps.
        fluent: folder with *.webp.
        noto: the font.
        clip_art: folder with animals/, …
    """
    out = root / "cutouts"
    count = collect(out, stamps, fluent, noto, clip_art)
    print(f"{count} cut-outs of {len(list(out.iterdir()))} classes in {out}")


def collect(out: Path, stamps: Path, fluent: Path, noto: Path, clip_art: Path) -> int:
    """Write all of the table into a new folder, or nothing; returns how many.

    Raises:
        ValueError: a picture is not there or is no cut-out, or there is no writing.
    """
    count = 0
    with whole_folder(out) as folder:
        for place, picture in pictures(stamps, fluent, noto, clip_art):
            write(cut(picture, place), folder / place)
            count += 1
    return count


def pictures(
    stamps: Path, fluent: Path, noto: Path, clip_art: Path
) -> Iterator[tuple[str, np.ndarray]]:
    """All of the table: CLASS/NAME.png, and its picture, BGRA."""
    for place, package in (
        (stamps, "tuxpaint-stamps-default"), (fluent, "@lobehub/fluent-emoji-3d"),
        (noto, "fonts-noto-color-emoji"), (clip_art, "openclipart-png"),
    ):  # fmt: skip
        if not place.exists():
            raise ValueError(f"{place}: not there; install {package}, or name its place")
    if not features.check("raqm"):
        raise ValueError("Pillow draws no emoji of several parts without raqm; install libfribidi0")
    table = read_table()
    for category, names in table["stamps"].items():
        for name in names:
            yield f"{category}/{name}.png", read(find_stamp(stamps, name))
    try:
        font = ImageFont.truetype(noto, NOTO_SIZE)
    except OSError as error:
        raise ValueError(f"{noto}: {error}") from None
    for category, names in table["emoji"].items():
        for emoji in names:
            rendered = find_emoji(fluent, emoji)
            yield f"{category}/emoji-{rendered.stem}.png", read(rendered)
            yield f"{category}/noto-{code(emoji)}.png", draw_emoji(font, emoji)
    for category, names in table["clip art"].items():
        for name in names:
            place = f"{category}/clip-{name.rpartition('/')[2].strip('._')}.png"
            yield place.replace("._", "_"), read(clip_art / f"{name}.png")


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except ValueError as error:
        raise SystemExit(str(error)) from None
