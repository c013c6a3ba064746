import pytest

from brain_core.training.schedules import cosine


def test_up_in_a_line_and_down_along_half_a_cosine():
    rate = cosine(0.1, 100)  # five steps up
    found = [float(rate(step)) for step in (0, 1, 4, 5, 5 + 95 / 2, 100)]
    assert found == pytest.approx([0, 0.02, 0.08, 0.1, 0.05, 0], abs=1e-7)


def test_a_single_step_has_a_rate():
    assert float(cosine(0.1, 1)(1)) == pytest.approx(0.1)
