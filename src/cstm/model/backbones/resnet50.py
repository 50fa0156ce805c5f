"""ResNet-50, torchvision's, cut into the five stages of the authors' release."""

import torchvision

from cstm.model.backbones.backbone import IMAGENET_SCALE, Backbone, PixelScale


def resnet50() -> Backbone:
    """Build the trunk through layer4: widths 64/256/512/1024/2048."""
    network = torchvision.models.resnet50(weights=None)
    stages = [
        {
            "scale": PixelScale(*IMAGENET_SCALE),
            "conv1": network.conv1,
            "bn1": network.bn1,
            "relu": network.relu,
        },
        {"maxpool": network.maxpool, "layer1": network.layer1},
        {"layer2": network.layer2},
        {"layer3": network.layer3},
        {"layer4": network.layer4},
    ]
    return Backbone(stages, (64, 256, 512, 1024, 2048), dimensions=2)
