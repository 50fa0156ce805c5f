"""Two processes, started as a user starts them, print what one prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cstm.cli import main
from cstm.data.synthetic import synthesize

RUN = """
import json, sys
from cstm.cli import main

for arguments in json.loads(sys.argv[1]):
    sys.argv = ["cstm", *arguments]
    main()
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("processes") / "world"
    synthesize(root, 1, 3, seed=3, size=(96, 80), frames=12, workers=1)
    return root


def test_two_processes_measure_what_one_does(root, tmp_path, monkeypatch, capsys):
    """Odd counts, a last batch that is not full, and a process that gets no sample at all."""

    def arguments(protocol: str, samples: int, batch: int, saved: str) -> list[str]:
        return [
            *f"evaluate tiny --root {root} --data synthetic --workers 0 --json".split(),
            *f"--protocol {protocol} --samples {samples} --batch {batch}".split(),
            *f"--save-predictions {tmp_path / saved}".split(),
        ]

    cases = [("coco", 13, 4), ("released", 7, 1), ("ratio", 1, 1)]
    script = tmp_path / "run.py"
    script.write_text(RUN)
    together = [arguments(*case, f"two-{case[0]}.json") for case in cases]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(script), json.dumps(together)]
    two = subprocess.run(command, capture_output=True, text=True, check=False)
    assert two.returncode == 0, two.stderr
    printed = two.stdout.splitlines()
    assert len(printed) == len(cases), "only one process prints"
    for case, line in zip(cases, printed, strict=True):
        monkeypatch.setattr(sys, "argv", ["cstm", *arguments(*case, f"one-{case[0]}.json")])
        main()
        alone = json.loads(capsys.readouterr().out)
        assert alone["samples"] == case[1]
        assert json.loads(line) == alone
        saved = [(tmp_path / f"{count}-{case[0]}.json").read_bytes() for count in ("one", "two")]
        assert saved[0] == saved[1]
        assert len(json.loads(saved[0])) == case[1]
