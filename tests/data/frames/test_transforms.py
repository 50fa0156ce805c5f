import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch.nn.functional import interpolate

from cstm.config import ClipConfig, Resize
from cstm.data.frames.transforms import ResizePad, resize_pad, unit_range

sides = st.integers(1, 90)


def test_wide_frame_is_centred():
    assert ResizePad.for_frame(240, 320, 128) == ResizePad(
        240, 320, rows=128, columns=128, top=16, left=0, height=96, width=128
    )
    odd = ResizePad.for_frame(98, 320, 128)
    assert (odd.height, odd.top) == (39, 44), "what is over lies below, as the authors have it"


@given(sides, sides, st.integers(1, 5))
def test_fitting_leaves_no_padding_and_no_odd_sides(height: int, width: int, cells: int):
    size = 32 * cells
    fit = ResizePad.for_frame(height, width, size, "fit")
    assert (fit.top, fit.left, fit.height, fit.width) == (0, 0, fit.rows, fit.columns)
    assert max(fit.rows, fit.columns) == size
    assert fit.rows % 32 == fit.columns % 32 == 0
    scale = size / max(height, width)
    assert abs(fit.rows - height * scale) <= max(16, 32 - height * scale)
    assert abs(fit.columns - width * scale) <= max(16, 32 - width * scale)
    white = np.full((2, height, width, 3), 255, np.uint8)
    assert (fit.apply(white) == 255).all()
    assert fit.invert(torch.ones(1, fit.rows, fit.columns)).shape == (1, height, width)


def test_training_pads_what_inference_fits():
    frame = np.zeros((60, 100, 3), np.uint8)
    for resize, expected in (("pad", (64, 38)), ("fit", (64, 38)), ("squash", (64, 64))):
        place = resize_pad(frame, ClipConfig(size=64, resize=resize).in_training)
        assert (place.rows, place.columns) == (64, 64)
        assert (place.width, place.height) == expected
    assert resize_pad(frame, ClipConfig(size=64, resize="fit")).rows == 32


@pytest.mark.parametrize(("height", "width"), [(1, 2000), (2000, 1), (1, 1), (7, 5)])
def test_extreme_shapes(height: int, width: int):
    place = ResizePad.for_frame(height, width, 64)
    white = np.full((height, width, 3), 255, np.uint8)
    square = place.apply(white)
    assert square.shape == (3, 64, 64)
    rectangle = square[
        :,
        place.top : place.top + place.height,
        place.left : place.left + place.width,
    ]
    assert (rectangle == 255).all()
    assert square.sum() == rectangle.sum(), "the padding is zero"
    back = place.invert(torch.ones(1, 64, 64))
    assert back.shape == (1, height, width)
    assert torch.allclose(back, torch.ones(()), atol=1e-4)


@given(sides, sides, st.integers(1, 80))
def test_longer_side_fills_the_square_and_the_shape_is_kept(height: int, width: int, size: int):
    place = ResizePad.for_frame(height, width, size)
    assert max(place.height, place.width) == size
    scale = size / max(height, width)
    assert abs(place.height - height * scale) <= max(0.5, 1 - height * scale)
    assert abs(place.width - width * scale) <= max(0.5, 1 - width * scale)
    frames = np.zeros((2, 4, height, width, 3), np.uint8)
    assert place.apply(frames).shape == (2, 4, 3, size, size)
    assert place.apply_labels(frames[..., 0]).shape == (2, 4, size, size)
    assert place.invert(torch.rand(3, size, size)).shape == (3, height, width)


@given(sides, sides, st.integers(1, 80))
def test_squashing_fills_the_square_and_comes_back(height: int, width: int, size: int):
    squash = ResizePad.for_frame(height, width, size, "squash")
    assert (squash.top, squash.left, squash.height, squash.width) == (0, 0, size, size)
    white = np.full((2, height, width, 3), 255, np.uint8)
    assert (squash.apply(white) == 255).all()
    assert (squash.apply_labels(white[..., 0]) == 255).all()
    assert squash.apply_mask(white[..., 0] > 0).min() > 1 - 1e-4
    ramp = torch.linspace(0, 1, size).expand(1, size, size)
    back = squash.invert(ramp)
    assert back.shape == (1, height, width)
    assert torch.allclose(back, interpolate(ramp[None], (height, width), mode="bilinear")[0])


@pytest.mark.parametrize("resize", ["pad", "fit", "squash"])
@pytest.mark.parametrize(("height", "width"), [(60, 80), (45, 30), (20, 33)])
def test_resizing_agrees_with_pillow(height: int, width: int, resize: Resize):
    frame = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    place = ResizePad.for_frame(height, width, 32, resize)
    expected = np.zeros((place.rows, place.columns, 3), np.uint8)
    resized = Image.fromarray(frame).resize((place.width, place.height), Image.Resampling.BILINEAR)
    expected[
        place.top : place.top + place.height,
        place.left : place.left + place.width,
    ] = np.asarray(resized)
    square = place.apply(frame).permute(1, 2, 0).numpy()
    assert np.abs(square.astype(int) - expected.astype(int)).max() <= 1


@given(sides, sides, st.integers(8, 64), st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_inverse_is_the_resize_of_the_rectangle_alone(
    height: int, width: int, size: int, seed: int
):
    place = ResizePad.for_frame(height, width, size)
    maps = torch.rand(2, size, size, generator=torch.Generator().manual_seed(seed))
    rectangle = maps[
        :,
        place.top : place.top + place.height,
        place.left : place.left + place.width,
    ]
    expected = interpolate(rectangle[None], (height, width), mode="bilinear")[0]
    assert torch.allclose(place.invert(maps), expected, atol=1e-4)


def disc(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width] + 0.5
    return ((rows / height - 0.45) / 0.3) ** 2 + ((columns / width - 0.6) / 0.25) ** 2 <= 1


@pytest.mark.parametrize("resize", ["pad", "fit", "squash"])
@pytest.mark.parametrize(("height", "width"), [(240, 320), (333, 201), (64, 64), (90, 31)])
def test_inverse_recovers_a_mask(height: int, width: int, resize: Resize):
    mask = disc(height, width)
    place = ResizePad.for_frame(height, width, 160, resize)
    back = place.invert(place.apply_mask(mask)[None]).numpy()[0] > 0.5
    assert (mask & back).sum() / (mask | back).sum() > 0.95


@pytest.mark.parametrize(("height", "width"), [(120, 160), (77, 50), (300, 211)])
def test_coordinates_agree(height: int, width: int):
    """A map that holds its own positions comes back holding those of the native pixels."""
    place = ResizePad.for_frame(height, width, 64)
    centres = torch.arange(64) + 0.5
    rows, columns = torch.meshgrid(centres, centres, indexing="ij")
    back_rows, back_columns = place.invert(torch.stack((rows, columns))).double()
    y = place.top + (torch.arange(height) + 0.5) * place.height / height
    x = place.left + (torch.arange(width) + 0.5) * place.width / width
    inside_y = (y - y.mean()).abs() <= (place.height - 1) / 2
    inside_x = (x - x.mean()).abs() <= (place.width - 1) / 2
    assert torch.allclose(back_rows[inside_y], y[inside_y, None].double(), atol=1e-3)
    assert torch.allclose(back_columns[:, inside_x], x[inside_x].double(), atol=1e-3)


@given(st.integers(0, 59), st.integers(0, 79))
def test_a_dot_goes_where_it_should_and_comes_back(row: int, column: int):
    dot = np.zeros((60, 80), bool)
    dot[row, column] = True
    place = ResizePad.for_frame(60, 80, 160)
    there = place.apply_mask(dot)
    total = there.sum()
    positions = torch.arange(160) + 0.5
    assert (there.sum(1) @ positions) / total == pytest.approx(20 + (row + 0.5) * 2, abs=0.6)
    assert (there.sum(0) @ positions) / total == pytest.approx((column + 0.5) * 2, abs=0.6)
    assert place.invert(there[None]).argmax() == row * 80 + column


def test_labels_are_never_blended():
    labels = np.kron(np.array([[1, 9], [5, 3]], np.uint8), np.ones((30, 40), np.uint8))
    square = ResizePad.for_frame(60, 80, 32).apply_labels(labels)
    assert square.dtype == torch.uint8
    assert square.unique().tolist() == [0, 1, 3, 5, 9]
    assert square[4:16, :16].eq(1).all()
    assert square[16:28, 16:].eq(3).all()
    assert square[:4].eq(0).all()


def test_frame_of_another_size_is_refused():
    with pytest.raises(AssertionError, match="10×20"):
        ResizePad.for_frame(10, 20, 8).apply(np.zeros((20, 10, 3), np.uint8))


def test_half_precision_maps_keep_their_place():
    place = ResizePad.for_frame(200, 320, 320)
    ramp = torch.linspace(0, 1, 320).expand(1, 320, 320)
    back = place.invert(ramp.bfloat16())
    assert torch.allclose(back, place.invert(ramp), atol=4e-3)


def test_unit_range():
    assert unit_range(torch.tensor([0, 51, 255], dtype=torch.uint8)).tolist() == pytest.approx(
        [0.0, 0.2, 1.0]
    )
