import http.server
import io
import shutil
import sys
import threading
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import cv2
import fsspec
import numpy as np
import pytest

from cstm.inference import source
from cstm.inference.camera import record
from cstm.inference.samples import write_clip
from cstm.inference.source import open_source


@pytest.fixture
def clip(tmp_path) -> Path:
    path = tmp_path / "served" / "a clip.mp4"
    path.parent.mkdir()
    noise = np.random.default_rng(3).integers(0, 256, (12, 48, 64, 3), np.uint8)
    write_clip(noise, Fraction(10), path)
    return path


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch) -> Path:
    """The system's folder for temporary files, as far as this process goes."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files, refuses /secret, and breaks off in /broken."""

    def do_GET(self):
        if self.path.startswith("/secret"):
            self.send_error(403)
        elif self.path.startswith("/broken"):
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(b"0" * 1000)
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@pytest.fixture
def server(clip):
    """Address of a server of the clip's folder."""
    handler = partial(Handler, directory=clip.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def same(video, clip) -> bool:
    frames, originals = list(video.frames()), list(open_source(clip).frames())
    return len(frames) == 12 and all(
        (a.image == b.image).all() and a.time == b.time
        for a, b in zip(frames, originals, strict=True)
    )


def refusal(address: str) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        open_source(address)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_opened_where_it_lies(clip, temporary):
    for given in (clip, str(clip)):
        video = open_source(given)
        assert video.path == clip
        assert same(video, clip)
        assert list(temporary.iterdir()) == []


def test_an_address_is_copied_and_the_copy_removed(server, clip, temporary):
    video = open_source(f"{server}/a%20clip.mp4?signature={'s' * 400}#t=3")
    assert same(video, clip)
    assert video.name == "a clip.mp4"
    assert len(list(temporary.iterdir())) == 1
    del video
    assert list(temporary.iterdir()) == []


def test_whoever_still_reads_keeps_the_copy(server, clip, temporary):
    frames = open_source(f"{server}/a%20clip.mp4").frames()
    assert sum(1 for _ in frames) == 12
    del frames
    assert list(temporary.iterdir()) == []


def test_any_file_system_of_fsspec_is_read(clip, temporary):
    memory = fsspec.filesystem("memory")
    memory.pipe("/bucket/clip.mp4", clip.read_bytes())
    try:
        assert same(open_source("memory://bucket/clip.mp4"), clip)
        assert refusal("memory://bucket/none.mp4") == "memory://bucket/none.mp4: no such file there"
        assert "memory://bucket: is a folder; give a file" in refusal("memory://bucket")
    finally:
        memory.rm("/bucket", recursive=True)
    assert list(temporary.iterdir()) == []


def test_addresses_that_lead_nowhere_are_one_line(server, temporary):
    assert refusal(f"{server}/none.mp4") == f"{server}/none.mp4: no such file there"
    assert "403" in refusal(f"{server}/secret.mp4")
    assert refusal(f"{server}/broken.mp4").startswith(f"{server}/broken.mp4: cannot be read (")
    assert "cannot be read (" in refusal("http://127.0.0.1:1/clip.mp4")
    assert "Protocol not known: foo" in refusal("foo://bucket/clip.mp4")
    # Whose file system wants more than an address.
    assert refusal("github://a/b.mp4").startswith("github://a/b.mp4: cannot be read (")
    assert list(temporary.iterdir()) == []


def test_what_is_no_video_is_called_by_its_address(server, clip, temporary):
    (clip.parent / "text.mp4").write_text("no video\n" * 50)
    address = f"{server}/text.mp4"
    assert refusal(address).startswith(f"{address}: not a video that can be read")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("missing", ["fsspec.core", "aiohttp"])
def test_a_missing_extra_says_what_to_install(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "aiohttp":
        monkeypatch.delitem(sys.modules, "fsspec.implementations.http", raising=False)
    assert refusal("https://example.org/x.mp4").endswith('pip install "cstm[remote]"')


@pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs is installed")
def test_a_bucket_says_which_package_it_takes():
    assert refusal("s3://bucket/clip.mp4") == (
        "s3://bucket/clip.mp4: reading it takes another package: Install s3fs to access S3"
    )


class Piped(io.TextIOWrapper):
    """A standard input."""


def test_a_pipe_is_taken_in(clip, temporary, monkeypatch):
    with Piped(io.BytesIO(clip.read_bytes())) as piped:
        monkeypatch.setattr("sys.stdin", piped)
        video = open_source("-")
        assert same(video, clip)
        assert video.name == "standard input"
        del video
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"no video at all\n"])
def test_what_is_piped_in_and_no_video(content, monkeypatch):
    with Piped(io.BytesIO(content)) as piped:
        monkeypatch.setattr("sys.stdin", piped)
        assert refusal("-").startswith("standard input: not a video that can be read")


def test_a_terminal_is_no_pipe(monkeypatch):
    class Terminal(Piped):
        def isatty(self):
            return True

    with Terminal(io.BytesIO()) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert "nothing is piped in" in refusal("-")


def test_a_number_is_a_camera_unless_a_file_is_called_so(clip, tmp_path, temporary, monkeypatch):
    assert refusal("99").startswith("camera 99 cannot be opened")
    monkeypatch.chdir(tmp_path)
    shutil.copy(clip, "99")
    assert same(open_source("99"), clip)
    assert same(open_source(Path("99")), clip)
    assert list(temporary.iterdir()) == []


def test_a_long_number_is_a_file_that_is_missing():
    with pytest.raises(ValueError, match="no such video file"):
        open_source("20231105123456")


def test_a_folder_of_frames_is_a_video(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("12").mkdir()
    with pytest.raises(ValueError, match=r"12 is a folder.*found none"):
        open_source("12")
    cv2.imwrite("12/0.jpg", np.zeros((32, 48, 3), np.uint8))
    assert [frame.image.shape for frame in open_source("12").frames()] == [(32, 48, 3)]


def test_a_recording_is_a_video(clip, temporary, monkeypatch):
    # The one thing that is not at hand is the camera; OpenCV takes a file like one.
    monkeypatch.setattr(source, "record", lambda _, path, seconds: record(str(clip), path, seconds))
    video = open_source("0")
    assert video.name == "camera 0"
    assert sum(1 for _ in video.frames()) == 12
    del video
    assert list(temporary.iterdir()) == []


def test_an_interruption_leaves_nothing(server, temporary, monkeypatch):
    def interrupted(*_):
        assert len(list(temporary.iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(source, "_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_source(f"{server}/a%20clip.mp4")
    assert list(temporary.iterdir()) == []
