"""What a step's samples look like: views of a frame are drawn once, by seed, epoch and step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cstm.config import ClipConfig
from cstm.data.feeding.live import LiveSamples
from cstm.data.feeding.mixture import Mixture
from cstm.data.feeding.photometry import Photometry, names_colour
from cstm.data.feeding.preparation import prepare
from cstm.data.feeding.prepared import PreparedSamples
from cstm.data.feeding.rows import Batch
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.language.wording import WORDS
from cstm.data.language.words import Vocabulary
from cstm.data.synthetic import synthesize
from cstm.schedule import Schedule
from cstm.training.batches import Share, batches

CLIP = ClipConfig(size=64)
SCHEDULE = Schedule(batch=8, sentences_per_frame=2, flip=True, photometry=True, zoom=True)
PLAIN = replace(SCHEDULE, flip=False, photometry=False, zoom=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> A2DSentences:
    root = tmp_path_factory.mktemp("batches") / "world"
    synthesize(root, 6, 1, seed=2, size=(96, 80), frames=12, workers=1)
    return A2DSentences(root, "train", CLIP)


@pytest.fixture(scope="module")
def mixture(world) -> Mixture:
    list(prepare(world, CLIP, world.root.parent / "clips", workers=0))
    return Mixture([PreparedSamples(world.root.parent / "clips", world)], [1.0])


def epoch_of(mixture: Mixture, schedule: Schedule, epoch: int = 0, first: int = 0) -> list:
    vocabulary = Vocabulary.of_sentences([pair.sentence for pair in mixture.pairs])
    return [batch for (batch,) in batches(mixture, vocabulary, schedule, epoch, first, Share())]


def test_samples_read_when_due_are_those_that_lie_ready(mixture, world):
    live = Mixture([LiveSamples(world, CLIP)], [1.0])
    vocabulary = Vocabulary.of_sentences([pair.sentence for pair in mixture.pairs])
    schedule = replace(SCHEDULE, wording=True)
    ready = list(batches(mixture, vocabulary, schedule, 1, 1, Share()))
    drawn = list(batches(live, vocabulary, schedule, 1, 1, Share(), workers=2))
    assert len(ready) == len(drawn) > 1
    for (one,), (other,) in zip(ready, drawn, strict=True):
        assert one.name == other.name
        for name in Batch._fields[:-1]:
            assert torch.equal(getattr(one, name), getattr(other, name)), name


def test_light_changes_pixels_and_nothing_else(mixture):
    plain = epoch_of(mixture, PLAIN)
    lit = epoch_of(mixture, replace(SCHEDULE, flip=False, zoom=False))
    assert len(plain) == len(lit) > 2
    for one, other in zip(plain, lit, strict=True):
        assert one.name == other.name
        for name in ("words", "mask", "action", "direction"):
            assert torch.equal(getattr(one, name), getattr(other, name))
        assert not torch.equal(one.clip, other.clip)


def test_light_falls_on_the_part_that_is_shown(mixture, monkeypatch):
    zoomed = replace(SCHEDULE, flip=False, photometry=False)
    parts = epoch_of(mixture, zoomed)
    monkeypatch.setattr(Photometry, "draw", lambda *_, **__: Photometry())
    lit = epoch_of(mixture, replace(zoomed, photometry=True))
    assert all(torch.equal(a.clip, b.clip) for a, b in zip(parts, lit, strict=True))


def test_a_colour_that_a_sentence_tells_stays(mixture, monkeypatch):
    def draw(_, is_colour_told: bool) -> Photometry:
        return Photometry(saturation=float(is_colour_told))

    monkeypatch.setattr(Photometry, "draw", draw)
    sentences = [pair.sentence for pair in mixture.pairs]
    vocabulary = Vocabulary.of_sentences(sentences)
    sentence_of = {tuple(vocabulary.encode(sentence)): sentence for sentence in sentences}
    plain = epoch_of(mixture, PLAIN)
    lit = epoch_of(mixture, replace(PLAIN, photometry=True))
    is_grey = []
    for one, other in zip(plain, lit, strict=True):
        for words, before, after in zip(other.words, one.clip, other.clip, strict=True):
            is_grey.append(not torch.equal(before, after))
            if names_colour([sentence_of[tuple(words.tolist())]]):
                assert not is_grey[-1]
            elif is_grey[-1]:
                assert np.ptp(after.numpy().astype(int), axis=1).max() <= 1
    assert 0.1 < np.mean(is_grey) < 0.9


def test_parts_of_clips_are_shown_with_their_masks(mixture):
    whole = epoch_of(mixture, PLAIN)
    parts = epoch_of(mixture, replace(SCHEDULE, flip=False, photometry=False))
    larger = 0
    for one, other in zip(whole, parts, strict=True):
        assert one.name == other.name
        assert torch.equal(one.words, other.words)
        for a, b, c, d in zip(one.clip, other.clip, one.mask, other.mask, strict=True):
            assert torch.equal(a, b) == torch.equal(c, d) or not c.any()
            larger += not torch.equal(a, b)
    assert larger > 3


def test_of_what_people_say_all_is_seen(mixture, monkeypatch):
    whole = epoch_of(mixture, PLAIN)
    monkeypatch.setattr(mixture, "pairs", [replace(p, tags=(), kind=None) for p in mixture.pairs])
    seen = epoch_of(mixture, replace(PLAIN, zoom=True))
    assert all(torch.equal(a.clip, b.clip) for a, b in zip(whole, seen, strict=True))


def test_words_are_added_to_generated_sentences_alone(mixture, monkeypatch):
    plain = epoch_of(mixture, PLAIN)
    reworded = epoch_of(mixture, replace(PLAIN, wording=True))
    changed = [not torch.equal(a.words, b.words) for a, b in zip(plain, reworded, strict=True)]
    assert any(changed)
    assert all(torch.equal(a.mask, b.mask) for a, b in zip(plain, reworded, strict=True))
    monkeypatch.setattr(mixture, "pairs", [replace(p, tags=(), kind=None) for p in mixture.pairs])
    said = epoch_of(mixture, replace(PLAIN, wording=True))
    assert all(torch.equal(a.words, b.words) for a, b in zip(plain, said, strict=True))


def test_drawn_adults_keep_the_noun_that_looking_gave_them(mixture, monkeypatch):
    renamed = {}

    def watched(rng, sentence, actor, present, is_renamed):
        renamed.setdefault(sentence, set()).add(is_renamed)
        return sentence

    monkeypatch.setattr("cstm.training.batches.reword", watched)
    epoch_of(mixture, replace(PLAIN, wording=True))
    adults = {pair.sentence: pair.actor == "adult" for pair in mixture.pairs}
    assert {*adults.values()} == {True, False}
    assert all(renamed[sentence] == {not is_adult} for sentence, is_adult in adults.items())


def test_sentences_of_a_frame_share_its_view(mixture):
    frames = {pair.name: mixture.frame_of(i) for i, pair in enumerate(mixture.pairs)}
    shared = 0
    for batch in epoch_of(mixture, SCHEDULE):
        seen: dict[int, torch.Tensor] = {}
        for name, clip in zip(batch.name, batch.clip, strict=True):
            shared += frames[name] in seen
            assert torch.equal(seen.setdefault(frames[name], clip), clip)
    assert shared > 5


def test_who_computes_does_not_change_what_is_seen(mixture):
    vocabulary = Vocabulary.of_sentences([*(p.sentence for p in mixture.pairs), *WORDS])
    schedule = replace(SCHEDULE, wording=True)
    whole = [parts[0] for parts in batches(mixture, vocabulary, schedule, 2, 0, Share())]
    shared = [
        list(batches(mixture, vocabulary, schedule, 2, 0, Share(rank, 2, 2))) for rank in range(2)
    ]
    frames = {pair.name: (pair.video, pair.frame) for pair in mixture.pairs}
    divided = 0
    for step, batch in enumerate(whole):
        if len(batch.name) < schedule.batch:
            continue
        of_rank = [[row for part in parts[step] for row in _rows(part)] for parts in shared]
        for name, *tensors in _rows(batch):
            found = [others for rows in of_rank for called, *others in rows if called == name]
            assert any(all(map(torch.equal, tensors, others)) for others in found), name
        one, other = ({frames[row[0]] for row in rows} for rows in of_rank)
        divided += len(one & other)
    assert divided > 0


def _rows(batch: Batch) -> list[tuple]:
    """Name and tensors of each sample."""
    return list(zip(batch.name, *batch[: Batch._fields.index("name")], strict=True))


def test_fewer_samples_than_a_batch_are_shared_by_all(mixture):
    few = Mixture(mixture.parts, [1.0])
    few._counts = [3]
    vocabulary = Vocabulary.of_sentences([pair.sentence for pair in few.pairs])
    seen = [
        name
        for rank in range(2)
        for parts in batches(few, vocabulary, SCHEDULE, 0, 0, Share(rank, 2, 2))
        for part in parts
        for name in part.name
    ]
    assert len(seen) == 4
    assert len(set(seen)) == 3


def test_views_depend_on_seed_epoch_and_step_alone(mixture):
    first, again = epoch_of(mixture, SCHEDULE), epoch_of(mixture, SCHEDULE)
    resumed = epoch_of(mixture, SCHEDULE, first=2)
    other = epoch_of(mixture, SCHEDULE, epoch=1)
    for one, same in zip(first, again, strict=True):
        assert torch.equal(one.clip, same.clip)
    assert torch.equal(resumed[0].clip, first[2].clip)
    brightness = [np.mean([b.clip.float().mean() for b in run]) for run in (first, other)]
    assert brightness[0] != brightness[1]
