"""What several readers say, taken together."""

import pytest

from brain_core.store import feedback
from tests.store.sample_rows import at
from tests.store.sample_rows import feedback as said


def rows(*words: str) -> list:
    """One a minute; each ``reader: finding, basis``."""
    made = []
    for minute, word in enumerate(words):
        user, rest = word.split(": ")
        finding, basis = rest.split(", ")
        made.append(said(user=user, finding=finding, basis=basis, at=at(minute)))
    return made


@pytest.mark.parametrize(
    ("words", "finding", "basis", "confirmed"),
    [
        ([], None, None, False),
        (["a: tumor, own read"], "tumor", "own read", False),
        (["a: tumor, second reader"], "tumor", "second reader", False),
        (["a: no tumor, follow-up"], "no tumor", "follow-up", True),
        (["a: no tumor, biopsy"], "no tumor", "biopsy", True),
        (["a: unsure, biopsy"], "unsure", "biopsy", False),
        (["a: unsure, own read", "b: tumor, second reader"], "tumor", "second reader", False),
        (["a: unsure, biopsy", "b: tumor, own read"], "tumor", "own read", False),
        (["a: tumor, own read", "b: tumor, second reader"], "tumor", "second reader", True),
        (["a: tumor, own read", "b: no tumor, own read"], "disagreement", "own read", False),
        (["a: tumor, own read", "b: no tumor, second reader"], "disagreement", "second reader", False),
        (["a: tumor, own read", "b: no tumor, follow-up"], "no tumor", "follow-up", True),
        (["a: tumor, second reader", "b: no tumor, biopsy"], "no tumor", "biopsy", True),
        (["a: tumor, follow-up", "b: no tumor, biopsy"], "no tumor", "biopsy", True),
        (["a: no tumor, biopsy", "b: tumor, follow-up"], "no tumor", "biopsy", True),
        (["a: tumor, biopsy", "b: no tumor, biopsy"], "disagreement", "biopsy", False),
        (["a: tumor, follow-up", "b: no tumor, follow-up", "c: tumor, biopsy"], "tumor", "biopsy", True),
        (["a: tumor, biopsy", "a: no tumor, biopsy"], "no tumor", "biopsy", True),
        (["a: tumor, biopsy", "a: unsure, own read"], "unsure", "own read", False),
    ],
)
def test_finding_and_basis(words, finding, basis, confirmed):
    found = feedback.verdict(rows(*words))
    assert (found.finding, found.basis, found.confirmed) == (finding, basis, confirmed)


def test_of_each_reader_the_latest_counts_and_all_are_in_their_order():
    first, second, third = rows("a: tumor, biopsy", "b: tumor, own read", "a: unsure, own read")
    found = feedback.verdict([first, second, third])
    assert found.rows == (second, third)
    assert found.readers == 2


@pytest.mark.parametrize(
    ("words", "minute"),
    [
        (["a: tumor, own read"], None),
        (["a: tumor, own read", "b: tumor, biopsy"], 1),
        (["a: tumor, biopsy", "a: tumor, biopsy"], 0),
        (["a: tumor, biopsy", "a: no tumor, biopsy"], 0),
        (["a: tumor, own read", "b: unsure, biopsy", "b: tumor, second reader"], 2),
        (["a: tumor, biopsy", "b: no tumor, biopsy", "b: tumor, biopsy"], 0),
        (["a: tumor, biopsy", "b: no tumor, biopsy"], None),
    ],
)
def test_the_first_time_that_a_finding_was_confirmed(words, minute):
    assert feedback.verdict(rows(*words)).confirmed_at == (None if minute is None else at(minute))
