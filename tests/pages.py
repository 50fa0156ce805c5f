"""What the documentation shows: commands as a shell reads them, code, and files to write."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md"))]

_SHOWN = re.compile(
    r"^```(?P<language>\w*)(?: title=\"(?P<title>.*?)\")?\n(?P<body>.*?)^```$"
    r"|(?<!`)`(?P<inline>[^`]+)`(?!`)",
    re.DOTALL | re.MULTILINE,
)
_WRITTEN = re.compile(r"Write this as `(.+?)`:\s*$")

# A shell that runs nothing: commands of ours are noted, others do what a page needs of them.
_BEFORE = r"""
set -eu
exec 3>&1 >/dev/null
cstm() { printf '%s\0' "$@" $'\036' >&3; }
torchrun() { while [ "$1" != cstm ]; do shift; done; shift; cstm torchrun "$@"; }
mkdir() { /bin/mkdir "$@"; }
cp() { /bin/cp "$@"; }
cat() { :; }; make() { :; }; pip() { :; }; python() { :; }
apt-get() { :; }; dpkg() { :; }; npm() { :; }
"""
_AFTER = r"""
wait
printf '%s\0' "$PWD" >&3
"""


@dataclass(frozen=True)
class Shown:
    """A block of a page, or a piece of code within a sentence."""

    language: str
    """``inline`` within a sentence."""
    body: str
    title: str | None = None
    file: str | None = None
    """Where the reader is asked to write it."""


def read_page(page: str) -> Iterator[Shown]:
    """All code on a page, in order; ``page`` is relative to the repository."""
    text = (REPOSITORY / page).read_text()
    for found in _SHOWN.finditer(text):
        if found["inline"]:
            yield Shown("inline", " ".join(found["inline"].split()))
        else:
            file = _WRITTEN.search(text, max(0, found.start() - 200), found.start())
            name = file[1] if file else None
            yield Shown(found["language"], found["body"], found["title"], name)


def read_commands(shown: Shown, folder: Path, home: Path) -> tuple[list[list[str]], Path]:
    """Arguments of every `cstm` command in a block, and the folder in which the block ends.

    Bash itself reads the block, in ``folder``. A command that torchrun would start begins with
    ``torchrun``.
    """
    if shown.language == "inline":
        command = shlex.split(shown.body) if shown.body.startswith("cstm ") else []
        arguments = [re.sub("^~(?=/)", str(home), argument) for argument in command[1:]]
        return [arguments] if arguments else [], folder
    if shown.language != "sh":
        return [], folder
    shell = ["/bin/bash", "--noprofile", "--norc", "-c", _BEFORE + shown.body + _AFTER]
    environment = {"HOME": str(home), "PATH": ""}
    ran = subprocess.run(
        shell, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    *noted, end = ran.stdout.removesuffix("\0").split("\0")
    commands: list[list[str]] = [[]]
    for argument in noted:
        if argument == "\036":
            commands.append([])
        else:
            commands[-1].append(argument)
    return commands[:-1], Path(end)
