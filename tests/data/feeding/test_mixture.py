"""Several datasets as one: proportions, runs that stay whole, rows that stay their own."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cstm.config import ClipConfig
from cstm.data.feeding.mixture import Mixture, Source, read_sources
from cstm.data.feeding.preparation import prepare
from cstm.data.feeding.prepared import PreparedSamples
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.synthetic import synthesize

CLIP = ClipConfig(size=32)


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> list[PreparedSamples]:
    folder = tmp_path_factory.mktemp("mixture")
    made = []
    for number, clips in enumerate((4, 2)):
        root = folder / f"world{number}"
        synthesize(root, clips, 1, seed=number, size=(80, 64), frames=12, workers=1)
        samples = A2DSentences(root, "train", CLIP)
        list(prepare(samples, CLIP, folder / f"prepared{number}", workers=0))
        made.append(PreparedSamples(folder / f"prepared{number}", samples))
    return made


def test_an_epoch_has_the_proportions_and_no_sample_twice(parts):
    mixture = Mixture(parts, [1.0, 3.0])
    first = len(parts[0].pairs)
    seen = set()
    for epoch in range(8):
        order = [index for run in mixture.epoch_runs(0, epoch, 2) for index in run]
        assert len(order) == len(set(order)) == mixture.epoch_size
        of_first = sum(index < first for index in order)
        assert (len(order) - of_first) / of_first == pytest.approx(3, rel=0.1)
        assert len(order) - of_first == len(parts[1].pairs)
        seen |= set(order)
    assert len(seen) > mixture.epoch_size, "what an epoch leaves out should change"
    assert mixture.epoch_runs(0, 1, 2) == mixture.epoch_runs(0, 1, 2)
    assert mixture.epoch_runs(0, 1, 2) != mixture.epoch_runs(1, 1, 2)


def test_datasets_are_mixed_from_the_first_step_on(parts):
    mixture, first = Mixture(parts, [1.0, 1.0]), len(parts[0].pairs)
    for epoch in range(5):
        order = [index for run in mixture.epoch_runs(0, epoch, 1) for index in run]
        half = order[: len(order) // 2]
        assert 0.2 < sum(index < first for index in half) / len(half) < 0.8


def test_one_dataset_is_itself(parts):
    runs, own = (of.epoch_runs(5, 2, 2) for of in (Mixture(parts[:1], [0.3]), parts[0]))
    assert sorted(run for run in own if len(run) == 2) == sorted(
        run for run in runs if len({parts[0].frame_of(index) for index in run}) == 1
    )
    assert sorted(index for run in runs for index in run) == list(range(len(parts[0].pairs)))


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_only_the_last_run_may_be_short(parts, step):
    runs = Mixture(parts, [1.0, 3.0]).epoch_runs(3, 1, step)
    assert {len(run) for run in runs[:-1]} == {step}
    assert len(runs[-1]) <= step


def test_rows_and_frames_are_those_of_the_parts(parts):
    mixture = Mixture(parts, [1.0, 1.0])
    first = len(parts[0].pairs)
    names = [pair.name for part in parts for pair in part.pairs]
    for index in (0, first - 1, first, len(names) - 1):
        part, inside = (parts[0], index) if index < first else (parts[1], index - first)
        row, own = mixture.row(index, mirror=True), part.row(inside, mirror=True)
        assert row.name == own.name == names[index]
        assert row.sentence == own.sentence
        assert np.array_equal(row.clip, own.clip)
        assert np.array_equal(row.mask, own.mask)
    frames = Counter(mixture.frame_of(index) for index in range(len(names)))
    expected = Counter(len(group) for part in parts for group in part.groups)
    assert Counter(frames.values()) == expected


def test_the_command_line_s_words():
    one, two = Path("one"), Path("two")
    assert read_sources("a2d", [one]) == [Source("a2d", one, 1.0)]
    assert read_sources("a2d:0.7, synthetic:0.3", [one, two]) == [
        Source("a2d", one, 0.7), Source("synthetic", two, 0.3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "word"),
    [("coco", "no data format"), ("a2d:x", "weight"), ("a2d:0", "weight"), ("a2d:inf", "weight"),
     ("a2d,synthetic", "2 datasets"), ("", "no data format")],
)  # fmt: skip
def test_what_it_refuses(data, word):
    with pytest.raises(ValueError, match=word):
        read_sources(data, [Path("one")])


def test_two_of_a_name_would_share_a_folder():
    with pytest.raises(ValueError, match="rename a folder"):
        read_sources("a2d,a2d", [Path("here/one"), Path("there/one")])
