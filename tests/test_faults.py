from cstm.faults import reason


def test_a_reason_is_one_line_and_never_nothing():
    assert reason(ValueError("no kernel image\n  is available")) == "no kernel image is available"
    assert reason(AssertionError()) == "AssertionError"
    assert len(reason(ValueError("tensor " * 1000))) <= 400
