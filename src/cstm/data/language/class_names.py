"""Classes by the names that data sets have for them."""

from cstm.data.language.nouns import CATEGORIES

PEOPLE = (
    "adult", "baby", "man", "woman", "boy", "girl", "child", "kid", "human", "people", "persons",
    "men", "women", "boys", "girls", "children", "lady", "guy", "infant", "toddler", "pedestrian",
    "player", "rider", "cyclist", "worker",
)  # fmt: skip
"""What persons are called besides."""
_ALSO = {
    "ball": "sports ball", "aeroplane": "airplane", "plane": "airplane", "motorbike": "motorcycle",
    "diningtable": "dining table", "pottedplant": "potted plant", "tvmonitor": "tv",
    "television": "tv", "sofa": "couch", "cellphone": "cell phone", "mobile phone": "cell phone",
    "phone": "cell phone", "mug": "cup", "fridge": "refrigerator", "bunny": "rabbit",
    "puppy": "dog", "kitty": "cat",
} | dict.fromkeys(PEOPLE, "person")  # fmt: skip
"""Other names of some classes, A2D's, VOC's and whatever else data sets call people."""
_NUMBERS = {category: number for number, category in enumerate(CATEGORIES, start=1)}


def class_of(name: str) -> str:
    """A class by the name that it has here, be it said of one or of many.

    One that is not known keeps its own name, in lower case.
    """
    name = name.strip().lower().replace("_", " ")
    for one in (name, name.removesuffix("s"), name.removesuffix("es")):
        if one in _ALSO or one in _NUMBERS:
            return _ALSO.get(one, one)
    return name


def number_of(category: str | None) -> int:
    """Number of a class by anyone's name, counted from 1; 0 for one that is not known."""
    return 0 if category is None else _NUMBERS.get(class_of(category), 0)
