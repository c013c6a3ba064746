import pytest

from brain_core.ui import probability_bar


@pytest.mark.parametrize(
    ("probability", "threshold", "expected"),
    [
        (0, 0.3, 0),
        (0.3, 0.3, 0.5),
        (1, 0.3, 1),
        (0.15, 0.3, 0.25),
        (0.65, 0.3, 0.75),
        (0, 0, 0.5),
        (0.4, 0, 0.7),
        (1, 0, 1),
        (0, 1, 0),
        (0.4, 1, 0.2),
        (1, 1, 1),
    ],
)
def test_the_threshold_stands_in_the_middle_and_each_half_is_linear(probability, threshold, expected):
    assert probability_bar.position(probability, threshold) == pytest.approx(expected)


def test_the_bar_fills_from_the_middle_to_the_mark():
    assert 'class="fill" style="left:50.00%;width:25.00%' in probability_bar.html(0.65, 0.3)
    assert 'class="fill" style="left:25.00%;width:25.00%' in probability_bar.html(0.15, 0.3)


def test_the_bar_has_a_text_alternative():
    assert 'aria-label="Probability of a tumour 0.650' in probability_bar.html(0.65, 0.3)
