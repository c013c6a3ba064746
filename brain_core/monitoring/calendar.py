"""Days, weeks and months, all in UTC."""

from __future__ import annotations

import numpy as np

DAY, WEEK, MONTH = "day", "week", "month"
STEPS = (DAY, WEEK, MONTH)
MONDAY = np.datetime64("1970-01-05", "D")


def starts_of(at: np.ndarray, step: str) -> np.ndarray:
    """The first day, datetime64[D] (N,), of the day, week (from Monday on) or month that each time lies in.

    Args:
        at: datetime64 (N,), UTC.
        step: one of `STEPS`.
    """
    days = at.astype("datetime64[D]")
    if step == DAY:
        return days
    if step == MONTH:
        return days.astype("datetime64[M]").astype("datetime64[D]")
    return days - (days - MONDAY) % np.timedelta64(7, "D")


def every_start(first: np.datetime64, last: np.datetime64, step: str) -> np.ndarray:
    """datetime64[D]: of every day, week or month from that of ``first`` to that of ``last``, both taken in."""
    low, high = (starts_of(np.array([each]), step)[0] for each in (first, last))
    if step == MONTH:
        months = np.arange(low.astype("datetime64[M]"), high.astype("datetime64[M]") + 1)
        return months.astype("datetime64[D]")
    return np.arange(low, high + 1, np.timedelta64(7 if step == WEEK else 1, "D"))


def month_names(at: np.ndarray) -> np.ndarray:
    """Texts (N,) such as '2026-03'."""
    return np.datetime_as_string(at.astype("datetime64[M]")) if len(at) else np.zeros(0, "U7")
