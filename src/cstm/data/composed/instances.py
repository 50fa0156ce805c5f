"""Instance files in COCO's format.

::

    ROOT/instances*.json or ROOT/annotations/instances*.json
        {"images": [{"id", "file_name", "width", "height"}, …],
         "annotations": [{"id", "image_id", "category_id", "segmentation", "bbox", "iscrowd"}, …],
         "categories": [{"id", "name"}, …]}
    ROOT/images/FILE or ROOT/FILE, or for instances_train2017.json also ROOT/train2017/FILE
        and ROOT/images/train2017/FILE
"""

import math
from pathlib import Path
from typing import Any

from cstm.config import Split
from cstm.data.composed.photograph import Instance, Photograph, split_of
from cstm.data.formats.fields import Field, faults_of, is_id, is_text
from cstm.data.formats.files import as_objects, read_json
from cstm.data.language.class_names import class_of
from cstm.data.language.nouns import CATEGORIES

COCO_PAGE = "https://cocodataset.org/#download"


def read_photographs(root: Path, split: Split) -> list[Photograph]:
    """Read all instance files of a folder: the photographs of a split with something marked.

    A picture without any instance tells nothing of what is in it, and is left out. A file none of
    whose pictures is there is passed over where another one has its pictures.

    Raises:
        ValueError: a file is missing or broken, or pictures of it are missing.
    """
    files = [f for folder in (root, root / "annotations") for f in folder.glob("instances*.json")]
    if not files:
        raise ValueError(
            f"{root}: no instances*.json, here or in annotations; give a folder with COCO's "
            f"instance file and its pictures ({COCO_PAGE})"
        )
    photographs: list[Photograph] = []
    listed: dict[Path, Path] = {}
    for file in sorted(files):
        document = _read(file)
        folder = _folder_of(file, root, document["images"])
        if folder is None:
            continue
        for image in document["images"]:
            path = folder / image["file_name"]
            if path in listed:
                raise ValueError(
                    f"{path} is listed twice, in {listed[path].name} and in {file.name}, and might "
                    "be trained and tested on; keep one of the two"
                )
            listed[path] = file
        photographs += _photographs(file, document, folder, split)
    if not photographs:
        raise ValueError(
            f"{root}: {', '.join(f.name for f in files)}: no picture with something marked in it "
            f"for {split}; are the pictures in {root / 'images'}? Of a few pictures none may fall "
            "to a split: give more, and to train without a test part --validation-samples 0"
        )
    return photographs


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # pyright: ignore[reportArgumentType]


def _is_size(value: object) -> bool:
    return _is_number(value) and value == int(value) > 0  # pyright: ignore[reportArgumentType]


def _is_box(value: object) -> bool:
    return isinstance(value, list) and len(value) == 4 and all(map(_is_number, value))


_ID = Field("text or a whole number", is_id)
_SIZE = Field("a whole number of pixels above 0", _is_size)
_NEEDED = {
    "images": {
        "id": _ID, "file_name": Field("text", is_text), "width": _SIZE, "height": _SIZE,
    },
    "annotations": {
        "id": _ID, "image_id": _ID, "category_id": _ID, "bbox": Field("four numbers", _is_box),
        "iscrowd": Field("0 or 1", lambda value: value in (0, 1), needed=False),
        "segmentation": Field("polygons or run lengths", lambda v: isinstance(v, list | dict)),
    },
    "categories": {"id": _ID, "name": Field("text", is_text)},
}  # fmt: skip


def _read(file: Path) -> dict[str, list[dict[str, Any]]]:
    """An instance file, its three lists checked for what is needed of each entry."""
    document = read_json(file)
    if not isinstance(document, dict):
        document = {}
    for key, fields in _NEEDED.items():
        entries = as_objects(file, document.get(key), f"no instance file of COCO: {key}")
        for number, entry in enumerate(entries):
            for fault in faults_of(entry, fields):
                raise ValueError(f"{file}: {key}[{number}]: {fault}; correct the file")
    return {key: document[key] for key in _NEEDED}


def _folder_of(file: Path, root: Path, images: list[dict[str, Any]]) -> Path | None:
    """Folder with the pictures of a file; None where no picture of it is anywhere."""
    part = file.stem.removeprefix("instances").strip("_")
    places = [root / "images", root]
    places = [root / part, root / "images" / part, *places] if part else places
    found, lost = None, [image["file_name"] for image in images]
    for place in places:
        lacks = [
            image["file_name"] for image in images if not (place / image["file_name"]).exists()
        ]
        if len(lacks) < len(lost):
            found, lost = place, lacks
        if not lost:
            break
    if found and lost:
        raise ValueError(
            f"{file}: {len(lost)} of its {len(images)} pictures are missing in {found}, such as "
            f"{lost[0]}; get them from {COCO_PAGE}"
        )
    return found


def _photographs(
    file: Path, document: dict[str, list[dict[str, Any]]], folder: Path, split: Split
) -> list[Photograph]:
    names = {
        number: class_of(category["name"])
        for number, category in _by_id(file, document, "categories").items()
    }
    # An unknown name without a picture may be one for all others, as Roboflow's files have it.
    used = {names.get(entry["category_id"]) for entry in document["annotations"]}
    categories = frozenset(name for name in names.values() if name in used or name in CATEGORIES)
    instances = {number: list[Instance]() for number in _by_id(file, document, "images")}
    for entry in document["annotations"]:
        if entry["category_id"] not in names:
            raise ValueError(f"{file}: annotation {entry['id']} should have a category of the file")
        if entry["image_id"] not in instances:
            raise ValueError(
                f"{file}: annotation {entry['id']} is about image {entry['image_id']!r}, which the "
                "file lacks; correct its image_id, or take it out"
            )
        left, top, width, height = map(float, entry["bbox"])
        instances[entry["image_id"]].append(
            Instance(
                entry["id"],
                names[entry["category_id"]],
                entry["segmentation"],
                (left, top, width, height),
                bool(entry.get("iscrowd")),
            )
        )
    return [
        Photograph(
            folder / image["file_name"],
            int(image["width"]),
            int(image["height"]),
            tuple(instances[image["id"]]),
            categories,
        )
        for image in document["images"]
        if instances[image["id"]] and split_of(image["id"]) == split
    ]


def _by_id(
    file: Path, document: dict[str, list[dict[str, Any]]], key: str
) -> dict[int | str, dict[str, Any]]:
    """Entries of one of a file's lists by their ids, of which no two may be alike."""
    entries: dict[int | str, dict[str, Any]] = {}
    for entry in document[key]:
        if entry["id"] in entries:
            raise ValueError(f"{file}: two {key} have the id {entry['id']!r}; correct the file")
        entries[entry["id"]] = entry
    return entries
