"""A sign-in counts for 12 hours from when the token was issued, however long Streamlit's cookie lasts."""

from datetime import UTC, datetime, timedelta

import pytest

from brain_core.access.signed_in import problem, since

ISSUED = datetime(2026, 3, 1, 8, tzinfo=UTC)
CLAIMS = {"iat": int(ISSUED.timestamp()), "exp": int(ISSUED.timestamp()) + 300, "auth_time": 0}


@pytest.mark.parametrize(
    ("after", "counts"), [(0, True), (11 * 3600 + 3599, True), (12 * 3600, False), (-300, True), (-301, False)]
)
def test_it_counts_for_twelve_hours(after, counts):
    assert (problem(CLAIMS, ISSUED + timedelta(seconds=after)) is None) is counts


def test_the_reason_is_told():
    assert problem(CLAIMS, ISSUED + timedelta(days=2)) == "Your sign-in has ended after 12 hours. Sign in again."
    assert "clock is ahead" in problem(CLAIMS, ISSUED - timedelta(hours=1))


@pytest.mark.parametrize("issued", [None, "1772352000", True, float("nan"), float("inf"), 1e300, [1]])
def test_without_a_time_it_never_counts(issued):
    assert since({"iat": issued}) is None
    assert "does not say when" in problem({"iat": issued}, ISSUED)
    assert "does not say when" in problem({}, ISSUED)
