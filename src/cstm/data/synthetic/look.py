"""What actors look like: colours, kinds, sizes, and the small differences between two of a kind."""

from dataclasses import dataclass

from cstm.data.synthetic.shapes import Colour

PALETTE: dict[str, Colour] = {
    "red": (214, 44, 48),
    "orange": (242, 134, 34),
    "yellow": (250, 210, 50),
    "green": (62, 158, 72),
    "blue": (46, 100, 212),
    "purple": (132, 64, 176),
    "pink": (246, 146, 186),
    "brown": (126, 80, 46),
    "black": (44, 44, 50),
    "white": (246, 246, 242),
    "gray": (142, 144, 150),
}
FUR = ("brown", "black", "white", "gray", "orange")
"""Colours of cats and dogs; everything else comes in all colours."""

KINDS = {"adult": ("man", "woman")}
"""Kinds of an actor that can be told apart by eye; the others are of one kind, their own name."""

SKINS: tuple[Colour, ...] = ((248, 208, 176), (232, 184, 144), (196, 140, 100), (132, 88, 62))
HAIRS: tuple[Colour, ...] = ((46, 34, 30), (98, 62, 36), (206, 160, 80), (150, 66, 34))
TROUSERS: tuple[Colour, ...] = ((52, 62, 94), (92, 84, 78), (60, 60, 64), (140, 126, 104))


@dataclass(frozen=True)
class Look:
    """What stays the same about an actor whatever it does."""

    actor: str
    kind: str
    """``man`` or ``woman``, else the actor's name."""
    colours: tuple[str, ...]
    """One or two names of :data:`PALETTE`; the clothes of a person."""
    size: str
    """``small``, ``medium`` or ``big``."""
    scale: float
    """Long side in pixels."""
    variant: tuple[float, ...] = (0.5, 0.5, 0.5, 0.5)
    """Numbers in [0, 1) for build, ears, hair, pattern."""

    @property
    def main(self) -> Colour:
        """First colour."""
        return PALETTE[self.colours[0]]

    @property
    def second(self) -> Colour:
        """Second colour; the first where there is one only."""
        return PALETTE[self.colours[-1]]

    @property
    def clothes(self) -> Colour:
        """A person's shirt, dress or romper."""
        return self.main

    @property
    def skin(self) -> Colour:
        """A person's skin."""
        return SKINS[int(self.variant[0] * len(SKINS))]

    @property
    def hair(self) -> Colour:
        """A person's hair."""
        return HAIRS[int(self.variant[2] * len(HAIRS))]

    @property
    def trousers(self) -> Colour:
        """A man's trousers; a woman's shoes."""
        return TROUSERS[int(self.variant[3] * len(TROUSERS))]
