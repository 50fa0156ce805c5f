"""Weights by name or by path, and the face of the package."""

from importlib.metadata import version

import numpy as np
import pytest
import torch

import cstm
from cstm.inference.load import find_weights
from cstm.processes import join, pick_device, pick_precision


@pytest.mark.parametrize(("name", "megabytes"), [("lite", 20), ("tiny", 10)])
def test_the_package_brings_small_weights(name, megabytes):
    path = find_weights(name)
    assert path.stat().st_size <= 1_000_000 * megabytes
    segmenter = cstm.load(name, device="cpu")
    assert isinstance(segmenter, cstm.Segmenter)
    assert "jumping" in segmenter.vocabulary


def test_the_default_is_lite_and_knows_common_words():
    segmenter = cstm.load(device="cpu")
    assert len(segmenter.vocabulary) > 8000
    assert all(word in segmenter.vocabulary for word in ["elephant", "skateboard", "bus"])


@pytest.mark.parametrize("name", ["lite", "tiny"])
def test_its_weights_say_where_they_come_from(name):
    from cstm.training.checkpoint import load_checkpoint

    provenance = load_checkpoint(find_weights(name)).provenance
    for key in ("experiment", "data", "date", "revision", "epochs", "metrics", "hardware"):
        assert provenance[key], key


def test_wrong_names_are_answered_with_the_closest():
    with pytest.raises(ValueError, match="did you mean tiny"):
        find_weights("tinny")
    with pytest.raises(ValueError, match=r"choose from .*lite"):
        find_weights("zzz")


def test_a_path_is_taken_as_it_is(tmp_path):
    path = tmp_path / "mine.safetensors"
    assert find_weights(path) == path


def test_a_network_may_look_at_larger_frames():
    usual, closer = (cstm.load("tiny", device="cpu", size=size) for size in (None, 192))
    assert (usual.clip.size, closer.clip.size) == (128, 192)
    frames = np.random.default_rng(0).integers(0, 255, (3, 96, 128, 3), np.uint8)
    (some, *_), (others, *_) = (
        list(segmenter.segment(iter(frames), ["the cat"], keep="probabilities"))
        for segmenter in (usual, closer)
    )
    assert some.probabilities.shape == others.probabilities.shape == (1, 96, 128)
    assert np.abs(some.probabilities - others.probabilities).max() > 1e-3


@pytest.mark.parametrize(("name", "looks"), [("lite", 2), ("tiny", 1)])
def test_weights_that_know_small_actors_look_twice(name, looks):
    assert cstm.load(name).looks == looks
    assert cstm.load(name, looks=1).looks == 1


def test_the_package_says_which_version_it_is():
    assert cstm.__version__ == version("cstm")


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert str(pick_device("auto")) == "cpu"
    with pytest.raises(ValueError, match="no GPU"):
        pick_device("cuda")


@pytest.mark.parametrize("instruction", ["avx512_bf16", "amx_bf16"])
def test_a_cpu_computes_in_bfloat16_where_it_has_instructions_for_it(monkeypatch, instruction):
    cpu, gpu = torch.device("cpu"), torch.device("cuda")
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {instruction: True}, raising=False)
    assert pick_precision("auto", cpu) == cstm.load("tiny").precision == "bf16-mixed"
    assert pick_precision("32-true", cpu) == "32-true"
    assert pick_precision("auto", gpu) == "32-true"
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: {"avx2": True}, raising=False)
    assert pick_precision("auto", cpu) == cstm.load("tiny").precision == "32-true"
    assert pick_precision("bf16-mixed", cpu) == "bf16-mixed"
    monkeypatch.delattr("torch.cpu.get_capabilities")
    assert pick_precision("auto", cpu) == "32-true", "an older torch does not tell"


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'lood'"):
        _ = cstm.lood  # pyright: ignore[reportAttributeAccessIssue]


def test_what_the_caller_asks_for_reaches_the_segmenter():
    segmenter = cstm.load("tiny", device="cpu", least_score=0.2, size=96)
    assert segmenter.least_score == 0.2
    assert segmenter.clip.size == 96
    with pytest.raises(ValueError, match="least_score should be from 0 to 1, got 2"):
        cstm.load("tiny", device="cpu", least_score=2.0)


def test_processes_that_cannot_compute_as_asked_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="16-mixed needs a GPU"), join("cpu", "16-mixed"):
        pass
    monkeypatch.setattr("cstm.processes.pick_device", lambda _: torch.device("cuda"))
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="2 processes for 1 GPUs"), join("cuda", "32-true"):
        pass
