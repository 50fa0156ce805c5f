"""Every command, option and piece of code of the documentation does what the pages say."""

import contextlib
import hashlib
import io
import re
import shutil
import sys
import warnings
from pathlib import Path

import pytest
from pages import PAGES, read_commands, read_page
from stand_ins import write_stand_ins

from cstm.cli import COMMANDS, _parse, main
from cstm.data.composed.clips import CLIPS
from cstm.download import PublishedFile
from cstm.model.published import PUBLISHED, Published

LESS = {
    "synthesize": "--clips 3 --test-clips 2 --size 96 80 --frames 12 --workers 1",
    "check-data": "--workers 1",
    "train": "--clip.size 64 --validation-samples 2",
    "train (?!.* None)": "--decoder.epochs 1 --decoder.samples 4 --decoder.batch 4",
    "train (?!lite)(?!.*--start)": "--encoders.epochs 1 --encoders.samples 4 --encoders.batch 4",
    "train .*--composed-clips": "--composed-clips 3 9",
    "train (?!.*--start)": "--model.width 4 --model.decoder-channels 8",
    "train (paper|lite)(?!.*--start)": "--model.spatial narrow2d --model.temporal narrow3d "
    "--spatial-weights random --temporal-weights random",
    "evaluate": "--samples 4 --batch 4 --workers 0",
    "calibrate": "--samples 30 --size 64 --overwrite",
    "pack": "--words 50 --overwrite",
    "segment": "--overwrite",
    "segment(?!.*--weights)": "--weights tiny",
}
"""What is added to all commands that begin like this, so that they take a second."""

NOT_RUN = {
    "demo$": "a minute; tests/inference/test_demo.py",
    "serve": "goes on until it is stopped; tests/web",
    "fetch(?!.*--list)": "downloads up to 2.2 GB; tests/test_download.py",
    "import-weights": "the authors' checkpoint of 740 MB; tests/training/test_import_weights.py",
    r".*\breleased.safetensors": "made of that",
    "train paper .*bf16": "half precision is slow where the processor knows none",
    "pack .*--words 11000": "of the vectors that lite was trained with; others are refused",
    "torchrun": "many processes; tests/training/test_shared_batches.py",
    "(train|evaluate) .*table3": "twelve large networks; tests/model/test_network.py",
    "segment (-|0|http.*) ": "a pipe, a camera, a server; tests/inference/test_source.py",
}
"""Commands that begin like this are read and not run, and why."""

REST = {
    "train": "--root A2D --out runs/rest",
    "evaluate": "tiny --root world",
    "segment": "--query dog --out found",
}
"""What stands for …, and for what a command within a sentence leaves out."""

ANY = re.compile(r"[A-Z]{3,}$")
"""An argument such as FILE: the reader puts something in its place."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photographs) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    write_stand_ins(folder, photographs)
    return folder


@pytest.fixture(scope="module")
def ran() -> set[tuple[Path, str]]:
    """Commands that one page has shown need not run again for another."""
    return set()


@pytest.fixture
def home(folder, monkeypatch) -> Path:
    """Where everything lies that the pages name; composed datasets are small here."""
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("CSTM_CACHE", str(folder / "cache"))
    glove = folder / "cache" / "glove.840B.300d.zip"
    checksum = f"sha256:{hashlib.sha256(glove.read_bytes()).hexdigest()}"
    stand_in = Published(PublishedFile(f"https://localhost/{glove.name}", checksum), "", "")
    monkeypatch.setitem(PUBLISHED, "glove", stand_in)
    monkeypatch.setitem(CLIPS, "train", 30)
    monkeypatch.setitem(CLIPS, "test", 6)
    monkeypatch.chdir(folder)
    return folder


def parse(arguments: list[str]) -> str | None:
    """Read a command line as `cstm` does; what is wrong with it comes back."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            _parse([argument for argument in arguments if argument != "torchrun"])
        except SystemExit as end:
            return said.getvalue() if end.code else None
        except ValueError as error:
            return str(error)
    return None


@pytest.mark.parametrize("page", PAGES)
def test_the_command_line_takes_every_command(page, home):
    folder = home
    for shown in read_page(page):
        hidden = shown.language not in ("sh", "inline") and re.search("^cstm ", shown.body, re.M)
        assert not hidden, f"{page}: commands stand in blocks of sh\n{shown.body}"
        commands, folder = read_commands(shown, folder, home)
        for arguments in commands:
            name = arguments[0]
            if shown.language == "inline" and len(arguments) == 1:
                assert name in COMMANDS, f"{page}: cstm {name}"
            elif name != "COMMAND":
                rest = REST.get(name, "").split()
                whole = [word for a in arguments for word in (rest if a == "…" else [a])]
                wrong = parse(whole)
                if wrong and shown.language == "inline":
                    wrong = parse([*whole, *rest])
                assert wrong is None, f"{page}: cstm {' '.join(arguments)}\n{wrong}"


def test_every_option_that_a_sentence_names_is_one(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit):
            _parse([name, *(["lite"] if name in ("train", "profile") else []), "--help"])
    known = set(re.findall(r"--[a-z][\w.-]*", capsys.readouterr().out))
    of_torchrun = {"--node-rank"}
    for page in PAGES:
        for shown in read_page(page):
            if shown.language == "inline" and shown.body.startswith("--"):
                named = set(re.findall(r"(?<!\S)--[a-z][\w.-]*", shown.body))
                assert named <= known | of_torchrun, f"{page}: `{shown.body}`"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("page", [page for page in PAGES if page != "docs/backbone.md"])
def test_what_a_page_shows_runs(page, home, ran, monkeypatch, capsys):
    folder = home
    for shown in read_page(page):
        if shown.file:
            (folder / shown.file).write_text(shown.body)
        elif shown.language == "python":
            exec(compile(shown.body, page, "exec"), {"__name__": "shown"})
        commands, folder = read_commands(shown, folder, home)
        monkeypatch.chdir(folder)
        for arguments in commands:
            line = " ".join(arguments)
            if matching(NOT_RUN, line) or (folder, line) in ran:
                continue
            if is_whole(arguments, shown.language):
                ran.add((folder, line))
                said = run(arguments, monkeypatch, capsys)
                assert said is None, f"{page}: cstm {line}\n{said}"


def is_whole(arguments: list[str], language: str) -> bool:
    if "…" in arguments or any(ANY.match(a) and not Path(a).exists() for a in arguments):
        return False
    return language == "sh" or (len(arguments) > 1 and parse(arguments) is None)


def matching(table: dict[str, str], line: str) -> list[str]:
    return [value for beginning, value in table.items() if re.match(beginning, line)]


def run(arguments: list[str], monkeypatch, capsys) -> str | None:
    """Run less of a command; what it complains of comes back."""
    name, *rest = arguments
    # Pages train under the same names with other settings, and drawing wants a new folder.
    if name == "train":
        shutil.rmtree(rest[rest.index("--out") + 1], ignore_errors=True)
    if name == "synthesize":
        shutil.rmtree(rest[0], ignore_errors=True)
    arguments = [argument for argument in arguments if argument != "--compiled"]  # takes minutes
    less = " ".join(matching(LESS, " ".join(arguments))).split()
    monkeypatch.setattr(sys, "argv", ["cstm", *arguments, *less])
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        try:
            main()
        except SystemExit as end:
            return capsys.readouterr().err if end.code else None
    return None


def test_what_is_not_run_and_what_is_cut_is_still_there(home):
    lines = []
    for page in PAGES:
        folder = home
        for shown in read_page(page):
            commands, folder = read_commands(shown, folder, home)
            if shown.language == "sh":
                lines += [" ".join(arguments) for arguments in commands]
    for beginning in (*NOT_RUN, *LESS):
        assert any(re.match(beginning, line) for line in lines), f"no page shows {beginning}"
