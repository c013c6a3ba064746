"""From the store, in both databases: the columns of the rows, samples left out, older confirmed cases added."""

from datetime import timedelta

import numpy as np

from brain_core.monitoring import reading
from brain_core.monitoring.columns import Columns
from brain_core.store import feedback as feedback_store
from brain_core.store import predictions
from brain_core.store.records import Source
from tests.monitoring.rows import CNN, RESNET, at, feedback, row, series
from tests.store.sample_rows import failure, key

OLD, EDGE, NEW = at("2026-01-05T08:00:00.000001"), at("2026-03-01"), at("2026-03-02T12:00:00.5")


def stored():
    rows = [
        row("new", 0.75, at=NEW, opinion="tumor", opinion_blind=True, flags=("tiny", "flat")),
        row("edge", None, at=EDGE, unlikeness=None, inputs=None, model=RESNET),
        *series("series", 3, at=NEW),
        row("confirmed", 0.1, at=OLD),
        row("old", 0.1, at=OLD),
        row("sample", at=NEW, source=Source.SAMPLE),
    ]
    sample = failure(at=NEW, source=Source.SAMPLE)
    predictions.add(rows, [failure(at=NEW, kind="DicomError"), failure(at=OLD), sample])
    feedback_store.add(feedback("confirmed", at=NEW))
    feedback_store.add(feedback("old", at=OLD))
    return rows[:-1]


def test_the_same_columns_as_from_the_rows(database):
    rows = sorted(stored(), key=lambda each: each.at)
    found, expected = reading.read().predictions, Columns.of(rows)
    assert sorted(zip(found.at, found.model, found.flags, strict=True)) == sorted(
        zip(expected.at, expected.model, expected.flags, strict=True)
    )
    assert {found.cases[i] for i in found.case[found.single]} == {key(n) for n in ("new", "edge", "confirmed", "old")}
    assert found.series.sum() == 1 and found.slices.sum() == 7
    (new,) = np.flatnonzero(found.opinion == "tumor")
    for name in ("at", "probability", "threshold", "label", "seconds", "unlikeness", "width", "mean", "blind"):
        assert getattr(found, name)[new] == getattr(expected, name)[np.flatnonzero(expected.opinion == "tumor")[0]], (
            name
        )
    assert np.isnan(found.probability).sum() == 1 and (np.diff(found.at) >= np.timedelta64(0)).all()


def test_a_period_takes_its_first_moment_in_and_older_cases_that_were_confirmed_in_it(database):
    stored()
    found = reading.read(EDGE)
    assert len(found.predictions) == 6 and len(found.confirmable) == 7
    assert found.failures.kind.tolist() == ["DicomError"]
    assert [each.case for each in found.feedback] == [key("confirmed")]
    assert len(reading.read(EDGE + timedelta(microseconds=1)).predictions) == 5


def test_totals_are_of_all_but_samples(database):
    stored()
    found = reading.totals()
    assert found.predictions == {(CNN, "2026-01"): 7, (RESNET, "2026-01"): 1}
    assert found.failures == {"DicomError": 1, "ScanError": 1}


def test_an_empty_store_is_no_error(database):
    found = reading.read()
    assert len(found.predictions) == len(found.failures) == len(found.feedback) == 0
    assert reading.totals() == reading.Totals({}, {})
