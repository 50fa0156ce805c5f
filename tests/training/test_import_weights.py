"""The authors' checkpoint becomes one of ours, or one line says why it can't."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from cstm.data.language.words import read_word_vectors
from cstm.experiments import get_experiment
from cstm.inference.export import segment_to_folder
from cstm.inference.load import load
from cstm.training.checkpoint import load_checkpoint
from cstm.training.import_weights import (
    VECTORS,
    import_released,
    read_released,
    released_name,
    released_shapes,
)
from cstm.training.stages import stages_of

WORDS = ["the", "The", "cat", ",", "don't", "dog", "jumping", "zebra", "'"]


def flat(shape: torch.Size, value: float = 0.0) -> Tensor:
    """A tensor of one repeated number, which takes no room in a file."""
    return torch.tensor(value).expand(shape)


def write(path: Path, state: dict[str, Tensor]) -> Path:
    torch.save({"state_dict": state, "epoch": 9}, path)
    return path


@pytest.fixture
def shapes() -> dict[str, torch.Size]:
    return released_shapes()


@pytest.fixture(scope="module")
def vectors(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("vectors") / "glove.txt"
    lines = [f"{word} {' '.join([str(number)] * 300)}" for number, word in enumerate(WORDS, 1)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def imported(tmp_path_factory, vectors) -> Iterator[tuple[dict[str, Tensor], Path]]:
    """A state dict as DataParallel saves it, and the checkpoint made of it."""
    folder = tmp_path_factory.mktemp("released")
    generator = torch.Generator().manual_seed(0)

    def random(shape: torch.Size) -> Tensor:
        """A number for each output channel, positive as variances are."""
        if not shape:  # BatchNorm's counters
            return torch.tensor(7)
        rows = torch.rand(shape[0], *[1] * (len(shape) - 1), generator=generator)
        return (rows / shape[1:].numel()).expand(shape)

    state = {f"module.{name}": random(shape) for name, shape in released_shapes().items()}
    source = write(folder / "checkpoint.pth.tar", state)
    sentences = folder / "sentences.txt"
    sentences.write_text("video_id,instance_id,query\nv,1,A zebra, jumping\n")
    destination = folder / "released.safetensors"
    import_released(source, destination, vectors, words=3, sentences=[sentences])
    yield state, destination
    destination.unlink()  # 700 MB


def test_every_tensor_arrives(imported):
    state, path = imported
    checkpoint = load_checkpoint(path)
    ours = checkpoint.network.state_dict()
    unused = sum(name.startswith("module.conv_mask") for name in state) * 5 // 6
    assert len(ours) - 1 == len(state) - unused == 1023 - 30
    for name, tensor in ours.items():
        if name != VECTORS:
            assert torch.equal(tensor, state[f"module.{released_name(name)}"]), name
    assert checkpoint.experiment == get_experiment("released")
    assert checkpoint.provenance["source"] == "checkpoint.pth.tar"
    assert len(checkpoint.provenance["sha256"]) == 64


def test_the_commonest_words_that_sentences_can_hold_come_along_and_those_asked_for(imported):
    checkpoint = load_checkpoint(imported[1])
    vocabulary = checkpoint.vocabulary
    assert vocabulary.words == ("the", "cat", ",", "jumping", "zebra")
    assert vocabulary.tokenize("The man's cat.") == ["the", "man", "'", "s", "cat"]
    table = checkpoint.network.state_dict()[VECTORS]
    assert table[:, 0].tolist() == [0, 0, 1, 3, 4, 7, 8]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_it_segments_like_any_other_checkpoint(imported, tmp_path):
    from cstm.data.synthetic import render_clip
    from cstm.inference.samples import write_clip

    frames = render_clip(5, size=(96, 80), frames=2).frames
    write_clip(frames, Fraction(24), tmp_path / "clip.mp4")
    segmenter = load(imported[1], device="cpu")
    assert (segmenter.clip.size, segmenter.clip.resize) == (320, "squash")
    segmenter.clip = replace(segmenter.clip, size=64)
    out = tmp_path / "out"
    assert segment_to_folder(segmenter, tmp_path / "clip.mp4", ["the cat, jumping"], out) == 2
    assert len(list((out / "01").glob("*.png"))) == 2
    (frame,) = segmenter.segment(
        [np.zeros((80, 96, 3), np.uint8)], ["the cat"], keep="probabilities"
    )
    assert frame.probabilities is not None
    assert np.isfinite(frame.probabilities).all()


def test_what_does_not_fit_is_named(tmp_path, shapes):
    state = {name: flat(shape) for name, shape in shapes.items()}
    assert read_released(write(tmp_path / "whole.pth.tar", state)).keys() == shapes.keys()
    del state["txt_norm.0.bias"]
    state["s_layer1.0.weight"] = flat(torch.Size([64, 3, 3, 3]))
    state["conv_mask.6.0.bias"] = flat(torch.Size([256]))
    with pytest.raises(ValueError, match="does not fit") as caught:
        read_released(write(tmp_path / "checkpoint.pth.tar", state))
    message = str(caught.value)
    assert "wrong shape: s_layer1.0.weight ([64, 3, 3, 3] instead of [64, 3, 7, 7])" in message
    assert "missing: txt_norm.0.bias" in message
    assert "foreign: conv_mask.6.0.bias" in message
    assert "\n" not in message


class Code:
    """What pickle would run."""

    def __reduce__(self):
        return print, ("the file ran code",)


@pytest.mark.parametrize(
    "content",
    [
        {"state_dict": {"weight": torch.zeros(2)}},
        {"model": {}},
        {"state_dict": {"cmam_s": {"epoch": 3}}},
        {"state_dict": {1: torch.zeros(2)}},
        {"state_dict": {}, "code": Code()},
        torch.zeros(3),
        "a letter",
        None,
    ],
    ids=[
        "another network",
        "no state",
        "no tensors",
        "no names",
        "code",
        "tensor",
        "string",
        "text file",
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, content, capsys):
    path = tmp_path / "checkpoint.pth.tar"
    if content is None:
        path.write_text("a letter to my mother\n" * 9)
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=r"expected the authors' checkpoint\.pth\.tar") as caught:
        read_released(path)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_a_truncated_file_and_a_missing_one_are_refused(tmp_path, shapes):
    path = write(tmp_path / "cut.pth.tar", {name: flat(shape) for name, shape in shapes.items()})
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="truncated"):
        read_released(path)
    with pytest.raises(ValueError, match="no weights at"):
        read_released(tmp_path / "none.pth.tar")


def test_nothing_is_written_unless_all_is_well(tmp_path, shapes, vectors):
    source = write(tmp_path / "source.tar", {name: flat(shape) for name, shape in shapes.items()})
    short = tmp_path / "glove.6B.50d.txt"
    short.write_text("the 1 2 3\ncat 4 5 6\n")
    out = tmp_path / "out.safetensors"
    with pytest.raises(ValueError, match="vectors of 3 numbers; the release was trained with"):
        import_released(source, out, short)
    with pytest.raises(ValueError, match="no word vectors at"):
        import_released(source, out, tmp_path / "none.zip")
    with pytest.raises(ValueError, match="words should be at least 1"):
        import_released(source, out, vectors, words=0)
    assert not out.exists()
    out.write_text("years of work")
    with pytest.raises(ValueError, match="--overwrite"):
        import_released(source, out, vectors)
    assert out.read_text() == "years of work"


def test_it_cannot_be_trained():
    with pytest.raises(ValueError, match="train another experiment"):
        stages_of(get_experiment("released"))


def test_reading_stops_at_the_last_word_wanted(vectors):
    with vectors.open() as lines:
        head = [next(lines) for _ in range(3)]
    damaged = vectors.with_name("damaged.txt")
    damaged.write_text("".join(head) + "not a word and its numbers\n")
    assert list(read_word_vectors(damaged, (), 2)) == ["the", "cat"]
    with pytest.raises(ValueError, match="line 4"):
        read_word_vectors(damaged, (), 3)


def test_sentences_that_are_not_there_are_told_before_anything_is_read(tmp_path):
    with pytest.raises(ValueError, match=r"no sentences to read.*none\.txt"):
        import_released(
            tmp_path / "no.pth", tmp_path / "out.safetensors", tmp_path / "no.txt",
            sentences=[tmp_path / "none.txt"],
        )  # fmt: skip
