import json
import re
from importlib.metadata import metadata

from cstm.inference import doctor


def test_it_looks_at_everything_and_runs_the_weights(cstm, monkeypatch, tmp_path):
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path))
    code, out, _ = cstm("doctor", "--json")
    assert code == 0
    found = {entry["what"]: entry for entry in json.loads(out)}
    assert {"cstm", "device", "codecs", "weights lite", "weights tiny", "cache"} <= set(found)
    assert {"[web]", "[demo]", "[lite]"} <= set(found)
    assert re.search(r"\d+ frames a second", found["weights lite"]["detail"])
    # The one file that comes in a package of its own, which some have installed to train lite.
    in_package = found["[lite]"]["state"] == "works"
    assert found["cache"]["state"] == ("works" if in_package else "absent")
    told = "efficientnet_lite0 (in its package)"
    assert (told in found["cache"]["detail"]) == in_package
    assert found["[web]"]["state"] == "works", "what is installed for development brings it"


def test_what_is_in_the_cache_is_what_was_published(monkeypatch, tmp_path):
    monkeypatch.setenv("CSTM_CACHE", str(tmp_path))
    (tmp_path / doctor.PUBLISHED["glove"].file.path.name).write_bytes(b"an error page")
    symptom = doctor._cache()
    assert symptom.state == "broken"
    assert "is not the published file" in symptom.detail
    assert "delete it and run again" in symptom.detail


def test_what_is_missing_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(doctor, "_is_installed", lambda package: package != "gradio")
    found = {symptom.what: symptom for symptom in doctor._extras()}
    assert found["[web]"].state == "absent"
    assert 'pip install "cstm[web]" brings gradio' in found["[web]"].detail
    assert found["[demo]"].state == "works"


def test_broken_weights_are_broken(cstm, monkeypatch, tmp_path):
    (tmp_path / "lite.safetensors").write_bytes(b"half a file")
    monkeypatch.setattr("cstm.inference.load.SHIPPED", tmp_path)
    code, out, _ = cstm("doctor")
    assert code == 1
    assert any(line.startswith("broken weights lite:") for line in out.splitlines())


def test_a_network_that_cannot_run_here_is_broken(monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no kernel image\nis available")

    monkeypatch.setattr(doctor, "load", fail)
    symptom = doctor._weights("tiny")
    assert (symptom.state, symptom.detail) == ("broken", "no kernel image is available")


def test_codecs_that_fail_are_broken(monkeypatch):
    def fail(*_):
        raise OSError("no encoder")

    monkeypatch.setattr(doctor, "open_film", fail)
    symptom = doctor._codecs()
    assert (symptom.state, symptom.what) == ("broken", "codecs")
    assert "no encoder" in symptom.detail


def test_every_extra_is_explained():
    extras = set(metadata("cstm").get_all("Provides-Extra") or ())
    of_developers = {"dev", "docs"}
    assert extras - of_developers <= set(doctor._EXTRAS)
