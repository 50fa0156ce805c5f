import numpy as np
import pytest
from blobs import results, write


@pytest.mark.parametrize("count", [1, 5, 120])
def test_the_array_holds_all_masks(tmp_path, count):
    write(tmp_path / "out", results(count, 5, 7), save=["numpy"])
    written = np.load(tmp_path / "out/masks.npy", mmap_mode="r")
    assert written.dtype == bool
    assert written.shape == (count, 2, 5, 7)
    assert (written == np.stack([result.masks for result in results(count, 5, 7)])).all()


def test_the_array_is_written_as_frames_come(tmp_path):
    sizes = []

    def watching():
        for result in results(40):
            yield result
            (partial,) = tmp_path.iterdir()
            sizes.append((partial / "masks.npy").stat().st_size)

    write(tmp_path / "out", watching(), save=["numpy"])
    frame = 2 * 37 * 53
    # Python's buffer holds a little back.
    assert all(number * frame - size < 10_000 for number, size in enumerate(sizes, start=1))
