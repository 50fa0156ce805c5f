"""The decoded clips of a run: what earlier runs left, and all that is not there yet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lightning_fabric import Fabric

from cstm.data.feeding.preparation import check_space, count_clips, prepare
from cstm.data.feeding.prepared import PreparedSamples, prepared_name
from cstm.data.sample import Samples
from cstm.folder import remove_stale
from cstm.progress import track
from cstm.training.plan import Run


def _folders(run: Run) -> list[Path]:
    """Where the decoded clips of each dataset are, or will be."""
    kind = prepared_name(run.experiment.clip)
    return [run.prepared / f"{source.name}-{kind}" for source in run.sources]


def remove_stale_clips(run: Run) -> None:
    """Remove what killed runs have left of decoded clips."""
    for folder in _folders(run):
        remove_stale(folder)


def prepared_before(run: Run, datasets: Sequence[Samples]) -> dict[Path, PreparedSamples]:
    """Clips that an earlier run has decoded.

    Raises:
        ValueError: a folder holds clips of another dataset.
    """
    return {
        folder: PreparedSamples(folder, samples)
        for folder, samples in zip(_folders(run), datasets, strict=True)
        if folder.exists()
    }


def prepare_all(
    run: Run,
    datasets: Sequence[Samples],
    ready: Mapping[Path, PreparedSamples],
    fabric: Fabric,
) -> list[PreparedSamples]:
    """Decode the datasets' clips that are not ready; the first process does it, others wait.

    Raises:
        ValueError: they don't fit on the disk, or a process doesn't see what the first one wrote.
    """
    clip, folders, parts = run.experiment.clip, _folders(run), []
    if fabric.is_global_zero:
        remove_stale_clips(run)
        missing = [s for f, s in zip(folders, datasets, strict=True) if f not in ready]
        check_space(run.prepared, missing, clip)
    for source, folder, samples in zip(run.sources, folders, datasets, strict=True):
        with fabric.rank_zero_first():
            if fabric.is_global_zero and not folder.exists():
                count = count_clips(samples)
                try:
                    track(prepare(samples, clip, folder), count, f"decoding clips of {source.name}")
                except ValueError:
                    # Unless another run has meanwhile decoded the same.
                    if not folder.exists():
                        raise
        if not folder.exists():
            raise ValueError(f"{folder} is not on a disk that all machines see; choose --prepared")
        parts.append(ready.get(folder) or PreparedSamples(folder, samples))
    return parts
