"""The site is whole, its notebook and its example of a backbone run, and links lead somewhere."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from pages import PAGES, REPOSITORY, read_page


def test_the_backbone_of_the_page_is_one_file_and_one_name(tmp_path):
    """The page's edits, made to a copy of the package, give the network that the page shows."""
    leave = shutil.ignore_patterns("weights", "__pycache__")
    shutil.copytree(REPOSITORY / "src", tmp_path / "src", ignore=leave)
    its_test = "tests/model/test_network.py"
    (tmp_path / its_test).parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / its_test, tmp_path / its_test)
    script = ""
    for shown in read_page("docs/backbone.md"):
        if shown.language == "diff":
            lines = shown.body.splitlines(keepends=True)
            old, new = ("".join(x[1:] for x in lines if x[0] in " " + sign) for sign in "-+")
            text = (tmp_path / shown.title).read_text()
            assert text.count(old) == 1, f"{shown.title} has no such lines:\n{old}"
            (tmp_path / shown.title).write_text(text.replace(old, new))
        elif shown.language == "python" and shown.title:
            assert not (tmp_path / shown.title).exists()
            (tmp_path / shown.title).write_text(shown.body)
        elif shown.language == "python":
            script += shown.body
    script += """
import torchvision
from pathlib import Path
from cstm.model.backbones import build_spatial
from cstm.model.pretrained import load_backbone
from cstm.model.published import BACKBONE_WEIGHTS
weights = torchvision.models.RegNet_Y_400MF_Weights.IMAGENET1K_V1
assert BACKBONE_WEIGHTS["regnet_y"].file.url == weights.url
torch.save(torchvision.models.regnet_y_400mf(weights=None).state_dict(), "regnet.pth")
print(load_backbone("regnet_y", build_spatial("regnet_y", 0), Path("regnet.pth")).summary)
"""
    (said,) = re.findall(r"print\(.*\)  # (.*)", script)
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "src")}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[0] == said
    assert re.search(r": \d+ loaded, 2 head$", ran.stdout.strip()), ran.stdout
    command = [sys.executable, "-m", "pytest", its_test, "-k", "name_is_that or regnet_y"]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert "2 passed" in ran.stdout, ran.stdout


def test_the_tour_shows_what_it_computes(tmp_path, monkeypatch):
    path = REPOSITORY / "docs" / "tour.ipynb"
    assert path.stat().st_size < 600_000
    kept = nbformat.read(path, as_version=4)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    tour = NotebookClient(nbformat.read(path, as_version=4), timeout=300).execute()
    for cell, before in zip(tour.cells, kept.cells, strict=True):
        shown = [sorted(output.get("data", {})) for output in cell.get("outputs", [])]
        assert shown == [sorted(output.get("data", {})) for output in before.get("outputs", [])]
    found = "".join(o.get("text", "") for c in tour.cells for o in c.get("outputs", []))
    overlaps = re.findall(r"mean IoU (\S+) with (.*)", found)
    assert len(overlaps) == 4
    assert all((float(iou) > 0.5) == (who == "the one meant") for iou, who in overlaps)


def test_the_site_is_whole_and_asks_no_other_server(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > len(PAGES)
    fetched = r"<(?:script|img|source|iframe|link)\b[^>]*\b(?:src|href)=\"(?:https?:)?//"
    for page in pages:
        assert not re.search(fetched, page.read_text()), page
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text()), style


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere_without_the_site_too(page):
    path = REPOSITORY / page
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)#?([^)\s]*)\)", path.read_text()):
        target = (path.parent / link) if link else path
        assert target.is_file(), f"{page}: {link}"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            slugs = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
            assert anchor in slugs, f"{page}: {link}#{anchor}"
