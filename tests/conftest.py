"""Shapes and types of all annotations are checked while tests run, and only then."""

import sys
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import settings
from jaxtyping import install_import_hook
from own_videos import write_own
from photographs import draw_photographs

install_import_hook("cstm", "beartype.beartype")

# Examples are the same in every run, and a busy machine may take its time.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# Threads that wait for each other on a busy machine make small tensors a hundred times slower.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory) -> Path:
    """A small folder of drawn photographs with an instance file in COCO's format."""
    root = tmp_path_factory.mktemp("photographs") / "drawn"
    draw_photographs(root)
    return root


@pytest.fixture(scope="session")
def own(tmp_path_factory) -> Path:
    """A folder of own videos: the drawn world in another format, in ``world`` beside it."""
    folder = tmp_path_factory.mktemp("own")
    write_own(folder / "world", folder / "mine")
    return folder / "mine"


@pytest.fixture
def cstm(monkeypatch, capsys):
    """Run the command line in this process: exit code, stdout, stderr."""
    from cstm.cli import main

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cstm", *map(str, arguments)])
        code = 0
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            try:
                main()
            except SystemExit as exit_:
                code = int(exit_.code or 0)
        output = capsys.readouterr()
        return code, output.out, output.err

    return run
