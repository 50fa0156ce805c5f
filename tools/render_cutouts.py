"""Render cut-outs of 3D models, from all sides, for `cstm train --data composed`.

    apt-get install sweethome3d-furniture 0ad-data flightgear-data-ai assimp-utils
    apt-get install libegl1 libgl1-mesa-dri  # without a display
    pip install pyvista
    python tools/render_cutouts.py PHOTOGRAPHS

writes PHOTOGRAPHS/cutouts_rendered/CLASS/MODEL.*.png. The models are what houses hold (Sweet Home
3D, CC0 and CC-BY), animals that walk, run and graze (0 A.D., CC-BY-SA; 1.4 GB to download, 3 GB on
disk), airplanes (FlightGear, GPL-2), and simple shapes of our own.
"""

import configparser
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import cv2
import numpy as np
import tyro

try:
    import pyvista as pv
except ImportError:
    raise SystemExit("pyvista renders: pip install pyvista") from None
from animated_models import read_animals
from collect_cutouts import cut, rng_of, without_black, write
from PIL import Image
from shapes import Shape
from vtkmodules.vtkCommonCore import vtkLogger
from vtkmodules.vtkIOImport import vtkOBJImporter

from cstm.folder import whole_folder
from cstm.progress import bar

SIDE = 480
FURNITURE = Path("/usr/share/sweethome3d/furniture")
ANIMALS = Path("/usr/share/games/0ad/mods/public/public.zip")
AIRPLANES = Path("/usr/share/games/flightgear/AI/Aircraft")

TABLE = Path(__file__).with_name("models.ini")
PAINTED = {
    "car", "van", "truck", "bus", "bicycle", "motorcycle", "boat", "umbrella", "suitcase",
    "handbag", "backpack", "cup", "bowl", "vase", "bottle", "scissors", "tennis racket", "chair",
    "skateboard", "airplane", "guitar",
}  # fmt: skip
"""Which may have any colour; shapes paint themselves."""
FLAT = {
    "scissors", "tennis racket", "cell phone", "remote", "fork", "knife", "spoon", "skateboard",
    "hammer", "saw", "laptop", "guitar", "frisbee", "surfboard", "snowboard", "skis", "keyboard",
    "mouse", "toothbrush", "donut", "pizza",
}  # fmt: skip
"""Which lie flat, and are seen from 25 to 85 degrees above."""
FACING = {"traffic light", "stop sign", "parking meter", "teddy bear"}
"""Which have a front, and are seen from there or from a side."""


class Model(Protocol):
    """Something to render."""

    name: str

    def stage(self, plotter: pv.Plotter, rng: np.random.Generator) -> None:
        """Put it on the stage, y upwards."""
        ...


class Scene:
    """A model in Wavefront's format (OBJ), with its materials and textures beside it."""

    def __init__(self, name: str, file: Path) -> None:
        self.name, self.file = name, file

    def stage(self, plotter: pv.Plotter, rng: np.random.Generator) -> None:
        """Add its meshes."""
        importer = vtkOBJImporter()
        importer.SetFileName(str(self.file))
        if self.file.with_suffix(".mtl").exists():
            importer.SetFileNameMTL(str(self.file.with_suffix(".mtl")))
            importer.SetTexturePath(str(self.file.parent))
        importer.SetRenderWindow(plotter.render_window)
        importer.Update()
        for actor in plotter.renderer.GetActors():  # pyright: ignore[reportGeneralTypeIssues]
            look = actor.GetProperty()
            # What is seen through glass would be a hole in the mask; what is not seen, no part.
            if look.GetOpacity() > 0.05:
                look.SetOpacity(1)
            look.SetAmbient(min(look.GetAmbient(), 0.2))
            look.SetSpecular(min(look.GetSpecular(), 0.25))


def convert(source: Path, folder: Path) -> Scene:
    """Convert a model in AC3D's format, and its textures, which VTK can't read all.

    Raises:
        ValueError: assimp can't read it.
    """
    folder.mkdir()
    file = folder / f"{source.stem}.obj"
    done = subprocess.run(["assimp", "export", source, file], stdout=subprocess.PIPE)
    if done.returncode:
        raise ValueError(f"{source}: assimp: {done.stdout.decode(errors='replace').strip()[-200:]}")
    lines = []
    for number, line in enumerate(file.with_suffix(".mtl").read_text("latin-1").splitlines()):
        if line.startswith("map_"):
            texture = source.parent / line.partition(" ")[2]
            # Some name a folder of their makers' disks.
            if not line.startswith("map_Kd ") or not texture.is_file():
                continue
            Image.open(texture).convert("RGB").save(folder / f"{number}.png")
            line = f"map_Kd {number}.png"
        lines.append(line)
    file.with_suffix(".mtl").write_text("\n".join(lines))
    return Scene(source.stem, file)


def read_table() -> dict[str, list[tuple[str, int, list[str]]]]:
    """Class, number of pictures and models of each entry of each section."""
    table = configparser.ConfigParser(delimiters=("=",))
    table.read(TABLE)
    entries = {}
    for section in table.sections():
        entries[section] = []
        for category, told in table[section].items():
            count, _, models = told.partition(":")
            entries[section].append((category, int(count), models.split()))
    return entries


def read_models(
    work: Path, furniture: Path, animals: Path, airplanes: Path
) -> Iterator[tuple[str, int, Sequence[Model]]]:
    """All of the table: class, number of pictures, models.

    Raises:
        ValueError: one is not there.
    """
    for path, package in (
        (furniture, "sweethome3d-furniture"), (animals, "0ad-data"),
        (airplanes, "flightgear-data-ai"), (shutil.which("assimp"), "assimp-utils"),
    ):  # fmt: skip
        if not path or not Path(path).exists():
            raise ValueError(f"{path or 'assimp'}: not there; install {package}")
    table = read_table()
    house = work / "house"
    for library in furniture.glob("*.sh3f"):
        with zipfile.ZipFile(library) as archive:
            archive.extractall(house / library.stem.removeprefix("BlendSwap-"))
    for category, count, names in table["house"]:
        yield category, count, [find_furniture(house, name) for name in names]
    with zipfile.ZipFile(animals) as archive:
        for category, count, names in table["animals"]:
            found = (read_animals(archive, *name.split(":")) for name in names)
            yield category, count, [animal for group in found for animal in group]
    for category, count, names in table["airplanes"]:
        files = [find_one([airplanes], f"{name}.ac") for name in names]
        yield category, count, [convert(file, work / file.stem) for file in files]
    for category, count, _ in table["shapes"]:
        yield category, count, [Shape(category, number) for number in range(count)]


def find_furniture(house: Path, name: str) -> Scene:
    library, model = name.split("/")
    file = find_one(house.glob(f"{library}*"), f"{model}.obj")
    text = file.read_text("latin-1")
    if "\nvt " in text:
        # VTK leaves out faces without texture coordinates where others have them.
        corner = re.compile(r"(?<=\s)(\d+)(?:/(?=/)|(?=\s|$))")
        lines = [corner.sub(r"\1/1", s) if s.startswith("f ") else s for s in text.splitlines()]
        file.write_text("\n".join(lines), "latin-1")
    return Scene(f"{library}-{model}", file)


def find_one(folders: Iterable[Path], name: str) -> Path:
    """Find a file in folders.

    Raises:
        ValueError: there is none, or more than one.
    """
    found = [path for folder in folders for path in folder.rglob(name)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} files {name}, not one; are the models another version?")
    return found[0]


def render(
    model: Model, rng: np.random.Generator, rises: tuple[float, float], aside: float = 180
) -> np.ndarray:
    """Render it from anywhere between two rises in degrees, in any light.

    Seen from its front, or at most ``aside`` degrees to its left or right.

    Returns a picture of 480 × 480 pixels, BGRA, transparent where the model is not.
    """
    plotter = pv.Plotter(off_screen=True, window_size=[SIDE, SIDE], lighting="none")
    plotter.renderer.SetBackground(0, 0, 0)
    model.stage(plotter, rng)
    turn = np.deg2rad((rng.uniform(0, 2 * aside) + aside) % (2 * aside) - aside)
    rise = np.deg2rad(rng.uniform(*rises))
    eye = (np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn))
    plotter.camera_position = [eye, (0, 0, 0), (0, 1, 0)]
    plotter.camera.view_angle = rng.uniform(18, 45)
    turn, bright = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.75)
    sun = (np.sin(turn), rng.uniform(0.4, 1.5), np.cos(turn))
    plotter.add_light(pv.Light(position=sun, light_type="scene light", intensity=bright))
    plotter.add_light(pv.Light(light_type="headlight", intensity=1.1 - bright))
    plotter.enable_anti_aliasing("ssaa")
    plotter.renderer.ResetCamera()
    picture = np.asarray(plotter.screenshot(transparent_background=True, return_img=True))
    plotter.close()
    return without_black(picture)


def develop(picture: np.ndarray, rng: np.random.Generator, repaint: bool) -> np.ndarray:
    """Expose a picture as a camera would; and perhaps paint what it shows."""
    colours = picture[..., :3].astype(np.float32) / 255
    is_seen = picture[..., 3] > 127
    if is_seen.any():
        mean = np.clip(colours[is_seen].mean(), 0.05, 0.8)
        colours **= np.log(np.clip(mean, 0.25, 0.6)) / np.log(mean) * rng.uniform(0.85, 1.15)
    if repaint and rng.random() < 0.6:
        hsv = cv2.cvtColor(colours, cv2.COLOR_BGR2HSV)
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 360)) % 360
        if hsv[is_seen, 1].mean() < 0.15:
            hsv[..., 1] = np.maximum(hsv[..., 1], rng.uniform(0.15, 0.75))
        colours = cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)
    return np.dstack([np.uint8(np.clip(colours * 255 + 0.5, 0, 255)), picture[..., 3]])


def render_all(out: Path, furniture: Path, animals: Path, airplanes: Path) -> int:
    """Write all of the table into a new folder, or nothing; returns how many.

    Raises:
        ValueError: a model is not there, or there is no writing.
    """
    with whole_folder(out) as folder, TemporaryDirectory() as work, bar() as shown:
        entries = list(read_models(Path(work), furniture, animals, airplanes))
        total = sum(count for _, count, _ in entries)
        task = shown.add_task("rendering", total=total)
        for category, count, models in entries:
            for number in range(count):
                model = models[number * len(models) // count]
                place = f"{category}/{model.name}.{number}.png"
                rng = rng_of(place)
                rises = (25, 85) if category in FLAT else (-2, 32)
                picture = render(model, rng, rises, 75 if category in FACING else 180)
                picture = develop(picture, rng, category in PAINTED)
                write(cut(picture, place), folder / place)
                shown.advance(task)
    return total


def main(
    root: tyro.conf.Positional[Path],
    furniture: Path = FURNITURE,
    animals: Path = ANIMALS,
    airplanes: Path = AIRPLANES,
) -> None:
    """Render them.

    Args:
        root: folder of photographs, in which cutouts_rendered is written.
        furniture: folder with *.sh3f.
        animals: 0 A.D.'s public.zip.
        airplanes: folder with */*.ac.
    """
    out = root / "cutouts_rendered"
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # a warning where is no display
    print(f"{render_all(out, furniture, animals, airplanes)} cut-outs in {out}")


if __name__ == "__main__":
    try:
        tyro.cli(main, description=__doc__)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise SystemExit(str(error)) from None
