"""The learning rate of section 4.2, and the gentler one of tiny."""

import pytest

from cstm.config import Schedule
from cstm.training.fit import learning_rate


def test_the_paper_divides_by_10_every_8_epochs():
    schedule = Schedule()
    rates = [learning_rate(epoch * 100, 100, schedule) for epoch in range(12)]
    assert rates == pytest.approx([5e-4] * 8 + [5e-5] * 4)


def test_cosine_falls_from_the_top_to_nothing_after_warm_up():
    schedule = Schedule(epochs=4, learning_rate=1e-3, decay="cosine", warm_up_steps=10)
    rates = [learning_rate(step, 100, schedule) for step in range(400)]
    assert rates[0] == pytest.approx(1e-4)
    assert max(rates) == pytest.approx(1e-3, rel=0.02)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 1e-6
