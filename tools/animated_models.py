"""Animals of the game 0 A.D. in all the poses of their gaits, for render_cutouts.py.

::

    public.zip/art/meshes/skeletal/*.pmd     "PSMD": vertices, triangles, bones at rest; version 4
    public.zip/art/animation/quadraped/*.psa "PSSA": the same bones in every frame of a motion
    public.zip/art/textures/skins/skeletal/**.dds

All numbers are little-endian; a bone is three coordinates and a quaternion, x y z w.
"""

import re
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyvista as pv
from PIL import Image
from scipy.spatial.transform import Rotation

NO_GAIT = re.compile(r"death|attack|gather|build")
NO_SKIN = re.compile(r"_spec|_norm|dead|belt")


class Mesh(NamedTuple):
    """A skinned mesh."""

    vertices: np.ndarray
    """Place, normal, texture coordinates, four bones and their weights of each."""
    triangles: np.ndarray
    bones: np.ndarray
    """At rest: bones × 7."""


def read_mesh(data: bytes) -> Mesh:
    """Decode a PMD file.

    Raises:
        ValueError: it is none, or not of version 4.
    """
    if data[:4] != b"PSMD" or data[4] != 4:
        raise ValueError("no PMD file of version 4; is it another version of the game?")
    _, _, count, layers = struct.unpack_from("<4I", data, 4)
    vertex = [
        ("place", "<f4", 3), ("normal", "<f4", 3), ("texture", "<f4", (layers, 2)),
        ("bone", "u1", 4), ("weight", "<f4", 4),
    ]  # fmt: skip
    vertices = np.frombuffer(data, np.dtype(vertex), count, at := 20)
    (count,) = struct.unpack_from("<I", data, at := at + vertices.nbytes)
    triangles = np.frombuffer(data, "<u2", 3 * count, at := at + 4)
    (count,) = struct.unpack_from("<I", data, at := at + triangles.nbytes)
    bones = np.frombuffer(data, "<f4", 7 * count, at + 4)
    return Mesh(vertices, triangles.reshape(-1, 3), bones.reshape(-1, 7))


def read_motion(data: bytes) -> np.ndarray:
    """Decode a PSA file: frames × bones × 7.

    Raises:
        ValueError: it is none.
    """
    if data[:4] != b"PSSA":
        raise ValueError("no PSA file; is it another version of the game?")
    (name,) = struct.unpack_from("<I", data, 12)
    bones, frames = struct.unpack_from("<2I", data, 20 + name)
    return np.frombuffer(data, "<f4", 7 * bones * frames, 28 + name).reshape(frames, bones, 7)


def transforms(bones: np.ndarray) -> np.ndarray:
    """Matrices, bones × 4 × 4, of bones × 7."""
    matrices = np.tile(np.eye(4), (len(bones), 1, 1))
    matrices[:, :3, :3] = Rotation.from_quat(bones[:, 3:]).as_matrix()
    matrices[:, :3, 3] = bones[:, :3]
    return matrices


def pose(mesh: Mesh, bones: np.ndarray) -> pv.PolyData:
    """Linear blend skinning: a vertex goes where its bones, by their weights, take it."""
    moved = transforms(bones) @ np.linalg.inv(transforms(mesh.bones))
    bone = mesh.vertices["bone"]
    is_bone = bone < len(bones)
    weight = np.where(is_bone, mesh.vertices["weight"], 0)
    weight = weight / weight.sum(1, keepdims=True)
    blended = np.einsum("vk,vkij->vij", weight, moved[np.where(is_bone, bone, 0)])
    places = np.einsum("vij,vj->vi", blended[:, :3, :3], mesh.vertices["place"])
    places += blended[:, :3, 3]
    normals = np.einsum("vij,vj->vi", blended[:, :3, :3], mesh.vertices["normal"])
    # The game's axes are left-handed.
    posed = pv.PolyData.from_regular_faces(places * (1, 1, -1), mesh.triangles)
    posed.point_data.active_normals = normals * (1, 1, -1)
    posed.active_texture_coordinates = np.ascontiguousarray(mesh.vertices["texture"][:, 0])
    return posed


class Animal:
    """A mesh in a skin, with its gaits."""

    def __init__(self, name: str, mesh: Mesh, skin: bytes, gaits: list[np.ndarray]) -> None:
        self.name, self.mesh, self.gaits = name, mesh, gaits
        # What is transparent in a skin shows the colour of a player.
        self.skin = np.ascontiguousarray(Image.open(BytesIO(skin)).convert("RGB"))

    def stage(self, plotter: pv.Plotter, rng: np.random.Generator) -> None:
        """Add it in any pose."""
        gait = self.gaits[rng.integers(len(self.gaits))]
        posed = pose(self.mesh, gait[rng.integers(len(gait))])
        texture = pv.Texture(self.skin)
        plotter.add_mesh(
            posed, texture=texture, smooth_shading=True, ambient=0.3, diffuse=0.8, specular=0.05
        )


def read_animals(archive: zipfile.ZipFile, mesh_name: str, skins: str, gaits: str) -> list[Animal]:
    """Read a mesh in all skins and with all gaits whose names begin so.

    Raises:
        ValueError: one of the three is not there.
    """
    names = archive.namelist()
    mesh_file = f"art/meshes/skeletal/{mesh_name}.dae.cached.pmd"
    if mesh_file not in names:
        raise ValueError(f"{archive.filename}: no {mesh_file}; is it another version of the game?")
    mesh = read_mesh(archive.read(mesh_file))
    begin = f"art/animation/quadraped/{gaits}"
    motions = [
        read_motion(archive.read(name))
        for name in names
        if name.startswith(begin) and name.endswith(".psa") and not NO_GAIT.search(name)
    ]
    motions = [motion for motion in motions if motion.shape[1] == len(mesh.bones)]
    begin = f"art/textures/skins/skeletal/{skins}"
    found = [
        name
        for name in names
        if name.startswith(begin) and name.endswith(".dds") and not NO_SKIN.search(name)
    ]
    if not motions or not found:
        raise ValueError(
            f"{archive.filename}: {len(motions)} gaits {gaits}* and {len(found)} skins {skins}* "
            f"for {mesh_name}; is it another version of the game?"
        )
    return [
        # First its skin, which other meshes may wear.
        Animal(f"{Path(name).name.split('.')[0]}.{mesh_name}", mesh, archive.read(name), motions)
        for name in found
    ]
