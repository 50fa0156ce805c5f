"""The same clip in other light, through another lens: photometric augmentation for training."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from numpy.random import Generator

_SOFT_SHARE = 0.3
"""Share of clips that are blurred; a photograph is sharper than most video."""
_COMPRESSED_SHARE = 0.3
"""Share of clips that are compressed as strongly as much video is."""


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

    @classmethod
    def draw(cls, rng: Generator) -> "Photometry":
        """Draw one: a colour keeps its name, so casts are slight and hues stay."""
        exposure = rng.uniform(-0.2, 0.2)
        red, green, blue = np.exp(exposure + rng.uniform(-0.06, 0.06, 3)).tolist()
        is_soft, blur = rng.random() < _SOFT_SHARE, float(rng.uniform(0.4, 1.5))
        gamma = float(np.exp(rng.uniform(-0.3, 0.3)))
        contrast = float(rng.uniform(0.75, 1.2))
        is_compressed, quality = rng.random() < _COMPRESSED_SHARE, int(rng.integers(15, 70))
        return cls(
            gamma=gamma,
            contrast=contrast,
            gains=(red, green, blue),
            blur=blur if is_soft else 0.0,
            quality=quality if is_compressed else 100,
        )

    def apply(
        self, clip: UInt8[ndarray, "time 3 height width"]
    ) -> UInt8[ndarray, "time 3 height width"]:
        """The clip in this light; what is black in all frames, as padding is, stays black."""
        is_black = ~clip.any(axis=(0, 1))
        level = np.linspace(0, 1, 256) ** self.gamma
        level = (level - 0.5) * self.contrast + 0.5
        seen = np.empty_like(clip, order="C")
        for channel, gain in enumerate(self.gains):
            table = np.clip(np.rint(255 * gain * level), 0, 255).astype(np.uint8)
            for plane, out in zip(clip[:, channel], seen[:, channel], strict=True):
                cv2.LUT(np.ascontiguousarray(plane), table, dst=out)
                if self.blur:
                    cv2.GaussianBlur(out, (0, 0), self.blur, dst=out)
        if self.quality < 100:
            for frame in seen:
                frame[:] = _compressed(frame, self.quality)
        seen[..., is_black] = 0
        return seen


def _compressed(
    frame: UInt8[ndarray, "3 height width"], quality: int
) -> UInt8[ndarray, "3 height width"]:
    """What JPEG leaves of a frame."""
    picture = np.ascontiguousarray(frame[::-1].transpose(1, 2, 0))
    _, stored = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    left = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    assert left is not None
    return left.transpose(2, 0, 1)[::-1]
