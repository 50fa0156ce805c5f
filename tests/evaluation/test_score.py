"""Files of other people's masks: read as the community writes them, refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO

from cstm.cli.measure import score as score_command
from cstm.data.formats.coco_results import (
    Prediction,
    read_predictions,
    read_truth,
    results_document,
    truth_document,
    write_json,
)
from cstm.data.frames.masks import encode_mask
from cstm.evaluation.evaluate import score
from cstm.evaluation.metrics import RatioProtocol

PIXELS = np.arange(30).reshape(5, 6)
TRUTH = {"v_a_f_1_i_1": encode_mask(PIXELS < 10), "v_a_f_2_i_1": encode_mask(PIXELS < 0)}
FOUND = {
    "v_a_f_1_i_1": [
        Prediction(0.2, encode_mask(PIXELS < 0)),
        Prediction(0.9, encode_mask(PIXELS < 5)),
    ]
}


def files(folder: Path, truth: object = None, results: object = None) -> tuple[Path, Path]:
    paths = folder / "results.json", folder / "truth.json"
    paths[0].write_text(json.dumps(results_document(FOUND) if results is None else results))
    paths[1].write_text(json.dumps(truth_document(TRUTH) if truth is None else truth))
    return paths


def test_what_is_written_is_read_again(tmp_path, capsys):
    write_json(tmp_path / "truth.json", truth_document(TRUTH))
    write_json(tmp_path / "results.json", results_document(FOUND))
    assert read_truth(tmp_path / "truth.json") == TRUTH
    assert read_predictions(tmp_path / "results.json", TRUTH) == FOUND
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.json", "truth.json"]
    coco = COCO(str(tmp_path / "truth.json"))
    assert coco.loadRes(str(tmp_path / "results.json")).getImgIds() == list(TRUTH)
    assert coco.anns[1]["bbox"] == [0, 0, 6, 2]
    assert coco.anns[1]["area"] == 10


def test_the_best_scored_counts_and_none_is_an_empty_mask(tmp_path):
    metric = RatioProtocol()
    score(*files(tmp_path), metric)
    first, second = metric.rows.values()
    assert (first.intersection, first.union) == (5, 10)
    assert (second.intersection, second.union) == (0, 0)


def test_no_prediction_at_all(tmp_path, capsys):
    paths = files(tmp_path, results=[])
    for protocol in ("ratio", "coco", "released"):
        score_command(*paths, protocol=protocol, size=8, json=True)
        result = json.loads(capsys.readouterr().out)
        assert result["samples"] == 2
        assert result["precision@0.5"] == 0.5
        assert result["ap"] == (0 if protocol == "coco" else 0.5)


def test_ids_may_be_numbers_and_the_truth_polygons(tmp_path):
    truth = {
        "images": [{"id": 7, "height": 5, "width": 6}],
        "annotations": [{"image_id": 7, "segmentation": [[0, 0, 6, 0, 6, 2, 0, 2]]}],
    }
    results = [{"image_id": 7, "score": 1, "segmentation": {"size": [5, 6], "counts": [0, 2, 28]}}]
    metric = RatioProtocol()
    score(*files(tmp_path, truth, results), metric)
    assert (metric.rows[0].intersection, metric.rows[0].union) == (2, 12)


def test_the_table_names_the_protocol(tmp_path, capsys):
    score_command(*files(tmp_path), protocol="coco")
    printed = capsys.readouterr().out
    assert printed.startswith("coco protocol")
    assert "picked" not in printed


def changed(document: dict, part: str, number: int, **fields: object) -> dict:
    """A ground truth with some fields of one entry replaced; None removes one."""
    entries = [dict(entry) for entry in document[part]]
    entries[number].update(fields)
    entries[number] = {key: value for key, value in entries[number].items() if value is not None}
    return {**document, part: entries}


GOOD = truth_document(TRUTH)
BAD_TRUTHS = {
    "predictions first": results_document(FOUND),
    "predictions first ": {"images": []},
    "no image": {"images": [], "annotations": []},
    "images should be a list": {**GOOD, "images": 5},
    "has no 'height'": changed(GOOD, "images", 1, height=None),
    "whole numbers above 0": changed(GOOD, "images", 1, height=0),
    "'v_a_f_1_i_1' occurs twice": changed(GOOD, "images", 1, id="v_a_f_1_i_1"),
    "all text or all numbers": changed(GOOD, "images", 1, id=5),
    "number 1: its id": changed(GOOD, "images", 1, id=[5]),
    "'v_x' is not among": changed(GOOD, "annotations", 0, image_id="v_x"),
    "two annotations": changed(GOOD, "annotations", 1, image_id="v_a_f_1_i_1"),
    "'v_a_f_2_i_1' has no annotation": {**GOOD, "annotations": GOOD["annotations"][:1]},
    "a crowd": changed(GOOD, "annotations", 1, iscrowd=1),
    "has no 'segmentation'": changed(GOOD, "annotations", 1, segmentation=None),
    "the image's is": changed(GOOD, "images", 1, height=4),
}


@pytest.mark.parametrize("reason", BAD_TRUTHS)
def test_a_ground_truth_that_is_none(tmp_path, reason):
    refused(files(tmp_path, truth=BAD_TRUTHS[reason]), "truth.json", reason.strip())


FINE = results_document(FOUND)
BAD_RESULTS = {
    "predictions first": GOOD,
    "should be a list of objects": [5],
    "number 1: its image 'v_x' is not in the ground truth": [
        FINE[0], {**FINE[1], "image_id": "v_x"},
    ],
    "has no 'image_id'": [{"score": 1, "segmentation": FINE[0]["segmentation"]}],
    "has no 'score'": [{k: v for k, v in FINE[0].items() if k != "score"}],
    "has no 'segmentation'": [{"image_id": "v_a_f_1_i_1", "score": 1}],
    "'high' should be a number": [{**FINE[0], "score": "high"}],
    "nan should be a number": [{**FINE[0], "score": float("nan")}],
    "[6, 5], the image's is [5, 6]": [
        {**FINE[0], "segmentation": encode_mask(PIXELS.reshape(6, 5) < 5)}
    ],
    "run lengths are broken": [{**FINE[0], "segmentation": {"size": [5, 6], "counts": "05"}}],
}  # fmt: skip


@pytest.mark.parametrize("reason", BAD_RESULTS)
def test_predictions_that_are_none(tmp_path, reason):
    refused(files(tmp_path, results=BAD_RESULTS[reason]), "results.json", reason)


def test_files_that_are_no_json(tmp_path):
    paths = files(tmp_path)
    paths[0].write_bytes(paths[0].read_bytes()[:-10])
    refused(paths, "results.json", "no JSON")
    paths[1].write_bytes(b"\xff\xfe\x00")
    refused(paths, "truth.json", "no JSON")


def refused(paths: tuple[Path, Path], *words: str) -> None:
    with pytest.raises(ValueError, match=r"\.json") as caught:
        score_command(*paths)
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)
