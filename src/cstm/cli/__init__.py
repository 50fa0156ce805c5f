"""The command line: one thin function per command."""

import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial

import tyro
from tyro.conf import FlagCreatePairsOff

from cstm.cli.data import check_data, synthesize
from cstm.cli.measure import evaluate, profile, score
from cstm.cli.training import train
from cstm.cli.use import demo, segment
from cstm.cli.weights import fetch, import_weights
from cstm.experiments import get_experiment
from cstm.inference import SegmentationWarning

COMMANDS = {
    "demo": demo,
    "segment": segment,
    "train": train,
    "evaluate": evaluate,
    "score": score,
    "profile": profile,
    "synthesize": synthesize,
    "check-data": check_data,
    "fetch": fetch,
    "import-weights": import_weights,
}


def main() -> None:
    """Run the command that the arguments name; a user's mistake is one line and exit code 2."""
    warnings.showwarning = _show_warning
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `cstm train --help | head` is no error
    try:
        tyro.extras.subcommand_cli_from_dict(
            COMMANDS | _train_with_defaults(sys.argv[1:]),
            prog="cstm",
            description="A video and a sentence in, the mask of the actor it describes out.",
            config=(FlagCreatePairsOff,),
        )
    except (ValueError, OSError) as error:
        print(f"cstm: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("cstm: stopped", file=sys.stderr)
        sys.exit(130)


def _train_with_defaults(arguments: Sequence[str]) -> dict[str, Callable[..., None]]:
    """Let the experiment that is named set the defaults of `cstm train`'s options."""
    if arguments[:1] != ["train"] or arguments[1:] in ([], ["-h"], ["--help"]):
        return {}
    if arguments[1].startswith("-"):
        raise ValueError("name the experiment first, such as: cstm train tiny --root world …")
    return {"train": partial(train, settings=get_experiment(arguments[1]))}


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Print what concerns the user as one line; warnings of libraries are not for users."""
    if issubclass(category, SegmentationWarning):
        print(f"cstm: warning: {message}", file=sys.stderr)
