"""The command line: one thin function per command."""

import errno
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from functools import partial, wraps
from importlib.metadata import version
from io import StringIO, TextIOWrapper

import tyro
from tyro.conf import FlagCreatePairsOff

from cstm.cli.data import check_data, synthesize
from cstm.cli.measure import evaluate, profile, score
from cstm.cli.serving import doctor, serve
from cstm.cli.training import train
from cstm.cli.use import demo, segment
from cstm.cli.weights import calibrate, fetch, import_weights, pack
from cstm.experiments import get_experiment
from cstm.faults import full_memory
from cstm.inference import SegmentationWarning

COMMANDS = {
    "demo": demo,
    "segment": segment,
    "serve": serve,
    "train": train,
    "evaluate": evaluate,
    "score": score,
    "profile": profile,
    "synthesize": synthesize,
    "check-data": check_data,
    "fetch": fetch,
    "calibrate": calibrate,
    "pack": pack,
    "import-weights": import_weights,
    "doctor": doctor,
}


def main() -> None:
    """Run the command that the arguments name; a user's mistake is one line and exit code 2."""
    warnings.showwarning = _show_warning
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal knows ≥
    for ending in ("SIGTERM", "SIGHUP"):
        if (number := getattr(signal, ending, None)) and signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        try:
            _parse(sys.argv[1:])()
        finally:
            if sys.stdout:  # None where it was closed
                sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, as in `cstm train --help | head`: nothing more to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except (ValueError, OSError) as error:
        told = str(error)
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            told = (
                f"{error.strerror} where the output or temporary files (TMPDIR) go; free some, or "
                "choose another place"
            )
        print(f"cstm: {told}", file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        whose = full_memory(error)
        if whose is None:
            raise
        print(
            f"cstm: the {whose}'s memory is full; a smaller batch or size takes less",
            file=sys.stderr,
        )
        sys.exit(2)
    except KeyboardInterrupt:
        print("cstm: stopped", file=sys.stderr)
        sys.exit(130)


def _parse(arguments: Sequence[str]) -> Callable[[], None]:
    """Read the command line; what to run comes back instead of being run.

    Raises:
        ValueError: a setting is out of range. Wrong usage gets tyro's own explanation.
    """
    # Beside all others a command has one sentence; what it writes and asks for, its own help says.
    is_overview = list(arguments) in ([], ["-h"], ["--help"])
    if list(arguments) == ["--version"]:
        return partial(print, f"cstm {version('cstm')}")
    commands = {name: _deferred(command, is_overview) for name, command in COMMANDS.items()}
    if arguments[:1] in (["train"], ["profile"]) and arguments[1:] not in ([], ["-h"], ["--help"]):
        # The experiment that is named sets the defaults of the options.
        command = arguments[0]
        if arguments[1].startswith("-"):
            raise ValueError(f"name the experiment first, such as: cstm {command} tiny …")
        named = get_experiment(arguments[1])
        usual = {"settings": named} if command == "train" else {"model": named.model}
        commands[command] = partial(commands[command], **usual)
    complaint = StringIO()
    try:
        with redirect_stderr(complaint):
            return tyro.extras.subcommand_cli_from_dict(
                commands,
                prog="cstm",
                args=arguments,
                description="A video and a sentence in, the mask of the actor it describes out. "
                "`cstm COMMAND --help` explains a command and all its options, "
                "`cstm --version` says which cstm this is.",
                config=(FlagCreatePairsOff,),
            )
    except SystemExit:
        text = " ".join(line.strip("│ ") for line in complaint.getvalue().splitlines())
        # Tyro names settings of ours by its own inner path.
        if wrong := re.search(r"__tyro-dummy-inner__\.(?:\w+\.)*(\w+): (.*?) +[─-]{5}", text):
            raise ValueError(f"{wrong[1]}: {wrong[2]}") from None
        sys.stderr.write(complaint.getvalue())
        raise


def _deferred(command: Callable[..., None], is_brief: bool) -> Callable[..., Callable[[], None]]:
    @wraps(command)
    def bind(*arguments: object, **options: object) -> Callable[[], None]:
        return partial(command, *arguments, **options)

    if is_brief and command.__doc__:
        bind.__doc__ = command.__doc__.split("\n\n")[0]
    return bind


def _show_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Print what concerns the user as one line; warnings of libraries are not for users."""
    if issubclass(category, SegmentationWarning):
        print(f"cstm: warning: {message}", file=sys.stderr)
