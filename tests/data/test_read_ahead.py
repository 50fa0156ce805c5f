import os

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
