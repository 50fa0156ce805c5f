"""Checkpoints carry all that is needed, and refuse what they can't be."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from cstm.data.language.words import Vocabulary
from cstm.experiments import get_experiment
from cstm.model.network import ActorSegmenter
from cstm.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

WORDS = Vocabulary(("cat", "dog", "jumping"))


@pytest.fixture
def checkpoint() -> Checkpoint:
    experiment = get_experiment("tiny")
    network = ActorSegmenter(experiment.model, len(WORDS)).eval()
    return Checkpoint(network, WORDS, experiment, {"data": "drawn", "steps": 7})


def test_what_was_saved_comes_back(checkpoint, tmp_path):
    path = tmp_path / "new" / "network.safetensors"
    save_checkpoint(path, checkpoint)
    loaded = load_checkpoint(path)
    assert loaded.experiment == checkpoint.experiment
    assert loaded.vocabulary == WORDS
    assert loaded.provenance == {"data": "drawn", "steps": 7}
    assert not loaded.network.training
    for name, value in checkpoint.network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], value), name
    assert list(path.parent.iterdir()) == [path]


def test_fixed_word_vectors_that_both_streams_share_are_written_once(checkpoint, tmp_path):
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, checkpoint)
    tables = {name for name in load_file(path) if name.endswith("vectors.weight")}
    assert len(tables) == 2
    for stream in (checkpoint.network.spatial, checkpoint.network.temporal):
        stream.language.set_vectors(torch.arange(5 * 64.0).reshape(5, 64))
    save_checkpoint(path, checkpoint)
    assert len({name for name in load_file(path) if name.endswith("vectors.weight")}) == 1
    loaded = load_checkpoint(path).network
    for stream in (loaded.spatial, loaded.temporal):
        assert torch.equal(stream.language.vectors.weight, torch.arange(5 * 64.0).reshape(5, 64))


@pytest.mark.parametrize("shared", [False, True])
def test_a_compact_file_takes_half_the_space_and_loads_as_single(checkpoint, tmp_path, shared):
    streams = (checkpoint.network.spatial, checkpoint.network.temporal)
    if shared:
        vectors = torch.randn(5, 64)
        vectors[:2] = 0
        for stream in streams:
            stream.language.set_vectors(vectors)
    whole, compact = tmp_path / "whole.safetensors", tmp_path / "compact.safetensors"
    save_checkpoint(whole, checkpoint)
    save_checkpoint(compact, checkpoint, compact=True)
    assert compact.stat().st_size < 0.55 * whole.stat().st_size
    state = checkpoint.network.state_dict()
    in_8_bits = sum(t.dtype == torch.int8 for t in load_file(compact).values())
    assert in_8_bits == sum(value.dim() == 2 for value in state.values()) - shared > 20
    network = load_checkpoint(compact).network
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())
    for name, value in state.items():
        precision = 1 / 254 if value.dim() == 2 else 1 / 2048
        found, most = network.state_dict()[name], value.abs().max()
        torch.testing.assert_close(found, value, rtol=0, atol=float(precision * most))


def test_what_half_precision_cannot_hold_is_kept_whole(checkpoint, tmp_path):
    path = tmp_path / "compact.safetensors"
    variance = next(
        value for name, value in checkpoint.network.named_buffers() if "running_var" in name
    )
    before = variance.clone()
    variance[0] = 7e4
    save_checkpoint(path, checkpoint, compact=True)
    found = load_checkpoint(path).network.state_dict()
    variance.copy_(before)
    assert any(float(value.max()) == 7e4 for name, value in found.items() if "running_var" in name)
    assert all(value.isfinite().all() for value in found.values())


def test_foreign_and_broken_files_are_refused_in_one_line(checkpoint, tmp_path):
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, checkpoint)
    whole = path.read_bytes()

    def refused(match: str) -> None:
        with pytest.raises(ValueError, match=match) as caught:
            load_checkpoint(path)
        assert "\n" not in str(caught.value)

    path.write_bytes(whole[: len(whole) // 2])
    refused("truncated")
    path.write_bytes(b"")
    refused("truncated")
    path.write_text("a letter to my mother")
    refused("not a safetensors file")
    save_file({"weight": torch.zeros(2)}, path)
    refused("not a checkpoint of cstm")
    path.unlink()
    refused("no checkpoint at")


def test_weights_that_are_no_numbers_are_refused(checkpoint, tmp_path):
    path = tmp_path / "broken.safetensors"
    torch.nn.init.constant_(checkpoint.network.decoder.heads[0][0].bias, torch.nan)
    save_checkpoint(path, checkpoint)
    with pytest.raises(ValueError, match="some of its weights are no finite numbers"):
        load_checkpoint(path)


def test_a_missing_weight_is_named(checkpoint, tmp_path):
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, checkpoint)
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    state = load_file(path)
    del state["decoder.heads.0.0.weight"]
    save_file(state, path, metadata)
    with pytest.raises(ValueError, match=r"decoder\.heads\.0\.0\.weight") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_settings_of_another_version_are_named(checkpoint, tmp_path):
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, checkpoint)
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    settings = json.loads(metadata["experiment"])
    settings["model"]["heads"] = 12
    metadata["experiment"] = json.dumps(settings)
    save_file(load_file(path), path, metadata)
    with pytest.raises(ValueError, match="unknown settings"):
        load_checkpoint(path)
