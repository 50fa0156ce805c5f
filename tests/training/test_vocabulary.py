"""Fixed word vectors: in the order of the vocabulary, and more of them after training."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cstm.cli.weights import pack
from cstm.config import Experiment
from cstm.data.language.words import Vocabulary
from cstm.data.sample import Pair
from cstm.experiments import get_experiment
from cstm.model.network import ActorSegmenter
from cstm.schedule import Schedule
from cstm.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cstm.training.vocabulary import pretrained_vectors, vocabulary_of

FILE = ("the", "cat", "dog", "zebra", "yak")


@pytest.fixture
def vectors(tmp_path):
    random = np.random.default_rng(0)
    path = tmp_path / "glove.txt"
    lines = (f"{word} {' '.join(f'{x:.4f}' for x in random.normal(size=8))}" for word in FILE)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def weights(vectors, tmp_path):
    words = Vocabulary(("cat", "the", "unheard-of"))
    model = replace(get_experiment("tiny").model, width=4, word_channels=8)
    torch.manual_seed(0)
    network = ActorSegmenter(model, len(words)).eval()
    for stream in (network.spatial, network.temporal):
        stream.language.set_vectors(pretrained_vectors(vectors, words, 8)[1])
    path = tmp_path / "network.safetensors"
    save_checkpoint(path, Checkpoint(network, words, Experiment(model), {"by": "us"}))
    return path


def pair(sentence: str, kind: str | None = None) -> Pair:
    return Pair("a", 0, 1, sentence, kind=kind)


def test_training_knows_what_mirrored_and_reworded_sentences_say():
    plain, flipped, reworded = Schedule(), Schedule(flip=True), Schedule(wording=True)
    said = [pair("a dog on the left"), pair("a cat", kind="whole")]
    assert vocabulary_of(said, [plain]).words == ("a", "cat", "dog", "left", "on", "the")
    assert "right" in vocabulary_of(said, [plain, flipped])
    assert "grass" in vocabulary_of(said, [reworded, plain])
    assert "grass" not in vocabulary_of(said[:1], [reworded]), "what people said stays as it is"


@torch.inference_mode()
def answer(checkpoint, sentence):
    words = torch.tensor([checkpoint.vocabulary.encode(sentence)])
    clip = torch.rand(1, 8, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    return checkpoint.network.predict(clip, words).mask


def test_a_packed_network_says_the_same_and_knows_more(weights, vectors, tmp_path, capsys):
    out = tmp_path / "packed.safetensors"
    pack(weights, out, vectors=vectors, words=4)
    assert "5 words" in capsys.readouterr().out
    before, after = load_checkpoint(weights), load_checkpoint(out)
    assert after.vocabulary.words == ("cat", "dog", "the", "unheard-of", "zebra")
    assert after.provenance == {"by": "us"}
    same, changed = answer(before, "the cat"), answer(after, "the cat")
    torch.testing.assert_close(changed, same, rtol=0, atol=0.02 * float(same.abs().max()))
    assert not torch.equal(answer(after, "the zebra"), answer(after, "the dog"))
    assert torch.equal(answer(before, "the zebra"), answer(before, "the dog")), "both unknown"
    again = tmp_path / "again.safetensors"
    pack(out, again, vectors=vectors, words=5)
    assert "yak" in load_checkpoint(again).vocabulary.words
    with pytest.raises(ValueError, match="exists; give another file"):
        pack(weights, out)


def test_a_packed_network_reads_words_that_were_never_said_as_ones_that_were(
    weights, tmp_path, capsys
):
    out, again = tmp_path / "packed.safetensors", tmp_path / "again.safetensors"
    pack(weights, out, synonyms=True)
    known = load_checkpoint(out).vocabulary
    assert known.words == ("cat", "the", "unheard-of")
    assert known.synonyms["feline"] == "cat"
    assert known.synonyms["bald"] == ""
    assert "cyclist" not in known.synonyms, "it knows no person"
    assert known.encode("the bald feline")[:3] == [3, 2, 0]
    pack(out, again)
    assert load_checkpoint(again).vocabulary == known
    assert f"{len(known.known)} words" in capsys.readouterr().out
    with pytest.raises(ValueError, match="has its synonyms already; leave out --synonyms"):
        pack(out, again, synonyms=True, overwrite=True)


def test_vectors_of_another_file_are_refused(weights, vectors, tmp_path):
    vectors.write_text(vectors.read_text().replace("cat ", "cow ", 1).replace("dog ", "cat ", 1))
    with pytest.raises(ValueError, match="vector of 'cat' is not the one in") as caught:
        pack(weights, tmp_path / "packed.safetensors", vectors=vectors)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "packed.safetensors").exists()


@pytest.mark.parametrize(
    ("lines", "match"),
    [("a 1 2\ncat 1 2\n", "vector of 'cat' is not"), ("yak 1 2\nzoo 1 2\n", "none of the words")],
)
def test_vectors_of_another_width_or_language_are_refused(weights, tmp_path, lines, match):
    path = tmp_path / "other.txt"
    path.write_text(lines)
    with pytest.raises(ValueError, match=match):
        pack(weights, tmp_path / "packed.safetensors", vectors=path)


def test_pretrained_vectors_follow_the_vocabulary(tmp_path):
    path = tmp_path / "glove.txt"
    path.write_text("dog 1 2\ncat 3 4\n. . 5 6\n")
    words, vectors = pretrained_vectors(path, Vocabulary(("cat", "zebra")), 2)
    assert words.words == ("cat", "zebra")
    torch.testing.assert_close(vectors, torch.tensor([[0.0, 0], [0, 0], [3, 4], [0, 0]]))
    words, vectors = pretrained_vectors(path, Vocabulary(("cat", "zebra")), 2, words=1)
    assert words.words == ("cat", "dog", "zebra")
    torch.testing.assert_close(vectors[2:], torch.tensor([[3.0, 4], [1, 2], [0, 0]]))
    with pytest.raises(ValueError, match="none of the 1 words"):
        pretrained_vectors(path, Vocabulary(("zebra",)), 2)
    with pytest.raises(ValueError, match=r"--model\.word-channels 2"):
        pretrained_vectors(path, Vocabulary(("cat",)), 300)
