"""What is measured on: scans that every repeat has scored."""

import numpy as np
import pytest

from brain_core.scored import NOTHING_SCORED, ONE_CLASS, TOO_FEW, Scored, one_a_group

NAN = np.nan


def test_scans_that_a_repeat_lacks_and_repeats_that_have_none_are_left_out():
    p = [[0.1, NAN, 0.3, 0.4], [NAN] * 4, [0.5, 0.6, 0.7, 0.8]]
    scored = Scored.of([0, 1, 1, 0], p, [7, 7, 8, 9], [[0.5] * 4, [0.5] * 4, [0.5, 0.5, NAN, 0.5]])
    assert scored.kept.tolist() == [True, False, False, True]
    assert scored.probabilities.tolist() == [[0.1, 0.4], [0.5, 0.8]]
    assert (scored.labels.tolist(), scored.groups.tolist(), scored.n) == ([0, 0], [7, 9], 2)


def test_what_cannot_be_measured_says_why():
    assert Scored.of([0, 1], [NAN, NAN]).flaw == NOTHING_SCORED
    assert Scored.of([0, 1], [NAN, 0.5]).flaw == ONE_CLASS
    assert Scored.of([0, 1], [0.2, 0.5]).flaw is None
    groups = np.arange(20) // 2
    assert Scored.of(np.arange(20) % 2, np.full(20, 0.5), groups).few is None
    assert Scored.of(np.arange(20) % 2, np.full(20, 0.5), np.minimum(groups, 8)).few == TOO_FEW


def test_one_a_group_is_the_first():
    assert one_a_group([5, 3, 5, 9, 3]).tolist() == [0, 1, 3]
    scored = Scored.of([1, 0, 1, 0, 0], [NAN, 0.1, 0.2, 0.3, 0.4], [5, 3, 5, 9, 3]).one_a_group()
    assert scored.probabilities.tolist() == [[0.1, 0.2, 0.3]]
    assert scored.kept.tolist() == [False, True, True, True, False]


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="as many labels, probabilities and groups.*Received: 2, 2, 3"):
        Scored.of([0, 1], [[0.1, 0.2]], [0, 1, 2])
