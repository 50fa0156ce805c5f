import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cstm.evaluation.metrics import RatioProtocol, pick


def slow_reference(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """The protocol of facts and papers, one sample after another, in sets of pixels."""
    ious, intersections, unions = [], 0, 0
    for prediction, truth in pairs:
        mine = {tuple(p) for p in np.argwhere(prediction)}
        theirs = {tuple(p) for p in np.argwhere(truth)}
        ious.append(len(mine & theirs) / len(mine | theirs) if mine | theirs else 1.0)
        intersections += len(mine & theirs)
        unions += len(mine | theirs)
    at = {x: sum(iou >= x / 100 for iou in ious) / len(ious) for x in range(50, 100, 5)}
    return {
        "samples": len(pairs),
        "precision@0.5": at[50],
        "precision@0.6": at[60],
        "precision@0.7": at[70],
        "precision@0.8": at[80],
        "precision@0.9": at[90],
        "ap": sum(at.values()) / 10,
        "overall_iou": intersections / unions if unions else 1.0,
        "mean_iou": sum(ious) / len(ious),
    }


def measure(pairs: list[tuple[np.ndarray, np.ndarray]]) -> dict:
    metric = RatioProtocol()
    for prediction, truth in pairs:
        metric.update(torch.from_numpy(prediction), torch.from_numpy(truth))
    return metric.compute()


@st.composite
def mask_pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    shape = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    truth = draw(arrays(bool, shape))
    flipped = draw(arrays(bool, shape, elements=st.sampled_from([False, False, False, True])))
    return truth ^ flipped, truth


@given(st.lists(mask_pairs(), min_size=1, max_size=8))
@settings(deadline=None)
def test_agrees_with_a_slow_reference(pairs: list[tuple[np.ndarray, np.ndarray]]):
    measured, expected = measure(pairs), slow_reference(pairs)
    for name, value in expected.items():
        assert measured[name] == pytest.approx(value, abs=1e-12), name


def overlap(intersection: int, union: int) -> tuple[np.ndarray, np.ndarray]:
    truth = np.arange(100).reshape(10, 10) < union
    return np.arange(100).reshape(10, 10) < intersection, truth


@pytest.mark.parametrize("percent", range(50, 100, 5))
def test_an_iou_on_the_threshold_is_a_hit(percent: int):
    """IoU ≥ X, at every threshold, however the fraction rounds."""
    hit, miss = measure([overlap(percent, 100)]), measure([overlap(percent - 1, 100)])
    assert hit["ap"] - miss["ap"] == pytest.approx(0.1)
    if percent % 10 == 0:
        assert hit[f"precision@{percent / 100}"] == 1
        assert miss[f"precision@{percent / 100}"] == 0


def test_empty_masks():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    nothing = measure([(empty, empty)])
    assert (nothing["mean_iou"], nothing["ap"], nothing["overall_iou"]) == (1, 1, 1)
    missed = measure([(empty, full), (full, empty)])
    assert (missed["mean_iou"], missed["ap"], missed["overall_iou"]) == (0, 0, 0)


def test_large_and_small_actors_weigh_differently():
    measured = measure([overlap(90, 100), overlap(1, 10)])
    assert measured["mean_iou"] == pytest.approx(0.5)
    assert measured["overall_iou"] == pytest.approx(91 / 110)


@dataclass
class Told:
    iou_percent: int
    picked: float | None
    tags: tuple[str, ...]
    action: str | None
    direction: str | None


TOLD = [
    Told(80, 1.0, ("action",), "running", "left"),
    Told(40, 0.0, ("action",), "jumping", "right"),
    Told(60, 0.5, ("action", "appearance"), "running", "right"),
    Told(20, None, ("appearance", "action"), "running", None),
    Told(100, None, (), None, None),
]


def measured_of(told: list[Told], metric: RatioProtocol) -> RatioProtocol:
    for one in told:
        metric.update(
            *map(torch.from_numpy, overlap(one.iou_percent, 100)),
            picked=one.picked,
            tags=one.tags,
            action=one.action,
            direction=one.direction,
        )
    return metric


def test_breakdowns():
    result = measured_of(TOLD, RatioProtocol()).compute()
    assert result["mean_iou"] == pytest.approx(0.6)
    assert (result["pick_rate"], result["look_alike_samples"]) == (0.5, 3)
    assert set(result["by_tag"]) == {"action", "appearance+action"}
    assert result["by_tag"]["action"]["samples"] == 2
    assert result["by_tag"]["action"]["pick_rate"] == 0.5
    assert result["by_tag"]["appearance+action"]["mean_iou"] == pytest.approx(0.4)
    assert set(result["by_action"]) == {"jumping", "running"}
    assert result["by_action"]["jumping"]["pick_rate"] == 0
    assert result["by_action"]["running"]["pick_rate"] == 0.75
    assert result["by_action"]["running"]["mean_iou"] == pytest.approx(1.6 / 3)
    assert {name: group["samples"] for name, group in result["by_direction"].items()} == {
        "left": 1,
        "right": 2,
    }


def test_result_is_json_with_the_keys_promised():
    result = json.loads(json.dumps(measured_of(TOLD[3:], RatioProtocol()).compute()))
    assert list(result) == [
        "protocol",
        "samples",
        *(f"precision@0.{digit}" for digit in range(5, 10)),
        "ap",
        "overall_iou",
        "mean_iou",
        "look_alike_samples",
        "pick_rate",
        "by_tag",
        "by_action",
        "by_direction",
    ]
    assert result["protocol"] == "ratio"
    assert result["pick_rate"] is None


@pytest.mark.parametrize("share", [1, 2, 4])
def test_processes_are_gathered(share: int):
    """Two processes, even with unequal shares, compute what one computes."""
    here, there = measured_of(TOLD[:share], RatioProtocol()), RatioProtocol()
    measured_of(TOLD[share:], there)
    here.distributed_available_fn = lambda: True
    here.dist_sync_fn = lambda rows, group: [rows, torch.cat(there.rows)]
    assert here.compute() == measured_of(TOLD, RatioProtocol()).compute()


def test_metric_starts_anew_after_reset():
    metric = measured_of(TOLD, RatioProtocol())
    metric.compute()
    metric.reset()
    assert measured_of(TOLD[:1], metric).compute()["samples"] == 1


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_no_sample_at_all():
    with pytest.raises(ValueError, match="no sample"):
        RatioProtocol().compute()


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=16)), st.integers(1, 11))
@settings(deadline=None)
def test_pick_compares_means_inside_both_masks(probability: np.ndarray, border: int):
    named = np.arange(12).reshape(3, 4) < border
    mean_named = sum(float(p) for p in probability[named]) / border
    mean_other = sum(float(p) for p in probability[~named]) / (12 - border)
    picked = pick(torch.from_numpy(probability), torch.from_numpy(named), torch.from_numpy(~named))
    if abs(mean_named - mean_other) > 1e-9:
        assert picked == (mean_named > mean_other)
    swapped = pick(torch.from_numpy(probability), torch.from_numpy(~named), torch.from_numpy(named))
    assert picked + swapped == 1


def test_pick_of_a_tie_is_half():
    named = torch.tensor([[True, True, True, False]])
    assert pick(torch.full((1, 4), 0.3), named, ~named) == 0.5
