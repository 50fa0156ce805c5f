"""The same clip in other light, through another lens: photometric augmentation for training."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray
from numpy.random import Generator

from cstm.data.language.clues import COLOURS
from cstm.data.language.synonyms import SYNONYMS

_SOFT_SHARE = 0.3
"""Share of clips that are blurred; a photograph is sharper than most video."""
_COMPRESSED_SHARE = 0.3
"""Share of clips that are compressed as strongly as much video is."""
_TINTED_SHARE = 0.35
"""Share of clips of which no colour is told that are shown in other colours, or in hardly any."""
_COLOUR = re.compile(
    rf"\b(({'|'.join((*COLOURS, *(word for word, meant in SYNONYMS.items() if meant in COLOURS)))})"
    r"(d?ish)?|grey(ish)?|violet|navy|gold(en)?|silver|bronze|burgundy|cream|khaki|tan|ginger"
    r"|blonde?|dark|light|bright"
    r"|(multi)?colou?r(ful|ed))\b"
)
_CHROMA = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
"""RGB to YIQ, brightness and the plane of colours (NTSC)."""
_SPECK = np.ones((9, 9), np.uint8)
"""What black hides in is no more than a speck."""


def names_colour(sentences: Iterable[str]) -> bool:
    """Whether any of these sentences tells a colour."""
    return any(_COLOUR.search(sentence.lower()) for sentence in sentences)


@dataclass(frozen=True)
class Photometry:
    """What a camera makes of the light, alike in all frames of a clip."""

    gamma: float = 1.0
    contrast: float = 1.0
    gains: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Exposure and colour cast: of red, green and blue."""
    blur: float = 0.0
    """Standard deviation of a Gaussian in pixels of the network's input; 0 for none."""
    quality: int = 100
    """JPEG's, for the blocks and smears of strong compression; 100 for none."""
    hue: float = 0.0
    """Radians by which all colours turn."""
    saturation: float = 1.0
    """Factor on the distance of all colours from grey; 0 for grey alone."""

    @classmethod
    def draw(cls, rng: Generator, is_colour_told: bool = True) -> "Photometry":
        """Draw one.

        Where a sentence tells a colour, it keeps its name: casts are slight and hues stay. Else
        colours may be any, or nearly none, and the light poor: a thing is known by its shape.
        """
        exposure = rng.uniform(-0.2, 0.2)
        red, green, blue = np.exp(exposure + rng.uniform(-0.06, 0.06, 3)).tolist()
        is_soft, blur = rng.random() < _SOFT_SHARE, float(rng.uniform(0.4, 1.5))
        gamma = float(np.exp(rng.uniform(-0.3, 0.3)))
        contrast = float(rng.uniform(0.75, 1.2))
        is_compressed, quality = rng.random() < _COMPRESSED_SHARE, int(rng.integers(15, 70))
        hue, saturation = 0.0, 1.0
        if not is_colour_told and rng.random() < _TINTED_SHARE:
            hue, saturation = float(rng.uniform(-np.pi, np.pi)), float(rng.uniform(0, 1.4))
            gamma *= float(np.exp(rng.uniform(-0.4, 0.5)))
            red, green, blue = (np.exp(rng.uniform(-0.3, 0.1, 3)) * (red, green, blue)).tolist()
        return cls(
            gamma=gamma,
            contrast=contrast,
            gains=(red, green, blue),
            blur=blur if is_soft else 0.0,
            quality=quality if is_compressed else 100,
            hue=hue,
            saturation=saturation,
        )

    def apply(
        self, clip: UInt8[ndarray, "time 3 height width"]
    ) -> UInt8[ndarray, "time 3 height width"]:
        """The clip in this light; what is black, as nothing to be seen is, stays black."""
        is_black = _nothing_seen(clip)
        level = np.linspace(0, 1, 256) ** self.gamma
        level = (level - 0.5) * self.contrast + 0.5
        seen = np.empty_like(clip, order="C")
        for channel, gain in enumerate(self.gains):
            table = np.clip(np.rint(255 * gain * level), 0, 255).astype(np.uint8)
            for plane, out in zip(clip[:, channel], seen[:, channel], strict=True):
                cv2.LUT(np.ascontiguousarray(plane), table, dst=out)
                if self.blur:
                    cv2.GaussianBlur(out, (0, 0), self.blur, dst=out)
        tint = self._tint() if self.hue or self.saturation != 1 else None
        for frame in seen:
            if tint is not None:
                tinted = cv2.transform(np.ascontiguousarray(frame.transpose(1, 2, 0)), tint)
                frame[:] = tinted.transpose(2, 0, 1)
            if self.quality < 100:
                frame[:] = _compressed(frame, self.quality)
        seen *= ~is_black
        return seen

    def _tint(self) -> Float[ndarray, "3 3"]:
        """What turns and scales the colours of RGB pixels; their brightness stays."""
        turn = np.eye(3)
        cosine, sine = np.cos(self.hue), np.sin(self.hue)
        turn[1:, 1:] = self.saturation * np.array([[cosine, -sine], [sine, cosine]])
        return np.linalg.inv(_CHROMA) @ turn @ _CHROMA


def _nothing_seen(
    clip: UInt8[ndarray, "time 3 height width"],
) -> Bool[ndarray, "time 1 height width"]:
    """Where a frame is black, but for specks, which are dark corners of what is to be seen."""
    black = (clip == 0).all(axis=1, keepdims=True)
    for (frame,) in black:
        frame[:] = cv2.morphologyEx(frame.astype(np.uint8), cv2.MORPH_OPEN, _SPECK)
    return black


def _compressed(
    frame: UInt8[ndarray, "3 height width"], quality: int
) -> UInt8[ndarray, "3 height width"]:
    """What JPEG leaves of a frame."""
    picture = np.ascontiguousarray(frame[::-1].transpose(1, 2, 0))
    _, stored = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    left = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    assert left is not None
    return left.transpose(2, 0, 1)[::-1]
