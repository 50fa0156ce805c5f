"""What the page takes from one visitor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a page takes from one visitor; what is more is refused in words for people."""

    seconds: float = 60.0
    """Of video."""
    frames: int = 3600
    """Of a video, which may have hundreds in a second."""
    megabytes: int = 200
    """Of a file."""
    sentences: int = 8
    pixels: int = 4096 * 2160
    """Of a frame: a tiny file may hold frames that fill the server's memory."""

    def check_sentences(self, count: int) -> None:
        """Refuse too many sentences.

        Raises:
            ValueError: these are too many.
        """
        if count > self.sentences:
            raise ValueError(f"These are {count} sentences; this page takes {self.sentences}.")

    def check_size(self, width: int, height: int) -> None:
        """Refuse frames that are too large.

        Raises:
            ValueError: these are too large.
        """
        if width * height > self.pixels:
            raise ValueError(
                f"This video has {width} × {height} pixels; this page takes up to "
                f"{self.pixels / 1e6:.1f} million. Make it smaller, or use `cstm segment` on "
                "your own computer."
            )

    def check_length(self, frames: int, seconds: float) -> None:
        """Refuse a video that has so many frames, and lasts so long, already.

        Raises:
            ValueError: it is too long.
        """
        if seconds > self.seconds:
            much, most = f"lasts {seconds:.3g} seconds", f"{self.seconds:g}"
        elif frames > self.frames:
            much, most = f"has {frames} frames", f"{self.frames}"
        else:
            return
        raise ValueError(
            f"This video {much} or more; this page takes up to {most}. Cut it, or use "
            "`cstm segment` on your own computer, which takes any length."
        )
