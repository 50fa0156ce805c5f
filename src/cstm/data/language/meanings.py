"""What a word may mean, by mistake too, and which words mean more than files mark."""

from collections import defaultdict

from cstm.data.language.nouns import CATEGORIES, noun_of

_MISTAKEN = (
    "car truck bus train van ambulance", "cup,wine glass,bowl,vase,bottle", "chair,couch,bench,bed",
    "tv,laptop,cell phone,microwave,clock", "handbag,backpack,suitcase", "fork knife spoon",
    "snowboard skis surfboard skateboard", "teddy bear,bear", "apple,orange,sports ball",
    "hot dog,sandwich,cake,pizza,donut", "microwave oven toaster", "bicycle motorcycle",
    "remote,cell phone,mouse,keyboard", "banana carrot", "toilet sink",
    "potted plant,vase,broccoli", "dining table,bench",
    "bottle,hair drier", "frisbee,bowl", "kite,umbrella", "cow sheep",
    "baseball bat,tennis racket,toothbrush", "book,laptop,suitcase", "cow horse",
    "bird duck goose swan chicken turkey penguin owl parrot pigeon crow seagull pelican heron "
    "flamingo eagle", "horse donkey", "sheep goat", "cow bison",
    "deer antelope goat", "lion tiger leopard", "rabbit rat squirrel hedgehog",
    "beaver badger ferret otter", "monkey gorilla", "bear gorilla", "hippo rhino", "dog fox",
    "seal dolphin whale shark fish", "lizard crocodile frog", "bee grasshopper butterfly",
    "truck tractor tank", "airplane helicopter",
    "balloon,sports ball", "teddy bear,doll", "guitar violin", "hammer saw",
    "apple,orange,lemon,pumpkin,sports ball", "banana,corn",
)  # fmt: skip


def _meanings() -> dict[str, frozenset[str]]:
    """Classes that a word may mean, by mistake too."""
    nouns = {category: noun_of(category) for category in CATEGORIES}
    mistaken: dict[str, set[str]] = defaultdict(set)
    for line in _MISTAKEN:
        group = set(line.split("," if "," in line else None))
        assert group <= nouns.keys(), group - nouns.keys()
        for category in group:
            mistaken[category] |= group
    meant: dict[str, set[str]] = defaultdict(set)
    for category, noun in nouns.items():
        for word in noun.words:
            meant[word] |= {category} | mistaken[category]
    for kind in ("animal", "vehicle"):
        meant[kind] |= {category for category, noun in nouns.items() if noun.kind == kind}
    return {word: frozenset(categories) for word, categories in meant.items()}


_MEANT = _meanings()


def meant_by(word: str) -> frozenset[str]:
    """Classes of things one could call by this word."""
    return _MEANT.get(word, frozenset()) | {word}


BROADER = frozenset({"plant", "sign"})
"""Words for more than the class of theirs, of which instance files mark no hedge and no arrow: that
nothing in a picture is called so, nobody knows."""
