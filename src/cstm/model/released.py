"""The network that the paper's authors released (RyanHTR/CSTM), for the weights they published.

It differs from the paper's in more than the backbone: one sentence encoder for both streams,
padding words that are looked at like any other, fusion by convolution instead of LGFS, a sixth
head at full size. Here only what the mask needs is computed: one head of six, and no
word × position map.
"""

from collections.abc import Sequence

import torch
import torchvision
from einops import einsum, rearrange
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from cstm.model.backbones.backbone import LAYERS, PixelScale
from cstm.model.backbones.i3d import i3d
from cstm.model.cmam import Visual
from cstm.model.coordinates import ConvolvedCoordinates
from cstm.model.decoder import Stage, convolution, response_head
from cstm.model.network import Predicted
from cstm.model.stream import for_each, target_frame

WORD_CHANNELS = 300
LANGUAGE_CHANNELS = 512
DECODER_CHANNELS = 256
FRAMES = 8
"""Frames of a clip."""
STRIDE = 32
"""Sides of the input are multiples of it."""

Words = Float[Tensor, "batch word language"]


class ReleasedLanguage(nn.Module):
    """Word vectors, a GRU without bias, LayerNorm, tanh.

    Padding (0) and unknown words (1) have zero vectors and, unlike in the paper's equations, take
    part in all that follows.
    """

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(vocabulary, WORD_CHANNELS, padding_idx=0)
        self.gru = nn.GRU(WORD_CHANNELS, LANGUAGE_CHANNELS, bias=False, batch_first=True)
        self.norm = nn.LayerNorm(LANGUAGE_CHANNELS)

    def forward(self, words: Int[Tensor, "batch word"]) -> Words:
        """Encode word numbers."""
        features, _ = self.gru(self.vectors(words))
        return self.norm(features).tanh()


class ReleasedCMAM(nn.Module):
    """Equations 1-6 as released: V + v ⊙ (σ(Linear(l)) − ½), v being V with positions convolved in.

    The relevance of a word is Σⱼ key(vⱼ)·query, and key is a 1×1 convolution and a BatchNorm. In
    evaluation mode both are linear up to a constant, so that the key of the mean of v does, up to
    a factor that the L2 norm cancels.
    """

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__()
        kernel, norm = LAYERS[dimensions]
        self.coordinates = ConvolvedCoordinates(channels, dimensions)
        self.key = nn.Sequential(
            kernel(channels, LANGUAGE_CHANNELS, 1, bias=False), norm(LANGUAGE_CHANNELS)
        )
        self.query = nn.Sequential(
            nn.Conv1d(LANGUAGE_CHANNELS, LANGUAGE_CHANNELS, 1, bias=False),
            nn.BatchNorm1d(LANGUAGE_CHANNELS),
        )
        self.gate = nn.Linear(LANGUAGE_CHANNELS, channels)

    def forward(self, visual: Visual, words: Words) -> Visual:
        """Modulate the feature of a frame or a clip by the words."""
        placed = self.coordinates(visual)
        grid = tuple(range(2, visual.dim()))
        key = self.key(placed.mean(dim=grid, keepdim=True)).flatten(1)
        query = self.query(rearrange(words, "b n c -> b c n"))
        relevance = functional.normalize(einsum(query, key, "b c n, b c -> b n"), dim=1)
        sentence = einsum(relevance.softmax(dim=1), words, "b n, b n c -> b c")
        modulation = self.gate(sentence).sigmoid() - 0.5
        return visual + placed * modulation.reshape(*modulation.shape, *[1] * len(grid))


class ReleasedStream(nn.Module):
    """Five stages, each modulated by the words and fed to the next, and their 3×3 laterals."""

    def __init__(self, stages: Sequence[nn.Module], widths: Sequence[int], dimensions: int) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.cmam = nn.ModuleList(ReleasedCMAM(width, dimensions) for width in widths)
        self.laterals = nn.ModuleList(convolution(width, DECODER_CHANNELS, 3) for width in widths)

    def forward(self, visual: Visual, words: Words) -> list[Stage]:
        """Features of the target frame at the decoder's width, fine to coarse."""
        features = []
        for stage, cmam, lateral in zip(self.stages, self.cmam, self.laterals, strict=True):
            visual = cmam(stage(visual), words)
            features.append(lateral(target_frame(visual)))
        return features


def spatial_stream() -> ReleasedStream:
    """ResNet-50, torchvision's; pixels stay in [0, 1]."""
    resnet = torchvision.models.resnet50(weights=None)
    stages = [
        nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu),
        nn.Sequential(resnet.maxpool, resnet.layer1),
        resnet.layer2,
        resnet.layer3,
        resnet.layer4,
    ]
    return ReleasedStream(stages, (64, 256, 512, 1024, 2048), dimensions=2)


def temporal_stream() -> ReleasedStream:
    """I3D with torch's own BatchNorm epsilon; pixels stay in [0, 1].

    The release pads by kernel and stride alone, ours by the size as well: the same wherever the
    stride divides the size, and a release with another input doesn't run.
    """
    backbone = i3d()
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eps = 1e-5
    stages = [
        nn.Sequential(*(part for part in stage.children() if not isinstance(part, PixelScale)))
        for stage in backbone.stages
    ]
    return ReleasedStream(stages, backbone.widths, dimensions=3)


class ReleasedDecoder(nn.Module):
    """From coarse to fine, concatenation and 3×3 convolution of the streams, then of the levels.

    A last doubling brings the feature to the size of the input, and the head works there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.streams = nn.ModuleList(_merge() for _ in range(5))
        self.levels = nn.ModuleList(_merge() for _ in range(4))
        self.head = response_head(DECODER_CHANNELS, "full")

    def forward(
        self, spatial: Sequence[Stage], temporal: Sequence[Stage]
    ) -> Float[Tensor, "batch height width"]:
        """Mask logits at twice the finest feature's size."""
        # The coarsest level alone takes the spatial feature first.
        decoded = self.streams[4](torch.cat([spatial[4], temporal[4]], dim=1))
        for level in (3, 2, 1, 0):
            merged = self.streams[level](torch.cat([temporal[level], spatial[level]], dim=1))
            decoded = self.levels[level](torch.cat([_double(decoded), merged], dim=1))
        return self.head(_double(decoded)).squeeze(1)


def _merge() -> nn.Sequential:
    """Two features side by side to one: 3×3 convolution with bias + BatchNorm + ReLU."""
    return nn.Sequential(
        nn.Conv2d(2 * DECODER_CHANNELS, DECODER_CHANNELS, 3, padding=1),
        nn.BatchNorm2d(DECODER_CHANNELS),
        nn.ReLU(),
    )


def _double(feature: Stage) -> Stage:
    return functional.interpolate(feature, scale_factor=2, mode="bilinear", align_corners=True)


class ReleasedSegmenter(nn.Module):
    """Mask of the actor that a sentence describes, on the target frame of a clip.

    For inference alone: the outputs are the authors' in evaluation mode only.

    Args:
        vocabulary: how many words there are, padding and unknown included.
    """

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.language = ReleasedLanguage(vocabulary)
        self.spatial = spatial_stream()
        self.temporal = temporal_stream()
        self.decoder = ReleasedDecoder()

    def forward(
        self, clip: Float[Tensor, "batch time 3 height width"], words: Int[Tensor, "batch word"]
    ) -> Float[Tensor, "batch height width"]:
        """Mask logits at the size of clips in [0, 1]; sentences are 20 words with their padding."""
        assert not self.training, "the released network is for inference alone"
        assert clip.shape[1] == FRAMES
        assert all(side % STRIDE == 0 for side in clip.shape[-2:])
        frames = rearrange(clip, "batch time channel h w -> batch channel time h w")
        language = self.language(words)
        spatial = self.spatial(target_frame(frames), language)
        return self.decoder(spatial, self.temporal(frames, language))

    def predict(
        self, clip: Float[Tensor, "clip time 3 height width"], words: Int[Tensor, "sentence word"]
    ) -> Predicted:
        """Mask logits as from calling the network; it doesn't tell whether the actor is there.

        There may be several sentences about each clip, the same number, one after the other.
        """
        return Predicted(self(for_each(len(words), clip), words))
