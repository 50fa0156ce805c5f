"""Commands for datasets: synthesize."""

from pathlib import Path

from tyro.conf import Positional


def synthesize(
    root: Positional[Path],
    *,
    clips: int = 2000,
    test_clips: int = 300,
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    frames: int = 32,
    workers: int | None = None,
) -> None:
    """Draw a small world to train on, in the exact on-disk format of A2D Sentences.

    Args:
        root: Folder to write; it must be new or empty.
        clips: Training clips.
        test_clips: Test clips; their seeds never meet those of training.
        seed: The same seed gives the same files, whatever the number of workers.
        size: Width and height of the clips in pixels.
        frames: Frames of a clip, at 24 a second.
        workers: Processes; one for each processor if not given.
    """
    from cstm.data.synthetic import synthesize as write_world

    write_world(root, clips, test_clips, seed=seed, size=size, frames=frames, workers=workers)
    print(f"{clips} training and {test_clips} test clips written to {root}")
