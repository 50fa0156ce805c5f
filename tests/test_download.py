"""Downloads against a small server: whole and checked, or not there at all and one line said."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cstm import download
from cstm.download import PublishedFile, cache_folder, fetch

CONTENT = bytes(range(256)) * 10_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """``/weights.bin`` is the file; other names are what can go wrong with it."""

    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        name = self.path.rsplit("/", 1)[-1]
        if name == "missing.bin":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        if name == "stalled.bin":
            threading.Event().wait(1)
        elif name == "cut.bin":
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
        elif name == "corrupt.bin":
            self.wfile.write(CONTENT[:-1] + b"!")
        else:
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address():
    Handler.requests = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path / "cache"))
    Handler.requests = []
    return tmp_path / "cache"


def refused(file: PublishedFile, *words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        fetch(file)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    for word in words:
        assert word in message


def test_a_file_is_requested_once_and_then_comes_from_the_cache(address, cache):
    file = PublishedFile(f"{address}/weights.bin", f"sha256:{SHA256[:8]}")
    path = fetch(file)
    assert path == file.path == cache / "weights.bin"
    assert path.read_bytes() == CONTENT
    assert fetch(file) == path
    assert Handler.requests == ["/weights.bin"]
    assert list(cache.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.bin", "HTTP 404"),
        ("cut.bin", f"broke after {len(CONTENT) // 2} of {len(CONTENT)} bytes"),
        ("corrupt.bin", SHA256),
        ("stalled.bin", "timed out"),
    ],
)
def test_what_does_not_come_whole_leaves_nothing_behind(address, cache, monkeypatch, name, reason):
    if name == "stalled.bin":
        monkeypatch.setattr(download, "TIMEOUT", 0.2)
    file = PublishedFile(f"{address}/{name}", f"sha256:{SHA256}")
    refused(file, file.url, reason, str(cache / name))
    assert list(cache.iterdir()) == []


def test_without_a_network_the_message_says_which_file_to_put_where(cache):
    file = PublishedFile("http://127.0.0.1:9/weights.bin", f"sha256:{SHA256}")
    refused(file, file.url, "Connection refused", f"put it at {cache / 'weights.bin'}")


def test_a_cache_that_cannot_be_written(address, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path / "file" / "cache"))
    refused(PublishedFile(f"{address}/weights.bin", f"sha256:{SHA256}"), "Not a directory", "CSTM")


@pytest.mark.parametrize(
    "checksum",
    [
        "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        "sha256:5891b5b5",
        "sha1:f572d396fae9206628714fb2ce00f72e94f2258f",
        "git:ce013625030ba8dba906f756967f9e9ca394464a",
    ],
)
def test_a_file_put_there_by_hand_is_checked_and_used(cache, checksum):
    """The checksums are what ``sha256sum``, ``sha1sum`` and ``git hash-object`` print."""
    file = PublishedFile("http://127.0.0.1:9/hello.txt", checksum)
    cache.mkdir()
    file.path.write_text("hello\n")
    assert fetch(file).read_text() == "hello\n"
    file.path.write_text("hallo\n")
    refused(file, str(file.path), "delete it", checksum.split(":")[1])
    assert file.path.read_text() == "hallo\n"


def test_many_who_fetch_the_same_file_at_once_all_get_it_whole(address, cache):
    file = PublishedFile(f"{address}/weights.bin", f"sha256:{SHA256}")
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: fetch(file), range(8)))
    assert set(paths) == {cache / "weights.bin"}
    assert list(cache.iterdir()) == [cache / "weights.bin"]
    assert paths[0].read_bytes() == CONTENT


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.setenv("CSTM_CACHE", "")
    assert cache_folder() == tmp_path / "xdg" / "cstm"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "cstm"
