"""Two processes, started as a user starts them, print what one prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cstm.cli import main
from cstm.data.synthetic import synthesize

RUN = """
from torch import distributed
from cstm.cli import main

main()
assert not distributed.is_initialized(), "left while gloo's threads run"
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("processes") / "world"
    synthesize(root, 1, 3, seed=3, size=(96, 80), frames=12, workers=1)
    return root


@pytest.mark.parametrize("case", [("coco", 13, 4), ("released", 7, 1), ("ratio", 1, 1)])
def test_two_processes_measure_what_one_does(case, root, tmp_path, monkeypatch, capsys):
    """Odd counts, a last batch that is not full, and a process that gets no sample at all."""
    protocol, samples, batch = case

    def arguments(saved: str) -> list[str]:
        return [
            *f"evaluate tiny --root {root} --data synthetic --workers 0 --json".split(),
            *f"--protocol {protocol} --samples {samples} --batch {batch}".split(),
            *f"--save-predictions {tmp_path / saved}".split(),
        ]

    script = tmp_path / "run.py"
    script.write_text(RUN)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(script), *arguments("two.json")]
    two = subprocess.run(command, capture_output=True, text=True, check=False)
    assert two.returncode == 0, two.stderr
    monkeypatch.setattr(sys, "argv", ["cstm", *arguments("one.json")])
    main()
    alone = json.loads(capsys.readouterr().out)
    assert alone["samples"] == samples
    assert json.loads(two.stdout) == alone, "only one process prints"
    saved = [(tmp_path / f"{count}.json").read_bytes() for count in ("one", "two")]
    assert saved[0] == saved[1]
    assert len(json.loads(saved[0])) == samples
