"""A run that is killed at any moment ends with the very weights of one that was not."""

import random
import signal
import time
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small import EXPERIMENT

from cstm.data.feeding.mixture import Source
from cstm.data.synthetic import synthesize
from cstm.training.plan import Pace, Run

KILLS = 10


def train_in_a_process(run: Run, steps: Synchronized) -> None:
    torch.set_num_threads(1)
    from cstm.processes import join
    from cstm.training.run import train

    with join("cpu") as fabric:
        for _ in train(run, fabric):
            steps.value += 1


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("killed") / "world"
    synthesize(root, 3, 2, seed=5, size=(96, 80), frames=12, workers=1)
    return root


def test_killed_at_ten_random_moments(world, tmp_path):
    context = get_context("forkserver")
    context.set_forkserver_preload(["cstm.training.run"])

    def start(out: Path):
        # Saved after every step, so that each life gets a little further.
        run = Run(
            EXPERIMENT, "test", (Source("synthetic", world, 1.0),), out, tmp_path / "prepared",
            validation_samples=3, pace=Pace(save_minutes=0.0),
        )  # fmt: skip
        steps = context.Value("i", 0)
        process = context.Process(target=train_in_a_process, args=(run, steps))
        process.start()
        return process, steps

    undisturbed, steps = start(tmp_path / "undisturbed")
    undisturbed.join()
    assert undisturbed.exitcode == 0

    moments = random.Random(0)
    for _ in range(KILLS):
        process, done = start(tmp_path / "killed")
        enough = moments.randrange(steps.value // KILLS)
        while done.value < enough and process.is_alive():
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.05))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    last, done = start(tmp_path / "killed")
    last.join()
    assert last.exitcode == 0
    assert 0 < done.value < steps.value, "the last life should have gone on, not begun anew"

    for name in ("spatial/last", "temporal/last", "temporal/best", "joint/last", "cstm"):
        expected, found = (
            load_file(tmp_path / out / f"{name}.safetensors") for out in ("undisturbed", "killed")
        )
        assert expected.keys() == found.keys()
        for key, value in expected.items():
            assert torch.equal(value, found[key]), f"{name}: {key}"
    assert not list((tmp_path / "killed").rglob("*.partial-*"))
