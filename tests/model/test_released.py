"""The released network against its forward pass, written once more: slow, whole and literal."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from cstm.evaluation.cost import profile
from cstm.experiments import get_experiment
from cstm.model.released import ReleasedSegmenter
from cstm.training.import_weights import VECTORS, released_name, released_shapes

NAMES = Path(__file__).parents[3] / "shared/data/weights/released_state_names.json"
VOCABULARY = 12
SENTENCES = torch.tensor([[2, 5, 1, 7, 3, 11, *[0] * 14], [4, 9, *[0] * 18]])


def random_state() -> dict[str, Tensor]:
    """Weights by released names that keep activations of ordinary size, and statistics apart."""
    generator = torch.Generator().manual_seed(0)

    def tensor(name: str, shape: torch.Size) -> Tensor:
        kind = name.rsplit(".", 1)[1]
        # Small before a BatchNorm of small variance: then its epsilon shows.
        small = 0.1 if ".conv3d." in name or ".batch3d.running" in name else 1.0
        if kind == "num_batches_tracked":
            return torch.tensor(1000)
        if kind == "running_var":
            return (torch.rand(shape, generator=generator) + 0.5) * small**2
        values = torch.randn(shape, generator=generator) * small
        if len(shape) == 1:
            return 0.3 * values + (kind == "weight")
        # Gates far from one half, so that the attention decides something.
        return values * (0.3 if ".gamma." in name else math.sqrt(2 / shape[1:].numel()))

    return {name: tensor(name, shape) for name, shape in released_shapes().items()}


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    return random_state()


@pytest.fixture(scope="module")
def vectors() -> Tensor:
    """Of words; padding and unknown words have zeros."""
    table = torch.randn(VOCABULARY, 300, generator=torch.Generator().manual_seed(1))
    table[:2] = 0
    return table


@pytest.fixture(scope="module")
def network(state, vectors) -> ReleasedSegmenter:
    network = ReleasedSegmenter(VOCABULARY).eval()
    ours = {name: state[released_name(name)] for name in network.state_dict() if name != VECTORS}
    network.load_state_dict(ours | {VECTORS: vectors})
    return network


class Reference:
    """The release's forward pass from a state dict by its own names."""

    def __init__(self, state: dict[str, Tensor]) -> None:
        self.state = state

    def __call__(self, clip: Tensor, words: Tensor) -> list[Tensor]:
        """Six response maps, coarse to fine, of clips (b 3 t h w) and word vectors (b 20 300)."""
        language = self.language(words).transpose(1, 2)
        temporal, spatial = clip, clip[:, :, 4]
        t_laterals, s_laterals = [], []
        for k in range(5):
            temporal = self.temporal_stage(k + 1, temporal)
            temporal = temporal + self.cmam(f"cmam_t.{k}", temporal, language)
            middle = temporal[:, :, temporal.shape[2] // 2]
            t_laterals.append(self.convolved(f"vres_trans.{k}", middle))
            spatial = self.spatial_stage(k + 1, spatial)
            spatial = spatial + self.cmam(f"cmam_s.{k}", spatial, language)
            s_laterals.append(self.convolved(f"ires_trans.{k}", spatial))
        both = torch.cat([s_laterals[4], t_laterals[4]], dim=1)
        features = [self.convolved("conv_fuse1.4", both)]
        for k in (3, 2, 1, 0):
            both = torch.cat([t_laterals[k], s_laterals[k]], dim=1)
            both = torch.cat([double(features[-1]), self.convolved(f"conv_fuse1.{k}", both)], 1)
            features.append(self.convolved(f"conv_fuse2.{k}", both))
        features.append(double(features[-1]))
        return [self.head(f"conv_mask.{k}", x) for k, x in enumerate(features)]

    def language(self, words: Tensor) -> Tensor:
        into, over = self.state["txt_encoder.weight_ih_l0"], self.state["txt_encoder.weight_hh_l0"]
        hidden, outputs = torch.zeros(len(words), 512), []
        for word in words.unbind(1):
            (r, z, n), (hr, hz, hn) = (word @ into.T).chunk(3, 1), (hidden @ over.T).chunk(3, 1)
            reset, update = (r + hr).sigmoid(), (z + hz).sigmoid()
            hidden = (1 - update) * (n + reset * hn).tanh() + update * hidden
            outputs.append(hidden)
        x = torch.stack(outputs, dim=1)
        x = (x - x.mean(-1, keepdim=True)) / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt()
        return (x * self.state["txt_norm.0.weight"] + self.state["txt_norm.0.bias"]).tanh()

    def cmam(self, name: str, visual: Tensor, words: Tensor) -> Tensor:
        placed = torch.cat([visual, positions(visual)], dim=1)
        if visual.dim() == 5:
            placed = self.unit(f"{name}.vt", placed)
            key = self.unit(f"{name}.v_key", placed, rectify=False)
        else:
            kernel = self.state[f"{name}.vt.conv.weight"]
            placed = functional.conv2d(placed, kernel, padding=1)
            placed = self.norm(f"{name}.vt.bn", placed).relu()
            key = functional.conv2d(placed, self.state[f"{name}.v_key.conv.weight"])
            key = self.norm(f"{name}.v_key.bn", key)
        query = functional.conv1d(words, self.state[f"{name}.l_query.0.weight"])
        query = self.norm(f"{name}.l_query.1", query)
        attention = torch.einsum("bcp,bcn->bpn", key.flatten(2), query)  # every position and word
        relevance = attention.sum(dim=1)
        relevance = relevance / relevance.square().sum(1, keepdim=True).sqrt()
        weights = relevance.exp() / relevance.exp().sum(1, keepdim=True)
        sentence = (words * weights[:, None]).sum(2)
        gate = sentence @ self.state[f"{name}.gamma.0.weight"].T
        gamma = 1 / (1 + (-gate - self.state[f"{name}.gamma.0.bias"]).exp())
        return placed * (gamma - 0.5).reshape(*gamma.shape, *[1] * (visual.dim() - 2))

    def temporal_stage(self, stage: int, x: Tensor) -> Tensor:
        name = f"t_layer{stage}"
        if stage == 1:
            return self.unit(f"{name}.0", x, stride=2)
        kernel, stride, mixed = {
            2: ((1, 3, 3), (1, 2, 2), 0),
            3: ((1, 3, 3), (1, 2, 2), 2),
            4: ((3, 3, 3), (2, 2, 2), 5),
            5: ((2, 2, 2), (2, 2, 2), 2),
        }[stage]
        x = pool(x, kernel, stride)
        if stage == 2:
            return self.unit(f"{name}.2", self.unit(f"{name}.1", x))
        for number in range(1, mixed + 1):
            block = f"{name}.{number}"
            branches = [
                self.unit(f"{block}.branch_0", x),
                self.unit(f"{block}.branch_1.1", self.unit(f"{block}.branch_1.0", x)),
                self.unit(f"{block}.branch_2.1", self.unit(f"{block}.branch_2.0", x)),
                self.unit(f"{block}.branch_3.1", pool(x, (3, 3, 3), (1, 1, 1))),
            ]
            x = torch.cat(branches, dim=1)
        return x

    def spatial_stage(self, stage: int, x: Tensor) -> Tensor:
        name = f"s_layer{stage}"
        if stage == 1:
            x = functional.conv2d(x, self.state[f"{name}.0.weight"], stride=2, padding=3)
            return self.norm(f"{name}.1", x).relu()
        if stage == 2:
            x, name = functional.max_pool2d(x, 3, stride=2, padding=1), f"{name}.1"
        for block in range({2: 3, 3: 4, 4: 6, 5: 3}[stage]):
            stride = 2 if block == 0 and stage > 2 else 1
            x = self.bottleneck(f"{name}.{block}", x, stride)
        return x

    def bottleneck(self, name: str, x: Tensor, stride: int) -> Tensor:
        y = functional.conv2d(x, self.state[f"{name}.conv1.weight"])
        y = self.norm(f"{name}.bn1", y).relu()
        y = functional.conv2d(y, self.state[f"{name}.conv2.weight"], stride=stride, padding=1)
        y = self.norm(f"{name}.bn2", y).relu()
        y = self.norm(f"{name}.bn3", functional.conv2d(y, self.state[f"{name}.conv3.weight"]))
        if f"{name}.downsample.0.weight" in self.state:
            x = functional.conv2d(x, self.state[f"{name}.downsample.0.weight"], stride=stride)
            x = self.norm(f"{name}.downsample.1", x)
        return (x + y).relu()

    def unit(self, name: str, x: Tensor, stride: int = 1, rectify: bool = True) -> Tensor:
        kernel = self.state[f"{name}.conv3d.weight"]
        x = functional.pad(x, 3 * same(kernel.shape[-1], stride))
        x = self.norm(f"{name}.batch3d", functional.conv3d(x, kernel, stride=stride))
        return x.relu() if rectify else x

    def norm(self, name: str, x: Tensor) -> Tensor:
        mean, var, weight, bias = (
            self.state[f"{name}.{part}"].reshape(-1, *[1] * (x.dim() - 2))
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (x - mean) / (var + 1e-5).sqrt() * weight + bias

    def convolved(self, name: str, x: Tensor) -> Tensor:
        kernel, bias = self.state[f"{name}.0.weight"], self.state.get(f"{name}.0.bias")
        return self.norm(f"{name}.1", functional.conv2d(x, kernel, bias, padding=1)).relu()

    def head(self, name: str, x: Tensor) -> Tensor:
        for layer, padding in ((0, 1), (2, 1), (4, 0)):
            kernel, bias = (self.state[f"{name}.{layer}.{part}"] for part in ("weight", "bias"))
            x = functional.conv2d(x, kernel, bias, padding=padding)
            x = x if layer == 4 else x.relu()
        return x.squeeze(1)


def same(kernel: int, stride: int) -> tuple[int, int]:
    """Padding before and after, from kernel and stride alone."""
    total = max(kernel - stride, 0)
    return total // 2, total - total // 2


def pool(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    pads = [same(k, s) for k, s in zip(kernel, stride, strict=True)]
    padded = functional.pad(x, [*pads[2], *pads[1], *pads[0]])
    return functional.max_pool3d(padded, kernel, stride, ceil_mode=True)


def positions(visual: Tensor) -> Tensor:
    height, width = visual.shape[-2:]
    grid = torch.zeros(8, height, width)
    for row in range(height):
        for column in range(width):
            left, right = column / width * 2 - 1, (column + 1) / width * 2 - 1
            top, bottom = row / height * 2 - 1, (row + 1) / height * 2 - 1
            centre = [(left + right) / 2, (top + bottom) / 2]
            cell = [left, top, right, bottom, *centre, 1 / width, 1 / height]
            grid[:, row, column] = torch.tensor(cell)
    grid = grid if visual.dim() == 4 else grid[:, None]
    return grid.expand(len(visual), 8, *visual.shape[2:])


def double(x: Tensor) -> Tensor:
    """Bilinear, twice the size, the corners' centres on each other."""

    def weights(cells: int) -> Tensor:
        matrix = torch.zeros(2 * cells, cells)
        for i in range(2 * cells):
            place = i * (cells - 1) / (2 * cells - 1)
            for j in range(cells):
                matrix[i, j] = max(0.0, 1 - abs(place - j))
        return matrix

    return torch.einsum("ih,bchw,jw->bcij", weights(x.shape[2]), x, weights(x.shape[3]))


@pytest.mark.parametrize("size", [64, 96])
@torch.inference_mode()
def test_the_mask_is_that_of_the_literal_forward_pass(network, state, vectors, size):
    clip = torch.rand(2, 8, 3, size, size, generator=torch.Generator().manual_seed(size))
    maps = Reference(state)(clip.transpose(1, 2), vectors[SENTENCES])
    assert [m.shape[-1] for m in maps] == [size // 32 * 2**k for k in range(6)]
    mask = network.predict(clip, SENTENCES).mask
    scale = maps[-1].abs().max()
    assert maps[-1].std() > 0.01 * scale, "a flat map would agree with anything"
    assert (mask - maps[-1]).abs().max() <= 1e-4 * scale


@torch.inference_mode()
def test_every_word_and_every_frame_counts(network):
    """The comparison above is worth something: what it compares is no constant."""
    clip = torch.rand(1, 8, 3, 64, 64, generator=torch.Generator().manual_seed(5))
    words = SENTENCES[:1]
    mask = network.predict(clip, words).mask
    visible = 1e-3 * mask.abs().max()
    for other in (SENTENCES[1:], words.roll(1, dims=1)):
        assert (network.predict(clip, other).mask - mask).abs().max() > visible
    for frame in range(8):
        changed = clip.clone()
        changed[:, frame] = 0
        assert (network.predict(changed, words).mask - mask).abs().max() > visible


def test_names_and_shapes_are_1023():
    shapes = released_shapes()
    assert len(shapes) == 1023
    assert sum(s.numel() for n, s in shapes.items() if "running" not in n) == pytest.approx(
        184.4e6, rel=1e-3
    )


@pytest.mark.skipif(not NAMES.exists(), reason="the list of the release's names is not here")
def test_names_and_shapes_are_the_published_ones():
    published = json.loads(NAMES.read_text())
    assert {name: list(shape) for name, shape in released_shapes().items()} == published


def test_it_costs_less_than_the_authors_script():
    cost = profile(get_experiment("released"))
    assert cost["macs"]["total"] == cost["inference_macs"] <= 375e9
    parts = ("language", "spatial", "temporal", "decoder")
    assert cost["macs"]["total"] == sum(cost["macs"][part] for part in parts)


def test_it_is_for_inference_alone(network):
    with pytest.raises(AssertionError, match="inference"):
        network.train()(torch.rand(1, 8, 3, 64, 64), SENTENCES[:1])
    network.eval()


@pytest.mark.parametrize("clip", [{"size": 300}, {"frames": 7}])
def test_another_clip_than_it_can_take_is_refused(clip):
    released = get_experiment("released")
    with pytest.raises(ValueError, match="8 frames, at a size that is a multiple of 32"):
        replace(released, clip=replace(released.clip, **clip))
