"""CMAM, LGFS and the decoder against slow loops written from the paper's equations."""

import math

import pytest
import torch
from einops import einsum
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from cstm.model.cmam import CMAM
from cstm.model.decoder import Decoder
from cstm.model.fusion import LGFS, Add, Max
from cstm.model.language import Language

sizes = st.integers(1, 5)
grids = st.one_of(st.tuples(sizes, sizes), st.tuples(sizes, sizes, sizes))


def random_language(seed: int, batch: int, words: int, channels: int) -> Language:
    random = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, words + 1, (batch,), generator=random)
    features = torch.randn(batch, words, channels, generator=random)
    return Language(features, torch.arange(words)[None] < lengths[:, None])


def linear(layer, vector):
    """Rows of a linear layer, one product at a time."""
    return [
        sum(w * x for w, x in zip(row, vector, strict=True)) + bias
        for row, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True)
    ]


def slow_cmam(cmam: CMAM, visual, words):
    """Equations 1-6 for one visual feature (channel, position) and its words, in plain floats."""
    positions, words = visual.T.tolist(), words.tolist()
    keys = [linear(cmam.key, v) for v in positions]  # 1
    queries = [linear(cmam.query, word) for word in words]  # 2
    attention = [
        [sum(q * k for q, k in zip(query, key, strict=True)) for key in keys] for query in queries
    ]  # 3
    relevance = [sum(row) for row in attention]  # 4
    norm = math.sqrt(sum(r * r for r in relevance))
    exponentials = [math.exp(r / norm) for r in relevance]
    weights = [e / sum(exponentials) for e in exponentials]
    columns = zip(*words, strict=True)
    sentence = [sum(w * x for w, x in zip(weights, c, strict=True)) for c in columns]
    gate = [1 / (1 + math.exp(-g)) for g in linear(cmam.gate, sentence)]  # 5
    modulated = [[v + v * g for v, g in zip(p, gate, strict=True)] for p in positions]  # 6
    return torch.tensor(modulated).T, torch.tensor(attention), weights


@settings(max_examples=40)
@given(
    attention=st.sampled_from(["written", "pooled"]),
    grid=grids,
    batch=st.integers(1, 3),
    words=st.integers(1, 6),
    widths=st.tuples(sizes, sizes, sizes),
    seed=st.integers(0, 2**31),
)
def test_cmam_is_equations_1_to_6(attention, grid, batch, words, widths, seed):
    torch.manual_seed(seed)
    cmam = CMAM(*widths, attention)
    visual = torch.randn(batch, widths[0], *grid)
    language = random_language(seed, batch, words, widths[1])
    output = cmam(visual, language)
    maps = cmam.attention_map(visual, language)
    weights = cmam.word_weights(visual, language)
    for b in range(batch):
        present = language.present[b]
        slow, slow_map, slow_weights = slow_cmam(
            cmam, visual[b].flatten(1), language.words[b, present]
        )
        assert_close(output[b].flatten(1), slow, atol=1e-5, rtol=1e-5)
        assert_close(maps[b, present].flatten(1), slow_map, atol=1e-5, rtol=1e-5)
        assert_close(weights[b, present], torch.tensor(slow_weights), atol=1e-5, rtol=1e-5)
        assert (maps[b, ~present] == 0).all()
        assert (weights[b, ~present] == 0).all()


@settings(max_examples=40)
@given(grid=grids, widths=st.tuples(sizes, sizes, sizes), seed=st.integers(0, 2**31))
def test_pooled_attention_equals_the_written_one(grid, widths, seed):
    torch.manual_seed(seed)
    written, pooled = CMAM(*widths, "written"), CMAM(*widths, "pooled")
    pooled.load_state_dict(written.state_dict())
    visual = torch.randn(2, widths[0], *grid)
    language = random_language(seed, 2, 7, widths[1])
    assert_close(pooled(visual, language), written(visual, language), atol=1e-5, rtol=1e-5)


def test_a_sentence_without_words_gives_no_nan():
    cmam = CMAM(4, 3, 2)
    nothing = Language(torch.randn(1, 5, 3), torch.zeros(1, 5, dtype=torch.bool))
    assert cmam(torch.randn(1, 4, 2, 2), nothing).isfinite().all()


def slow_lgfs(fusion: LGFS, spatial, temporal, sentence):
    """Equations 7-8 for one sample, channel by channel."""
    sentence = sentence.tolist()
    g_spatial = linear(fusion.spatial_gate, sentence)
    g_temporal = linear(fusion.temporal_gate, sentence)
    fused = []
    for s, t, gs, gt in zip(spatial, temporal, g_spatial, g_temporal, strict=True):
        share = math.exp(gs) / (math.exp(gs) + math.exp(gt))
        fused.append(s * share + t * (1 - share))
    return torch.stack(fused)


@settings(max_examples=40)
@given(shape=st.tuples(sizes, sizes, sizes, sizes), language=sizes, seed=st.integers(0, 2**31))
def test_lgfs_is_equations_7_and_8(shape, language, seed):
    torch.manual_seed(seed)
    fusion = LGFS(language, shape[1])
    spatial, temporal, sentence = (
        torch.randn(shape),
        torch.randn(shape),
        torch.randn(shape[0], language),
    )
    fused = fusion(spatial, temporal, sentence)
    for b in range(shape[0]):
        slow = slow_lgfs(fusion, spatial[b], temporal[b], sentence[b])
        assert_close(fused[b], slow, atol=1e-5, rtol=1e-5)


def slow_upsample(x, height, width):
    """Bilinear with half-pixel centres, one output pixel at a time."""
    channels, rows, columns = x.shape
    out = torch.empty(channels, height, width)
    for i in range(height):
        for j in range(width):
            y = min(max((i + 0.5) * rows / height - 0.5, 0), rows - 1)
            z = min(max((j + 0.5) * columns / width - 0.5, 0), columns - 1)
            top, left = int(y), int(z)
            bottom, right = min(top + 1, rows - 1), min(left + 1, columns - 1)
            dy, dz = y - top, z - left
            upper = x[:, top, left] * (1 - dz) + x[:, top, right] * dz
            lower = x[:, bottom, left] * (1 - dz) + x[:, bottom, right] * dz
            out[:, i, j] = upper * (1 - dy) + lower * dy
    return out


def slow_refinement(block, x):
    """Two 3×3 convolutions and what came in, one position at a time; BatchNorm as it begins."""
    channels, rows, columns = x.shape
    scale = (1 + block.first[1].eps) ** -0.5
    before = x
    for convolution in (block.first[0], block.second[0]):
        padded = torch.zeros(channels, rows + 2, columns + 2)
        padded[:, 1:-1, 1:-1] = x
        out = torch.empty(channels, rows, columns)
        for i in range(rows):
            for j in range(columns):
                window = padded[:, i : i + 3, j : j + 3]
                out[:, i, j] = (convolution.weight * window).sum((1, 2, 3)) * scale
        x = out.clamp(min=0) if convolution is block.first[0] else out
    return (before + x).clamp(min=0)


@settings(max_examples=15)
@given(
    fusion=st.sampled_from(["lgfs", "add", "max"]),
    side=st.integers(1, 2),
    widths=st.lists(sizes, min_size=5, max_size=5),
    style=st.sampled_from(["full", "lean", "refined"]),
    concatenate=st.booleans(),
    seed=st.integers(0, 2**31),
)
def test_the_decoder_is_equation_9(fusion, side, widths, style, concatenate, seed):
    torch.manual_seed(seed)
    decoder = Decoder(widths, widths[::-1], 3, 4, fusion, style, concatenate).eval()
    grids = [side * 2**k for k in (4, 3, 2, 1, 0)]
    spatial = [torch.randn(1, c, g, g) for c, g in zip(widths, grids, strict=True)]
    temporal = [torch.randn(1, c, g, g) for c, g in zip(widths[::-1], grids, strict=True)]
    sentence = torch.randn(1, 3)
    decoded = decoder.features(spatial, temporal, sentence)

    sides = decoder.spatial(spatial, sentence), decoder.temporal(temporal, sentence)
    expected = None
    for stage in (4, 3, 2, 1, 0):
        s, t = sides[0][stage][0], sides[1][stage][0]
        fused = {
            "lgfs": lambda s=s, t=t, i=stage: slow_lgfs(decoder.fusions[i], s, t, sentence[0]),
            "add": lambda s=s, t=t: s + t,
            "max": lambda s=s, t=t: torch.where(s > t, s, t),
        }[fusion]()
        if stage == 0 and style == "refined":
            expected = einsum(decoder.narrow.weight[..., 0, 0], expected, "o c, c h w -> o h w")
            expected = expected + decoder.narrow.bias[:, None, None]
        expected = fused if expected is None else fused + slow_upsample(expected, *s.shape[1:])
        for block in decoder.refinements[stage]:
            expected = slow_refinement(block, expected)
        assert_close(decoded[stage][0], expected, atol=1e-5, rtol=1e-5)
    assert (len(decoder.refinements[4]) > 0) == (style == "refined")


@pytest.mark.parametrize("fusion", ["lgfs", "add"])
def test_selection_is_the_temporal_share_of_the_norms(fusion):
    torch.manual_seed(0)
    decoder = Decoder([2] * 5, [2] * 5, 3, 4, fusion).eval()
    grids = [16, 8, 4, 2, 1]
    spatial, temporal = ([torch.randn(1, 2, g, g) for g in grids] for _ in range(2))
    sentence = torch.randn(1, 3)
    shares = decoder.selection(spatial, temporal, sentence)
    sides = decoder.spatial(spatial, sentence), decoder.temporal(temporal, sentence)
    for number, share in enumerate(shares):
        gates = [torch.ones(4), torch.ones(4)]
        if fusion == "lgfs":
            layers = decoder.fusions[number].spatial_gate, decoder.fusions[number].temporal_gate
            heard = [torch.tensor(linear(g, sentence[0].tolist())).exp() for g in layers]
            gates = [one / sum(heard) for one in heard]
        of_spatial, of_temporal = (
            (gate[:, None, None] * side[number][0]).square().sum(0).sqrt()
            for gate, side in zip(gates, sides, strict=True)
        )
        assert_close(share[0], of_temporal / (of_spatial + of_temporal).clamp(min=1e-6))


def test_a_full_head_is_convolutions_with_relu_between():
    torch.manual_seed(0)
    decoder = Decoder([2] * 5, None, 3, 4, style="full").eval()
    features = [torch.randn(1, 2, 2**k, 2**k) for k in (4, 3, 2, 1, 0)]
    sentence = torch.randn(1, 3)
    x = decoder.features(features, None, sentence)[0]
    (*hidden, last) = [m for m in decoder.heads[0].modules() if isinstance(m, torch.nn.Conv2d)]
    assert hidden
    for convolution in hidden:
        x = convolution(x).clamp(min=0)
    assert_close(decoder(features, None, sentence).maps[0], last(x).squeeze(1))


@pytest.mark.parametrize("fusion", [Add(), Max()])
def test_fusions_without_language_ignore_it(fusion):
    spatial, temporal = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    same = fusion(spatial, temporal, torch.zeros(2, 5))
    assert_close(fusion(spatial, temporal, torch.ones(2, 5)), same)


def test_the_baselines_laterals_see_the_sentence():
    decoder = Decoder([2] * 5, None, 3, 4, concatenate_sentence=True).eval()
    features = [torch.randn(1, 2, 2**k, 2**k) for k in (4, 3, 2, 1, 0)]
    first, second = (decoder(features, None, torch.randn(1, 3)).maps[0] for _ in range(2))
    assert not torch.allclose(first, second)
