import pytest

from cstm.inference.load import load
from cstm.inference.samples import SampleClip, write_drawn
from cstm.inference.segmenter import Segmenter


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> SampleClip:
    """A clip with two look-alikes, whose masks are known."""
    return write_drawn(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="session")
def tiny() -> Segmenter:
    """Weights that know the drawn world."""
    return load("tiny", device="cpu")
