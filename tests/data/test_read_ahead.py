import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cstm.data.read_ahead import read_ahead


def squared(number: int) -> int:
    if number == 7:
        raise ValueError("seven is refused")
    return number * number


def unreadable(number: int) -> int:
    raise OSError(28, "No space left on device", f"{number}.png")


def die(number: int) -> int:
    if number == 3:
        os._exit(9)
    return number


@pytest.mark.parametrize("workers", [0, 2])
def test_items_come_in_order_and_a_fault_as_it_is(workers):
    assert list(read_ahead(squared, 7, workers)) == [0, 1, 4, 9, 16, 25, 36]
    items = read_ahead(squared, 9, workers)
    assert [next(items) for _ in range(7)][-1] == 36
    with pytest.raises(ValueError, match=r"^seven is refused$"):
        next(items)
    with pytest.raises(OSError, match=r"^\[Errno 28\] No space left on device: '0.png'$"):
        list(read_ahead(unreadable, 3, workers))


def test_a_process_that_is_killed_is_one_line():
    with pytest.raises(ValueError, match=r"reads or draws data was killed.* --workers") as told:
        list(read_ahead(die, 9, 2))
    assert "\n" not in str(told.value)


def pages(number: int) -> bytes:
    """More than a pipe holds."""
    print(os.getpid(), flush=True)
    return bytes(1 << 20)


READER = """
import time
from test_read_ahead import pages
from cstm.data.read_ahead import read_ahead
items = read_ahead(pages, 99, 2)
next(items)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_who_reads_ends_when_the_one_that_asked_is_killed():
    here = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-c", READER], stdout=subprocess.PIPE, env=os.environ | here
    )
    readers = {int(process.stdout.readline()) for _ in range(4)}
    assert len(readers) == 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left, end = readers, time.monotonic() + 20
    while left and time.monotonic() < end:
        time.sleep(0.2)
        left = {reader for reader in left if is_running(reader)}
    assert not left


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
