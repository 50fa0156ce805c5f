"""Rendered cut-outs, of models of our own: every format that the tool reads, and its table."""

import os
import shutil
import struct
import sys
import zipfile
from ctypes.util import find_library
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cstm.data.composed.cutouts import read_cutouts
from cstm.data.composed.figures import measure
from cstm.data.language.nouns import CATEGORIES

TOOLS = Path(__file__).parent.parent / "tools"
CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 2) for z in (0, 1)]
"""Of a block twice as high as it is wide."""
SIDES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
STILL = (0, 0, 0, 0, 0, 0, 1)
TURNED = (5, 0, 0, 0, 0, np.sqrt(0.5), np.sqrt(0.5))
"""Moved by 5 along x and turned by 90° about z: x becomes y, y becomes −x."""
CAN_RENDER = shutil.which("assimp") and (find_library("EGL") or os.environ.get("DISPLAY"))


@pytest.fixture(scope="module")
def tools():
    sys.path.insert(0, str(TOOLS))
    import animated_models
    import render_cutouts
    import shapes

    yield render_cutouts, animated_models, shapes
    sys.path.remove(str(TOOLS))


def pmd(weights: tuple[float, float] = (1.0, 0.0)) -> bytes:
    """The block, as the mesh of a game: two bones at rest, no second set of texture coordinates."""
    vertices = b"".join(
        struct.pack("<3f3f2f4B4f", x, y, z, *outwards, 0.5, 0.5, 0, 1, 255, 255, *weights, 0, 0)
        for x, y, z in CORNERS
        for outwards in [(x - 0.5, y / 2 - 0.5, z - 0.5)]
    )
    triangles = [t for a, b, c, d in SIDES for t in (a, c, b, a, d, c)]
    data = struct.pack("<2I", len(CORNERS), 1) + vertices
    data += struct.pack(f"<I{len(triangles)}H", len(triangles) // 3, *triangles)
    data += struct.pack("<I14f", 2, *STILL, *STILL) + struct.pack("<I", 0)
    return b"PSMD" + struct.pack("<2I", 4, len(data)) + data


def psa(*frames: tuple[tuple[float, ...], ...]) -> bytes:
    numbers = [number for bones in frames for bone in bones for number in bone]
    data = struct.pack("<I4sf2I", 4, b"walk", 33.3, len(frames[0]), len(frames))
    data += struct.pack(f"<{len(numbers)}f", *numbers)
    return b"PSSA" + struct.pack("<2I", 1, len(data)) + data


def obj() -> str:
    """The block; two of its sides have texture coordinates, which VTK then asks of all."""
    lines = ["mtllib block.mtl", "usemtl paint", *(f"v {x} {y} {z}" for x, y, z in CORNERS)]
    lines += ["vt 0.5 0.5", "vn 0 1 0"]
    for number, side in enumerate(SIDES):
        form = ("{}/1/1", "{}/1", "{}//1", "{}")[min(number, 3)]
        lines.append("f " + " ".join(form.format(corner + 1) for corner in side))
    return "\n".join(lines)


def mtl(opacity: float) -> str:
    return f"newmtl paint\nKd 0.1 0.6 0.1\nd {opacity}\n"


def ac3d() -> str:
    """The block with a texture that is there, and a second object with one that is not."""
    head = 'AC3Db\nMATERIAL "m" rgb 1 1 1 amb 1 1 1 emis 0 0 0 spec 0 0 0 shi 0 trans 0\n'
    head += "OBJECT world\nkids 2\n"
    for texture in ("skin.png", "D:/elsewhere/skin.png"):
        head += f'OBJECT poly\ntexture "{texture}"\nnumvert {len(CORNERS)}\n'
        head += "".join(f"{x} {y} {z}\n" for x, y, z in CORNERS) + f"numsurf {len(SIDES)}\n"
        for side in SIDES:
            head += "SURF 0x20\nmat 0\nrefs 4\n" + "".join(f"{i} 0.5 0.5\n" for i in side)
        head += "kids 0\n"
    return head


def skin(colour: tuple[int, int, int], kind: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, kind)
    return file.getvalue()


def test_the_table_speaks_of_classes_that_are_known(tools):
    table = tools[0].read_table()
    assert table.keys() == {"house", "animals", "airplanes", "shapes"}
    entries = [entry for section in table.values() for entry in section]
    assert {category for category, _, _ in entries} <= set(CATEGORIES)
    assert all(count >= 4 for _, count, _ in entries)
    assert all(models for part in table.keys() - {"shapes"} for _, _, models in table[part])
    assert {category for category, _, _ in entries} >= tools[0].PAINTED | tools[0].FLAT


def test_a_mesh_follows_its_bones(tools):
    animated = tools[1]
    block = np.array(CORNERS, float)
    mirrored = (1, 1, -1)
    still = animated.pose(animated.read_mesh(pmd()), np.array([STILL, TURNED]))
    np.testing.assert_allclose(still.points, block * mirrored, atol=1e-6)
    turned = np.stack([5 - block[:, 1], block[:, 0], block[:, 2]], 1)
    moved = animated.pose(animated.read_mesh(pmd()), np.array([TURNED, STILL]))
    np.testing.assert_allclose(moved.points, turned * mirrored, atol=1e-5)
    half = animated.pose(animated.read_mesh(pmd((2.0, 2.0))), np.array([TURNED, STILL]))
    np.testing.assert_allclose(half.points, (block + turned) / 2 * mirrored, atol=1e-5)
    for posed in (still, moved):
        outwards = (posed.points - posed.points.mean(0)) * posed.point_data.active_normals
        assert (outwards.sum(1) > 0.5).all(), "normals go along"
        a, b, c = posed.points[posed.regular_faces].transpose(1, 0, 2)
        inner = posed.points.mean(0)
        assert (np.cross(b - a, c - a) * (a - inner)).sum(1).min() > 0, "as seen from outside"
    motion = animated.read_motion(psa((STILL, TURNED), (TURNED, STILL), (STILL, STILL)))
    assert motion.shape == (3, 2, 7)
    np.testing.assert_allclose(motion[1, 0], TURNED, atol=1e-6)
    for read in (animated.read_mesh, animated.read_motion):
        with pytest.raises(ValueError, match="no P"):
            read(b"JUNK" + bytes(40))


@pytest.fixture
def models(tools, tmp_path, monkeypatch) -> Path:
    """Models of all kinds, and a table of them."""
    table = tmp_path / "models.ini"
    table.write_text(
        "[house]\nchair = 3: CC-0/block\ndog = 1: Sc/block\n"
        "[animals]\nhorse = 2: block:skin_:horse_\n[airplanes]\nairplane = 2: block\n"
        "[shapes]\n" + "".join(f"{category} = 1\n" for category in tools[2].SHAPES)
    )
    monkeypatch.setattr(tools[0], "TABLE", table)
    (tmp_path / "house").mkdir()
    for library, opacity in (("BlendSwap-CC-0", 0.1), ("Scopia", 1)):
        with zipfile.ZipFile(tmp_path / "house" / f"{library}.sh3f", "w") as archive:
            archive.writestr("some/block/block.obj", obj())
            archive.writestr("some/block/block.mtl", mtl(opacity))
    with zipfile.ZipFile(tmp_path / "public.zip", "w") as archive:
        archive.writestr("art/meshes/skeletal/block.dae.cached.pmd", pmd())
        gaits = "art/animation/quadraped/horse_"
        archive.writestr(f"{gaits}walk.dae.cached.psa", psa((STILL, STILL)))
        archive.writestr(f"{gaits}death.dae.cached.psa", b"never read")
        archive.writestr(f"{gaits}of_another_mesh.dae.cached.psa", psa((STILL,)))
        skins = "art/textures/skins/skeletal/skin_"
        archive.writestr(f"{skins}blue.dds", skin((20, 30, 200), "DDS"))
        archive.writestr(f"{skins}yellow.png.cached.dds", skin((210, 190, 20), "DDS"))
        archive.writestr(f"{skins}norm.dds", b"never read")
    (tmp_path / "air" / "block").mkdir(parents=True)
    (tmp_path / "air" / "block" / "block.ac").write_text(ac3d())
    (tmp_path / "air" / "block" / "skin.png").write_bytes(skin((200, 200, 20), "PNG"))
    return tmp_path


def run(tool, models, root):
    tool.main(root, models / "house", models / "public.zip", models / "air")


@pytest.mark.skipif(not CAN_RENDER, reason="needs assimp-utils, and libegl1 or a display")
def test_models_of_every_kind_become_cutouts(tools, models, tmp_path, capsys):
    tool, root = tools[0], tmp_path / "photographs"
    run(tool, models, root)
    out = root / "cutouts_rendered"
    count = 8 + len(tools[2].SHAPES)
    assert capsys.readouterr() == (f"{count} cut-outs in {out}\n", "")
    found = [*read_cutouts(root, "train"), *read_cutouts(root, "test")]
    by_name = {f"{one.path.parent.name}/{one.path.stem}": measure(one)[0] for one in found}
    shapes = {f"{category}/shape-0.0" for category in tools[2].SHAPES}
    assert by_name.keys() - shapes == {
        "chair/CC-0-block.0", "chair/CC-0-block.1", "chair/CC-0-block.2", "dog/Sc-block.0",
        "horse/skin_blue.block.0", "horse/skin_yellow.block.1",
        "airplane/block.0", "airplane/block.1",
    }  # fmt: skip
    assert shapes <= by_name.keys()
    whole = sum(by_name[name].is_whole for name in shapes)
    assert whole >= 0.8 * len(shapes), "but for what is thin and lies across"
    for name, figure in by_name.items():
        if name in shapes:
            continue
        assert figure.is_whole, name
        assert figure.size[1] > 1.2 * figure.size[0], f"{name} stands upright"
    assert by_name["dog/Sc-block.0"].colours.clear == "green"
    assert by_name["horse/skin_blue.block.0"].colours.clear == "blue"
    assert by_name["horse/skin_yellow.block.1"].colours.clear == "yellow"
    first = {path: path.read_bytes() for path in root.rglob("*.png")}
    with pytest.raises((ValueError, OSError), match="is not empty"):
        run(tool, models, root)
    shutil.rmtree(root)
    run(tool, models, root)
    assert {path: path.read_bytes() for path in root.rglob("*.png")} == first


@pytest.mark.skipif(not CAN_RENDER, reason="needs assimp-utils, and libegl1 or a display")
def test_what_is_missing_is_named_and_nothing_written(tools, models, tmp_path, monkeypatch):
    root = tmp_path / "photographs"
    (models / "air" / "block" / "block.ac").rename(models / "air" / "block" / "other.ac")
    with pytest.raises((ValueError, OSError), match=r"0 files block\.ac, not one"):
        run(tools[0], models, root)
    with zipfile.ZipFile(models / "public.zip", "w") as archive:
        archive.writestr("art/meshes/skeletal/block.dae.cached.pmd", pmd())
    with pytest.raises(
        (ValueError, OSError), match=r"0 gaits horse_\* and 0 skins skin_\* for block"
    ):
        run(tools[0], models, root)
    (models / "public.zip").unlink()
    with pytest.raises((ValueError, OSError), match=r"public\.zip: not there; install 0ad-data"):
        run(tools[0], models, root)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    (models / "public.zip").touch()
    with pytest.raises((ValueError, OSError), match="assimp: not there; install assimp-utils"):
        run(tools[0], models, root)
    assert not root.exists()
