"""Words that tell no actor from another: an augmentation of sentences for training.

Generated sentences say nothing but what singles out an actor. People also say where all of it
happens and what else someone does; a network that has never read such words takes them for clues.
"""

from numpy.random import Generator

from cstm.data.draws import pick

_SHARE = 0.2
"""Share of sentences that get one."""

SURROUNDINGS = (
    "on the grass", "on the lawn", "in the grass", "on the road", "on the street", "in the street",
    "on the sidewalk", "on the path", "on the ground", "on the floor", "on the sand",
    "on the beach", "on the snow", "in the snow", "on the ice", "in the water", "on the water",
    "in the park", "in the garden", "in the yard", "in the field", "on the field",
    "in the forest", "in the woods", "in the room", "in the kitchen", "in the city",
    "in the desert", "on the hill", "on the stage", "on the playground", "in the air",
    "in the sun", "in the rain", "at night", "outside", "outdoors", "indoors",
)  # fmt: skip
DOINGS = (
    "sitting", "standing", "playing", "looking around", "watching", "waiting", "dancing",
    "talking", "smiling", "resting", "working", "performing", "practicing", "training",
)  # fmt: skip


def draw_aside(rng: Generator) -> str:
    """Draw words with which a sentence still means the same actor, or nobody; mostly none."""
    if rng.random() >= _SHARE:
        return ""
    return " " + pick(rng, DOINGS if rng.random() < 0.25 else SURROUNDINGS)
