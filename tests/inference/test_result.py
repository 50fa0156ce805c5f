import sys
from dataclasses import replace

import numpy as np
import pytest
import supervision
from blobs import QUERIES, results


def test_results_become_detections_of_supervision():
    with_both, _ = list(results(2))[::-1]
    detections = with_both.to_supervision(QUERIES)
    assert isinstance(detections, supervision.Detections)
    assert len(detections) == 2
    assert (detections.mask == with_both.masks).all()
    assert (detections.confidence == with_both.scores).all()
    assert detections.class_id.tolist() == [0, 1]
    assert detections["class_name"].tolist() == QUERIES
    assert (detections.xyxy == supervision.mask_to_xyxy(with_both.masks)).all()
    drawn = supervision.MaskAnnotator().annotate(with_both.image.copy(), detections)
    changed = (drawn != with_both.image).any(2)
    assert changed.any()
    assert not changed[~with_both.masks.any(0)].any()


def test_queries_without_a_mask_are_left_out():
    first = next(results(1))
    swapped = replace(first, masks=first.masks[::-1], scores=first.scores[::-1])
    detections = swapped.to_supervision(QUERIES)
    assert detections.class_id.tolist() == [1]
    assert detections["class_name"].tolist() == QUERIES[1:]
    none = replace(first, masks=np.zeros_like(first.masks)).to_supervision(QUERIES)
    assert none.is_empty()
    assert len(supervision.Detections.merge([none, detections])) == 1


def test_sentences_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="2 queries were asked, and 1 are given"):
        next(results(1)).to_supervision(QUERIES[:1])


def test_without_supervision_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(ImportError, match=r'pip install "cstm\[supervision\]"$'):
        next(results(1)).to_supervision(QUERIES)
