"""Rows to columns: what stands for a case, what is assessed, the latest of a case, and times in UTC."""

from datetime import datetime, timedelta, timezone

import numpy as np

from brain_core.monitoring.columns import Columns, moment, moments
from brain_core.store.records import InputStatistics, Source
from tests.monitoring.rows import CNN, RESNET, at, columns, row, series


def test_every_column_has_what_the_row_says():
    inputs = InputStatistics(640, 480, 42.5, 17.25)
    found = columns(
        row("a", 0.75, inputs=inputs, opinion="tumor", opinion_blind=True, flags=("tiny", "flat"), seconds=0.5),
        row("b", None, inputs=None, unlikeness=None, source=Source.WATCH, model=RESNET, version="2"),
    )
    assert found.probability[0] == 0.75 and np.isnan(found.probability[1])
    assert found.label.tolist() == [1, -1]
    assert (found.width[0], found.height[0], found.mean[0], found.deviation[0]) == (640, 480, 42.5, 17.25)
    assert np.isnan([found.width[1], found.height[1], found.mean[1], found.deviation[1], found.unlikeness[1]]).all()
    assert found.opinion.tolist() == ["tumor", ""] and found.blind.tolist() == [True, False]
    assert found.model.tolist() == [CNN, RESNET]
    assert found.flagged_as("flat").tolist() == [True, False] and not found.flagged_as("fla").any()
    assert found.single.all() and not found.series.any()


def test_slices_of_a_series_do_not_stand_for_a_case():
    found = columns(*series("s", 3), row("x"))
    assert found.series.tolist() == [True, False, False, False, False]
    assert found.single.tolist() == [False, False, False, False, True]
    assert found.standing.sum() == 2 and found.slices.sum() == 4


def test_assessed_is_what_has_a_label_and_no_flag_that_forbids_one():
    found = columns(
        row(flags=("tiny",)),
        row(flags=("flat",)),
        row(flags=("coloured", "unlike-training-data")),
        row(probability=None),
    )
    assert found.assessed.tolist() == [True, False, False, False]


def test_the_latest_row_of_a_case_model_and_version_counts():
    early, late = at("2026-03-01T10:00"), at("2026-03-01T11:00")
    found = columns(
        row("a", 0.1, at=late),
        row("a", 0.9, at=early),
        row("a", 0.8, at=early, model=RESNET),
        row("a", 0.7, at=early, version="older"),
        row("b", 0.2, at=early),
    ).one_a_case()
    assert sorted(found.probability.tolist()) == [0.1, 0.2, 0.7, 0.8]
    assert (np.diff(found.at) >= np.timedelta64(0)).all()


def test_versions_come_by_model_with_the_one_used_last_at_the_end():
    rows = [
        row(at=at("2026-03-03"), version="b"),
        row(at=at("2026-03-01"), version="c"),
        row(at=at("2026-03-04"), version="a", model=RESNET),
        row(at=at("2026-03-02"), version="b"),
    ]
    assert columns(*rows).streams() == [(CNN, "c"), (CNN, "b"), (RESNET, "a")]


def test_times_are_utc_to_the_microsecond():
    there = timezone(timedelta(hours=-5))
    time = datetime(2026, 3, 1, 22, 30, 0, 123456, there)
    expected = np.datetime64("2026-03-02T03:30:00.123456")
    assert moments([time]).tolist() == [expected.item()] and moment(time) == expected
    assert moments(["2026-03-02 03:30:00.123456"])[0] == expected


def test_since_takes_that_very_moment_in():
    rows = columns(*(row(at=at(f"2026-03-0{day}")) for day in (1, 2, 3)))
    assert len(rows.since(at("2026-03-02"))) == 2
    assert len(rows.since(at("2026-03-02") + timedelta(microseconds=1))) == 1
    assert len(rows.since(at("2026-02-01"))) == 3


def test_nothing_is_no_error():
    nothing = Columns.of([])
    assert len(nothing) == 0 and nothing.streams() == [] and len(nothing.one_a_case()) == 0
    assert len(nothing.assessed) == 0
