"""Commands that train: train."""

from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from cstm.config import DataFormat, Device, Experiment


def train(
    experiment: Positional[str],
    *,
    root: Path,
    out: Path,
    data: DataFormat = "a2d",
    prepared: Path | None = None,
    validation_samples: int = 300,
    device: Device = "auto",
    precision: Literal["32-true", "bf16-mixed"] = "32-true",
    compiled: bool = False,
    vectors: Path | None = None,
    settings: Annotated[Experiment, arg(name="")] = Experiment(),  # noqa: B008
) -> None:
    """Train an experiment by the paper's two stages, or resume a run where it was stopped.

    First the spatial and the temporal network, each on its own; then both encoders are fixed and
    a fresh decoder is trained on them. OUT/cstm.safetensors is the result.

    Example: cstm train tiny --data synthetic --root world --out runs/tiny

    Args:
        experiment: Name of the experiment: paper, fast, tiny, or a row of Table 3.
        root: Folder of the dataset.
        out: Folder of the run; give the same one again to resume.
        data: Format of the dataset; synthetic is A2D's with the side files of `cstm synthesize`.
        prepared: Where decoded clips are kept; runs can share it. OUT/prepared if not given.
        validation_samples: Test samples evaluated after every epoch; 0 for none.
        device: Where to compute; auto takes a GPU if there is one.
        precision: Of the computation; weights stay in single precision.
        compiled: Compile the network first: minutes once, then up to twice as fast.
        vectors: GloVe text file (.txt, .gz, .zip), kept fixed; vectors are learned if not given.
        settings: Settings of the experiment, all of which can be changed here.
    """
    from cstm.processes import join
    from cstm.training.run import Run
    from cstm.training.run import train as train_run
    from cstm.training.watch import watch

    if not root.is_dir():
        raise ValueError(f"no dataset at {root}; give its folder as --root")
    run = Run(
        experiment=settings,
        name=experiment,
        data=data,
        root=root,
        out=out,
        prepared=prepared or out / "prepared",
        validation_samples=validation_samples,
        compiled=compiled,
        vectors=vectors,
    )
    watch(train_run(run, join(device, precision)))
    print(f"trained {experiment}: {out / 'cstm.safetensors'}")
