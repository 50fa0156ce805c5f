"""Camera motion compensation: what the camera does is taken out of a clip, what actors do stays.

The camera's motion between two frames is the similarity that most of the picture follows, found by
tracked corners and RANSAC, as in improved trajectories (Wang and Schmid, ICCV 2013). Not in the
paper, whose temporal encoder sees a clip as it was filmed.
"""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from numpy import ndarray

from cstm.data.frames.transforms import ResizePad

Matrix = Float[ndarray, "3 3"]
"""Takes a place (x, y, 1) in one picture to a place in another; whole numbers are pixel centres."""

_CELLS = 12
"""Cells along a picture's longer side: they are counted, or one rich texture would decide."""
_CORNERS = 4
"""Of a cell, the best."""
_LEAST_CORNER = 2e-5
"""Least eigenvalue of a corner's gradients: low enough for the creases of a tablecloth."""
_WINDOW = (15, 15)
"""Pixels that are looked at around a corner."""
_PYRAMID_LEVELS = 3
"""Halvings of both pictures, so that corners are tracked some sixty pixels far."""
_ROUND_TRIP_ERROR = 1.0
"""Pixels by which a corner that is tracked there and back may miss its place."""
_REPROJECTION_ERROR = 1.0
"""Pixels by which a corner may miss where the similarity takes it."""
_LEAST_FOLLOWING = 0.4
"""Share of the cells that has to follow a motion, or it is no camera's: an actor who fills a third
of a bare room makes a motion, too."""
_GROWTH = 2.0
"""Of the picture from frame to frame, that no zoom exceeds and corners that meet by chance do."""
_STANDING = 0.3
"""Pixels up to which a corner stands still."""
_STATIC_SHARE = 0.25
"""Share of the cells that stand still only before a camera that does."""
_STILL = 0.5
"""Pixels up to which a clip is left as it is: moving its frames would only blur them."""


class View(NamedTuple):
    """A frame as motion is measured on it."""

    grey: UInt8[ndarray, "rows columns"]
    corners: Float[ndarray, "corner 2"]
    cells: Int[ndarray, " corner"]
    """Of each corner, the number of its cell."""
    of_cells: int
    """How many cells there are, those without a corner included."""


def view(picture: UInt8[ndarray, "3 rows columns"]) -> View:
    """Find a picture's corners, the best of every cell."""
    grey = cv2.cvtColor(np.ascontiguousarray(picture.transpose(1, 2, 0)), cv2.COLOR_RGB2GRAY)
    quality = cv2.cornerMinEigenVal(grey, 5)
    is_corner = (quality > _LEAST_CORNER) & (quality == cv2.dilate(quality, np.ones((5, 5))))
    y, x = np.nonzero(is_corner)
    down, across = (max(1, round(_CELLS * side / max(grey.shape))) for side in grey.shape)
    cells = y * down // grey.shape[0] * across + x * across // grey.shape[1]
    order = np.lexsort((-quality[y, x], cells))
    ordered = cells[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    best = order[rank < _CORNERS]
    corners = np.stack([x[best], y[best]], axis=1).astype(np.float32)
    return View(grey, corners, cells[best], down * across)


def motion(before: View, after: View) -> Matrix:
    """Where the camera's motion takes what one frame shows; the identity where that is not told.

    It is not told between pictures of two sizes, at a cut, or where most of the picture is bare.
    """
    still = np.eye(3)
    if before.grey.shape != after.grey.shape or len(before.corners) < 2:
        return still
    there, is_there = _track(before.grey, after.grey, before.corners)
    back, is_back = _track(after.grey, before.grey, there)
    tracked = is_there & is_back & (np.abs(back - before.corners).max(axis=1) < _ROUND_TRIP_ERROR)
    cells, there, here = before.cells[tracked], there[tracked], before.corners[tracked]
    stands = np.abs(there - here).max(axis=1, initial=0) < _STANDING
    is_static = len(np.unique(cells[stands])) >= _STATIC_SHARE * before.of_cells
    if is_static:
        # Nearly: what is left between frames adds up, and a second look magnifies it.
        here, there, cells = here[stands], there[stands], cells[stands]
    if len(cells) < 2:
        return still
    found, follows = cv2.estimateAffinePartial2D(
        here,
        there,
        method=cv2.RANSAC,
        ransacReprojThreshold=_REPROJECTION_ERROR,
        maxIters=1000,
        confidence=0.995,
    )
    if found is None or not 1 / _GROWTH < np.hypot(found[0, 0], found[1, 0]) < _GROWTH:
        return still
    followed = np.unique(cells[follows[:, 0] > 0])
    is_told = is_static or len(followed) >= _LEAST_FOLLOWING * before.of_cells
    return np.vstack([found, [0, 0, 1]]) if is_told else still


def _track(
    before: UInt8[ndarray, "rows columns"],
    after: UInt8[ndarray, "rows columns"],
    places: Float[ndarray, "corner 2"],
) -> tuple[Float[ndarray, "corner 2"], Bool[ndarray, " corner"]]:
    """Where places have gone, and of which that is known (Lucas and Kanade, in pyramids)."""
    there, is_known, _ = cv2.calcOpticalFlowPyrLK(
        before, after, places, places.copy(), winSize=_WINDOW, maxLevel=_PYRAMID_LEVELS
    )
    return there, is_known[:, 0] > 0


class CameraTracker:
    """How the camera moved in one video; between any two frames it is measured once."""

    def __init__(self) -> None:
        self._views: dict[int, View] = {}
        self._measured: dict[tuple[int, int], Matrix] = {}

    def see(self, index: int, picture: UInt8[ndarray, "3 rows columns"]) -> None:
        """Take in a frame, by its number."""
        self._views[index] = view(picture)

    def forget(self, index: int) -> None:
        """A frame is not needed any more, nor is any before it."""
        self._views.pop(index, None)
        self._measured = {pair: move for pair, move in self._measured.items() if pair[0] > index}

    def to_target(self, indices: Sequence[int]) -> list[Matrix]:
        """Of each frame of a clip, what brings it to where the camera was in the target frame.

        The target is number ``len(indices) // 2``; its matrix is the identity, and so are all where
        the camera hardly moves.
        """
        middle = len(indices) // 2
        moves = [np.eye(3) for _ in indices]
        for number in range(middle, 0, -1):
            moves[number - 1] = moves[number] @ self._between(*indices[number - 1 : number + 1])
        for number in range(middle + 1, len(indices)):
            between = self._between(*indices[number - 1 : number + 1])
            moves[number] = moves[number - 1] @ np.linalg.inv(between)
        shape = self._views[indices[middle]].grey.shape
        is_still = max(_farthest(move, shape) for move in moves) < _STILL
        return [np.eye(3) for _ in moves] if is_still else moves

    def _between(self, before: int, after: int) -> Matrix:
        if before == after:
            return np.eye(3)
        if (before, after) not in self._measured:
            self._measured[before, after] = motion(self._views[before], self._views[after])
        return self._measured[before, after]


def _farthest(move: Matrix, shape: tuple[int, ...]) -> float:
    """Pixels by which a picture's corners move at most."""
    rows, columns = shape
    corners = np.array([[0, 0, 1], [columns, 0, 1], [0, rows, 1], [columns, rows, 1]])
    return float(np.abs((corners @ move.T - corners)[:, :2]).max())


def moves_of(clip: UInt8[ndarray, "time 3 rows columns"]) -> list[Matrix]:
    """The same (:meth:`CameraTracker.to_target`) of a clip that is there as a whole."""
    camera = CameraTracker()
    for index, picture in enumerate(clip):
        camera.see(index, picture)
    return camera.to_target(range(len(clip)))


def compensated(
    clip: UInt8[ndarray, "time 3 rows columns"], moves: Sequence[Matrix]
) -> UInt8[ndarray, "time 3 rows columns"]:
    """Frames brought to where the camera was in the target frame; black where nothing was seen."""
    rows, columns = clip.shape[2:]
    steady = clip.copy()
    for picture, move in zip(steady, moves, strict=True):
        if not np.array_equal(move, np.eye(3)):
            frame = np.ascontiguousarray(picture.transpose(1, 2, 0))
            picture[:] = moved(frame, move, rows, columns).transpose(2, 0, 1)
    return steady


def moved(
    image: UInt8[ndarray, "_height _width 3"], move: Matrix, rows: int, columns: int
) -> UInt8[ndarray, "rows columns 3"]:
    """A picture of that size in which everything is where the matrix takes it, black around."""
    return cv2.warpAffine(image, move[:2], (columns, rows), flags=cv2.INTER_LINEAR)


def native_move(move: Matrix, fit: ResizePad) -> Matrix:
    """The same for frames at their native size, of which ``fit`` made what it was measured on."""
    across, down = fit.width / fit.native_width, fit.height / fit.native_height
    small = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]])
    return np.linalg.inv(small) @ move @ small
