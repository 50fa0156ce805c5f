"""Every named experiment as a whole: gradients, names, stages, and what its cost must be."""

import math
from dataclasses import replace
from typing import get_args

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from cstm.config import ModelConfig, SpatialBackbone, TemporalBackbone
from cstm.evaluation.cost import profile
from cstm.experiments import EXPERIMENTS, get_experiment
from cstm.model.backbones import build_spatial, build_temporal
from cstm.model.cmam import CMAM
from cstm.model.coordinates import AddedCoordinates, coordinates
from cstm.model.language import Language, SentenceEncoder
from cstm.model.network import ActorSegmenter
from cstm.model.presence import Presence
from cstm.schedule import Schedule
from cstm.training.objective import Objective

VOCABULARY = 30
WORDS = torch.tensor([[5, 2, 9, 0, 0], [3, 4, 5, 6, 7]])
TINY = get_experiment("tiny").model


def build(model: ModelConfig) -> ActorSegmenter:
    torch.manual_seed(0)
    return ActorSegmenter(model, VOCABULARY)


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name != "released"])
def test_every_trainable_parameter_has_a_finite_gradient(name):
    network = build(EXPERIMENTS[name].model)
    responses = network(torch.rand(2, 8, 3, 64, 64), WORDS)
    assert [m.shape[-1] for m in responses.maps] == [32, 16, 8, 4, 2]
    loss = sum(m.square().mean() for m in responses.maps)
    if responses.presence is not None:
        loss = loss + responses.presence.square().mean()
    loss.backward()
    for parameter_name, parameter in network.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name


def test_table_3_has_13_distinct_networks():
    table = [name for name in EXPERIMENTS if name.startswith("table3")] + ["paper"]
    assert len({EXPERIMENTS[name].model for name in table}) == len(table) == 13


WIDTHS = {
    "inception_v3": (64, 192, 288, 768, 2048),
    "resnet50": (64, 256, 512, 1024, 2048),
    "efficientnet_lite0": (16, 24, 40, 112, 320),
    "narrow2d": (16, 32, 64, 96, 128),
    "i3d": (64, 192, 480, 832, 1024),
    "s3d": (64, 192, 480, 832, 1024),
    "i3d_short": (3, 64, 192, 480, 512),
    "narrow3d": (16, 32, 64, 96, 128),
}


def test_every_name_is_that_of_a_backbone():
    assert [*get_args(SpatialBackbone), *get_args(TemporalBackbone)] == list(WIDTHS)


@pytest.mark.parametrize(("name", "widths"), WIDTHS.items())
def test_stages_have_the_widths_and_strides_of_the_paper(name, widths):
    spatial = name in get_args(SpatialBackbone)
    backbone = build_spatial(name, 16) if spatial else build_temporal(name, 16)
    assert backbone.dimensions == (2 if spatial else 3)
    assert backbone.widths == widths
    backbone.to("meta").eval()
    x = torch.zeros(1, 3, *([8] if backbone.dimensions == 3 else []), 320, 320, device="meta")
    for stage, width, size in zip(backbone.stages, widths, (160, 80, 40, 20, 10), strict=True):
        x = stage(x)
        assert x.shape[1] == width
        assert x.shape[-2:] == (size, size)


@pytest.mark.parametrize("frames", [1, 3, 4, 8])
@pytest.mark.parametrize("size", [64, 80, 100])
@pytest.mark.parametrize("name", get_args(TemporalBackbone))
def test_stages_of_all_temporal_backbones_round_alike(name, size, frames):
    """Up, wherever a side is odd, down to the last frame."""
    backbone = build_temporal(name, 16).to("meta").eval()
    x = torch.zeros(1, 3, frames, size, size, device="meta")
    for stage in backbone.stages:
        size = math.ceil(size / 2)
        x = stage(x)
        assert x.shape[-2:] == (size, size)
        assert x.shape[2] >= 1


def test_the_paper_network_costs_what_table_4_says():
    macs = profile(get_experiment("paper"))["macs"]
    assert macs["spatial"] == pytest.approx(19.54e9, rel=1e-3)
    assert macs["total"] == pytest.approx(213.06e9, rel=0.02)
    assert macs["total"] == sum(macs[k] for k in ("language", "spatial", "temporal", "decoder"))


def test_fast_is_fast():
    assert profile(get_experiment("fast"))["macs"]["total"] <= 45e9


def test_lite_is_lighter_still():
    """The bounds of a network for two cores, at 8×320×320."""
    cost = profile(get_experiment("lite"))
    assert 8.9e9 < cost["macs"]["total"] <= 10.5e9
    assert cost["parameters"] - cost["word_vectors"] <= 10e6
    assert cost["word_vectors"] == 2 * 1300 * 300


def test_i3d_costs_what_was_measured():
    from torch.utils.flop_counter import FlopCounterMode

    trunk = build_temporal("i3d", 16).to("meta").eval()
    x = torch.zeros(1, 3, 8, 320, 320, device="meta")
    by_stage = []
    for stage in trunk.stages:
        with FlopCounterMode(display=False) as counter:
            x = stage(x)
        by_stage.append(round(counter.get_total_flops() / 2e9, 2))
    assert by_stage == [6.74, 8.60, 7.82, 4.72, 0.48]
    assert sum(by_stage) == pytest.approx(28.35, abs=0.011)


@pytest.mark.parametrize("name", ["lite", "tiny", "table3a-lgfs", "table3c-45"])
def test_sentences_about_a_clip_share_what_no_word_changes(name):
    """The same masks as one by one, and the stages before the first CMAM run once a clip."""
    model = EXPERIMENTS[name].model
    network = build(model).eval()
    clips, words = torch.rand(2, 8, 3, 64, 64), torch.randint(2, VOCABULARY, (6, 5))
    runs = {stage: [] for stage in range(1, 6)}
    for stage, module in enumerate(network.temporal.backbone.stages, start=1):
        module.register_forward_hook(lambda _, given, __, s=stage: runs[s].append(len(given[0])))
    with torch.inference_mode():
        together = network.predict(clips, words)
        assert runs == {s: [6 if model.cmam_stages and s > min(model.cmam_stages) else 2]
                        for s in runs}  # fmt: skip
        alone = network.predict(clips.repeat_interleave(3, dim=0), words)
    assert_close(together.mask, alone.mask, atol=1e-4, rtol=1e-4)
    if alone.presence is not None:
        assert_close(together.presence, alone.presence, atol=1e-4, rtol=1e-4)


def test_written_and_pooled_networks_share_weights_and_give_the_same_mask():
    written = build(replace(TINY, attention="written")).eval()
    pooled = build(replace(TINY, attention="pooled")).eval()
    pooled.load_state_dict(written.state_dict())
    clip = torch.rand(2, 8, 3, 64, 64)
    masks = pooled.predict(clip, WORDS).mask, written.predict(clip, WORDS).mask
    assert_close(*masks, atol=1e-5, rtol=1e-4)


def test_padding_changes_nothing():
    network = build(TINY).eval()
    clip = torch.rand(1, 8, 3, 64, 64)
    short, long = WORDS[:1, :3], torch.nn.functional.pad(WORDS[:1, :3], (0, 17))
    masks = network.predict(clip, long).mask, network.predict(clip, short).mask
    assert_close(*masks, atol=1e-5, rtol=1e-4)


def test_a_batch_equals_its_samples():
    network = build(TINY).eval()
    clip = torch.rand(2, 8, 3, 64, 64)
    single = torch.cat([network.predict(clip[i : i + 1], WORDS[i : i + 1]).mask for i in range(2)])
    assert_close(network.predict(clip, WORDS).mask, single, atol=1e-5, rtol=1e-4)


def test_inference_gives_the_finest_response_at_the_clips_size():
    network = build(TINY).eval()
    clip = torch.rand(1, 8, 3, 64, 64)
    finest = network(clip, WORDS[:1]).maps[0]
    upsampled = torch.nn.functional.interpolate(
        finest[None], size=(64, 64), mode="bilinear", align_corners=False
    )[0]
    assert_close(network.predict(clip, WORDS[:1]).mask, upsampled)


def test_the_temporal_stream_sees_motion_and_the_spatial_one_does_not():
    spatial = build(replace(TINY, temporal=None)).eval()
    temporal = build(replace(TINY, spatial=None)).eval()
    clip = torch.rand(1, 8, 3, 64, 64)
    target = 4
    for number in range(8):
        other = clip.clone()
        other[:, number] = torch.rand(3, 64, 64)
        for network, sees in ((spatial, number == target), (temporal, True)):
            one, two = (network.predict(frames, WORDS[:1]).mask for frames in (clip, other))
            assert torch.allclose(one, two) != sees, number


def test_the_stream_hands_out_its_attention():
    network = build(TINY).eval()
    clip = torch.rand(2, 8, 3, 64, 64).transpose(1, 2)
    features, attention = network.temporal.attention(clip, WORDS)
    assert sorted(attention) == [1, 2, 3, 4, 5]
    assert attention[1].map.shape == (2, 5, 8, 32, 32)
    assert attention[5].map.shape == (2, 5, 1, 2, 2)
    assert (attention[1].map[0, 3:] == 0).all()
    assert_close(attention[3].weights.sum(1), torch.ones(2))
    plain = network.temporal(clip, WORDS)
    assert_close(features.stages, plain.stages)
    assert_close(features.sentence, plain.sentence)


@pytest.mark.parametrize("cmam_stages", [(1, 2, 3, 4, 5), (2, 4)])
def test_every_stage_goes_on_from_what_language_has_modulated(cmam_stages):
    """Section 3.2: the modulated feature of a stage is the input of the next one."""
    stream = build(replace(TINY, cmam_stages=cmam_stages)).eval().temporal
    # New gates may be open for everything, and new coordinates add nothing.
    for parameter in (*stream.cmam.parameters(), *stream.coordinates.parameters()):
        torch.nn.init.normal_(parameter)
    visual = torch.rand(2, 3, 8, 64, 64)
    features, found = stream.attention(visual, WORDS)
    language = stream.language(WORDS)
    expected, x = [], visual
    for number in range(1, 6):
        x = stream.coordinates[number - 1](stream.backbone.stages[number - 1](x))
        if number in cmam_stages:
            cmam = stream.cmam[str(number)]
            assert_close(found[number].map, cmam.attention_map(x, language))
            x = cmam(x, language)
        expected.append(x[:, :, x.shape[2] // 2])
    assert_close(features.stages, expected)


def test_the_decoder_reads_the_spatial_streams_sentence_first():
    network = build(TINY).eval()
    heard = []
    network.decoder.register_forward_pre_hook(lambda _, inputs: heard.append(inputs))
    network.predict(torch.rand(2, 8, 3, 64, 64), WORDS)
    ((spatial, temporal, sentence),) = heard
    of_each = [s.language(WORDS).sentence for s in (network.spatial, network.temporal)]
    assert_close(sentence, torch.cat(of_each, dim=1))
    assert [stage.shape[1] for stage in spatial] == list(network.spatial.backbone.widths)
    assert [stage.shape[1] for stage in temporal] == list(network.temporal.backbone.widths)


def test_an_explanation_shows_the_attention_of_the_target_frame():
    network = build(TINY).eval()
    clip = torch.rand(2, 8, 3, 64, 64)
    shown = network.explain(clip, WORDS).attention["temporal"]
    _, found = network.temporal.attention(clip.transpose(1, 2), WORDS)
    for stage, one in shown.items():
        frames = found[stage].map
        assert_close(one.map, frames[:, :, frames.shape[2] // 2])
    assert found[1].map.shape[2] == 8


@pytest.mark.parametrize("missing", [None, "spatial", "temporal"])
def test_an_explanation_is_of_the_answer_that_prediction_gives(missing):
    torch.manual_seed(0)
    config = TINY if missing is None else replace(TINY, **{missing: None})
    network = build(replace(config, presence="pooled", cmam_stages=(2, 4))).eval()
    clip = torch.rand(2, 8, 3, 64, 64)
    explained = network.explain(clip, WORDS)
    assert_close(explained.predicted, network.predict(clip, WORDS))
    streams = {"spatial", "temporal"} - {missing}
    assert set(explained.attention) == streams
    for stages in explained.attention.values():
        assert [(n, tuple(a.map.shape)) for n, a in stages.items()] == [
            (2, (2, 5, 16, 16)),
            (4, (2, 5, 4, 4)),
        ]
    assert len(explained.selection) == (0 if missing else 5)


def test_selection_is_the_temporal_share_of_what_is_fused():
    torch.manual_seed(0)
    network = build(TINY).eval()
    clip = torch.rand(1, 8, 3, 64, 64)
    for fusion in network.decoder.fusions:
        torch.nn.init.zeros_(fusion.temporal_gate.weight)
        torch.nn.init.constant_(fusion.temporal_gate.bias, -50)
    shares = network.explain(clip, WORDS[:1]).selection
    assert all((share < 1e-6).all() for share in shares)
    for fusion in network.decoder.fusions:
        torch.nn.init.constant_(fusion.temporal_gate.bias, 50)
    shares = network.explain(clip, WORDS[:1]).selection
    # Where the temporal feature itself is nothing, nothing of it can be taken.
    assert all(((share > 1 - 1e-6) | (share == 0)).all() for share in shares)
    assert all((share > 0.5).float().mean() > 0.5 for share in shares)


def test_a_frozen_encoder_stays_in_evaluation_mode():
    network = build(TINY)
    network.temporal.requires_grad_(False)
    Objective(network, Schedule()).train()
    assert not any(module.training for module in network.temporal.modules())
    assert all(module.training for module in network.spatial.modules())
    assert network.decoder.training


def test_fixed_batch_norm_keeps_its_statistics_and_nothing_else_is_fixed():
    network = build(TINY)
    network.spatial.requires_grad_(False)
    objective = Objective(network, Schedule(batch_norm="fixed")).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network(torch.rand(2, 8, 3, 64, 64), WORDS)
    moved = {
        name.split(".")[0] + "." + name.split(".")[1]
        for name, tensor in network.state_dict().items()
        if not torch.equal(tensor, before[name])
    }
    assert moved == {"decoder.spatial", "decoder.temporal"}
    assert all(p.requires_grad for p in network.temporal.parameters())
    assert objective.network.temporal.cmam.training
    assert Objective(network, Schedule()).train().network.temporal.backbone.stages[0].training


def test_centred_gates_leave_a_new_network_as_its_backbones_are():
    """And can close a channel, which those of equation 6 can't."""
    cmam = CMAM(4, 3, 2, modulation="centred")
    visual = torch.randn(2, 4, 3, 5)
    language = Language(torch.randn(2, 6, 3), torch.ones(2, 6, dtype=torch.bool))
    assert torch.equal(cmam(visual, language), visual)
    torch.nn.init.constant_(cmam.gate.bias, -40.0)
    assert_close(cmam(visual, language), torch.zeros_like(visual))


PRESENT = replace(TINY, presence="pooled")


def test_presence_is_told_above_its_threshold():
    """The threshold moves what is told, so that 0 is where masks begin; training sees it raw."""
    network = build(PRESENT).eval()
    clip = torch.rand(2, 8, 3, 64, 64)
    raw = network(clip, WORDS).presence.detach()
    assert raw.shape == (2,)
    assert_close(network.predict(clip, WORDS).presence, raw)
    network.presence_threshold = float(raw[0].sigmoid())
    told = network.predict(clip, WORDS)
    assert_close(told.presence, raw - raw[0], atol=1e-5, rtol=1e-4)
    assert_close(torch.tensor(told.probabilities()[1]), told.presence.sigmoid())
    assert build(TINY).eval().predict(clip, WORDS).presence is None
    with pytest.raises(ValueError, match="presence_threshold"):
        replace(PRESENT, presence_threshold=1.0)


def test_who_is_there_has_a_mask_from_half_of_the_greatest_probability_on():
    network = build(PRESENT).eval()
    with torch.no_grad():
        network.decoder.heads[0][-1].bias.sub_(3)
    clip = torch.rand(2, 8, 3, 64, 64)
    found = network.predict(clip, WORDS).mask > 0
    network.decoder.presence = None
    plain = network.predict(clip, WORDS).mask.sigmoid()
    greatest = plain.flatten(1).amax(1)
    assert (greatest < 0.5).all(), "without it the masks would be empty"
    assert found.flatten(1).any(1).all()
    assert torch.equal(found, plain > greatest[:, None, None] / 2)


def test_what_presence_learns_leaves_the_masks_head_alone():
    network = build(PRESENT)
    network(torch.rand(2, 8, 3, 64, 64), WORDS).presence.sum().backward()
    assert all(p.grad is None for p in network.decoder.heads.parameters())
    assert network.decoder.presence.judge[0].weight.grad.abs().sum() > 0
    assert network.spatial.backbone.stages[0].get_submodule("halve").weight.grad.abs().sum() > 0


def test_unknown_names_are_answered_with_the_closest():
    with pytest.raises(ValueError, match="did you mean paper"):
        get_experiment("papr")


def test_a_network_needs_an_encoder():
    with pytest.raises(ValueError, match="both are None"):
        ModelConfig(spatial=None, temporal=None)
    for width in ("width", "decoder_channels", "word_channels", "relation_channels"):
        with pytest.raises(ValueError, match=f"{width} should be at least 1"):
            replace(ModelConfig(), **{width: 0})
    with pytest.raises(ValueError, match="decoder_channels should be at least 3"):
        ModelConfig(decoder="refined", decoder_channels=2)


def test_presence_sees_means_inside_the_mask_over_the_frame_and_the_greatest():
    """Against sums over positions; a judge that passes on what it sees, one number at a time."""
    presence = Presence(channels=2, sentence_channels=3)
    decoded = [torch.randn(2, 2, 32 // 2**n, 16 // 2**n) for n in range(5)]
    mask, sentence = torch.randn(2, 32, 16), torch.randn(2, 3)
    seen = []
    presence.judge = nn.Sequential(Watched(seen), nn.Linear(2 + 3 + 3 * 3 * 2, 1))
    presence(decoded, mask, sentence)
    for row in range(2):
        share = mask[row].sigmoid()
        expected = [share.max(), share.mean(), *sentence[row]]
        for stage in (2, 3, 4):
            side = 2**stage
            feature = decoded[stage][row]
            cells = share.reshape(32 // side, side, 16 // side, side).mean((1, 3))
            expected += [*((feature * cells).sum((1, 2)) / cells.sum())]
            expected += [*feature.mean((1, 2)), *feature.amax((1, 2))]
        assert_close(seen[0][row], torch.stack(expected))


class Watched(nn.Module):
    """Notes what passes."""

    def __init__(self, seen: list) -> None:
        super().__init__()
        self.seen = seen

    def forward(self, x):
        self.seen.append(x.detach())
        return x


@pytest.mark.parametrize("grid", [(3, 5), (2, 3, 5)])
def test_added_coordinates_are_a_linear_map_of_eight_numbers(grid):
    *_, height, width = grid
    added = AddedCoordinates(4)
    nn.init.normal_(added.project.weight)
    nn.init.normal_(added.project.bias)
    visual = torch.randn(2, 4, *grid)
    found = added(visual) - visual
    for y in range(height):
        for x in range(width):
            left, right = 2 * x / width - 1, 2 * (x + 1) / width - 1
            top, bottom = 2 * y / height - 1, 2 * (y + 1) / height - 1
            centre = (left + right) / 2, (top + bottom) / 2
            eight = torch.tensor([left, top, right, bottom, *centre, 1 / width, 1 / height])
            there = added.project.weight @ eight + added.project.bias
            here = found[..., y, x].movedim(1, -1)
            assert_close(here, there.expand_as(here), atol=1e-5, rtol=1e-5)


def test_half_precision_coordinates_are_those_of_single_precision():
    half, single = (
        coordinates(300, 640, like=torch.zeros(1, dtype=dtype))
        for dtype in (torch.bfloat16, torch.float32)
    )
    assert torch.equal(half, single.bfloat16())


def test_padding_and_unknown_words_begin_as_nothing():
    vectors = SentenceEncoder(9, 4, 3).vectors.weight
    assert not vectors[:2].any()
    assert vectors[2:].any(1).all()


def test_a_network_that_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="each of cmam_stages stands there once"):
        ModelConfig(cmam_stages=(5, 4, 5))
