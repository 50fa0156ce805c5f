"""A network over a dataset: every sample once, compared at its native resolution."""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import DataLoader, Dataset

from cstm.config import ClipConfig
from cstm.data.sample import Sample, Samples
from cstm.data.transforms import ResizePad, unit_range
from cstm.data.words import Vocabulary
from cstm.evaluation.metrics import RatioProtocol, pick
from cstm.model.network import ActorSegmenter


class _Chosen(Dataset[tuple[int, Sample]]):
    """Samples of a dataset with their indices, for a loader to read side by side."""

    def __init__(self, samples: Samples, indices: Sequence[int]) -> None:
        self.samples, self.indices = samples, indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> tuple[int, Sample]:
        index = self.indices[position]
        return index, self.samples[index]


@torch.inference_mode()
def evaluate(
    network: ActorSegmenter,
    vocabulary: Vocabulary,
    samples: Samples,
    clip: ClipConfig,
    metric: RatioProtocol,
    indices: Sequence[int] | None = None,
    batch: int = 8,
    workers: int = 2,
) -> Iterator[int]:
    """Update a metric with the samples at ``indices`` (all of them if None).

    Yields the number of samples done, for a progress bar. The network is used as it is: in
    evaluation mode, on its device. A mask is where the probability, brought back to the native
    frame, exceeds one half.
    """
    device = next(network.parameters()).device
    chosen = _Chosen(samples, range(len(samples)) if indices is None else indices)
    loader = DataLoader(chosen, batch_size=batch, num_workers=workers, collate_fn=list)
    done = 0
    for group in loader:
        shapes = [sample.mask.shape for _, sample in group]
        fits = [ResizePad.for_frame(height, width, clip.size) for height, width in shapes]
        clips = [fit.apply(sample.frames) for fit, (_, sample) in zip(fits, group, strict=True)]
        words = torch.tensor([vocabulary.encode(sample.sentence) for _, sample in group])
        logits = network.predict(unit_range(torch.stack(clips).to(device)), words.to(device))
        for fit, (index, sample), probability in zip(fits, group, logits.sigmoid(), strict=True):
            native = fit.invert(probability[None])[0].cpu()
            truth = torch.from_numpy(sample.mask)
            picked = None
            if sample.look_alike is not None:
                picked = pick(native, truth, torch.from_numpy(sample.look_alike))
            pair = samples.pairs[index]
            metric.update(
                native > 0.5,
                truth,
                picked=picked,
                tags=pair.tags,
                action=pair.action,
                direction=pair.direction,
            )
        done += len(group)
        yield done


def spread(total: int, wanted: int) -> list[int]:
    """Indices of so many samples, spread evenly over a dataset; all where there are not so many."""
    if wanted >= total:
        return list(range(total))
    return [position * total // wanted for position in range(wanted)]
