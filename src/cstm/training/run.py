"""A whole training run: data made ready once, then every stage, each where it was left."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args

from lightning_fabric import Fabric
from torch import Tensor

from cstm.data.datasets import has_part, open_dataset
from cstm.data.feeding.live import LiveSamples
from cstm.data.feeding.mixture import Mixture, Source
from cstm.data.language.words import Vocabulary
from cstm.data.sample import Pair, Samples
from cstm.evaluation.evaluate import evaluate, share, spread
from cstm.evaluation.metrics import RatioProtocol
from cstm.folder import half_written
from cstm.lock import alone_in
from cstm.model.network import ActorSegmenter
from cstm.model.pretrained import find_vectors
from cstm.progress import is_first_process, track
from cstm.training.backbones import find_first_weights, find_teacher, load_weights
from cstm.training.batches import Share, steps_of_epoch
from cstm.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cstm.training.decoding import prepare_all, prepared_before, remove_stale_clips
from cstm.training.fit import Step, fit
from cstm.training.origin import origin_of
from cstm.training.plan import Run, Task
from cstm.training.provenance import CONFIG, ENVIRONMENT, provenance, write_description
from cstm.training.stages import Stage, StageName, build_stage, stages_of
from cstm.training.start import load_start, with_threshold_of, with_words_of
from cstm.training.state import STATE, read_state, settings_of
from cstm.training.vocabulary import pretrained_vectors, vocabulary_of, word_table

VALIDATION_BATCH = 8
RESULT = "cstm.safetensors"


def train(run: Run, fabric: Fabric) -> Iterator[tuple[Stage, Step]]:
    """Train all stages of an experiment, yielding after every step.

    Finished stages are left as they are and an unfinished one goes on after its last saved step,
    so that the same call resumes a run. At the end ``out/cstm.safetensors`` holds the network as
    it was after its last epoch, the paper's choice; the best epoch's is kept beside.

    Raises:
        ValueError: before anything is decoded: ``out`` holds a run with other settings, or one that
            goes on in another process, or results of something else, or can't be written; data,
            weights, word vectors or the network to start from are missing, broken or don't fit; a
            batch can't be shared out. Or see :func:`~cstm.training.fit.fit`.
    """
    with alone_in(run.out) if fabric.is_global_zero else nullcontext():
        if fabric.is_global_zero:
            _check_out(run.out, {s.name for s in stages_of(run.experiment, run.start is not None)})
            _remove_partial(run.out)
        yield from _train(run, fabric)


def _check_out(out: Path, stages: set[StageName]) -> None:
    """Refuse a folder with the results of something else, which would be lost.

    Encoders that another run has trained may be there without its description.
    """
    begun = {name for name in get_args(StageName) if (out / name / STATE).exists()}
    if others := sorted(begun - stages):
        raise ValueError(
            f"{out} holds a run of another network, with {others[0]}; choose another --out"
        )
    if begun or (out / ENVIRONMENT).exists():
        return
    for name in (RESULT, CONFIG):
        if (out / name).exists():
            raise ValueError(f"{out / name} is there, and of no run; choose another --out")


def _remove_partial(out: Path) -> None:
    """Remove the half-written files that a killed run has left, its own and its stages'."""
    for folder in (out, *(out / stage for stage in get_args(StageName))):
        for stale in half_written(folder):
            if stale.is_file():
                stale.unlink()


def _train(run: Run, fabric: Fabric) -> Iterator[tuple[Stage, Step]]:
    start = load_start(run)
    if start is not None:
        run = with_threshold_of(start, run)
    stages = stages_of(run.experiment, start=start is not None)
    clip = run.experiment.clip
    # Whatever can be refused is refused before hours of work.
    for stage in stages:
        Share(fabric.global_rank, fabric.world_size, run.pace.accumulate).check(
            stage.schedule.batch
        )
    tests = {}
    if run.validation_samples:
        tests = {
            source.name: open_dataset(source.data, source.root, "test", clip)
            for source in run.sources
            if _has_test(source)
        }
    datasets = [_open(run, source) for source in run.sources]
    pairs = [pair for dataset in datasets for pair in dataset.pairs]
    weights = {stage.name: find_first_weights(run, stage, fabric) for stage in stages}
    if run.vectors is not None:
        with fabric.rank_zero_first(local=True):
            run = replace(run, vectors=find_vectors(run.vectors))
    vocabulary, vectors, start = _words(run, stages, pairs, start)
    ready = {} if run.pace.workers else prepared_before(run, datasets)
    trained = _trained(run, stages, pairs, vocabulary, fabric)
    if trained.issuperset(stage.name for stage in stages):
        _finish(run, stages, fabric)
        return
    teachers = {stage.name: find_teacher(run, stage, fabric) for stage in stages}
    if run.pace.workers:
        parts = [LiveSamples(dataset, clip) for dataset in datasets]
    else:
        parts = prepare_all(run, datasets, ready, fabric)
    samples = Mixture(parts, [source.weight for source in run.sources])

    described = False
    for stage in stages:
        network = build_stage(stage, vocabulary, run.out, vectors, start)
        for name, path in weights[stage.name].items():
            load_weights(run, stage, name, network, path, fabric)
        task = Task(
            network=network,
            samples=samples,
            vocabulary=vocabulary,
            experiment=replace(run.experiment, model=stage.model),
            schedule=stage.schedule,
            origin=origin_of(run, stage, pairs, vocabulary),
            provenance=provenance(run, stage, fabric),
            teacher=teachers[stage.name],
        )
        _warn_of_warm_up(task, stage)
        validate = partial(_validate, run, vocabulary, tests, fabric) if tests else None
        for step in fit(fabric, task, run.out / stage.name, run.pace, validate):
            # Not before fit has taken up what is there: it may be refused.
            if fabric.is_global_zero and not described:
                write_description(run, fabric)
                described = True
            yield stage, step
        fabric.barrier()
    _finish(run, stages, fabric)


def _words(
    run: Run, stages: Sequence[Stage], pairs: Sequence[Pair], start: Checkpoint | None
) -> tuple[Vocabulary, Tensor | None, Checkpoint | None]:
    """What the networks know of words, their vectors where a file has them, and who knows them."""
    vocabulary = vocabulary_of(pairs, [stage.schedule for stage in stages])
    if start is not None:
        start = with_words_of(start, vocabulary, run)
        return start.vocabulary, word_table(start) if run.vectors else None, start
    if run.vectors is None:
        return vocabulary, None, None
    channels = stages[0].model.word_channels
    return *pretrained_vectors(run.vectors, vocabulary, channels, run.words), None


def _trained(
    run: Run,
    stages: Sequence[Stage],
    pairs: Sequence[Pair],
    vocabulary: Vocabulary,
    fabric: Fabric,
) -> set[str]:
    """Names of the stages that are finished.

    Raises:
        ValueError: a stage was begun with other settings.
    """
    trained: set[str] = set()
    for stage in stages:
        if not (run.out / stage.name / STATE).exists():
            continue
        # What goes on from encoders that are not there yet is looked at when they are.
        if stage.begins == "encoders" and not trained.issuperset(stage.streams):
            continue
        origin = origin_of(run, stage, pairs, vocabulary)
        experiment = replace(run.experiment, model=stage.model)
        settings = settings_of(experiment, stage.schedule, origin, fabric)
        found = read_state(run.out / stage.name, settings)
        if found and len(found[1].history) >= stage.schedule.epochs:
            trained.add(stage.name)
    return trained


def _validate(
    run: Run,
    vocabulary: Vocabulary,
    tests: Mapping[str, Samples],
    fabric: Fabric,
    network: ActorSegmenter,
) -> dict[str, Any]:
    """Metrics of a network on the test splits; of several, the mean of their mean IoU besides."""
    results = {}
    for name, test in tests.items():
        metric = RatioProtocol()
        indices = spread(len(test), run.validation_samples)
        mine = share(indices, VALIDATION_BATCH, fabric.global_rank, fabric.world_size)
        clip = run.experiment.clip
        counts = evaluate(network, vocabulary, test, clip, metric, mine, VALIDATION_BATCH)
        track(counts, len(mine), f"validating on {name}")
        results[name] = metric.compute()
    if len(results) == 1:
        return next(iter(results.values()))
    mean = sum(result["mean_iou"] for result in results.values()) / len(results)
    return {"mean_iou": mean, **results}


def _finish(run: Run, stages: Sequence[Stage], fabric: Fabric) -> None:
    """Leave what the last stage came to as the run's result."""
    if fabric.is_global_zero:
        if not (run.out / CONFIG).exists():
            write_description(run, fabric)
        remove_stale_clips(run)
        final = load_checkpoint(run.out / stages[-1].name / "last.safetensors")
        save_checkpoint(run.out / RESULT, final)


def _warn_of_warm_up(task: Task, stage: Stage) -> None:
    """Say so if a stage ends before its learning rate has risen: it would hardly learn."""
    steps = steps_of_epoch(task.samples, task.schedule) * task.schedule.epochs
    if steps <= task.schedule.warm_up_steps and is_first_process():
        print(
            f"{stage.name}: in its {steps} steps the learning rate, which rises over "
            f"{task.schedule.warm_up_steps}, stays small; raise --{stage.settings}.epochs or lower "
            f"--{stage.settings}.warm-up-steps",
            file=sys.stderr,
        )


def _has_test(source: Source) -> bool:
    found = has_part(source.data, source.root, "test")
    if not found and is_first_process():
        print(f"{source.name} has no test part: nothing to validate on", file=sys.stderr)
    return found


def _open(run: Run, source: Source) -> Samples:
    return open_dataset(
        source.data,
        source.root,
        "train",
        run.experiment.clip,
        clips=run.composed_clips,
        motions=run.composed_motions,
    )
