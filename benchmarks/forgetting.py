"""What a backbone still knows: is the nearest cut-out, by its last stage, of the same class?

    python benchmarks/forgetting.py lite PHOTOGRAPHS

Each cut-out of PHOTOGRAPHS/cutouts is shown alone on grey, to the spatial backbone of trained
weights and to the published one that it started from; of classes with several cut-outs it counts
how often the nearest other one, by the angle between mean features, is of the same class.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
import tyro
from jaxtyping import UInt8
from numpy import ndarray
from torch import Tensor

from cstm.data.frames.transforms import ResizePad, unit_range
from cstm.inference.load import find_weights
from cstm.model.backbones import Backbone
from cstm.model.pretrained import published_backbone
from cstm.training.checkpoint import load_checkpoint

GREY, SIZE = 120, 224


def on_grey(path: Path) -> UInt8[Tensor, "3 size size"]:
    """A cut-out in the middle of a grey square."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim < 3 or picture.shape[2] < 4:
        raise ValueError(f"{path}: no picture with a transparent background")
    cover = picture[..., 3:] / 255
    seen = (picture[..., 2::-1] * cover + GREY * (1 - cover)).round().astype(np.uint8)
    rows, columns = ((max(seen.shape) - side) // 2 for side in seen.shape[:2])
    square = np.pad(seen, ((rows, rows), (columns, columns), (0, 0)), constant_values=GREY)
    height, width = square.shape[:2]
    return ResizePad.for_frame(height, width, SIZE, "squash").apply(square)


@torch.inference_mode()
def same_class(
    backbone: Backbone, pictures: UInt8[Tensor, "picture 3 size size"], classes: ndarray
) -> float:
    """Share of the pictures whose nearest other one is of their class, where there is one."""
    backbone.eval()
    features = torch.cat([backbone(unit_range(p)).mean((2, 3)) for p in pictures.split(32)])
    features = torch.nn.functional.normalize(features - features.mean(0))
    likeness = (features @ features.T).fill_diagonal_(-1)
    has_other = np.array([(classes == one).sum() > 1 for one in classes])
    return float((classes[likeness.argmax(1).numpy()] == classes)[has_other].mean())


def main(weights: tyro.conf.Positional[str], root: tyro.conf.Positional[Path]) -> None:
    """Print both shares, in percent."""
    paths = sorted((root / "cutouts").glob("*/*.png"))
    if not paths:
        raise ValueError(f"{root}: no cutouts/CLASS/*.png; see tools/collect_cutouts.py")
    pictures = torch.stack([on_grey(path) for path in paths])
    classes = np.array([path.parent.name for path in paths])
    checkpoint = load_checkpoint(find_weights(weights))
    network, model = checkpoint.ours("the authors' network has no backbone of ours")
    published = published_backbone(model.spatial, model.width) if model.spatial else None
    if network.spatial is None or published is None:
        raise ValueError(f"{weights} has no spatial backbone with published weights")
    print(f"published  {100 * same_class(published, pictures, classes):5.1f}")
    print(f"{weights:10} {100 * same_class(network.spatial.backbone, pictures, classes):5.1f}")


if __name__ == "__main__":
    try:
        tyro.cli(main)
    except ValueError as error:
        raise SystemExit(str(error)) from None
