"""The 8-number position of every cell, and the two ways to fuse it with a visual feature."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cstm.model.backbones.backbone import LAYERS

COORDINATES = 8


def coordinates(height: int, width: int, like: Tensor) -> Float[Tensor, "coordinate height width"]:
    """Position of each cell of a grid: xmin, ymin, xmax, ymax, xctr, yctr, 1/W, 1/H.

    The first six run from -1 to 1 over the picture (ACGA's coordinates, which the paper follows).
    ``like`` gives the device and the type; half precision could not count the cells.
    """
    precise = torch.promote_types(like.dtype, torch.float32)
    x = torch.arange(width, device=like.device, dtype=precise)
    y = torch.arange(height, device=like.device, dtype=precise)[:, None]
    x, y = x.expand(height, width), y.expand(height, width)
    columns = [x / width * 2 - 1, (x + 1) / width * 2 - 1, (2 * x + 1) / width - 1]
    rows = [y / height * 2 - 1, (y + 1) / height * 2 - 1, (2 * y + 1) / height - 1]
    (xmin, xmax, xcentre), (ymin, ymax, ycentre) = columns, rows
    size = [torch.full_like(x, 1 / width), torch.full_like(y, 1 / height)]
    return torch.stack([xmin, ymin, xmax, ymax, xcentre, ycentre, *size]).to(like.dtype)


class ConvolvedCoordinates(nn.Module):
    """Concatenate, then 3×3 (3D: 3×3×3) convolution + BatchNorm + ReLU, from C + 8 to C channels.

    This is the release's "densely fused in each stage", and what the paper's Table 4 counts.
    """

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__()
        convolution, norm = LAYERS[dimensions]
        self.fuse = nn.Sequential(
            convolution(channels + COORDINATES, channels, 3, padding=1, bias=False),
            norm(channels),
            nn.ReLU(),
        )

    def forward(
        self, visual: Float[Tensor, "batch channel *grid"]
    ) -> Float[Tensor, "batch channel *grid"]:
        """Return the visual feature with positions convolved into it; they don't change in time."""
        grid = coordinates(visual.shape[-2], visual.shape[-1], like=visual)
        position = grid if visual.dim() == 4 else grid[:, None]
        everywhere = position.expand(len(visual), -1, *visual.shape[2:])
        return self.fuse(torch.cat([visual, everywhere], dim=1))


class AddedCoordinates(nn.Module):
    """Add a learned linear map of the eight numbers: nearly free, for the fast networks."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.project = nn.Linear(COORDINATES, channels)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(
        self, visual: Float[Tensor, "batch channel *grid"]
    ) -> Float[Tensor, "batch channel *grid"]:
        """Return the visual feature with positions added; one position serves all frames."""
        grid = coordinates(visual.shape[-2], visual.shape[-1], like=visual)
        position = self.project(grid.permute(1, 2, 0)).permute(2, 0, 1)
        return visual + (position if visual.dim() == 4 else position[:, None])
