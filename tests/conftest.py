"""Shapes and types of all annotations are checked while tests run, and only then."""

from jaxtyping import install_import_hook

install_import_hook("cstm", "beartype.beartype")
