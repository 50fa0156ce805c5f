"""Pictures on disk."""

from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from numpy import ndarray
from PIL import Image

from cstm.faults import reason


def read_picture(
    path: Path, mode: Literal["RGB", "RGBA"] = "RGB"
) -> UInt8[ndarray, "height width channel"]:
    """Decode a picture as it is stored, not turned by what a camera noted (EXIF).

    Raises:
        ValueError: it is none, or not whole.
    """
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert(mode))
    except (OSError, SyntaxError, ValueError) as error:
        why = reason(error).replace(str(path), path.name)
        raise ValueError(f"{path}: not a picture that can be read ({why}); get it anew") from None
