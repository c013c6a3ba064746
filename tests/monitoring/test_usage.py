"""Use: inputs whatever the number of models, shares with intervals, quantiles, and where a month begins."""

import numpy as np
import pytest

from brain_core.intervals import wilson
from brain_core.monitoring.calendar import every_start, month_names, starts_of
from brain_core.monitoring.columns import Columns, Failures
from brain_core.monitoring.usage import course, flag_shares, seconds_of, usage
from tests.monitoring.rows import CNN, RESNET, at, columns, row, series
from tests.store.sample_rows import failure

NO_FAILURES = Failures.of([])


def days(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[us]")


@pytest.mark.parametrize(
    ("step", "time", "start"),
    [
        ("day", "2026-03-31T23:59:59.999999", "2026-03-31"),
        ("month", "2026-03-31T23:59:59.999999", "2026-03-01"),
        ("month", "2026-04-01T00:00:00", "2026-04-01"),
        ("week", "2026-03-29T23:59:59", "2026-03-23"),  # a Sunday
        ("week", "2026-03-30T00:00:00", "2026-03-30"),  # a Monday
        ("week", "1969-12-31T00:00:00", "1969-12-29"),
    ],
)
def test_days_weeks_and_months_begin_in_utc(step, time, start):
    assert starts_of(days(time), step).astype(str).tolist() == [start]


def test_a_month_is_that_of_utc_not_of_the_clock_on_the_wall():
    late = at("2026-03-31T23:30").astimezone()
    assert month_names(columns(row(at=late)).at).tolist() == ["2026-03"]


def test_no_step_between_first_and_last_is_missing():
    assert every_start(*days("2026-01-31", "2026-04-01"), "month").astype(str).tolist() == [
        "2026-01-01",
        "2026-02-01",
        "2026-03-01",
        "2026-04-01",
    ]
    assert len(every_start(*days("2026-03-01", "2026-03-31"), "day")) == 31
    assert every_start(*days("2026-03-29", "2026-03-30"), "week").astype(str).tolist() == ["2026-03-23", "2026-03-30"]


def test_an_input_counts_once_however_many_models_score_it():
    rows = [row(f"{i}", model=model) for i in range(8) for model in (CNN, RESNET)]
    found = usage(columns(*rows, row("8")), Failures.of([failure()]))
    assert (found.inputs, found.failures, found.cases) == (9, 1, 9)
    low, high = wilson(1, 10)
    assert (found.errors.value, found.errors.low, found.errors.high) == pytest.approx((0.1, float(low), float(high)))


def test_slices_of_a_series_are_inputs_and_one_case():
    ends = series("s", 20, flags=lambda i: ("flat",) if i in (0, 1, 19) else ())
    found = usage(columns(*ends), NO_FAILURES)
    assert (found.inputs, found.cases, found.not_assessed) == (20, 1, 0)  # flat ends are no alarm
    assert usage(columns(*series("t", 5, summary=None)), NO_FAILURES).not_assessed == 1


def test_a_case_is_flagged_once_whichever_model_flags_it():
    rows = [row("a", flags=("unlike-training-data",), model=m) for m in (CNN, RESNET)]
    rows += [row("b", flags=("flat", "tiny")), row("c", flags=("tiny",)), row("d")]
    found = usage(columns(*rows), NO_FAILURES)
    assert (found.not_assessed, found.cases) == (2, 4) and found.flagged.value == 0.5
    assert [(code, each.value) for code, each in flag_shares(columns(*rows)).items()] == [
        ("tiny", 0.5),
        ("flat", 0.25),
        ("unlike-training-data", 0.25),
    ]


def test_median_and_tail_of_seconds_by_hand():
    rows = [row(seconds=float(i)) for i in range(1, 22)]  # 1..21: the 95th percentile is at 1 + 0.95 * 20
    found = seconds_of(columns(*rows, *series("s", 0, seconds=1000.0)))  # a summary has no time of its own
    assert (found.n, found.median, found.tail) == (21, 11.0, 20.0)
    assert seconds_of(Columns.of([])).tail is None


def test_over_time_every_row_is_in_its_own_step():
    rows = [row("a", at=at("2026-01-31T23:59:59")), row("b", at=at("2026-02-01")), row("c", at=at("2026-04-30"))]
    found = course(columns(*rows), Failures.of([failure(at=at("2026-05-02"))]), "month")
    assert found.starts.astype(str).tolist() == [f"2026-0{month}-01" for month in range(1, 6)]
    assert [each.inputs for each in found.usage] == [1, 1, 0, 1, 0]
    assert [each.failures for each in found.usage] == [0, 0, 0, 0, 1]
    assert [each.errors.value for each in found.usage] == [0, 0, None, 0, 1]
    assert [each.n for each in found.seconds[CNN]] == [1, 1, 0, 1, 0]


def test_nothing_over_time_has_no_step():
    found = course(Columns.of([]), NO_FAILURES, "day")
    assert len(found.starts) == 0 and found.usage == () and found.seconds == {}
    assert usage(Columns.of([]), NO_FAILURES).errors.text() == "not computed: no input"
