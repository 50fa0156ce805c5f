"""When a video's frames are shown: files tell it in several ways, and some wrongly."""

from fractions import Fraction

from av.video.frame import VideoFrame


class Clock:
    """Seconds since the first frame, of one frame after the other; they always grow.

    A frame has a presentation time (PTS), or it doesn't; then the decoding time (DTS) of the packet
    that brought it forth is in the same order. Old containers have DTS alone: of AVI with B-frames
    FFmpeg guesses PTS for some frames, which may run backwards, or be before the DTS: no frame is
    shown before it is decoded. So the one of the two that has failed less often counts, as in
    FFmpeg's own ``best_effort_timestamp``, and where there is neither, or it does not grow, the
    frame comes one mean interval after the one before.

    Args:
        unit: seconds of a tick. A frame that is given out after the last packet doesn't know it.
        fps: mean frames a second.
    """

    def __init__(self, unit: Fraction, fps: Fraction) -> None:
        self._unit = unit
        self._interval = 1 / fps
        self._newest: dict[str, int] = {}
        self._faults = {"pts": 0, "dts": 0}
        self._start: Fraction | None = None
        self._last = -self._interval

    def tell(self, frame: VideoFrame) -> float:
        """Time of the next frame, in seconds."""
        told = {"pts": frame.pts, "dts": frame.dts}
        for kind, ticks in told.items():
            if ticks is not None:
                self._faults[kind] += ticks <= self._newest.get(kind, ticks - 1)
                self._newest[kind] = ticks
        if self._start is None and frame.pts is not None and frame.dts is not None:
            self._faults["pts"] += frame.pts < frame.dts
        by_trust = sorted(told, key=self._faults.__getitem__)
        ticks = next((told[kind] for kind in by_trust if told[kind] is not None), None)
        time = self._last + self._interval
        if ticks is not None:
            if self._start is None:
                self._start = ticks * self._unit - time
            shown = ticks * self._unit - self._start
            time = shown if shown > self._last else time
        self._last = time
        return float(time)
