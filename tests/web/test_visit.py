"""A visitor's question, without a page around it."""

import json
import zipfile
from fractions import Fraction

import av
import numpy as np
import pytest
from truth import iou_with

from cstm.data.frames.video import open_video
from cstm.inference.samples import write_clip
from cstm.web.fragments import colour_key, failure, note, progress_bar, share_bars
from cstm.web.limits import Limits
from cstm.web.visit import Progress, StoppedError, Visit


@pytest.fixture(scope="module")
def visit(drawn, tiny):
    visit = Visit(drawn.path, "\n\n".join(drawn.queries) + "\n", Limits())
    visit.progress = list(visit.run(tiny))
    yield visit
    visit.close()


def test_every_sentence_finds_its_actor_and_the_files_are_there(visit, drawn):
    assert visit.queries == list(drawn.queries)
    assert visit.frames == 32
    assert all(found > 24 for found in visit.found)
    assert visit.notes == []
    told = json.loads(visit.masks_json.read_text())
    for query, actor in zip(told["queries"], drawn.actors, strict=True):
        assert iou_with(query["segmentations"], drawn.instances == actor) > 0.6
    with zipfile.ZipFile(visit.masks_zip) as packed:
        names = packed.namelist()
    assert {"01/00000.png", "02/00031.png"} <= set(names)
    film = open_video(visit.overlay)
    assert film.announced == 32
    assert film.height > drawn.instances.shape[1], "the sentences stand beneath"


def test_progress_comes_while_it_works(visit):
    first, last = visit.progress[0], visit.progress[-1]
    assert (first.done, first.total) == (1, 32)
    assert first.picture.shape == visit.picture(0).shape
    assert 1 <= last.done <= 32
    assert last.seconds_left >= 0


def test_every_frame_can_be_looked_at(visit, drawn):
    frames = [frame.image for frame in open_video(drawn.path).frames()]
    for number in (0, 31):
        shown = visit.picture(number).astype(int)
        outside = drawn.instances[number] == 0
        assert np.abs(shown - frames[number])[outside].mean() < 12


def test_explanations_are_kept_a_while(visit, tiny):
    first = visit.explain(tiny, 3, 0)
    assert first.words == ("the", "orange", "cat", "is", "jumping")
    assert visit.explain(tiny, 3, 0) is first
    for frame in range(4, 12):
        visit.explain(tiny, frame, 0)
    assert visit.explain(tiny, 3, 0) is not first


def test_stopping_leaves_nothing_but_what_close_removes(drawn, tiny):
    visit = Visit(drawn.path, "a cat", Limits())
    running = visit.run(tiny)
    next(running)
    running.close()
    assert not visit.masks_json.parent.exists()
    visit.close()
    assert not visit.folder.exists()


def test_another_thread_can_stop_it(drawn, tiny):
    visit = Visit(drawn.path, "a cat", Limits())
    running = visit.run(tiny)
    next(running)
    visit.stop()
    with pytest.raises(StoppedError):
        list(running)
    assert visit.frames < 32
    assert not visit.masks_json.parent.exists()
    visit.close()


def test_what_the_page_does_not_take_is_said_in_words(drawn, tmp_path):
    limits = Limits(seconds=1.0, sentences=2)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    for video, sentences, words in (
        (None, "a cat", "Choose a video"),
        (drawn.path, " \n ", "Say who"),
        (drawn.path, "a\nb\nc", "3 sentences; this page takes 2"),
        (drawn.path, "a cat", "lasts 1.33 seconds or more; this page takes up to 1\\."),
        (broken, "a cat", "not a video"),
        (tmp_path / "gone.mp4", "a cat", "no longer there; choose it anew"),
    ):
        with pytest.raises(ValueError, match=words) as refused:
            Visit(video, sentences, limits)
        assert str(tmp_path) not in str(refused.value), "where a file lies is nobody's business"
    with pytest.raises(ValueError, match=r"has 32 frames or more; this page takes up to 31\."):
        Visit(drawn.path, "a cat", Limits(frames=31))
    with pytest.raises(ValueError, match=r"pixels; this page takes up to 0\.0 million"):
        Visit(drawn.path, "a cat", Limits(pixels=1000))


def test_a_frame_that_is_too_large_is_not_decoded(drawn, monkeypatch):
    monkeypatch.setattr("cstm.web.visit.open_video", lambda _: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="this page takes up to"):
        Visit(drawn.path, "a cat", Limits(pixels=1000))


def test_a_playlist_shows_no_visitor_what_the_server_holds(drawn, tmp_path):
    private = tmp_path / "private.ts"
    with av.open(str(private), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for picture in open_video(drawn.path).frames():
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.image[:48, :64])))
        container.mux(stream.encode())
    playlist = tmp_path / "clip.m3u8"
    playlist.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:3.2,\n{private}\n#EXT-X-ENDLIST\n"
    )
    assert open_video(playlist).announced, "FFmpeg would"
    with pytest.raises(ValueError, match=r"^clip\.m3u8 only names other files"):
        Visit(playlist, "a cat", Limits())


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(drawn, tiny, tmp_path):
    path = tmp_path / "wide.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    visit = Visit(path, "a cat", Limits())
    (*_,) = visit.run(tiny)
    assert visit.picture(0).shape == (48, 85, 3)
    visit.close()


def test_a_video_that_does_not_say_how_long_it_is_is_stopped_in_time(drawn, tiny, tmp_path):
    path = tmp_path / "bare.h264"
    with av.open(str(path), "w", format="h264") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(15):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    visit = Visit(path, "a cat", Limits(seconds=0.5))
    assert visit.video.announced is None
    with pytest.raises(ValueError, match=r"this page takes up to 0\.5\."):
        list(visit.run(tiny))
    visit.close()
    visit = Visit(path, "a cat", Limits(frames=5))
    with pytest.raises(ValueError, match=r"has 6 frames or more"):
        list(visit.run(tiny))
    visit.close()


def test_unknown_words_are_told(drawn, tiny, tmp_path):
    path = tmp_path / "short.mp4"
    write_clip([np.zeros((48, 64, 3), np.uint8)] * 3, Fraction(10), path)
    visit = Visit(path, "the cat zygomorphic", Limits())
    list(visit.run(tiny))
    assert any("zygomorphic" in note for note in visit.notes)
    with pytest.raises(ValueError, match="none of the words"):
        list(Visit(path, "zygomorphic", Limits(), tmp_path).run(tiny))
    visit.close()


def test_fragments_carry_no_html_of_visitors(visit):
    visit.queries[0], kept = "<script>", visit.queries[0]
    assert "<script>" not in colour_key(visit) + note("<script>") + failure("<script>")
    visit.queries[0] = kept
    assert "of 32 frames" in colour_key(visit)


def test_the_bar_tells_what_is_left():
    picture = np.zeros((2, 2, 3), np.uint8)
    bar = progress_bar(Progress(picture, 30, 90, 2.0))
    assert 'value="30" max="90"' in bar
    assert "0:30 left" in bar
    assert "left" not in progress_bar(Progress(picture, 30, None, 2.0))
    assert "<td>25%</td><td>75%</td>" in share_bars([0.75])
