"""Shapes and types of all annotations are checked while tests run, and only then."""

from pathlib import Path

import pytest
import torch
from jaxtyping import install_import_hook
from photographs import draw_photographs

install_import_hook("cstm", "beartype.beartype")

# Threads that wait for each other on a busy machine make small tensors a hundred times slower.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory) -> Path:
    """A small folder of drawn photographs with an instance file in COCO's format."""
    root = tmp_path_factory.mktemp("photographs") / "drawn"
    draw_photographs(root)
    return root
