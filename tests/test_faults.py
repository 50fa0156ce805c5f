import cv2
import numpy as np
import pytest
import torch

from cstm.faults import full_memory, reason


def test_a_reason_is_one_line_and_never_nothing():
    assert reason(ValueError("no kernel image\n  is available")) == "no kernel image is available"
    assert reason(AssertionError()) == "AssertionError"
    assert len(reason(ValueError("tensor " * 1000))) <= 400
    assert reason(ValueError("https://host/" + "a" * 500)).startswith("https://host/aaaa")


def test_a_full_memory_is_told_from_other_faults():
    assert full_memory(MemoryError()) == "computer"
    with pytest.raises(cv2.error) as raised:
        cv2.resize(np.zeros((8, 8), np.uint8), (2**15, 2**30))
    assert full_memory(raised.value) == "computer"
    assert full_memory(RuntimeError("[enforce fail] can't allocate memory: 99 bytes")) == "computer"
    assert full_memory(torch.OutOfMemoryError("CUDA out of memory")) == "GPU"
    assert full_memory(RuntimeError("sizes differ")) is None
