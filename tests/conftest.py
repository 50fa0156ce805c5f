"""Shapes and types of all annotations are checked while tests run, and only then."""

import torch
from jaxtyping import install_import_hook

install_import_hook("cstm", "beartype.beartype")

# Threads that wait for each other on a busy machine make small tensors a hundred times slower.
torch.set_num_threads(1)
