"""Where a run's results come from: settings, code, machine."""

import json
import platform
import shlex
import subprocess
import sys
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from cstm.folder import whole_file
from cstm.training.plan import Run
from cstm.training.stages import Stage

CONFIG, ENVIRONMENT = "config.json", "environment.json"


def write_description(run: Run, fabric: Fabric) -> None:
    """Write ``config.json`` and ``environment.json`` into the run's folder."""
    config = {**asdict(run), "sources": [source._asdict() for source in run.sources]}
    environment = {
        **_environment(fabric),
        "processes": fabric.world_size,
        "precision": fabric.strategy.precision.precision,
        "pace": config.pop("pace"),
        "command": shlex.join(sys.argv),
        "packages": {
            name: version(name) for name in ("torch", "torchvision", "numpy", "lightning-fabric")
        },
    }
    for name, values in ((CONFIG, config), (ENVIRONMENT, environment)):
        with whole_file(run.out / name) as partial:
            partial.write_text(json.dumps(values, indent=2, default=str) + "\n")


def provenance(run: Run, stage: Stage, fabric: Fabric) -> dict[str, Any]:
    """Say where the weights of a stage come from."""
    return {
        "experiment": run.name,
        "stage": stage.name,
        "data": ", ".join(f"{source.data}: {source.root.resolve().name}" for source in run.sources),
        **({"start": run.start.name} if run.start else {}),
        **_environment(fabric),
    }


def _environment(fabric: Fabric) -> dict[str, Any]:
    return {
        "date": time.strftime("%Y-%m-%d"),
        "revision": _revision(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "hardware": _hardware(fabric),
    }


def _hardware(fabric: Fabric) -> str:
    if fabric.device.type == "cuda":
        return torch.cuda.get_device_name(fabric.device)
    return f"{torch.get_num_threads()} CPU threads ({platform.machine()})"


def _revision() -> str | None:
    """Git revision of the code, where it runs from a checkout of its own."""
    here = Path(__file__).resolve().parents[3]
    if not (here / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(here), "describe", "--always", "--dirty"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
