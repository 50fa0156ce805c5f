"""Things of simple shape, of any proportions and colours, for render_cutouts.py."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyvista as pv

from shapes import food, house, sports, street
from shapes.parts import Part

SHAPES: dict[str, Callable[[np.random.Generator], list[Part]]] = {
    "frisbee": sports.frisbee,
    "surfboard": sports.surfboard,
    "snowboard": sports.snowboard,
    "skis": sports.skis,
    "kite": sports.kite,
    "baseball bat": sports.bat,
    "keyboard": house.keyboard,
    "mouse": house.computer_mouse,
    "tie": house.tie,
    "toothbrush": house.toothbrush,
    "book": house.book,
    "sports ball": sports.ball,
    "apple": food.apple,
    "orange": lambda rng: food.fruit(rng, 0.95, 0.55, 0.1),
    "carrot": food.carrot,
    "banana": food.banana,
    "donut": food.donut,
    "pizza": food.pizza,
    "broccoli": food.broccoli,
    "fire hydrant": street.hydrant,
    "traffic light": street.traffic_light,
    "stop sign": street.stop_sign,
    "parking meter": street.parking_meter,
    "teddy bear": sports.teddy_bear,
    "scissors": house.scissors,
    "wine glass": house.wine_glass,
    "umbrella": house.umbrella,
    "bench": street.bench,
    "hot dog": food.hot_dog,
    "cake": food.cake,
}


class Shape:
    """A thing of a class, another one each time."""

    def __init__(self, category: str, number: int) -> None:
        self.name, self.build = f"shape-{number}", SHAPES[category]

    def stage(self, plotter: pv.Plotter, rng: np.random.Generator) -> None:
        """Add its parts."""
        for mesh, look in self.build(rng):
            looks: dict[str, Any] = {"texture" if isinstance(look, pv.Texture) else "color": look}
            looks |= {"ambient": 0.25, "diffuse": 0.85, "specular": float(rng.uniform(0, 0.3))}
            plotter.add_mesh(mesh, smooth_shading=True, split_sharp_edges=True, **looks)
