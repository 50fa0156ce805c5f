from fractions import Fraction

import av
import numpy as np
import pytest
from blobs import QUERIES, results, write

from cstm.inference.outputs.films import cut_out
from cstm.inference.overlay import Overlay, draw_masks, query_colour
from cstm.inference.result import FrameResult


@pytest.mark.parametrize(("height", "width"), [(37, 53), (36, 52), (1, 1), (201, 90)])
def test_overlay_plays_everywhere(tmp_path, height, width):
    write(tmp_path / "out", results(3, height, width))
    for number in ("01", "02"):
        with av.open(tmp_path / f"out/{number}-overlay.mp4") as container:
            (stream,) = container.streams.video
            assert stream.codec_context.name == "h264"
            assert stream.codec_context.pix_fmt == "yuv420p"
            assert stream.width == width + width % 2
            assert stream.height % 2 == 0
            assert stream.height > height
            assert sum(1 for _ in container.decode(stream)) == 3


def test_all_queries_in_one_film(tmp_path):
    masks = np.zeros((2, 64, 96), bool)
    masks[0, 8:40, 8:40] = masks[1, 16:56, 50:90] = True
    frame = FrameResult(0, 0.0, np.full((64, 96, 3), 90, np.uint8), masks, np.ones(2))
    write(tmp_path / "out", [frame], save=["together"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"overlay.mp4"}
    with av.open(tmp_path / "out/overlay.mp4") as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    drawn = draw_masks(frame.image, masks, [query_colour(0), query_colour(1)])
    assert np.abs(shown[:64] - drawn).mean() < 8
    assert np.abs(shown[20, 20] - shown[30, 70]).max() > 60, "two colours"


def test_each_query_has_its_own_mask_colour_and_sentence_in_its_film(tmp_path):
    masks = np.zeros((2, 64, 96), bool)
    masks[0, 8:40, 8:40] = masks[1, 16:56, 50:90] = True
    image = np.full((64, 96, 3), 90, np.uint8)
    write(tmp_path / "out", [FrameResult(0, 0.0, image, masks, np.ones(2))], save=["overlay"])
    for number, query in enumerate(QUERIES):
        with av.open(tmp_path / f"out/{number + 1:02d}-overlay.mp4") as container:
            shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)

        def drawn(sentence, number=number):
            overlay = Overlay(64, 96, [sentence], [query_colour(number)])
            return overlay.draw(image, masks[[number]]).astype(int)

        right, wrong = drawn(query), drawn(QUERIES[1 - number])
        assert np.abs(shown - right).mean() < 8
        below = np.s_[64:]
        far = np.abs(shown[below] - wrong[below]).mean()
        assert np.abs(shown[below] - right[below]).mean() < far / 2, "another's sentence"


def test_overlay_keeps_uneven_times(tmp_path):
    times = [0.0, 0.04, 0.05, 0.5, 0.55, 2.0, 2.001]
    write(tmp_path / "out", results(7, times=times))
    with av.open(tmp_path / "out/01-overlay.mp4") as container:
        shown = [frame.time for frame in container.decode(video=0)]
    np.testing.assert_allclose(shown, times, atol=1e-4)


def test_times_that_stand_still_are_survived(tmp_path):
    write(tmp_path / "out", results(4, times=[0.0, 0.04, 0.04, 0.03]))
    with av.open(tmp_path / "out/01-overlay.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 4


def test_overlay_shows_the_picture_in_its_true_colours(tmp_path):
    image = np.zeros((64, 96, 3), np.uint8)
    image[:, :48], image[:, 48:] = (200, 40, 90), (20, 130, 220)
    nothing = np.zeros((1, 64, 96), bool)
    frame = FrameResult(0, 0.0, image, nothing, np.zeros(1))
    write(tmp_path / "out", [frame], ["a cat"], pixel_aspect=Fraction(4, 3))
    with av.open(tmp_path / "out/01-overlay.mp4") as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    for columns in (slice(4, 44), slice(52, 92)):
        assert np.abs(shown[4:60, columns] - image[4:60, columns]).mean() < 4


def test_every_fifth_frame_plays_in_real_time(tmp_path):
    indices = [100, 105, 110, 115]
    stream = results(4, indices=indices)
    write(tmp_path / "out", stream, save=["overlay", "cutout"], every=5)
    for name in ("01-overlay.mp4", "02-cutout.webm"):
        with av.open(tmp_path / "out" / name) as container:
            (film,) = container.streams.video
            frames = list(container.decode(film))
            shown = [frame.time for frame in frames]
            # The last frame stays as long as the others.
            duration = container.duration / av.time_base
        np.testing.assert_allclose(shown, [0, 0.2, 0.4, 0.6], atol=1e-3)
        assert duration == pytest.approx(0.8, abs=0.01)


def decode_alpha(path):
    """Decode a cut-out; FFmpeg's own VP9 decoder would leave the alpha channel out."""
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert stream.metadata["alpha_mode"] == "1"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        decoder.extradata = stream.codec_context.extradata
        for packet in container.demux(stream):
            for frame in decoder.decode(packet if packet.size else None):
                yield float(frame.pts * stream.time_base), frame.to_ndarray(format="rgba")


@pytest.mark.parametrize(("height", "width"), [(72, 96), (37, 53), (1, 1)])
def test_a_cutout_shows_the_actor_and_nothing_else(tmp_path, height, width):
    times = [0.0, 0.04, 0.041, 0.041, 1.0]
    smooth = np.zeros((height, width, 3), np.uint8)
    smooth[..., 0], smooth[..., 1] = 200, np.linspace(40, 220, width)
    expected = [
        FrameResult(r.index, r.time, smooth, r.masks, r.scores)
        for r in results(5, height, width, times)
    ]
    write(tmp_path / "out", expected, save=["cutout"])
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        f"{number:02d}-cutout.webm" for number in range(1, len(QUERIES) + 1)
    }
    for query in range(2):
        shown = list(decode_alpha(tmp_path / f"out/{query + 1:02d}-cutout.webm"))
        assert [time for time, _ in shown] == pytest.approx([0, 0.04, 0.041, 0.042, 1], abs=2e-3)
        for (_, picture), result in zip(shown, expected, strict=True):
            mask, opaque = result.masks[query], picture[..., 3] > 127
            assert (mask != opaque).mean() < 0.01
            if mask.sum() > 50:
                error = np.abs(picture[..., :3].astype(int) - smooth)[mask]
                assert error.mean() < 10


def test_what_is_cut_away_is_not_in_the_film():
    image = np.full((80, 80, 3), 200, np.uint8)
    mask = np.zeros((80, 80), bool)
    mask[30:40, 30:40] = True
    picture = cut_out(image, mask)
    assert (picture[..., 3] == mask * 255).all()
    assert (picture[mask, :3] == 200).all()
    assert picture[:20].max() == picture[50:].max() == 0


def test_a_cutout_has_the_shape_that_is_shown(tmp_path):
    write(tmp_path / "out", save=["cutout"], pixel_aspect=Fraction(4, 3))
    shown = [picture for _, picture in decode_alpha(tmp_path / "out/01-cutout.webm")]
    assert {picture.shape for picture in shown} == {(37, round(53 * 4 / 3), 4)}
    for picture, result in zip(shown, results(), strict=True):
        columns = np.flatnonzero(result.masks[0].any(0))
        opaque = np.flatnonzero((picture[..., 3] > 127).any(0))
        assert opaque[[0, -1]] == pytest.approx(columns[[0, -1]] * 4 / 3, abs=2)
