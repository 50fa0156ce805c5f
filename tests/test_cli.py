"""The command line as a user meets it: every mistake is one line, exit code 2, nothing written."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from unittest.mock import Mock

import av
import cv2
import numpy as np
import pytest
import torch
from pycocotools import mask as coco

from cstm.cli import COMMANDS
from cstm.data.frames.second_look import look_again
from cstm.data.synthetic import render_clip
from cstm.inference.samples import write_clip

COMMAND = Path(sys.executable).with_name("cstm")


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_clip(render_clip(5, size=(96, 80), frames=12).frames, Fraction(24), path)
    return path


def refused(result: tuple[int, str, str], *words: str) -> None:
    code, _, err = result
    assert code == 2, err
    assert len(err.strip().splitlines()) == 1, err
    assert "Traceback" not in err
    for word in words:
        assert word in err


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_segment_writes_masks_overlays_and_coco(cstm, clip, tmp_path):
    out = tmp_path / "out"
    code, printed, _ = cstm(
        "segment", clip, "--query", "the dog on the left", "--query", "a red ball", "--out", out
    )
    assert code == 0
    assert "12 frames × 2 queries" in printed
    document = json.loads((out / "masks.json").read_text())
    assert (document["width"], document["height"], document["frames"]) == (96, 80, 12)
    for number, query in enumerate(document["queries"], start=1):
        pictures = sorted((out / f"{number:02d}").glob("*.png"))
        assert len(pictures) == len(query["segmentations"]) == len(query["scores"]) == 12
        for picture, segmentation in zip(pictures, query["segmentations"], strict=True):
            mask = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
            assert mask.shape == (80, 96)
            decoded = np.zeros_like(mask) if segmentation is None else coco.decode(segmentation)
            assert np.array_equal(decoded * 255, mask)
        with av.open(str(out / f"{number:02d}-overlay.mp4")) as overlay:
            assert sum(1 for _ in overlay.decode(video=0)) == 12


def test_segment_looks_again_where_asked_to(cstm, clip, tmp_path, monkeypatch):
    looks = []

    def watched(first, *arguments):
        looks.append(first)
        return look_again(first, *arguments)

    monkeypatch.setattr("cstm.inference.segmenter.look_again", watched)
    command = ("segment", clip, "--query", "a dog", "--weights", "tiny")
    assert cstm(*command, "--out", tmp_path / "once")[0] == 0
    assert not looks
    assert cstm(*command, "--out", tmp_path / "twice", "--looks", 2)[0] == 0
    assert list(map(len, looks)) == [8, 4], "a batch together"


def test_segment_writes_what_is_asked_for_of_the_frames_asked_for(cstm, clip, tmp_path):
    def segment(out, *options):
        arguments = ("--query", "a dog", "--out", out, "--weights", "tiny", "--batch", 1)
        assert cstm("segment", clip, *arguments, *options)[0] == 0
        return np.load(out / "masks.npy"), json.loads((out / "masks.json").read_text())

    masks, _ = segment(tmp_path / "whole", "--save", "numpy", "json")
    some, document = segment(
        tmp_path / "some", "--save", "numpy", "json", "indexed", "--frames", "3:", "--every", 4
    )
    assert document["indices"] == [3, 7, 11]
    assert (some == masks[3::4]).all()
    names = {path.name for path in (tmp_path / "some").iterdir()}
    assert names == {"masks.npy", "masks.json", "indexed"}
    assert len(list((tmp_path / "some/indexed").iterdir())) == 3
    between, document = segment(
        tmp_path / "between", "--save", "numpy", "json", "--start", "0:0.25", "--end", ".375"
    )
    assert document["indices"] == [6, 7, 8]
    assert (between == masks[6:9]).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--frames", "-5:"), ["from 0 on"]),
        (("--frames", "100:200"), ["the video ends with frame 11"]),
        (("--frames", "5:2"), ["nothing lies between"]),
        (("--frames", "soon"), ["100:200"]),
        (("--frames", "1:2", "--end", "3"), ["one or the other"]),
        (("--start", "-1"), ["-1: expected a time"]),
        (("--start", "60"), ["the video ends with frame 11"]),
        (("--every", "0"), ["every should be at least 1"]),
        (("--save",), ["nothing to save", "cutout"]),
    ],
)
def test_frames_and_outputs_that_make_no_sense(cstm, clip, tmp_path, options, words):
    arguments = ("--query", "a dog", "--out", tmp_path / "out", "--weights", "tiny")
    refused(cstm("segment", clip, *arguments, *options), *words)
    assert list(tmp_path.iterdir()) == []


def test_sources_that_cannot_be_had(cstm, tmp_path):
    arguments = ("--query", "a dog", "--out", tmp_path / "out", "--weights", "tiny")
    refused(cstm("segment", "99", *arguments), "camera 99 cannot be opened")
    refused(cstm("segment", "memory://bucket/none.mp4", *arguments), "no such file there")
    refused(cstm("segment", "foo://bucket/none.mp4", *arguments), "Protocol not known")
    refused(cstm("segment", "http://127.0.0.1:1/x.mp4", *arguments), "cannot be read")
    # A query that means nothing is told before anything is fetched.
    wrong = ("--query", "zyxw", "--out", tmp_path / "out", "--weights", "tiny")
    refused(cstm("segment", "foo://bucket/none.mp4", *wrong), "none of the words")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_segmented_as_a_file_is(cstm, clip, tmp_path, monkeypatch):
    options = ("--query", "a dog", "--weights", "tiny", "--save", "json", "--frames", ":3")
    with clip.open() as piped:
        monkeypatch.setattr("sys.stdin", piped)
        assert cstm("segment", "-", *options, "--out", tmp_path / "out")[0] == 0
    document = json.loads((tmp_path / "out/masks.json").read_text())
    assert document["video"] == "standard input"
    assert document["indices"] == [0, 1, 2]


def test_a_missing_file(cstm, tmp_path):
    out = tmp_path / "out"
    refused(cstm("segment", tmp_path / "no.mp4", "--query", "a dog", "--out", out), "no.mp4")
    assert not out.exists()


def test_a_text_file_named_mp4(cstm, tmp_path):
    video = tmp_path / "text.mp4"
    video.write_text("this is no video\n" * 50)
    refused(cstm("segment", video, "--query", "a dog", "--out", tmp_path / "out"), "text.mp4")
    assert sorted(tmp_path.iterdir()) == [video]


def test_a_file_with_sound_alone(cstm, tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for number in range(20):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
            )
            frame.sample_rate, frame.pts = 44100, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    refused(cstm("segment", path, "--query", "a dog", "--out", tmp_path / "out"), "video")


def test_a_truncated_video_is_segmented_as_far_as_it_decodes(cstm, tmp_path):
    whole, cut = tmp_path / "whole.mp4", tmp_path / "cut.mp4"
    with av.open(str(whole), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 96, 80, "yuv420p"
        random = np.random.default_rng(0)
        for _ in range(40):
            picture = random.integers(0, 255, (80, 96, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    out = tmp_path / "out"
    code, _, err = cstm("segment", cut, "--query", "a dog", "--out", out, "--weights", "tiny")
    assert code == 0
    assert len(err.strip().splitlines()) == 1
    assert "decoded" in err
    assert "40 were announced" in err
    assert 5 < len(list((out / "01").iterdir())) < 40


@pytest.mark.parametrize(
    ("query", "word"),
    [("   ", "no words"), ("zyxw qqqq", "none of the words"), ("?!", "no words")],
)
def test_queries_that_mean_nothing(cstm, clip, tmp_path, query, word):
    refused(cstm("segment", clip, "--query", query, "--out", tmp_path / "out"), word)
    assert not (tmp_path / "out").exists()


def test_no_query(cstm, clip, tmp_path):
    refused(cstm("segment", clip, "--out", tmp_path / "out"), "query")


def test_a_query_over_20_words_is_cut_and_says_so(cstm, clip, tmp_path):
    query = "the dog " * 10 + "running to the left"
    out = tmp_path / "out"
    code, _, err = cstm("segment", clip, "--query", query, "--out", out, "--weights", "tiny")
    assert code == 0
    assert len(err.strip().splitlines()) == 1
    assert '"running to the left"' in err


def test_an_existing_folder_is_kept_without_overwrite(cstm, clip, tmp_path):
    out = tmp_path / "out"
    assert cstm("segment", clip, "--query", "a dog", "--out", out, "--weights", "tiny")[0] == 0
    before = (out / "masks.json").read_bytes()
    refused(cstm("segment", clip, "--query", "a cat", "--out", out), "--overwrite")
    assert (out / "masks.json").read_bytes() == before
    assert cstm("segment", clip, "--query", "a cat", "--out", out, "--overwrite")[0] == 0
    assert json.loads((out / "masks.json").read_text())["queries"][0]["text"] == "a cat"


def test_a_folder_that_cannot_be_written(cstm, clip):
    refused(cstm("segment", clip, "--query", "a dog", "--out", "/proc/out"), "/proc/out")


def test_unknown_names(cstm, clip, tmp_path):
    out = tmp_path / "out"
    result = cstm("segment", clip, "--query", "a dog", "--out", out, "--weights", "tinny")
    refused(result, "did you mean tiny?")
    refused(cstm("profile", "papper"), "did you mean paper?")
    refused(cstm("train", "tinny", "--root", tmp_path, "--out", out), "did you mean tiny?")
    refused(cstm("train", "--root", tmp_path, "--out", out, "tiny"), "name the experiment first")


def test_settings_that_make_no_sense(cstm, tmp_path):
    arguments = ("train", "tiny", "--root", tmp_path, "--out", tmp_path / "run")
    for setting, reason in {
        "--encoders.batch": "batch should be at least",
        "--clip.size": "size should be at least",
    }.items():
        refused(cstm(*arguments, setting, 0), f"{setting[2:].split('.')[0]}: {reason}")
    refused(cstm(*arguments, "--decoder.seed", -1), "decoder: seed should be at least 0")
    useless = ("train", "lite", *arguments[2:], "--encoders.epochs", 9)
    refused(cstm(*useless), "nothing in this run is trained by these settings")
    untaught = cstm(*arguments, "--model.presence", "pooled")
    refused(untaught, "nothing teaches the score; give --encoders.presence-weight 0.5 as well")
    refused(cstm(*arguments, "--start", "tiny", "--encoders.epochs", 9), "by those of --decoder")
    refused(
        cstm(*arguments, "--model.spatial", "None", "--temporal-weights", "random",
             "--spatial-weights", "random"),
        "tiny has no spatial encoder",
    )  # fmt: skip
    assert not (tmp_path / "run").exists()
    refused(cstm("profile", "lite", "--model.width", -1), "model: width should be at least 1")
    refused(cstm("segment", "", "--query", "a cat", "--out", tmp_path / "new"), "has no name")
    refused(cstm("serve", "--host", "::1"), "::1: give --host a name or an address of four numbers")
    for command in (("segment", tmp_path, "--query", "a cat"), ("evaluate", "tiny")):
        where = "--out" if command[0] == "segment" else "--root"
        for size, told in ((0, "size should be at least 32"), (10**10, "size should be at most")):
            refused(cstm(*command, where, tmp_path / "new", "--size", size), told)


def test_a_video_that_breaks_while_other_processes_read_is_one_line(cstm, tmp_path):
    world = tmp_path / "world"
    assert cstm("synthesize", world, "--clips", 1, "--test-clips", 1, "--frames", 12)[0] == 0
    for video in world.rglob("*.mp4"):
        video.write_bytes(video.read_bytes()[:500])
    refused(cstm("evaluate", "tiny", "--data", "synthetic", "--root", world), ".mp4")
    out = tmp_path / "run"
    refused(cstm("train", "tiny", "--data", "synthetic", "--root", world, "--out", out), ".mp4")


def test_every_command_of_the_benchmarks_refuses_what_it_cannot_use(cstm, tmp_path):
    nowhere, out = tmp_path / "nowhere", tmp_path / "out"
    refused(cstm("check-data", "a2d", nowhere), "no such folder")
    refused(cstm("check-data", "jhmdb", nowhere), "no such folder")
    refused(cstm("evaluate", "tiny", "--data", "jhmdb", "--root", tmp_path), "jhmdb_annotation.txt")
    refused(cstm("evaluate", "tiny", "--root", nowhere, "--workers", -1), "at least 0, got -1")
    refused(cstm("score", nowhere, nowhere), "nowhere")
    refused(cstm("fetch", "i3b"), "did you mean i3d?")
    text = tmp_path / "text.pth.tar"
    text.write_text("weights")
    refused(cstm("import-weights", text, out, "--vectors", text), "text.pth.tar")
    refused(cstm("train", "paper", "--data", "jhmdb", "--root", tmp_path, "--out", out), "testing")
    refused(cstm("train", "released", "--root", tmp_path, "--out", out), "train another")
    assert not out.exists()


def test_checkpoints_that_are_none(cstm, clip, tmp_path):
    from cstm.inference.load import find_weights

    def segment(weights: Path) -> tuple[int, str, str]:
        out = tmp_path / "out"
        return cstm("segment", clip, "--query", "a dog", "--out", out, "--weights", weights)

    truncated = tmp_path / "truncated.safetensors"
    truncated.write_bytes(find_weights("tiny").read_bytes()[:100_000])
    refused(segment(truncated), "truncated")
    from safetensors.numpy import save_file

    foreign = tmp_path / "foreign.safetensors"
    save_file({"weight": np.zeros(3, np.float32)}, foreign)
    refused(segment(foreign), "not a checkpoint of cstm")
    refused(segment(tmp_path / "none.safetensors"), "no checkpoint at")


def test_evaluate_refuses_a_wrong_root(cstm, tmp_path):
    refused(cstm("evaluate", "tiny", "--root", tmp_path), "videoset.csv")


def test_synthesize_refuses_a_folder_with_something_in_it(cstm, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    refused(cstm("synthesize", tmp_path, "--clips", 1, "--test-clips", 1), "not empty")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_profile_prints_what_scripts_expect(cstm):
    code, printed, _ = cstm("profile", "tiny", "--json")
    assert code == 0
    cost = json.loads(printed)
    assert set(cost["macs"]) == {"language", "spatial", "temporal", "decoder", "total"}
    spatial = ("--model.spatial", "resnet50", "--model.temporal", "None")
    code, printed, _ = cstm("profile", "tiny", "--json", *spatial)
    assert code == 0
    assert json.loads(printed)["parameters"] > 23e6
    refused(cstm("profile", "--json", "tiny"), "name the experiment first")
    code, printed, _ = cstm("profile", "tiny", "--size", 256, "--json")
    assert 3.9 < json.loads(printed)["macs"]["spatial"] / cost["macs"]["spatial"] < 4.1
    _, printed, _ = cstm("profile", "paper", "--size", 256)
    assert "the paper" not in printed
    code, printed, _ = cstm("profile", "paper")
    assert code == 0
    assert "213.06" in printed


def test_evaluate_prints_what_scripts_expect(cstm, tmp_path):
    from cstm.data.synthetic import synthesize

    root = tmp_path / "world"
    synthesize(root, 1, 2, seed=4, size=(96, 80), frames=12, workers=1)
    code, printed, err = cstm("evaluate", "tiny", "--root", root, "--workers", 0, "--json")
    assert code == 0, err
    result = json.loads(printed)
    assert result["protocol"] == "ratio"
    for key in ("precision@0.5", "precision@0.9", "ap", "overall_iou", "mean_iou"):
        assert 0 <= result[key] <= 1
    code, printed, _ = cstm(
        "evaluate", "tiny", "--root", root, "--workers", 0, "--json", "--precision", "bf16-mixed"
    )
    assert code == 0
    assert 0 < abs(json.loads(printed)["mean_iou"] - result["mean_iou"]) < 0.05
    code, printed, _ = cstm("evaluate", "tiny", "--root", root, "--workers", 0)
    assert code == 0
    assert "picked" in printed


def test_settings_of_the_page_that_make_no_sense(cstm):
    for options, word in (
        (["--port", "99999"], "port"),
        (["--megabytes", "-1"], "megabytes"),
        (["--waiting", "0"], "waiting"),
        (["--sentences", "0"], "sentences"),
        (["--seconds", "nan"], "seconds"),
        (["--size", "0"], "size"),
    ):
        refused(cstm("serve", "--weights", "tiny", *options), word)


def test_settings_of_composed_clips_that_make_no_sense(cstm, photographs, tmp_path):
    run = ["train", "tiny", "--root", photographs, "--out", tmp_path / "run"]
    for data, options, words in (
        ("own", ["--composed-clips", "3", "9"], "--composed-clips is for --data composed"),
        ("own", ["--composed-motions", "away", "2"], "--composed-motions is for --data composed"),
        ("composed", ["--composed-clips", "9", "3"], "the second no smaller"),
        ("composed", ["--composed-motions", "hovering", "2"], "there are: left, right, up"),
        ("composed", ["--composed-motions", "away", "-1"], "a number above 0"),
    ):
        refused(cstm(*run, "--data", data, *options), words)
    assert not (tmp_path / "run").exists()


def test_the_last_composed_clip_is_trained_on_too(cstm, photographs, tmp_path, monkeypatch):
    runs = []
    monkeypatch.setattr("cstm.training.run.train", lambda run, _: runs.append(run) or iter(()))
    out = tmp_path / "run"
    run = ["train", "tiny", "--root", photographs, "--out", out, "--data", "composed"]
    assert cstm(*run, "--composed-clips", "3", "9")[0] == 0
    assert runs[0].composed_clips == range(3, 10)


def test_words_without_their_file(cstm, tmp_path):
    out = tmp_path / "packed.safetensors"
    refused(cstm("pack", "tiny", out, "--words", "500"), "--vectors")
    refused(cstm("pack", "tiny", out, "--vectors", "x.txt", "--words", "-5"), "at least 1")
    (tmp_path / "world").mkdir()
    run = ["--root", tmp_path / "world", "--out", tmp_path / "run", "--data", "synthetic"]
    refused(cstm("train", "tiny", *run, "--words", "500"), "--vectors")
    assert [path.name for path in tmp_path.iterdir()] == ["world"]


def test_weights_of_the_package_can_be_packed_by_name(cstm, tmp_path):
    out = tmp_path / "packed.safetensors"
    code, printed, _ = cstm("pack", "tiny", out)
    assert code == 0
    assert str(out) in printed
    assert out.is_file()


def test_two_results_in_one_file(cstm, tmp_path):
    both = tmp_path / "masks.json"
    files = ["--save-predictions", both, "--save-truth", both]
    refused(cstm("evaluate", "tiny", "--root", tmp_path, *files), "name two files")


def test_a_terminal_that_knows_few_letters_gets_others():
    for encoding in ("ascii", "latin-1"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(
            [COMMAND, "profile", "tiny"], env=environment, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"GMAC" in done.stdout


def test_a_closed_terminal_leaves_nothing_behind(clip, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen(
        [COMMAND, "segment", "-", "--query", "a dog", "--weights", "tiny", "--out", str(out)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        # Under nohup the signal is ignored, and rightly so.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    assert process.stdin is not None
    process.stdin.write(clip.read_bytes()[:5000])
    process.stdin.flush()
    end = time.monotonic() + 60
    while not list(tmp_path.glob("cstm-*")):
        assert time.monotonic() < end
        time.sleep(0.1)
    process.send_signal(signal.SIGHUP)
    _, complaint = process.communicate(timeout=60)
    assert (process.returncode, complaint) == (130, b"cstm: stopped\n")
    assert not [path for path in tmp_path.iterdir() if path.name != clip.name]


@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 0)])
def test_closed_streams_are_no_traceback(clip, tmp_path, closed, code):
    video = "-" if closed == "<&-" else clip
    asked = f"segment {video} --query 'a dog' --weights tiny --save json --out {tmp_path / 'out'}"
    done = subprocess.run(
        f"{COMMAND} {asked} {closed}", shell=True, capture_output=True, check=False
    )
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert (tmp_path / "out" / "masks.json").exists() == (code == 0)


def test_a_full_disk_says_which(cstm, clip, tmp_path, monkeypatch):
    def fill(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("cstm.inference.load.load", fill)
    out = tmp_path / "out"
    refused(cstm("segment", clip, "--query", "a dog", "--out", out), "No space left", "TMPDIR")


def test_python_names_what_may_be_chosen():
    """Annotations would be checked within the tests, and are not outside."""
    tries = {
        'cstm.FrameRange(1, 2, unit="minutes")': "unit should be frames or seconds",
        "cstm.FrameRange(numpy.int64(9), numpy.int64(9))": "9 to 9: nothing lies between",
        "cstm.FrameRange(every=2.5)": "every should be at least 1 and whole",
        'cstm.load("tiny", precision="bf16")': "precision should be auto, 32-true or bf16-mixed",
        'cstm.load("tiny", device="cuda:0")': "device should be auto, cpu or cuda",
        'cstm.load("tiny", looks=3)': "looks should be 1 or 2",
        'net.segment([], ["a dog"], keep="probability")': "keep should be masks or probabilities",
        'net.segment([], ["a dog", 1])': "a list of sentences, got 1 in it",
        'net.segment([], (q for q in ["zygomorphic"]))': "none of the words",
        'net.segment([], numpy.array(["zygomorphic", "a dog"]))': "none of the words",
    }
    code = ["import cstm, numpy", 'net = cstm.load("tiny")']
    code += [f"try: {tried}\nexcept ValueError as error: print(error)" for tried in tries]
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(code)], capture_output=True, text=True, check=True
    )
    told = done.stdout.splitlines()
    assert len(told) == len(tries), told
    for line, words in zip(told, tries.values(), strict=True):
        assert words in line


def test_a_reader_who_has_seen_enough_is_no_error():
    process = subprocess.Popen(
        [COMMAND, "train", "tiny", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, complaint = process.communicate()
    assert complaint == b""


@pytest.mark.parametrize(
    ("fill", "whose"),
    [
        (lambda *_: torch.empty(10**15), "the computer's"),
        (lambda *_: np.empty(10**15), "the computer's"),
        (Mock(side_effect=torch.OutOfMemoryError("CUDA out of memory.\nTried")), "the GPU's"),
    ],
)
def test_a_full_memory_is_one_line(cstm, monkeypatch, fill, whose):
    monkeypatch.setattr("cstm.evaluation.cost.profile", fill)
    refused(cstm("profile", "tiny"), whose, "smaller batch")


def test_the_version(cstm):
    code, printed, _ = cstm("--version")
    assert (code, printed.split()) == (0, ["cstm", version("cstm")])


def test_the_installed_command_teaches():
    command = [sys.executable, "-m", "cstm.cli", "segment", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--query" in help_text
    assert "Example" in help_text


def test_all_commands_are_seen_at_a_glance():
    command = [sys.executable, "-m", "cstm.cli", "--help"]
    help_text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"• {name}" in help_text for name in COMMANDS)
    assert len(help_text.splitlines()) < 50
    assert "Example" not in help_text


@pytest.mark.parametrize(
    ("code", "seconds"),
    [("import cstm", 2.0), ("import sys, cstm.cli; sys.argv[1:] = ['-h']", 1.0)],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code, seconds):
    """Processor time counts: other programs may be busy."""
    script = f"""
import resource, sys
{code}
try:
    if 'cstm.cli' in sys.modules:
        cstm.cli.main()
except SystemExit:
    pass
heavy = {{'torch', 'cv2', 'av', 'gradio', 'scipy'}} & set(sys.modules)
used = resource.getrusage(resource.RUSAGE_SELF)
print(sorted(heavy), used.ru_utime + used.ru_stime, file=sys.stderr)
sys.exit(bool(heavy) or used.ru_utime + used.ru_stime > {seconds})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_complete_commands_and_options(shell):
    command = [sys.executable, "-m", "cstm.cli", "--tyro-print-completion", shell]
    script = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for word in ("segment", "check-data", "--query", "--overwrite"):
        assert word in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
