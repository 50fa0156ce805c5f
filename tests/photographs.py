"""Drawn photographs with an instance file in COCO's format."""

import json
from pathlib import Path

import cv2
import numpy as np

CATEGORIES = {1: "person", 3: "car", 17: "cat", 18: "dog", 67: "dining table"}
COLOURS = {1: (200, 30, 30), 3: (30, 60, 200), 17: (30, 30, 30), 18: (230, 230, 230)}


def ellipse(x: float, y: float, width: float, height: float) -> list[float]:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.stack([x + width / 2 * np.cos(angles), y + height / 2 * np.sin(angles)], axis=1)
    return points.round(1).ravel().tolist()


def draw_photographs(root: Path, count: int = 60, file: str = "instances.json") -> dict:
    """Write pictures of one or two ellipses on a textured ground; every seventh is unmarked."""
    (root / "images").mkdir(parents=True)
    images, annotations = [], []
    for number in range(1, count + 1):
        rng = np.random.default_rng(number)
        ground = cv2.GaussianBlur(rng.integers(60, 190, (180, 240, 3), np.uint8), (0, 0), 5)
        ground = cv2.normalize(ground, None, 70, 180, cv2.NORM_MINMAX)
        images.append({"id": number, "file_name": f"{number:03d}.png", "width": 240, "height": 180})
        for side in range(2 if number % 3 else 1) if number % 7 else ():
            category = int(rng.choice(list(COLOURS)))
            width, height = rng.uniform(40, 70), rng.uniform(60, 90)
            x, y = 60 + 110 * side + rng.uniform(-15, 15), rng.uniform(55, 120)
            polygon = ellipse(x, y, width, height)
            points = np.array(polygon).reshape(-1, 1, 2).round().astype(np.int32)
            cv2.fillPoly(ground, [points], COLOURS[category][::-1])
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "segmentation": [polygon],
                    "bbox": [x - width / 2, y - height / 2, width, height],
                    "iscrowd": 0,
                }
            )
        cv2.imwrite(str(root / "images" / f"{number:03d}.png"), ground)
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": key, "name": name} for key, name in CATEGORIES.items()],
    }
    (root / file).parent.mkdir(exist_ok=True)
    (root / file).write_text(json.dumps(document))
    return document
