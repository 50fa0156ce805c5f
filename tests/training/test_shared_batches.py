"""Two processes with half of every batch each train what one process trains with the whole."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from cstm.data.synthetic import synthesize
from cstm.training.batches import Share
from cstm.training.fit import numbers

SETTINGS = (
    "--data", "synthetic", "--precision", "64-true", "--validation-samples", "5",
    "--clip.size", "64", "--model.width", "4", "--model.decoder-channels", "8",
    "--model.presence", "pooled", "--encoders.presence-weight", "0.5",
    "--encoders.average", "0.9", "--encoders.backbone-rate", "0.1",
    "--encoders.epochs", "1", "--encoders.batch", "4", "--encoders.learning-rate", "0.0005",
    "--decoder.epochs", "1", "--decoder.batch", "4", "--decoder.learning-rate", "0.0005",
    "--decoder.presence-weight", "0.5",
)  # fmt: skip
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
TWO = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("processes") / "world"
    synthesize(root, 6, 2, seed=3, size=(96, 80), frames=12, workers=1)
    return root


def cstm_train(launcher: tuple[str, ...], world: Path, out: Path) -> None:
    command = [sys.executable, *launcher, "-m", "cstm.cli", "train", "tiny", *SETTINGS]
    command += ["--root", str(world), "--out", str(out), "--prepared", str(world.parent / "clips")]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_same_weights_and_metrics_whoever_computes_them(world, tmp_path):
    """In double precision: Adam makes a step's length of a gradient's rounding error."""
    cstm_train((), world, tmp_path / "one")
    cstm_train(TWO, world, tmp_path / "two")
    for stage in ("spatial", "temporal", "joint"):
        one, two = (load_file(tmp_path / n / stage / "last.safetensors") for n in ("one", "two"))
        for key, value in one.items():
            torch.testing.assert_close(two[key], value, atol=1e-5, rtol=0, msg=f"{stage} {key}")
        first, second = (
            json.loads((tmp_path / n / stage / "metrics.jsonl").read_text()) for n in ("one", "two")
        )
        assert second["loss"] == pytest.approx(first["loss"], abs=1e-6)
        measured = dict(numbers(first["validation"]))
        assert dict(numbers(second["validation"])) == pytest.approx(measured, abs=1e-6)
        assert "ratio/mean_iou" in measured
    state = torch.load(tmp_path / "two" / "spatial" / "state.pt", weights_only=True)
    assert json.loads(state["progress"])["step"] >= 20


DISTIL = """
import sys
import torch
from torch import distributed
from cstm.model.backbones import build_spatial
from cstm.training.distillation import Distillation

torch.manual_seed(3)
distillation = Distillation(build_spatial("narrow2d", 4)).double().train()
random = torch.Generator().manual_seed(5)
feature, frame = (
    torch.rand(shape, generator=random, dtype=torch.float64) * 3
    for shape in ((4, distillation.head.in_channels, 2, 2), (4, 3, 64, 64))
)
feature += torch.arange(4)[:, None, None, None]
if "RANK" in __import__("os").environ:
    distributed.init_process_group("gloo")
    half = slice(2 * distributed.get_rank(), 2 * distributed.get_rank() + 2)
    loss = distillation(feature[half], frame[half] * torch.arange(1, 5)[half, None, None, None])
    distributed.all_reduce(loss)
    loss = loss / 2
    if distributed.get_rank() == 0:
        print(loss.item())
    distributed.destroy_process_group()
else:
    print(distillation(feature, frame * torch.arange(1, 5)[:, None, None, None]).item())
"""


def test_what_is_distilled_is_normalised_over_the_whole_batch(tmp_path):
    (tmp_path / "distil.py").write_text(DISTIL)
    one, two = (
        subprocess.run(
            [sys.executable, *launcher, str(tmp_path / "distil.py")],
            env=ENVIRONMENT, capture_output=True, text=True, check=True,
        ).stdout
        for launcher in ((), TWO)
    )  # fmt: skip
    assert float(two) == pytest.approx(float(one), abs=1e-12)
    assert float(one) > 0.5


def test_every_sample_of_a_batch_falls_to_exactly_one_part():
    shares = [Share(rank, 3, 2) for rank in range(3)]
    assert [p for share in shares for part in share.parts(12) for p in range(12)[part]] == list(
        range(12)
    )
    with pytest.raises(ValueError, match="multiple of 6"):
        shares[0].check(8)
