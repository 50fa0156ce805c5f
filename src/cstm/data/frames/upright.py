"""Pictures as cameras store them, turned and mirrored to upright RGB."""

import math

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8
from numpy import ndarray


class Upright:
    """Converts pictures as they are stored to upright RGB of the size of the first.

    The display matrix that cameras write (ISO/IEC 14496-12, 8.3.2.3; here taken to quarter turns)
    has rows (a, b, ·), (c, d, ·) and sends a stored column x and row y to x' = a x + c y,
    y' = b x + d y.
    """

    def __init__(self, first: VideoFrame) -> None:
        a, b, c, d = display_matrix(first)
        self.transposed = abs(b) > abs(a)
        self._left_right, self._upside_down = (c < 0, b < 0) if self.transposed else (a < 0, d < 0)
        self._columns, self._rows = first.width, first.height
        # One for many pictures takes half the time of one for each.
        self._reformatter = VideoReformatter()

    def __call__(self, picture: VideoFrame) -> UInt8[ndarray, "height width 3"]:
        """Convert one picture."""
        rgb = self._reformatter.reformat(picture, self._columns, self._rows, "rgb24")
        image = rgb.to_ndarray()
        if self.transposed:
            image = image.swapaxes(0, 1)
        if self._left_right:
            image = image[:, ::-1]
        if self._upside_down:
            image = image[::-1]
        return np.ascontiguousarray(image)


def display_matrix(picture: VideoFrame) -> tuple[int, int, int, int]:
    """Rows (a, b) and (c, d) of a picture's display matrix, of any scale."""
    try:
        matrix = picture.side_data.get("DISPLAYMATRIX")
    except ValueError:
        # PyAV reads none of a picture's side data where it has no name for one kind, as for EXIF.
        angle = math.radians(picture.rotation)
        cosine, sine = round(math.cos(angle)), round(math.sin(angle))
        return cosine, -sine, sine, cosine
    if matrix is None:
        return 1, 0, 0, 1
    a, b, _, c, d = np.frombuffer(matrix, np.int32)[:5].tolist()
    return a, b, c, d
