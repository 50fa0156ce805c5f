"""Commands that train: train."""

from pathlib import Path
from typing import Annotated

from tyro.conf import AvoidSubcommands, Positional, arg

from cstm.config import Device, Experiment, Precision
from cstm.experiments import get_experiment


def train(
    experiment: Annotated[Positional[str], arg(metavar="EXPERIMENT")],
    *,
    root: tuple[Path, ...],
    out: Path,
    data: str = "a2d",
    composed_clips: tuple[int, int] | None = None,
    composed_motions: dict[str, float] = {},  # noqa: B006
    prepared: Path | None = None,
    workers: int = 0,
    validation_samples: int = 300,
    device: Device = "auto",
    precision: Precision = "32-true",
    compiled: bool = False,
    accumulate: int = 1,
    save_minutes: float = 10.0,
    start: str | None = None,
    vectors: Path | None = None,
    words: int = 0,
    spatial_weights: str | None = None,
    temporal_weights: str | None = None,
    partial_weights: bool = False,
    settings: Annotated[AvoidSubcommands[Experiment], arg(name="")] = Experiment(),  # noqa: B008
) -> None:
    """Train an experiment by the paper's two stages, or resume a run where it was stopped.

    First the spatial and the temporal network, each on its own; then both encoders are fixed and
    a fresh decoder is trained on them (lite trains all at once). OUT/cstm.safetensors is the
    result.

    Example: cstm train tiny --data synthetic --root world --out runs/tiny

    Example: cstm train lite --start lite --data own --root FOLDER --out runs/own \\
        --decoder.epochs 20 --decoder.learning-rate 3e-4 --decoder.warm-up-steps 5

    Args:
        experiment: Name of the experiment: paper, fast, lite, tiny, or a row of Table 3, such as
            table3a-spatial. Named before --help its own defaults are shown, else those of paper.
        root: Folder of the dataset; of each in turn, where --data names several.
        out: Folder of the run; give the same one again to resume.
        data: Format of the dataset: a2d; synthetic, what `cstm synthesize` writes; composed,
            photographs with COCO instance masks, of which clips are made; or own, videos of your
            own with masks and sentences (docs/own-data.md). Several are mixed by weights:
            `composed:0.7,synthetic:0.3`.
        composed_clips: First and last number of the composed clips to train on, of which there is
            no end: other numbers are other clips. 0 to 9,999 if not given; 1,000 clips take about
            1.1 GB of disk at 192 pixels, 3.1 GB at 320.
        composed_motions: Motions to train on more often than usual in composed clips, and how many
            times as often: `closer 4 away 4`. There are left, right, up, down, still, spinning,
            closer, away, jumping, "rolling left" and "rolling right".
        prepared: Where decoded clips are kept; runs can share it. OUT/prepared if not given.
        workers: So many processes read or draw every sample when it is due, and nothing is kept:
            for a GPU with many CPU cores. 0: all are decoded once, before.
        validation_samples: Test samples of each dataset that has a test part, evaluated after every
            epoch; 0 for none.
        device: Where to compute; auto takes a GPU if there is one.
        precision: Of the computation. bf16-mixed and 16-mixed are faster where the processor knows
            them, with weights in single precision; 64-true is for comparing sums.
        compiled: Compile the network first: minutes once, then up to twice as fast.
        accumulate: Parts in which each process computes its share of a batch, to save memory.
        save_minutes: A run that is killed loses at most so many minutes of work.
        start: Weights to go on from, by name or path, instead of the backbones' own: their decoder,
            or of lite or with `--joint all` the whole network, by the settings of --decoder (of
            --encoders, if it has one stream). They see clips by those of --clip, not as before.
        vectors: Word vectors that are kept fixed: glove (downloaded once, 2.2 GB), or a file in its
            text format (.txt, .gz, .zip); vectors are learned if not given.
        words: Of the words of that file, the commonest to know besides those of the sentences.
        spatial_weights: Weights file the spatial backbone starts from, or `random`; the published
            ones (downloaded once, see `cstm fetch`) if not given, random for narrow backbones.
            A distillation loss holds the backbone to the same ones.
        temporal_weights: The same for the temporal backbone.
        partial_weights: Take what fits of a weights file that lacks tensors, and report the rest.
        settings: Settings of the experiment, all of which can be changed here.
    """
    from cstm.data.feeding.mixture import read_sources
    from cstm.inference.load import find_weights
    from cstm.processes import join
    from cstm.training.plan import Pace, Run
    from cstm.training.run import train as train_run
    from cstm.training.watch import watch

    sources = read_sources(data, root)
    clips = None
    if (composed_clips or composed_motions) and all(s.data != "composed" for s in sources):
        name = "--composed-clips" if composed_clips else "--composed-motions"
        raise ValueError(f"{name} is for --data composed")
    if composed_clips is not None:
        first, last = composed_clips
        if not 0 <= first <= last:
            raise ValueError("--composed-clips: two numbers from 0 on, the second no smaller")
        clips = range(first, last + 1)
    for source in sources:
        if not source.root.is_dir():
            raise ValueError(f"no dataset at {source.root}; give its folder as --root")
    run = Run(
        experiment=settings,
        name=experiment,
        sources=tuple(sources),
        out=out,
        prepared=prepared or out / "prepared",
        composed_clips=clips,
        composed_motions=composed_motions,
        validation_samples=validation_samples,
        start=None if start is None else find_weights(start),
        vectors=vectors,
        words=words,
        spatial_weights=spatial_weights,
        temporal_weights=temporal_weights,
        take="partial" if partial_weights else "whole",
        pace=Pace(accumulate, compiled, save_minutes, workers),
    )
    _check_schedules(experiment, settings, start is not None)
    with join(device, precision) as fabric:
        watch(train_run(run, fabric))
    if fabric.is_global_zero:
        print(f"trained {experiment}: {out / 'cstm.safetensors'}")


def _check_schedules(experiment: str, settings: Experiment, is_started: bool) -> None:
    """Refuse settings that would change nothing, and yet be written down as the run's.

    And a presence score that nothing teaches, which would empty masks by chance.
    """
    from cstm.training.stages import stages_of

    stages = stages_of(settings, is_started)
    for stage in stages:
        is_new = stage.model.presence != "none" and not is_started
        if is_new and not stage.schedule.presence_weight:
            raise ValueError(
                f"--model.presence {stage.model.presence}: nothing teaches the score; give "
                f"--{stage.settings}.presence-weight 0.5 as well"
            )
    used = {stage.settings for stage in stages}
    usual = get_experiment(experiment)
    for name in ("encoders", "decoder"):
        if name not in used and getattr(settings, name) != getattr(usual, name):
            raise ValueError(
                f"--{name}.…: nothing in this run is trained by these settings, but by those of "
                f"--{' and --'.join(used)}; leave them out"
            )
