"""Own videos from training to evaluation, with a test part and without."""

import json
import shutil
from dataclasses import replace

import pytest
from lightning_fabric import Fabric
from small import EXPERIMENT, SCHEDULE

from cstm.cli.measure import evaluate
from cstm.cli.weights import calibrate
from cstm.config import Experiment
from cstm.data.feeding.mixture import Source
from cstm.data.formats.own_sentences import OwnSentences
from cstm.training.checkpoint import load_checkpoint
from cstm.training.plan import Run
from cstm.training.run import train

SMALL = Experiment(
    model=replace(EXPERIMENT.model, temporal=None),
    clip=EXPERIMENT.clip,
    encoders=replace(SCHEDULE, epochs=1, samples=8),
)


def run_of(root, out) -> Run:
    sources = (Source("own", root, 1.0),)
    return Run(SMALL, "test", sources, out, out / "prepared", validation_samples=5)


def train_all(run: Run) -> int:
    return sum(1 for _ in train(run, Fabric(accelerator="cpu", devices=1)))


@pytest.fixture(scope="module")
def finished(own, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert train_all(run_of(own, out)) == 2
    return out


def test_training_validates_on_test_json(finished):
    (line,) = (finished / "spatial" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(line)["validation"]["samples"] == 5
    assert "zebra" in load_checkpoint(finished / "cstm.safetensors").vocabulary


def test_evaluation_tells_who_is_there_and_what_they_do(own, finished, tmp_path, capsys):
    weights, truth = finished / "cstm.safetensors", tmp_path / "truth.json"
    evaluate(str(weights), root=own, data="own", save_truth=truth, workers=0, json=True)
    result = json.loads(capsys.readouterr().out)
    pairs = OwnSentences(own, "test").pairs
    assert result["samples"] == len(pairs)
    nobody = sum(pair.instance == 0 for pair in pairs)
    assert result["by_presence"]["absent"]["samples"] == nobody > 0
    assert set(result["by_action"]) == {pair.action for pair in pairs if pair.action}
    images = [image["id"] for image in json.loads(truth.read_text())["images"]]
    assert len(set(images)) == len(pairs)
    first = pairs[0]
    assert images[0] == f"v_{first.video}_f_{first.frame + 1}_i_{first.instance}"


def test_words_that_the_network_does_not_know_are_told(own, capsys):
    evaluate("tiny", root=own, data="own", workers=0, json=True)
    told = [pair.sentence for pair in OwnSentences(own, "test").pairs]
    zebras = sum("zebra" in sentence for sentence in told)
    assert (
        f"tiny doesn't know words in {zebras} of the {len(told)} sentences: zebra"
        in capsys.readouterr().err
    )


def test_sentences_about_nobody_are_enough_to_calibrate(own, finished, tmp_path, capsys):
    out = tmp_path / "calibrated.safetensors"
    calibrate(finished / "cstm.safetensors", out, root=own, data="own")
    told = capsys.readouterr()
    assert "threshold" in told.out
    assert "a threshold to rely on wants 50 of each kind" in told.err
    assert out.is_file()


def test_without_a_test_part_training_validates_on_nothing(own, tmp_path, capsys):
    root = shutil.copytree(own, tmp_path / "mine")
    (root / "test.json").unlink()
    assert train_all(run_of(root, tmp_path / "run")) == 2
    assert "own-mine has no test part: nothing to validate on" in capsys.readouterr().err
    (line,) = (tmp_path / "run" / "spatial" / "metrics.jsonl").read_text().splitlines()
    assert "validation" not in json.loads(line)
    weights = str(tmp_path / "run" / "cstm.safetensors")
    with pytest.raises(ValueError, match=r"test\.json: no such file"):
        evaluate(weights, root=root, data="own")


def test_a_run_does_not_go_on_with_masks_that_were_changed(own, finished, tmp_path):
    root = shutil.copytree(own, tmp_path / own.name)
    out = shutil.copytree(finished, tmp_path / "run")
    assert train_all(run_of(root, out)) == 0
    document = json.loads((root / "train.json").read_text())
    document["annotations"][0]["action"] = "none"
    (root / "train.json").write_text(json.dumps(document))
    with pytest.raises(ValueError, match="before it was changed"):
        train_all(run_of(root, out))
    with pytest.raises(ValueError, match="was trained with another dataset"):
        train_all(replace(run_of(root, out), prepared=tmp_path / "prepared"))
