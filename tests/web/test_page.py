"""The page in a real browser: Chromium, where the machine has one."""

import gc
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from truth import iou_with

from cstm.cli import main
from cstm.inference.samples import write_clip
from cstm.web.limits import Limits
from cstm.web.serve import open_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 90_000
"""Milliseconds: machines that run tests are busy."""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    # What gradio and its parts warn each other of is not ours to mend.
    pytest.mark.filterwarnings("default"),
]


@pytest.fixture(scope="module")
def address(tiny):
    limits = Limits(seconds=2.0, sentences=3)
    with open_page(tiny, limits, port=free_port()) as page:
        yield page.local_url


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def visit(browser: Browser, address: str, width: int = 1440) -> Page:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def ask(page: Page, video, sentences) -> None:
    page.set_input_files("#video input[type=file]", str(video))
    page.wait_for_selector("#video video")
    page.fill("#sentences textarea", "\n".join(sentences))
    page.click("#find")


@contextmanager
def broken_off_upload(address: str) -> Iterator[None]:
    """Begin to send a file, and hang up."""
    server = httpx.URL(address)
    with socket.create_connection((server.host, server.port)) as line:
        line.sendall(
            b"POST /gradio_api/upload HTTP/1.1\r\nHost: here\r\nContent-Length: 9000000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.mp4"\r\n\r\n'
            + bytes(2_000_000)
        )
        yield


def files_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def masks_of(page: Page, folder) -> dict:
    page.wait_for_selector("#word label")
    with page.expect_download() as download:
        page.click("#json")
    path = folder / "masks.json"
    download.value.save_as(path)
    return json.loads(path.read_text())


def test_two_sentences_two_colours_a_word_a_map_and_the_masks(browser, address, drawn, tmp_path):
    page = visit(browser, address)
    ask(page, drawn.path, drawn.queries)
    page.wait_for_selector("#status progress")
    told = masks_of(page, tmp_path)
    for query, actor in zip(told["queries"], drawn.actors, strict=True):
        assert iou_with(query["segmentations"], drawn.instances == actor) > 0.6, query["text"]
    expect(page.locator(".key li")).to_have_count(2)
    page.wait_for_selector("#spatial img")
    before = page.get_attribute("#spatial img", "src")
    page.locator("#word label").nth(1).click()
    changed = "before => document.querySelector('#spatial img').src !== before"
    page.wait_for_function(changed, arg=before)
    assert page.locator("#temporal img").count() == page.locator("#selection img").count() == 1
    expect(page.locator(".shares tbody tr")).to_have_count(5)
    # By keyboard alone.
    frame = page.get_attribute("#picture img", "src")
    page.focus("#frame input[type=range]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('#picture img').src !== before", arg=frame
    )
    page.context.close()


def test_three_at_once_are_served_each_with_their_own(browser, address, tmp_path):
    pages, clips = [], []
    for number in range(3):
        width = 64 + 16 * number
        clip = tmp_path / f"clip{number}.mp4"
        frames = np.random.default_rng(number).integers(0, 256, (8 + number, 48, width, 3))
        write_clip(frames.astype(np.uint8), Fraction(10), clip)
        pages.append(visit(browser, address))
        clips.append(clip)
    sentences = ["the red dog", "a cat jumping", "the bird flying"]
    for page, clip, sentence in zip(pages, clips, sentences, strict=True):
        ask(page, clip, [sentence])
    for number, (page, sentence) in enumerate(zip(pages, sentences, strict=True)):
        told = masks_of(page, tmp_path)
        assert (told["frames"], told["width"]) == (8 + number, 64 + 16 * number)
        assert [query["text"] for query in told["queries"]] == [sentence]
        assert told["video"] == clips[number].name
        page.context.close()


def test_what_is_wrong_is_said_on_the_page_and_the_next_try_works(browser, address, tmp_path):
    page = visit(browser, address, width=390)
    page.click("#find")
    expect(page.locator("#status [role=alert]")).to_contain_text("Choose a video", timeout=PATIENCE)
    clip, long = tmp_path / "clip.mp4", tmp_path / "long.mp4"
    write_clip([np.zeros((48, 64, 3), np.uint8)] * 9, Fraction(10), clip)
    write_clip([np.zeros((48, 64, 3), np.uint8)] * 40, Fraction(10), long)
    ask(page, long, ["a cat"])
    expect(page.locator("#status [role=alert]")).to_contain_text("lasts 4 sec", timeout=PATIENCE)
    page.reload()
    ask(page, clip, ["zygomorphic"])
    expect(page.locator("#status [role=alert]")).to_contain_text("none of", timeout=PATIENCE)
    page.fill("#sentences textarea", "the cat zygomorphic")
    page.click("#find")
    expect(page.locator("#status [role=status]")).to_contain_text("Done: 9", timeout=PATIENCE)
    expect(page.locator("#status")).to_contain_text("zygomorphic")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, "nothing sticks out at a phone's width"
    page.context.close()


def test_a_sample_can_be_stopped_and_asked_again(browser, address):
    page = visit(browser, address)
    page.get_by_role("button", name="Two that look alike").click()
    expect(page.locator("#sentences textarea")).not_to_have_value("", timeout=PATIENCE)
    page.wait_for_selector("#video video")
    page.click("#find")
    page.wait_for_selector("#status progress")
    page.click("#stop")
    expect(page.locator("#status")).to_contain_text("Stopped.", timeout=PATIENCE)
    expect(page.locator("#find")).to_be_enabled(timeout=PATIENCE)
    page.click("#find")
    expect(page.locator("#status")).to_contain_text("Done: 32", timeout=PATIENCE)
    page.context.close()


def test_what_was_uploaded_goes_with_the_server(tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "elsewhere"))
    with open_page(tiny, Limits(), port=free_port()) as page:
        sent = httpx.post(f"{page.local_url}gradio_api/upload", files={"files": b"a cat"})
        (upload,) = map(Path, sent.json())
        assert upload.read_bytes() == b"a cat"
    assert not upload.exists()
    assert not (tmp_path / "elsewhere").exists()
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path / "elsewhere")


def test_what_lies_for_too_long_goes_and_samples_stay(tiny, monkeypatch):
    monkeypatch.setattr("cstm.web.serve._COPIES_KEPT", 1)
    monkeypatch.setattr("cstm.web.serve._BETWEEN", 0.1)
    with open_page(tiny, Limits(), port=free_port()) as page:
        uploads = Path(os.environ["GRADIO_TEMP_DIR"])
        samples = files_in(uploads)
        assert any(path.suffix == ".mp4" for path in samples)
        sent = httpx.post(f"{page.local_url}gradio_api/upload", files={"files": b"a cat"})
        (upload,) = map(Path, sent.json())
        with broken_off_upload(str(page.local_url)):
            wait_for(lambda: files_in(uploads) > samples | {upload})
        assert upload.exists()
        wait_for(lambda: files_in(uploads) == samples)
        wait_for(lambda: not upload.parent.exists())


def test_the_page_opens_behind_a_proxy_that_does_not_answer(tiny, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "example.org")
    monkeypatch.delenv("no_proxy", raising=False)
    with open_page(tiny, Limits(), port=free_port()) as page:
        assert httpx.get(str(page.local_url)).status_code == 200
        assert os.environ["no_proxy"].startswith("example.org,127.0.0.1")
    assert os.environ["NO_PROXY"] == "example.org"
    assert "no_proxy" not in os.environ


def test_a_taken_port_is_one_line(address, monkeypatch, capsys):
    port = address.rstrip("/").rsplit(":", 1)[1]
    monkeypatch.setattr("sys.argv", ["cstm", "serve", "--weights", "tiny", "--port", port])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert f"port {port}; choose another" in capsys.readouterr().err
    # Gradio leaves the socket open with which it tried the port; here that is not an error. The
    # exception holds what was on the stack.
    del stopped
    gc.collect()
