"""A series scored beside the page: every slice once, failures kept to themselves, and an end whoever leaves."""

import threading
import time

import pytest

from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.scans import Series, SourceFile, collect
from brain_core.study import background
from brain_core.study.background import Background, one_each
from tests.scans.dicom_files import series_datasets, to_bytes

COUNT = 20


@pytest.fixture(scope="module")
def detectors(models_dir):
    return [Detector(read_card(name, models_dir)) for name in ("custom_cnn", "resnet50")]


@pytest.fixture(scope="module")
def series() -> Series:
    files = [SourceFile.of_bytes(to_bytes(ds), f"{i}.dcm") for i, ds in enumerate(series_datasets(COUNT, size=64))]
    return collect(files).studies[0].series[0]


def everything(coming: Background) -> list:
    found, deadline = [], time.monotonic() + 60
    while not coming.ended:
        assert time.monotonic() < deadline
        found += coming.take(0.05)
    return found


def failing(monkeypatch, *names: str) -> None:
    """No model has room for these slices."""
    predict = Detector.predict

    def fails(self, scans, **options):
        if any(scan.name in names for scan in scans):
            raise MemoryError("Muster^Max")
        return predict(self, scans, **options)

    monkeypatch.setattr(Detector, "predict", fails)


def test_every_slice_comes_once_and_in_order(series, detectors):
    found = everything(Background(series, detectors, range(COUNT)))
    assert [row.index for row in found] == list(range(COUNT))
    alone = detectors[1].predict([series.scan(13)])[0]
    assert found[13].predictions[1].probability == pytest.approx(alone.probability, abs=1e-5)


def test_a_failure_is_kept_to_its_slice_and_names_nobody(series, detectors, monkeypatch, caplog):
    failing(monkeypatch, f"slice 10 of {COUNT}")
    found = list(one_each(series, detectors, range(COUNT)))
    assert [row.index for row in found] == list(range(COUNT))
    assert {row.index: row.error for row in found if row.error} == {9: "This slice was not scored (MemoryError)."}
    assert all(len(row.predictions) == 2 for row in found if not row.error)
    assert "MemoryError" in caplog.text and "Muster" not in caplog.text


def test_cancelled_it_ends_after_the_batch_in_the_models(series, detectors, monkeypatch):
    entered, cancelled, batches = threading.Event(), threading.Event(), []

    def predict(self, scans, **options):
        batches.append(len(scans))
        entered.set()
        assert cancelled.wait(60)
        return []

    monkeypatch.setattr(Detector, "predict", predict)
    coming = Background(series, detectors[:1], range(COUNT))
    assert entered.wait(60) and not coming.ended
    coming.cancel()
    cancelled.set()
    assert everything(coming) == [] and coming.cancelled
    assert batches == [background.BATCH]


def test_it_waits_for_who_takes_and_gives_up_when_nobody_does(series, detectors, monkeypatch):
    monkeypatch.setattr(background, "AHEAD", 3)
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    coming = Background(series, detectors, range(COUNT))
    coming.take(60)  # returns when it has given up
    assert coming.ended and not coming.cancelled


def test_no_more_is_scored_than_can_be_taken(series, detectors, monkeypatch):
    monkeypatch.setattr(background, "AHEAD", 3)
    monkeypatch.setattr(background, "PATIENCE", 0.2)
    coming = Background(series, detectors, range(COUNT))
    coming._thread.join(60)
    assert not coming.ended
    assert [row.index for row in coming.take()] == [0, 1, 2]
    assert coming.ended
