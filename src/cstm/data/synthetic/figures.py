"""From an actor's looks, pose and phase to the polygons of its figure."""

from cstm.data.synthetic.animals import quadruped
from cstm.data.synthetic.birds import bird
from cstm.data.synthetic.look import Look
from cstm.data.synthetic.people import person
from cstm.data.synthetic.shapes import Shape
from cstm.data.synthetic.things import ball, car

_ARTISTS = {
    "adult": person,
    "baby": person,
    "ball": ball,
    "bird": bird,
    "car": car,
    "cat": quadruped,
    "dog": quadruped,
}


def figure(look: Look, pose: str, phase: float) -> list[Shape]:
    """The shapes of an actor, back to front, one unit long, the ground at y = 0.

    ``pose`` is one of :data:`cstm.data.synthetic.actions.POSES`; ``phase`` counts its cycles.
    """
    return _ARTISTS[look.actor](look, pose, phase)
