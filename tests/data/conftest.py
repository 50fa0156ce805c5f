"""Roots with every trap of the published files, and one of own videos."""

import shutil
from pathlib import Path

import pytest
from traps import A2DWorld, JHMDBWorld, a2d_with_traps, jhmdb_with_traps


@pytest.fixture
def world(tmp_path: Path) -> A2DWorld:
    return a2d_with_traps(tmp_path / "a2d")


@pytest.fixture
def jhmdb(tmp_path: Path) -> JHMDBWorld:
    return jhmdb_with_traps(tmp_path / "jhmdb")


@pytest.fixture
def root(own: Path, tmp_path: Path) -> Path:
    """A copy of the own videos to spoil."""
    return shutil.copytree(own, tmp_path / "mine")
