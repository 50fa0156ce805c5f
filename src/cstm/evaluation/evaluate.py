"""A network over a dataset, or anyone's masks over a ground truth: every sample once."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path

import torch
from jaxtyping import Float, Int, UInt8
from numpy import ndarray
from torch import Tensor

from cstm.config import ClipConfig, DataFormat, Looks
from cstm.data.formats.coco_results import Prediction, image_ids, read_predictions, read_truth
from cstm.data.frames.clip_input import ClipInput, clip_input
from cstm.data.frames.masks import encode_mask, judge
from cstm.data.frames.second_look import Seen, look_again
from cstm.data.frames.transforms import unit_range
from cstm.data.language.words import Vocabulary
from cstm.data.read_ahead import read_ahead
from cstm.data.sample import Sample, Samples
from cstm.evaluation.metrics import MaskProtocol
from cstm.evaluation.rows import was_picked
from cstm.model.build import Network


def evaluate(
    network: Network,
    vocabulary: Vocabulary,
    samples: Samples,
    clip: ClipConfig,
    metric: MaskProtocol,
    indices: Sequence[int] | None = None,
    batch: int = 8,
    workers: int = 2,
    data: DataFormat = "a2d",
    looks: Looks = 1,
) -> Iterator[int]:
    """Count the samples at ``indices`` (all of them if None) under a protocol.

    Yields the number of samples done, for a progress bar. The network is used as it is: in
    evaluation mode, on its device. ``data`` decides on the images' ids. With a second look
    (:mod:`cstm.data.frames.second_look`) masks are those of native size, as ``released`` does not
    take them.
    """
    ids = image_ids(data, samples.pairs)
    chosen = range(len(samples)) if indices is None else indices
    # A process reads all that is said of a frame, and the frame once.
    runs = [list(run) for _, run in groupby(chosen, partial(_frame_of, samples))]
    read_samples = chain.from_iterable(
        read_ahead(partial(_read, samples, clip, runs), len(runs), workers)
    )
    done = 0
    while group := list(islice(read_samples, batch)):
        fits = [seen.fit for _, _, seen in group]
        clips = [torch.from_numpy(seen.pixels) for _, _, seen in group]
        sentences = [samples.pairs[index].sentence for index, _, _ in group]
        words = torch.tensor([vocabulary.encode(sentence) for sentence in sentences])
        small_maps, presences = _answer_each(network, clips, words)
        maps = [
            fit.invert(small[None])[0].numpy() for fit, small in zip(fits, small_maps, strict=True)
        ]
        if looks == 2:
            first = [
                Seen(
                    list(sample.frames),
                    seen.moves,
                    native,
                    judge(native, native > 0.5, presence)[0],
                )
                for (_, sample, seen), native, presence in zip(group, maps, presences, strict=True)
            ]
            maps = look_again(first, clip, batch, partial(_nearer, network, words))
        for (index, sample, seen), small, native, presence in zip(
            group, small_maps, maps, presences, strict=True
        ):
            inside = seen.fit.inside(small).numpy()
            mask = metric.mask(native, inside, is_raised=presence is not None)
            mask, score = judge(native, mask, presence)
            other = sample.look_alike
            metric.add(
                index,
                ids[index],
                encode_mask(sample.mask),
                [Prediction(score, encode_mask(mask))],
                samples.pairs[index],
                None if other is None else was_picked(native, sample.mask, other),
            )
        done += len(group)
        yield done


def _frame_of(samples: Samples, index: int) -> tuple[str, int]:
    pair = samples.pairs[index]
    return pair.video, pair.frame


def _read(
    samples: Samples, clip: ClipConfig, runs: Sequence[Sequence[int]], position: int
) -> list[tuple[int, Sample, ClipInput]]:
    """All that is asked about one frame, and its clip as the network sees it."""
    asked = [(index, samples[index]) for index in runs[position]]
    seen = clip_input(asked[0][1].frames, clip)
    return [(index, sample, seen) for index, sample in asked]


@torch.inference_mode()
def _answer(
    network: Network,
    clips: UInt8[Tensor, "batch time 3 rows columns"],
    words: Int[Tensor, "batch word"],
) -> tuple[Float[Tensor, "batch rows columns"], list[float | None]]:
    """Of the mask, and of the actor being there where the network tells."""
    device = next(network.parameters()).device
    predicted = network.predict(unit_range(clips.to(device)), words.to(device))
    maps, presences = predicted.probabilities()
    return maps.cpu(), presences


def _answer_each(
    network: Network,
    clips: Sequence[UInt8[Tensor, "time 3 _rows _columns"]],
    words: Int[Tensor, "sample word"],
) -> tuple[list[Float[Tensor, "_rows _columns"]], list[float | None]]:
    """The same of clips of several shapes; those of one shape go through the network at once."""
    shapes: dict[torch.Size, list[int]] = {}
    for number, clip in enumerate(clips):
        shapes.setdefault(clip.shape, []).append(number)
    maps: dict[int, Tensor] = {}
    presences: dict[int, float | None] = {}
    for numbers in shapes.values():
        alike = torch.stack([clips[number] for number in numbers])
        some_maps, some_presences = _answer(network, alike, words[numbers])
        maps |= zip(numbers, some_maps, strict=True)
        presences |= zip(numbers, some_presences, strict=True)
    order = range(len(clips))
    return [maps[number] for number in order], [presences[number] for number in order]


def _nearer(
    network: Network,
    words: Int[Tensor, "sample word"],
    clips: UInt8[ndarray, "clip time 3 size size"],
    numbers: list[int],
) -> Float[Tensor, "clip size size"]:
    return _answer(network, torch.from_numpy(clips), words[numbers])[0]


def score(predictions: Path, truth: Path, metric: MaskProtocol) -> None:
    """Count a results file against a ground-truth file, both in COCO's format, under a protocol.

    Raises:
        ValueError: a file is broken, or the two don't belong together.
    """
    masks = read_truth(truth)
    found = read_predictions(predictions, masks)
    for number, (image, mask) in enumerate(masks.items()):
        metric.add(number, image, mask, found.get(image, []))


def spread(total: int, wanted: int) -> list[int]:
    """Indices of so many samples, spread evenly over a dataset; all where there are not so many."""
    if wanted >= total:
        return list(range(total))
    return [position * total // wanted for position in range(wanted)]


def share(indices: Sequence[int], batch: int, process: int, processes: int) -> Sequence[int]:
    """Those of the indices that one of many processes evaluates; together, each exactly once.

    Whole batches, so that every sample shares its batch with the same ones whatever the number of
    processes, and its numbers stay the same to the bit; in a row, so that sentences about one
    frame stay together. Where there are fewer batches than processes, some get none.
    """
    batches = -(-len(indices) // batch)
    first, last = (place * batches // processes * batch for place in (process, process + 1))
    return indices[first:last]
