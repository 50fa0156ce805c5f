"""Resize (and pad) to a network's input, and back to native resolution."""

from dataclasses import dataclass
from typing import Literal, TypeVar

import torch
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from cstm.config import ClipConfig, Resize

Maps = TypeVar("Maps", ndarray, Tensor)

GRID = 32
"""Stride of the coarsest stage: sides that are multiples of it line all stages up."""


@dataclass(frozen=True)
class ResizePad:
    """Where a frame lies on a network's input: resized to one rectangle of it, zeros around.

    Pixel centres lie at half-integers on both sides: native (x + ½) corresponds to
    ``left + (x + ½) · width / native_width`` of the input, rows alike.
    """

    native_height: int
    native_width: int
    rows: int
    """Of the input."""
    columns: int
    top: int
    left: int
    height: int
    """Rows of the rectangle."""
    width: int

    def __post_init__(self) -> None:
        assert min(self.native_height, self.native_width, self.height, self.width) >= 1
        assert self.top >= 0
        assert self.left >= 0
        assert self.top + self.height <= self.rows
        assert self.left + self.width <= self.columns

    @classmethod
    def for_frame(cls, height: int, width: int, size: int, resize: Resize = "pad") -> "ResizePad":
        """Bring a frame to a network's input.

        ``pad`` keeps its shape, in a square of ``size``: the longer side becomes ``size``, the
        shorter one is rounded, to one pixel at least, and gets padding on both sides alike.
        ``fit`` has no padding: both sides are rounded to the nearest multiples of 32, at least one.
        ``squash`` fills the square.
        """
        if resize == "squash":
            return cls._filling(height, width, size, size)
        longer = max(height, width)
        if resize == "fit":
            rows, columns = (
                max(GRID, round(side * size / longer / GRID) * GRID) for side in (height, width)
            )
            return cls._filling(height, width, rows, columns)
        resized_height = max(1, round(height * size / longer))
        resized_width = max(1, round(width * size / longer))
        top, left = (size - resized_height) // 2, (size - resized_width) // 2
        return cls(height, width, size, size, top, left, resized_height, resized_width)

    @classmethod
    def _filling(cls, height: int, width: int, rows: int, columns: int) -> "ResizePad":
        return cls(height, width, rows, columns, top=0, left=0, height=rows, width=columns)

    def apply(
        self,
        frames: UInt8[ndarray, "*batch height width 3"] | UInt8[Tensor, "*batch height width 3"],
    ) -> UInt8[Tensor, "*batch 3 rows columns"]:
        """Resize-pad RGB frames, bilinear with antialias, into bytes for :func:`unit_range`."""
        # Channels-last bytes are the layout for which torch has a fast kernel.
        return self._resize_pad(torch.as_tensor(frames).movedim(-1, -3), "bilinear")

    def apply_mask(
        self, mask: Bool[ndarray, "*batch height width"] | Bool[Tensor, "*batch height width"]
    ) -> Float[Tensor, "*batch rows columns"]:
        """Resize-pad masks: of every pixel the share, from 0 to 1, that the mask covers."""
        cover = torch.as_tensor(mask).float().unsqueeze(-3)
        return self._resize_pad(cover, "bilinear").squeeze(-3)

    def apply_labels(
        self, labels: UInt8[ndarray, "*batch height width"] | UInt8[Tensor, "*batch height width"]
    ) -> UInt8[Tensor, "*batch rows columns"]:
        """Resize-pad maps of label numbers: the nearest label, 0 in the padding."""
        return self._resize_pad(torch.as_tensor(labels).unsqueeze(-3), "nearest-exact").squeeze(-3)

    def inside(self, maps: Maps) -> Maps:
        """The rectangle of maps of the input, a view of them without the padding."""
        return maps[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def invert(
        self, maps: Float[Tensor, "batch rows columns"]
    ) -> Float[Tensor, "batch native_height native_width"]:
        """Bring maps of the input back to the native frame, bilinear, without the padding."""
        assert maps.shape[1:] == (self.rows, self.columns), (
            f"made for maps of {self.rows}×{self.columns}, got {tuple(maps.shape[1:])}"
        )
        native = (self.native_height, self.native_width)
        return interpolate(self.inside(maps)[None].float(), native, mode="bilinear")[0]

    def _resize_pad(self, images: Tensor, mode: Literal["bilinear", "nearest-exact"]) -> Tensor:
        assert images.shape[-2:] == (self.native_height, self.native_width), (
            f"made for {self.native_height}×{self.native_width} pixels, got {tuple(images.shape)}"
        )
        flat = images.flatten(0, -4) if images.ndim > 3 else images[None]
        rectangle = (self.height, self.width)
        resized = interpolate(flat, rectangle, mode=mode, antialias=mode == "bilinear")
        right = self.columns - self.left - self.width
        bottom = self.rows - self.top - self.height
        padded = pad(resized, (self.left, right, self.top, bottom))
        return padded.reshape(*images.shape[:-2], self.rows, self.columns)


def resize_pad(image: ndarray, clip: ClipConfig) -> ResizePad:
    """The way of a native frame, or mask, into what a clip's network sees, and back."""
    height, width = image.shape[:2]
    return ResizePad.for_frame(height, width, clip.size, clip.resize)


def unit_range(frames: UInt8[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Turn bytes into the floats from 0 to 1 that networks take."""
    return frames.float().div_(255)
