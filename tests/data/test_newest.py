from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from cstm.data.newest import Newest


def test_the_last_one_is_read_once():
    newest, read = Newest[int, str](), []

    def get(key):
        return newest.get(key, lambda: read.append(key) or str(key))

    assert [get(key) for key in (1, 1, 2, 2, 1)] == ["1", "1", "2", "2", "1"]
    assert read == [1, 2, 1]


def test_threads_get_what_they_ask_for():
    newest, together = Newest[int, int](), Barrier(2)

    def read(key: int) -> int:
        together.wait()
        return key

    with ThreadPoolExecutor(2) as pool:
        for number in range(200):
            keys = (2 * number, 2 * number + 1)
            assert tuple(pool.map(lambda key: newest.get(key, lambda: read(key)), keys)) == keys
