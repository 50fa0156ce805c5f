"""Evaluation counts every sample once, at native resolution, whatever the batch."""

import numpy as np
import pytest
import torch

from cstm.config import ClipConfig
from cstm.data.a2d_sentences import A2DSentences
from cstm.data.synthetic import synthesize
from cstm.data.transforms import ResizePad
from cstm.data.words import Vocabulary
from cstm.evaluation.evaluate import evaluate, spread
from cstm.evaluation.metrics import RatioProtocol
from cstm.evaluation.tables import metric_tables
from cstm.experiments import get_experiment
from cstm.model.network import ActorSegmenter

CLIP = ClipConfig(size=64)


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> A2DSentences:
    root = tmp_path_factory.mktemp("evaluate") / "world"
    synthesize(root, 1, 4, seed=2, size=(96, 80), frames=12, workers=1)
    return A2DSentences(root, "test", CLIP)


@pytest.fixture(scope="module")
def network(samples) -> tuple[ActorSegmenter, Vocabulary]:
    torch.manual_seed(0)
    words = Vocabulary.of_sentences(pair.sentence for pair in samples.pairs)
    return ActorSegmenter(get_experiment("tiny").model, len(words)).eval(), words


def measured(network, samples, batch, indices=None):
    metric = RatioProtocol()
    counts = list(evaluate(*network, samples, CLIP, metric, indices, batch, workers=0))
    assert counts[-1] == (len(samples) if indices is None else len(indices))
    return metric.compute()


def test_the_batch_size_changes_nothing(network, samples):
    one, seven = measured(network, samples, 1), measured(network, samples, 7)
    assert one["samples"] == seven["samples"] == len(samples)
    assert one["mean_iou"] == pytest.approx(seven["mean_iou"], abs=1e-3)
    assert one["pick_rate"] == seven["pick_rate"]
    assert sum(group["samples"] for group in one["by_action"].values()) == len(samples)


@torch.inference_mode()
def test_iou_is_taken_at_native_resolution(network, samples):
    ious = []
    for sample in samples:
        fit = ResizePad.for_frame(80, 96, 64)
        clip = fit.apply(sample.frames)[None].float() / 255
        logits = network[0].predict(clip, torch.tensor([network[1].encode(sample.sentence)]))
        mask = (fit.invert(logits.sigmoid())[0] > 0.5).numpy()
        union = (mask | sample.mask).sum()
        ious.append((mask & sample.mask).sum() / union if union else 1.0)
    assert measured(network, samples, 4)["mean_iou"] == pytest.approx(np.mean(ious), abs=1e-3)


def test_a_spread_of_samples_reaches_over_the_whole_dataset():
    assert spread(10, 10) == spread(10, 99) == list(range(10))
    assert spread(10, 5) == [0, 2, 4, 6, 8]
    assert len(set(spread(997, 300))) == 300


def test_tables_have_a_row_for_every_group(network, samples):
    result = measured(network, samples, 4, [0, 1, 2])
    tables = metric_tables(result)
    assert tables[0].row_count == 1
    assert sum(table.row_count for table in tables[1:]) == sum(
        len(result[key]) for key in ("by_tag", "by_action", "by_direction")
    )
