"""Commands that measure: evaluate, score, profile."""

import json as json_format
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from rich.console import Console
from tyro.conf import AvoidSubcommands, Positional, arg

from cstm.bounds import at_least
from cstm.config import (
    CameraMotion,
    DataFormat,
    Device,
    Looks,
    ModelConfig,
    PrecisionInUse,
    Protocol,
    ReleasedConfig,
    Split,
)
from cstm.experiments import get_experiment
from cstm.faults import few
from cstm.folder import check_output_file

if TYPE_CHECKING:
    from cstm.data.language.words import Vocabulary


def evaluate(
    weights: Annotated[Positional[str], arg(metavar="WEIGHTS")],
    *,
    root: Path,
    data: DataFormat = "a2d",
    split: Split = "test",
    protocol: Protocol = "ratio",
    frames: Literal["uniform"] | Path = "uniform",
    samples: int | None = None,
    save_predictions: Path | None = None,
    save_truth: Path | None = None,
    device: Device = "auto",
    precision: PrecisionInUse = "32-true",
    batch: int = 16,
    size: int | None = None,
    looks: Looks = 1,
    camera_motion: CameraMotion | None = None,
    workers: int = 2,
    json: bool = False,
    overwrite: bool = False,
) -> None:
    """Measure a network on a dataset: P@0.5-0.9, AP, overall and mean IoU by a named protocol.

    ratio is the protocol of A2D Sentences' authors, as the paper uses it; coco that of MTTR,
    ReferFormer and others; released the test code that the paper's authors published. Where the
    sentences have tags, look-alikes or unseen combinations, the numbers are broken down by them.
    Under torchrun the processes share the samples, and the numbers stay the same.

    Example: cstm evaluate tiny --root world --data synthetic --protocol coco

    Args:
        weights: Name of weights that come with the package, or a checkpoint's path.
        root: Folder of the dataset.
        data: Format of the dataset; synthetic is what `cstm synthesize` writes, composed are clips
            made of photographs with COCO instance masks, own are videos of your own with masks and
            sentences (docs/own-data.md).
        split: Part of the dataset.
        protocol: What a hit is, what AP is, and how masks are compared.
        frames: For jhmdb, the frames of each video: uniform, or a file with the community's list.
        samples: Only so many samples, spread evenly; all if not given.
        save_predictions: File for the masks, as COCO results, for `cstm score` and others.
        save_truth: File for the ground truth of the same samples, in COCO's format.
        device: Where to compute; auto takes a GPU if there is one.
        precision: 32-true, for figures that compare between machines; auto is what `cstm segment`
            takes on this one.
        batch: Samples computed at once.
        size: Longer side of the network's input in pixels; that of the weights if not given.
        looks: 2 looks again, nearer, at small actors, as `cstm segment` does with lite; 1, what
            figures are given for, does not.
        camera_motion: Kept: clips are seen as they were filmed; compensated: as if the camera had
            not moved; that of the weights if not given.
        workers: Processes that decode.
        json: Print JSON instead of tables.
        overwrite: Replace the files of --save-predictions and --save-truth if they are there.
    """
    from cstm.data.datasets import open_dataset
    from cstm.data.formats.coco_results import results_document, truth_document, write_json
    from cstm.evaluation.evaluate import evaluate as run_over
    from cstm.evaluation.evaluate import share, spread
    from cstm.evaluation.metrics import make_protocol
    from cstm.inference.load import find_weights
    from cstm.processes import join, pick_device, pick_precision
    from cstm.progress import track
    from cstm.training.checkpoint import load_checkpoint

    _check_settings(batch, samples, workers, overwrite, save_predictions, save_truth)
    if looks == 2 and protocol == "released":
        raise ValueError(
            "--looks 2 gives masks of native size, and --protocol released looks at those of "
            "the network's; choose another protocol"
        )
    checkpoint = load_checkpoint(find_weights(weights)).seeing(size, camera_motion=camera_motion)
    clip = checkpoint.experiment.clip
    dataset = open_dataset(data, root, split, clip, frames)
    with join(device, pick_precision(precision, pick_device(device))) as fabric:
        indices = spread(len(dataset), len(dataset) if samples is None else samples)
        if fabric.is_global_zero:
            said = [dataset.pairs[index].sentence for index in indices]
            _tell_unknown(weights, checkpoint.vocabulary, said)
        mine = share(indices, batch, fabric.global_rank, fabric.world_size)
        metric = make_protocol(protocol, clip.size)
        counts = run_over(
            checkpoint.network.to(fabric.device),
            checkpoint.vocabulary,
            dataset,
            clip,
            metric,
            mine,
            batch,
            workers,
            data,
            looks,
        )
        with fabric.autocast():
            track(counts, len(mine), "evaluating")
        result = metric.compute()
    if not fabric.is_global_zero:
        return
    # Files before tables: whoever reads the tables may stop before their end.
    rows = metric.rows.values()
    predictions = {row.image: row.predictions for row in rows}
    try:
        if save_predictions:
            write_json(save_predictions, results_document(predictions))
        if save_truth:
            write_json(save_truth, truth_document({row.image: row.truth for row in rows}))
    finally:
        _show(result, json)


def score(
    predictions: Annotated[Positional[Path], arg(metavar="PREDICTIONS")],
    ground_truth: Annotated[Positional[Path], arg(metavar="TRUTH")],
    *,
    protocol: Protocol = "ratio",
    size: int = 320,
    json: bool = False,
) -> None:
    """Measure anyone's masks: COCO results against a COCO ground truth, by a named protocol.

    Both as the community ships them for A2D Sentences and J-HMDB Sentences, and as
    `cstm evaluate --save-predictions --save-truth` writes them. Of several predictions for an image
    the best-scored one counts, except for the AP of coco, which ranks all of them. An image without
    a prediction counts as an empty mask.

    Example: cstm score predictions.json a2d_sentences_test_annotations_in_coco_format.json

    Args:
        predictions: Results: a list of image_id, segmentation (run lengths) and score.
        ground_truth: Images and annotations, one annotation for each image.
        protocol: What a hit is, what AP is, and how masks are compared.
        size: For released, the side of the square through which the truth goes.
        json: Print JSON instead of a table.
    """
    from cstm.evaluation.evaluate import score as run_over
    from cstm.evaluation.metrics import make_protocol

    at_least(1, size=size)
    metric = make_protocol(protocol, size)
    run_over(predictions, ground_truth, metric)
    _show(metric.compute(), json)


def profile(
    experiment: Annotated[Positional[str], arg(metavar="EXPERIMENT")],
    *,
    size: int | None = None,
    json: bool = False,
    model: AvoidSubcommands[ModelConfig | ReleasedConfig] = ModelConfig(),  # noqa: B008
) -> None:
    """Count parameters and multiply-adds of an experiment, in seconds and without running it.

    Example: cstm profile paper

    Example: cstm profile lite --model.spatial resnet50 --model.decoder lean

    Args:
        experiment: Name of the experiment: paper, fast, lite, tiny, released, or a row of Table 3,
            such as table3a-spatial. Its parts are the defaults of --model.
        size: Longer side of the network's input in pixels; that of the experiment if not given.
            Frames are square here, the most that a network can be given.
        json: Print JSON instead of a table.
        model: Parts of the network.
    """
    from cstm.evaluation.cost import profile as count
    from cstm.evaluation.tables import cost_table

    settings = replace(get_experiment(experiment), model=model).seeing(size)
    cost = count(settings)
    if json:
        print(json_format.dumps(cost))
    else:
        Console().print(cost_table(experiment, settings, cost))


def _tell_unknown(weights: str, vocabulary: "Vocabulary", sentences: Sequence[str]) -> None:
    """Say what words the network doesn't know: it hears less than the sentences say."""
    unknown = [vocabulary.unknown(sentence) for sentence in sentences]
    if words := sorted({word for of_sentence in unknown for word in of_sentence}):
        print(
            f"{weights} doesn't know words in {sum(map(bool, unknown))} of the {len(sentences)} "
            f"sentences: {few(words)}",
            file=sys.stderr,
        )


def _check_settings(
    batch: int, samples: int | None, workers: int, overwrite: bool, *outputs: Path | None
) -> None:
    """Refuse what would fail only after hours."""
    at_least(1, batch=batch, samples=samples)
    at_least(0, workers=workers)
    files = [path for path in outputs if path]
    for path in files:
        check_output_file(path, overwrite)
    if len({os.path.realpath(path) for path in files}) < len(files):
        raise ValueError(f"predictions and truth can't both go to {files[0]}; name two files")


def _show(result: Mapping[str, Any], json: bool) -> None:
    from cstm.evaluation.tables import metric_tables

    if json:
        print(json_format.dumps(result))
    else:
        for table in metric_tables(result):
            Console().print(table, "")
