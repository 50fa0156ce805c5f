"""Backbones: five stages each, with their widths; every one in a file of its own.

A name in :data:`~cstm.config.SpatialBackbone` or :data:`~cstm.config.TemporalBackbone` is that of a
file here and of the function in it that builds the backbone.
"""

from importlib import import_module
from inspect import signature
from typing import Any, get_args

from cstm.bounds import one_of
from cstm.config import SpatialBackbone, TemporalBackbone
from cstm.model.backbones.backbone import Backbone

__all__ = ["Backbone", "build_spatial", "build_temporal"]


def build_spatial(name: SpatialBackbone, width: int) -> Backbone:
    """Build an encoder of single frames; ``width`` matters to those that ask for it.

    Raises:
        ValueError: there is none of that name.
    """
    return _build(name, get_args(SpatialBackbone), width)


def build_temporal(name: TemporalBackbone, width: int) -> Backbone:
    """Build an encoder of clips; ``width`` matters to those that ask for it.

    Raises:
        ValueError: there is none of that name.
    """
    return _build(name, get_args(TemporalBackbone), width)


def _build(name: str, names: tuple[str, ...], width: int) -> Backbone:
    one_of(names, backbone=name)
    build: Any = getattr(import_module(f"{__name__}.{name}"), name)
    return build(width) if signature(build).parameters else build()
