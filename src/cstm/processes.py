"""One process or many: who computes where, under torchrun or alone."""

import os
from typing import Literal

import torch
from lightning_fabric import Fabric

from cstm.config import Device

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


def pick_device(device: Device) -> torch.device:
    """The device of that name; ``auto`` is a GPU where there is one."""
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("there is no GPU that torch can use; choose --device cpu")
    return torch.device(device)


def join(device: Device, precision: Precision = "32-true") -> Fabric:
    """Take this process's place: among those that torchrun started, or alone.

    Under ``torchrun --nproc-per-node 8`` each process takes the GPU of its local rank, and they
    talk by NCCL (on CPUs by gloo). ``fabric.global_rank`` and ``fabric.world_size`` say who is who.

    Raises:
        ValueError: a GPU was asked for and there is none.
    """
    local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    world = int(os.environ.get("WORLD_SIZE", 1))
    fabric = Fabric(
        accelerator=pick_device(device).type,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision=precision,
    )
    fabric.launch()
    return fabric
