"""Each protocol against what its definition says, sample by sample, in plain Python."""

import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from cstm.data.formats.coco_results import Prediction, results_document, truth_document
from cstm.data.frames.masks import encode_mask
from cstm.data.sample import Pair
from cstm.evaluation.evaluate import score
from cstm.evaluation.metrics import (
    CocoProtocol,
    MaskProtocol,
    RatioProtocol,
    ReleasedProtocol,
    make_protocol,
)
from cstm.evaluation.rows import was_picked
from cstm.model.network import _of_present

Mask = np.ndarray
PERCENTS = range(50, 100, 5)


@dataclass
class Case:
    """One image: its truth, and predictions with scores in a file's order."""

    truth: Mask
    predictions: list[tuple[float, Mask]]

    @property
    def best(self) -> Mask:
        if not self.predictions:
            return np.zeros_like(self.truth)
        highest = max(score for score, _ in self.predictions)
        return [mask for score, mask in self.predictions if score == highest][-1]


def random_case(random: np.random.Generator) -> Case:
    """Small masks: many predictions near the truth, some empty, some missing, scores with ties."""
    shape = random.integers(1, 9, 2)
    truth = random.random(shape) < random.choice([0, 0.1, 0.5, 1])
    predictions = []
    for _ in range(random.choice([0, 1, 1, 1, 3])):
        flipped = random.random(shape) < random.choice([0, 0.05, 0.3])
        mask = truth ^ flipped if random.random() < 0.9 else np.zeros_like(truth)
        predictions.append((round(random.random(), 1), mask))
    return Case(truth, predictions)


def write(folder: Path, cases: list[Case]) -> tuple[Path, Path]:
    """The two files as the community has them, with ids whose order is not the file's."""
    ids = [f"v_{number * 7 % 11}_f_{number}" for number in range(len(cases))]
    found = {
        name: [Prediction(score, encode_mask(mask)) for score, mask in case.predictions]
        for name, case in zip(ids, cases, strict=True)
    }
    truth = {name: encode_mask(case.truth) for name, case in zip(ids, cases, strict=True)}
    predictions_path, truth_path = folder / "predictions.json", folder / "truth.json"
    predictions_path.write_text(json.dumps(results_document(found)))
    truth_path.write_text(json.dumps(truth_document(truth)))
    return predictions_path, truth_path


def scored(folder: Path, cases: list[Case], metric: MaskProtocol) -> dict:
    score(*write(folder, cases), metric)
    return metric.compute()


def areas(prediction: Mask, truth: Mask) -> tuple[int, int]:
    """Intersection and union, pixel by pixel."""
    intersection = union = 0
    for mine, theirs in zip(prediction.ravel().tolist(), truth.ravel().tolist(), strict=True):
        intersection += mine and theirs
        union += mine or theirs
    return intersection, union


def slow_ratio(cases: list[Case], strict: bool = False) -> dict[str, float]:
    """The ratio protocol in exact fractions; ``strict`` asks for more than the threshold."""
    pixels = [areas(case.best, case.truth) for case in cases]
    ious = [Fraction(i, u) if u else Fraction(1) for i, u in pixels]
    at = {}
    for x in PERCENTS:
        level = Fraction(x, 100)
        at[x] = sum(iou > level if strict else iou >= level for iou in ious) / len(ious)
    unions = sum(u for _, u in pixels)
    return {
        "samples": len(cases),
        **{f"precision@0.{x // 10}": at[x] for x in (50, 60, 70, 80, 90)},
        "ap": sum(at.values()) / 10,
        "overall_iou": sum(i for i, _ in pixels) / unions if unions else 1.0,
        "mean_iou": float(sum(ious) / len(ious)),
    }


def slow_round_trip(truth: Mask, size: int) -> Mask:
    """To size × size, corners on corners, where anything above zero counts; back by OpenCV."""
    height, width = truth.shape

    def neighbours(length: int, place: int) -> list[tuple[int, np.float32]]:
        scale = np.float32(length - 1) / np.float32(size - 1) if size > 1 else np.float32(0)
        position = scale * np.float32(place)
        low = int(position)
        share = position - np.float32(low)
        return [(low, 1 - share), (min(low + 1, length - 1), share)]

    square = np.zeros((size, size), np.uint8)
    for row in range(size):
        for column in range(size):
            value = sum(
                a * b * truth[y, x]
                for y, a in neighbours(height, row)
                for x, b in neighbours(width, column)
            )
            square[row, column] = value > 0
    return cv2.resize(square, (width, height)) == 1


def slow_released(cases: list[Case], size: int) -> dict[str, float]:
    pixels = [areas(case.best, slow_round_trip(case.truth, size)) for case in cases]
    ious = [(i + 1e-6) / (u + 1e-6) for i, u in pixels]
    at = {x: sum(iou >= x / 100 for iou in ious) / len(ious) for x in PERCENTS}
    unions = sum(u for _, u in pixels)
    return {
        "samples": len(cases),
        **{f"precision@0.{x // 10}": at[x] for x in (50, 60, 70, 80, 90)},
        "ap": sum(at.values()) / 10,
        "overall_iou": sum(i for i, _ in pixels) / unions if unions else 1.0,
        "mean_iou": sum(ious) / len(ious),
    }


def random_sets(seed: int, sets: int) -> list[list[Case]]:
    random = np.random.default_rng(seed)
    return [[random_case(random) for _ in range(random.integers(1, 4))] for _ in range(sets)]


def agree(measured: dict, expected: dict[str, float]) -> None:
    for name, value in expected.items():
        assert measured[name] == pytest.approx(value, abs=1e-9), name


def test_ratio_agrees_with_a_slow_reference(tmp_path):
    for cases in random_sets(seed=1, sets=1000):
        agree(scored(tmp_path, cases, RatioProtocol()), slow_ratio(cases))


def test_released_agrees_with_a_slow_reference(tmp_path):
    for number, cases in enumerate(random_sets(seed=2, sets=1000)):
        size = 1 + number % 9
        agree(scored(tmp_path, cases, ReleasedProtocol(size)), slow_released(cases, size))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_coco_agrees_with_pycocotools_and_a_slow_reference(tmp_path):
    """AP is what pycocotools says of the same files, with its own settings and area ranges."""
    found_any = False
    for cases in random_sets(seed=3, sets=60):
        cases = [*cases, *cases[::-1]]
        measured = scored(tmp_path, cases, CocoProtocol())
        expected = slow_ratio(cases, strict=True)
        del expected["ap"]
        agree(measured, expected)
        if any(case.predictions for case in cases):
            with redirect_stdout(StringIO()):
                truth = COCO(str(tmp_path / "truth.json"))
                run = COCOeval(truth, truth.loadRes(str(tmp_path / "predictions.json")), "segm")
                run.params.useCats = 0
                run.evaluate()
                run.accumulate()
                run.summarize()
            assert measured["ap"] == pytest.approx(run.stats[0], abs=1e-12)
            found_any = found_any or 0 < measured["ap"] < 1
        else:
            assert measured["ap"] == 0
    assert found_any


def overlap(intersection: int, union: int) -> Case:
    pixels = np.arange(100).reshape(10, 10)
    return Case(pixels < union, [(0.5, pixels < intersection)])


def measure(cases: list[Case], metric: MaskProtocol) -> dict:
    for number, case in enumerate(cases):
        predictions = [Prediction(score, encode_mask(mask)) for score, mask in case.predictions]
        metric.add(number, number, encode_mask(case.truth), predictions)
    return metric.compute()


@pytest.mark.parametrize("percent", PERCENTS)
def test_an_iou_on_the_threshold(percent: int):
    """A hit for ratio and released (≥), a miss for coco (>), however the fraction rounds."""

    def found(protocol: str, intersection: int) -> float:
        result = measure([overlap(intersection, 100)], make_protocol(protocol, 10))
        return result[f"precision@{percent / 100}"] if percent % 10 == 0 else result["ap"]

    for protocol in ("ratio", "released"):
        assert found(protocol, percent) > found(protocol, percent - 1)
    if percent % 10 == 0:
        assert found("ratio", percent - 1) == found("coco", percent) == 0
        assert found("ratio", percent) == found("coco", percent + 1) == 1


def test_empty_masks():
    empty, full = np.zeros((4, 5), bool), np.ones((4, 5), bool)
    for protocol in ("ratio", "released", "coco"):
        nothing = measure([Case(empty, [(0.1, empty)])], make_protocol(protocol, 8))
        assert (nothing["mean_iou"], nothing["precision@0.9"], nothing["overall_iou"]) == (1, 1, 1)
        assert nothing["ap"] == (0 if protocol == "coco" else 1)
        missed = measure(
            [Case(full, [(0.1, empty)]), Case(empty, [(0.1, full)]), Case(full, [])],
            make_protocol(protocol, 8),
        )
        assert missed["mean_iou"] == pytest.approx(0, abs=1e-7)
        assert (missed["ap"], missed["overall_iou"]) == (0, 0)


def test_coco_ranks_all_queries_by_score():
    """The same masks, once with the wrong one surest: only the AP of coco tells."""
    right, wrong = overlap(100, 100), overlap(1, 100)
    [(_, good)], [(_, bad)] = right.predictions, wrong.predictions
    sure = [Case(right.truth, [(0.9, good)]), Case(wrong.truth, [(0.1, bad)])]
    unsure = [Case(right.truth, [(0.1, good)]), Case(wrong.truth, [(0.9, bad)])]
    assert measure(sure, RatioProtocol())["ap"] == measure(unsure, RatioProtocol())["ap"] == 0.5
    first, second = measure(sure, CocoProtocol()), measure(unsure, CocoProtocol())
    assert first["precision@0.5"] == second["precision@0.5"] == 0.5
    assert first["ap"] == pytest.approx(51 / 101)
    assert second["ap"] == pytest.approx(51 / 101 / 2)


def test_large_and_small_actors_weigh_differently():
    measured = measure([overlap(90, 100), overlap(1, 10)], RatioProtocol())
    assert measured["mean_iou"] == pytest.approx(0.5)
    assert measured["overall_iou"] == pytest.approx(91 / 110)


def test_how_protocols_make_masks():
    small = np.array([[0.1, 0.3], [0.3, 0.4]], np.float32)
    native = cv2.resize(small, (4, 6))
    assert not RatioProtocol().mask(native, small).any()
    assert not CocoProtocol().mask(native, small).any()
    released = ReleasedProtocol().mask(native, small)
    assert np.array_equal(released, cv2.resize(np.uint8([[0, 1], [1, 1]]), (4, 6)) == 1)
    assert ReleasedProtocol().mask(native, np.zeros((2, 2), np.float32)).sum() == 0


def test_half_of_the_maximum_is_half_of_it_once_for_networks_that_tell_presence():
    logits = torch.tensor([[[-1.4, -2.0], [-2.3, -4.0]]])
    plain, raised = logits.sigmoid()[0].numpy(), _of_present(logits).sigmoid()[0].numpy()
    expected = plain > plain.max() / 2
    assert expected.sum() == 2
    released = ReleasedProtocol()
    assert np.array_equal(released.mask(plain, plain), expected)
    assert np.array_equal(released.mask(raised, raised, is_raised=True), expected)
    assert np.array_equal(RatioProtocol().mask(raised, raised, is_raised=True), expected)


about = partial(Pair, "video", 0, 1, "the one")
TOLD = [
    (80, about("dog", "running", "left", ("action",), combination="seen"), 1.0),
    (40, about("cat", "jumping", "right", ("action",), combination="unseen"), 0.0),
    (60, about(None, "running", "right", ("action", "appearance"), combination="seen"), 0.5),
    (20, about(None, "running", None, ("appearance", "action"), combination="seen"), None),
    (100, None, None),
]


def told(samples: list[tuple[int, Pair | None, float | None]], first: int = 0) -> RatioProtocol:
    metric = RatioProtocol()
    for number, (percent, pair, picked) in enumerate(samples, start=first):
        case = overlap(percent, 100)
        predictions = [Prediction(score, encode_mask(mask)) for score, mask in case.predictions]
        metric.add(number, number, encode_mask(case.truth), predictions, pair, picked)
    return metric


def test_breakdowns():
    result = told(TOLD).compute()
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
    counts = {name: group["samples"] for name, group in result["by_direction"].items()}
    assert counts == {"left": 1, "right": 2}
    counts = {name: group["samples"] for name, group in result["by_combination"].items()}
    assert counts == {"seen": 3, "unseen": 1}
    ious = {name: group["mean_iou"] for name, group in result["by_actor"].items()}
    assert ious == {"cat": pytest.approx(0.4), "dog": pytest.approx(0.8)}


def test_lost_and_rejected_actors_are_counted_apart():
    nothing, something = np.zeros((4, 5), bool), np.eye(4, 5, dtype=bool)
    metric = RatioProtocol()
    pairs = [(something, something), (something, nothing), (nothing, nothing), (nothing, something)]
    for number, (truth, mask) in enumerate([*pairs, (nothing, nothing)]):
        metric.add(number, number, encode_mask(truth), [Prediction(0.5, encode_mask(mask))])
    by_presence = metric.compute()["by_presence"]
    assert by_presence["present"]["samples"] == 2
    assert by_presence["present"]["empty_masks"] == 0.5
    assert by_presence["present"]["mean_iou"] == 0.5
    assert by_presence["absent"]["samples"] == 3
    assert by_presence["absent"]["empty_masks"] == pytest.approx(2 / 3)


def test_cameras_are_told_apart_and_among_them_what_tells_look_alikes_apart():
    result = told(
        [
            (50, about(tags=("action",), camera="static"), 1.0),
            (50, about(tags=("appearance", "action"), camera="static"), 0.0),
            (50, about(tags=("place",), camera="moving"), 1.0),
            (50, about(tags=("appearance",), camera="moving"), None),
            (50, about(tags=("action",)), 1.0),
        ]
    ).compute()
    rates = {name: group["pick_rate"] for name, group in result["by_camera"].items()}
    assert rates == {
        "static, look-alikes by action": 0.5,
        "moving, look-alikes by place": 1.0,
        "moving": None,
    }


@pytest.mark.parametrize("protocol", ["ratio", "coco", "released"])
def test_result_is_json_with_the_keys_promised(protocol):
    result = json.loads(json.dumps(measure([overlap(5, 10)], make_protocol(protocol, 10))))
    assert list(result) == [
        "protocol",
        "samples",
        *(f"precision@0.{digit}" for digit in range(5, 10)),
        "ap",
        "overall_iou",
        "mean_iou",
        "empty_masks",
        "look_alike_samples",
        "pick_rate",
        "by_tag",
        "by_action",
        "by_direction",
        "by_combination",
        "by_camera",
        "by_kind",
        "by_actor",
        "by_presence",
    ]
    assert result["protocol"] == protocol
    assert result["pick_rate"] is None


def test_a_sample_added_twice_counts_once():
    metric = told(TOLD)
    metric.rows |= told(TOLD[1:3], first=1).rows
    assert metric.compute() == told(TOLD).compute()


def test_no_sample_at_all():
    with pytest.raises(ValueError, match="no sample"):
        RatioProtocol().compute()


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=16)), st.integers(1, 11))
def test_pick_compares_means_inside_both_masks(probability: np.ndarray, border: int):
    named = np.arange(12).reshape(3, 4) < border
    mean_named = sum(float(p) for p in probability[named]) / border
    mean_other = sum(float(p) for p in probability[~named]) / (12 - border)
    picked = was_picked(probability, named, ~named)
    if abs(mean_named - mean_other) > 1e-9:
        assert picked == (mean_named > mean_other)
    assert picked + was_picked(probability, ~named, named) == 1


def test_pick_of_a_tie_is_half():
    named = np.array([[True, True, True, False]])
    assert was_picked(np.full((1, 4), 0.3, np.float32), named, ~named) == 0.5


def test_released_takes_half_of_what_the_network_gave_at_most_and_not_of_its_resizing():
    small = np.array([[0.9, 0.3], [0.3, 0.3]], np.float32)
    native = np.full((4, 4), 0.5, np.float32)
    mask = ReleasedProtocol(2).mask(native, small)
    assert mask[:2, :2].any()
    assert not mask[2:, 2:].any()
    assert not ReleasedProtocol(2).mask(native, 0.5 * small, is_raised=True).any()
