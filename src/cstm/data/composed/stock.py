"""All that clips of a split are composed of: photographs, and what can be cut out of them."""

from collections import defaultdict
from collections.abc import Sequence

from numpy.random import Generator

from cstm.data.composed.figures import LONG_SIDE, Figure, measure
from cstm.data.composed.photograph import Photograph
from cstm.data.draws import choose, pick
from cstm.data.language.nouns import Kind, noun_of

MOST_PHOTOGRAPHS = 4000
"""Of a split, and as many cut-outs; measuring takes about ten milliseconds each when a dataset is
opened."""

_KINDS: dict[Kind, float] = {
    "person": 0.42, "animal": 0.25, "vehicle": 0.18, "thing": 0.15, "fixture": 0.05,
}  # fmt: skip
"""Shares of the kinds among cut-outs, whatever a dataset has most of."""
_ENOUGH = 12
"""Cut-outs of a kind from which on it has its share; less come less often."""


class Stock:
    """Measured photographs of a split.

    Args:
        photographs: those of the split; beyond :data:`MOST_PHOTOGRAPHS` an even spread is taken.
        cutouts: pictures of one thing with a transparent background; these classes are taken not
            to be in any photograph whose file doesn't know them, so that they should be rare: no
            hats and shoes.

    Raises:
        ValueError: a picture can't be read, a mask is broken, or nothing can be cut out.
    """

    def __init__(self, photographs: list[Photograph], cutouts: Sequence[Photograph] = ()) -> None:
        also = cutouts[0].categories if cutouts else frozenset[str]()
        self.pictures = [
            measure(photograph._replace(categories=photograph.categories | also))
            for photograph in _spread(photographs)
        ]
        apart = [measure(cutout) for cutout in _spread(cutouts)]
        self._cutouts: dict[Kind, dict[str, list[Figure]]] = {}
        for figure in (figure for picture in (*self.pictures, *apart) for figure in picture):
            if figure.is_whole:
                of_kind = self._cutouts.setdefault(noun_of(figure.category).kind, defaultdict(list))
                of_kind[figure.category].append(figure)
        if not self._cutouts:
            raise ValueError(
                f"{photographs[0].path.parent}: among the {len(self.pictures)} photographs of this "
                f"split there is nothing to cut out: no whole thing of at least {LONG_SIDE} "
                "pixels, clear of the border and of others; give more photographs"
            )
        self._kinds: dict[Kind, float] = {}
        for kind, found in self._cutouts.items():
            count = sum(map(len, found.values()))
            self._kinds[kind] = _KINDS[kind] * min(1, count / _ENOUGH)

    def draw_picture(self, rng: Generator) -> list[Figure]:
        """Draw a photograph, as all that is in it."""
        return pick(rng, self.pictures)

    def draw_category(self, rng: Generator) -> str:
        """Draw a class to cut out: its kind by weight, then rare ones nearly as often as others."""
        kind = choose(rng, self._kinds)
        by_category = self._cutouts[kind]
        return choose(rng, {c: len(figures) ** 0.5 for c, figures in by_category.items()})

    def draw_cutout(self, rng: Generator, category: str) -> Figure:
        """Draw a cut-out of a class."""
        figures = self._cutouts[noun_of(category).kind][category]
        return pick(rng, figures)


def _spread(photographs: Sequence[Photograph]) -> Sequence[Photograph]:
    kept = min(len(photographs), MOST_PHOTOGRAPHS)
    return [photographs[place * len(photographs) // kept] for place in range(kept)]


def may_hold(picture: list[Figure], categories: frozenset[str]) -> bool:
    """Whether one of these classes may be in a photograph, marked or not."""
    marked = {figure.category for figure in picture}
    return bool(marked & categories) or may_hide(picture, categories)


def may_hide(picture: list[Figure], categories: frozenset[str]) -> bool:
    """Whether one of these classes may be in a photograph without being marked.

    Where only persons are marked, the photograph may come from a set of persons (such as
    Penn-Fudan): cars and bags in it would not be marked; of animals it is free.
    """
    kinds = {noun_of(category).kind for category in categories}
    return {f.category for f in picture} == {"person"} and bool(kinds - {"person", "animal"})
