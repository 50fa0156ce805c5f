"""I3D cut short, on the clip at half resolution."""

from torch import nn

from cstm.model.backbones.backbone import Backbone
from cstm.model.backbones.i3d import i3d


def i3d_short() -> Backbone:
    """Build I3D through Mixed_4c at half resolution: widths 3/64/192/480/512.

    Frames 8/4/4/4/2 of 8. Stage 1 is the clip with each 2×2 pixels averaged, so that the stages
    have strides 2 to 32 of the whole picture. Stages 3-5 are what 2-4 are in the whole trunk.
    """
    stem, second, third, fourth, _ = (dict(stage.named_children()) for stage in i3d().stages)
    halve = {"halve": nn.AvgPool3d((1, 2, 2), ceil_mode=True), "scale": stem.pop("scale")}
    short = {name: fourth[name] for name in ("MaxPool3d_4a_3x3", "Mixed_4b", "Mixed_4c")}
    stages = [halve, stem, second, third, short]
    return Backbone(stages, (3, 64, 192, 480, 512), dimensions=3, motion_stages=(3, 4, 5))
