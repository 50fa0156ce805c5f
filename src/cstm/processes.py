"""One process or many: who computes where, under torchrun or alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import torch
from jaxtyping import Float
from lightning_fabric import Fabric
from torch import Tensor, distributed

from cstm.bounds import one_of
from cstm.config import Device, Precision, PrecisionInUse


def pick_device(device: Device) -> torch.device:
    """The device of that name; ``auto`` is a GPU where there is one.

    Raises:
        ValueError: there is no GPU that torch can use, or no such name.
    """
    one_of(get_args(Device), device=device)
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise ValueError("there is no GPU that torch can use; choose --device cpu")
    return torch.device(device)


def pick_precision(precision: PrecisionInUse, device: torch.device) -> Precision:
    """The precision of that name; ``auto`` is bfloat16 on a CPU that has instructions for it.

    Elsewhere bfloat16 is emulated, and slower. An older torch does not tell what a CPU has.

    Raises:
        ValueError: there is no such name.
    """
    one_of(get_args(PrecisionInUse), precision=precision)
    if precision != "auto":
        return precision
    knows = getattr(torch.cpu, "get_capabilities", dict)()
    reduced = knows.get("avx512_bf16") or knows.get("amx_bf16")
    return "bf16-mixed" if reduced and device.type == "cpu" else "32-true"


@contextmanager
def join(device: Device, precision: Precision = "32-true") -> Iterator[Fabric]:
    """Take this process's place, among those that torchrun started or alone, and leave it again.

    Under ``torchrun --nproc-per-node 8`` each process takes the GPU of its local rank, and they
    talk by NCCL (on CPUs by gloo). ``fabric.global_rank`` and ``fabric.world_size`` say who is who.

    At the end the process group is destroyed, since a process that exits while gloo's threads run
    may be aborted; not after an error, when the others may be waiting: torchrun ends them then.

    Raises:
        ValueError: there are fewer GPUs than asked for; or 16-mixed without a GPU.
    """
    kind = pick_device(device).type
    if precision == "16-mixed" and kind == "cpu":
        raise ValueError("--precision 16-mixed needs a GPU; choose 32-true or bf16-mixed")
    local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    world = int(os.environ.get("WORLD_SIZE", 1))
    if kind == "cuda" and local > torch.cuda.device_count():
        raise ValueError(
            f"{local} processes for {torch.cuda.device_count()} GPUs; start torchrun with as many "
            "as there are (--nproc-per-node), or choose --device cpu"
        )
    fabric = Fabric(
        accelerator=kind,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision=precision,
    )
    fabric.launch()
    yield fabric
    if world > 1:
        distributed.destroy_process_group()


def are_several() -> bool:
    """Whether this process shares its work with others."""
    return distributed.is_available() and distributed.is_initialized()


def mean_over_processes(values: Float[Tensor, " value"]) -> Float[Tensor, " value"]:
    """Mean of each value over the processes that know it; NaN where none does."""
    if not are_several():
        return values
    known = ~values.isnan()
    sums = torch.stack([values.nan_to_num(), known.to(values.dtype)])
    distributed.all_reduce(sums)
    return sums[0] / sums[1]
