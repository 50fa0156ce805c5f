"""COCO's ground-truth and results files, by which masks of any model are compared.

::

    ground truth  {"images": [{"id", "height", "width"}, …],
                   "annotations": [{"id", "image_id", "category_id", "segmentation", …}, …], …}
    results       [{"image_id", "category_id", "segmentation", "score"}, …]

An *image* is an annotated frame together with one sentence, and holds one actor. The community's
ids, made by MTTR's ``create_gt_in_coco_format.py``, count frames from 1: ``v_VIDEO_f_12_i_2``
(instance 2) for A2D Sentences, ``v_VIDEO_f_12`` for J-HMDB Sentences.
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pycocotools import mask as coco

from cstm.config import DataFormat
from cstm.data.formats.files import as_objects, read_json
from cstm.data.frames.masks import RunLength, mask_area, read_segmentation
from cstm.data.sample import Pair
from cstm.folder import whole_file

ImageId = str | int


class Prediction(NamedTuple):
    """A mask, and how sure its model is of it."""

    score: float
    mask: RunLength


def image_ids(data: DataFormat, pairs: Iterable[Pair]) -> list[str]:
    """The community's id of every pair.

    In A2D and J-HMDB an actor has one sentence. Where it has several, as in the drawn world, the
    second one's id gets ``_s_2``, and so on.
    """
    ids, seen = [], Counter[str]()
    for pair in pairs:
        name = f"v_{pair.video}_f_{pair.frame + 1}"
        if data != "jhmdb":
            name += f"_i_{pair.instance}"
        seen[name] += 1
        ids.append(name if seen[name] == 1 else f"{name}_s_{seen[name]}")
    return ids


def truth_document(truth: Mapping[ImageId, RunLength]) -> dict[str, Any]:
    """Content of a ground-truth file."""
    return {
        "categories": [{"id": 1, "name": "actor"}],
        "images": [
            {"id": image, "height": mask["size"][0], "width": mask["size"][1]}
            for image, mask in truth.items()
        ],
        "annotations": [
            annotation(number, image, 1, mask)
            for number, (image, mask) in enumerate(truth.items(), start=1)
        ],
    }


def annotation(number: int, image: ImageId, category: int, mask: RunLength) -> dict[str, Any]:
    """Build one mask's entry in a ground-truth file; all ids but the image's count from 1."""
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "segmentation": mask,
        "area": float(mask_area(mask)),
        "bbox": coco.toBbox(mask).tolist(),  # pyright: ignore[reportArgumentType]
        "iscrowd": 0,
    }


def results_document(
    predictions: Mapping[ImageId, Sequence[Prediction]],
) -> list[dict[str, Any]]:
    """Content of a results file."""
    return [
        {"image_id": image, "category_id": 1, "segmentation": mask, "score": score}
        for image, several in predictions.items()
        for score, mask in several
    ]


def write_json(path: Path, document: object) -> None:
    """Write a file that appears whole or not at all."""
    with whole_file(path) as partial, partial.open("w", encoding="ascii") as file:
        json.dump(document, file)
        file.write("\n")


def read_truth(path: Path) -> dict[ImageId, RunLength]:
    """Read a ground-truth file: of every image the one mask, in the file's order.

    Raises:
        ValueError: it is none, an id occurs twice, or an image has not exactly one mask.
    """
    document = read_json(path)
    if not isinstance(document, dict) or not {"images", "annotations"} <= document.keys():
        raise ValueError(
            f"{path}: no COCO ground truth, which is an object with images and annotations; "
            "give the predictions first and the ground truth second"
        )
    sizes: dict[ImageId, tuple[int, int]] = {}
    for number, image in enumerate(as_objects(path, document["images"], "images")):
        where = f"{path}: image number {number}"
        name = _id(where, image, "id")
        height, width = (_field(where, image, key) for key in ("height", "width"))
        if not all(type(side) is int and side > 0 for side in (height, width)):
            raise ValueError(f"{where} ({name}): height and width should be whole numbers above 0")
        if name in sizes:
            raise ValueError(f"{path}: image id {name!r} occurs twice; ids should be unique")
        sizes[name] = height, width
    if not sizes:
        raise ValueError(f"{path}: holds no image")
    if len({type(name) for name in sizes}) > 1:
        raise ValueError(f"{path}: image ids should be all text or all numbers")
    masks: dict[ImageId, RunLength] = {}
    for number, annotation in enumerate(as_objects(path, document["annotations"], "annotations")):
        where = f"{path}: annotation number {number}"
        name = _id(where, annotation, "image_id")
        if name not in sizes:
            raise ValueError(f"{where}: its image {name!r} is not among the file's images")
        if name in masks:
            raise ValueError(f"{path}: image {name!r} has two annotations; each image has one")
        if annotation.get("iscrowd"):
            raise ValueError(f"{where} (image {name!r}): marks a crowd; expected a single actor")
        masks[name] = _segmentation(where, annotation, name, sizes[name])
    bare = next((name for name in sizes if name not in masks), None)
    if bare is not None:
        raise ValueError(f"{path}: image {bare!r} has no annotation; each image has one")
    return {name: masks[name] for name in sizes}


def read_predictions(
    path: Path, truth: Mapping[ImageId, RunLength]
) -> dict[ImageId, list[Prediction]]:
    """Read a results file: the predictions of every image that has one, in the file's order.

    Raises:
        ValueError: it is none, or a prediction is broken, or not for an image of the ground truth
            and of its size.
    """
    document = read_json(path)
    if not isinstance(document, list):
        raise ValueError(
            f"{path}: no COCO results, which are a list of predictions; "
            "give the predictions first and the ground truth second"
        )
    predictions: defaultdict[ImageId, list[Prediction]] = defaultdict(list)
    for number, found in enumerate(as_objects(path, document, "predictions")):
        where = f"{path}: prediction number {number}"
        name = _id(where, found, "image_id")
        if name not in truth:
            raise ValueError(f"{where}: its image {name!r} is not in the ground truth")
        score = _field(where, found, "score")
        if type(score) not in (int, float) or not abs(score) <= sys.float_info.max:
            raise ValueError(f"{where} (image {name!r}): score {score!r} should be a number")
        height, width = truth[name]["size"]
        mask = _segmentation(where, found, name, (height, width))
        predictions[name].append(Prediction(float(score), mask))
    return dict(predictions)


def _field(where: str, entry: dict[str, Any], key: str) -> Any:
    if key not in entry:
        raise ValueError(f"{where}: has no {key!r}")
    return entry[key]


def _id(where: str, entry: dict[str, Any], key: str) -> ImageId:
    value = _field(where, entry, key)
    if type(value) not in (str, int):
        raise ValueError(f"{where}: its {key} {value!r} should be text or a whole number")
    return value


def _segmentation(
    where: str, entry: dict[str, Any], image: ImageId, size: tuple[int, int]
) -> RunLength:
    segmentation = _field(where, entry, "segmentation")
    try:
        return read_segmentation(segmentation, *size)
    except ValueError as error:
        raise ValueError(f"{where} (image {image!r}): {error}") from None
