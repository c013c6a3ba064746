"""What Detect leaves in the prediction store and the audit log."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from brain_core import audit
from brain_core.errors import StoreError
from brain_core.store import engine, kept, keys, predictions
from brain_core.store.records import Kind, Source
from brain_core.ui import recording, session
from tests.pages.steps import assert_no_failure, open_page, upload, words
from tests.pages.test_detect_study import COUNT, head, zipped
from tests.store.databases import close


@pytest.fixture
def page(in_service) -> AppTest:
    yield open_page()
    close()


def key_of(data: bytes) -> str:
    return keys.scan_key(hashlib.sha256(data).hexdigest())


def test_every_prediction_is_a_row_before_it_is_shown(page, picture):
    upload(page, ("one.png", picture(1)), ("two.png", picture(2)), ("broken.png", b"no picture"))
    assert_no_failure(page)
    rows, (failure,) = predictions.read(), predictions.failures()
    shown = page.session_state[session.KEY].predictions
    by_scan = {key_of(data): hashlib.sha256(data).hexdigest() for data in (picture(1), picture(2))}
    assert {(row.scan, row.model) for row in rows} == {(k, m) for k in by_scan for m in ("custom_cnn", "resnet50")}
    for row in rows:
        (prediction,) = [p for key, p in shown.items() if key[0] == by_scan[row.scan] and key[1][0] == row.model]
        assert (row.probability, row.label, row.flags) == (prediction.probability, prediction.label, prediction.flags)
        assert (row.user, row.source, row.kind, row.case) == ("local", Source.UPLOAD, Kind.SLICE, row.scan)
        assert (row.inputs.width, row.inputs.height) == (128, 128)
    assert (failure.kind, failure.source) == ("ScanError", Source.UPLOAD)
    (entry,) = audit.entries(action="prediction")
    assert entry.details == {
        "source": "upload", "rows": 4, "failures": 1, "models": "custom_cnn test-1, resnet50 test-2",
    }  # fmt: skip
    page.run()
    assert len(predictions.read()) == 4


def test_nothing_in_the_database_tells_a_file_or_its_checksum(page, picture, settings):
    upload(page, ("Jane Doe.png", picture(1)), ("Jane Roe.png", b"no picture"))
    close()
    stored = b"".join(file.read_bytes() for file in settings.home.glob("brain.sqlite*"))
    assert key_of(picture(1)).encode() in stored
    assert b"Jane" not in stored and hashlib.sha256(picture(1)).hexdigest().encode() not in stored


def test_samples_are_told_apart(page):
    page.button(key=next(b.key for b in page.button if "phantom" in b.key)).click().run()
    assert_no_failure(page)
    assert predictions.read() == []
    assert {row.source for row in predictions.read(samples=True)} == {Source.SAMPLE}


def test_what_the_store_does_not_take_is_shown_and_recorded_later(page, picture, monkeypatch):
    add, out = predictions.add, [True]

    def failing(*arguments):
        if out:
            raise StoreError("The store is out.")
        add(*arguments)

    monkeypatch.setattr(predictions, "add", failing)
    upload(page, ("one.png", picture(1)))
    assert_no_failure(page)
    assert "Not everything is recorded. The store is out." in words(page)
    assert "Custom CNN" in words(page) and page.session_state[session.KEY].predictions
    out.clear()
    page.run()
    assert predictions.read() == []  # it is not asked at every click
    page.session_state[recording.KEY].not_before = 0.0
    page.run()
    assert len(predictions.read()) == 2 and "Not everything is recorded" not in words(page)


def test_the_readers_first_opinion_stands_with_its_rows(page, picture):
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, ("one.png", picture(1)))
    assert {row.opinion for row in predictions.read()} == {None}
    page.radio[0].set_value("tumor")
    page.button(key="detect_opinion_submit").click().run()
    assert {(row.opinion, row.opinion_blind) for row in predictions.read()} == {("tumor", True)}
    (entry,) = audit.entries(action="opinion")
    assert entry.details == {"case": key_of(picture(1)), "blind": True}  # no finding: deletion leaves the log


@pytest.mark.parametrize("keep", ["yes", ""])
def test_pixels_are_kept_only_where_the_setting_says_so(in_service, picture, set_environment, keep):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_KEEP_SCANS=keep)
    page = open_page()
    upload(page, ("one.png", picture(1)))
    assert_no_failure(page)
    path = kept.path(key_of(picture(1)))
    assert (path is not None) == bool(keep)
    assert any("are kept on this server" in each.value for each in page.caption) == bool(keep)
    if keep:
        assert np.array_equal(Image.open(path), page.session_state[session.KEY]._scans.popitem()[1].pixels)
    close()


def test_what_a_model_in_service_knows_is_not_kept(in_service, picture, set_environment):
    path = in_service / "custom_cnn_fixed.json"
    known = {"train_sha256": [hashlib.sha256(picture(1)).hexdigest()[:16]]}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"data": known}))
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_KEEP_SCANS="yes")
    upload(open_page(), ("one.png", picture(1)), ("two.png", picture(2)))
    assert kept.path(key_of(picture(1))) is None and kept.path(key_of(picture(2))) is not None
    close()


def test_a_series_is_recorded_slice_by_slice_and_in_summary(page):
    upload(page, zipped(*head()))
    assert_no_failure(page)
    rows = predictions.read()
    slices, series = ([row for row in rows if row.kind == kind] for kind in (Kind.SLICE, Kind.SERIES))
    assert (len(slices), len(series)) == (2 * COUNT, 2)
    assert len({row.scan for row in slices}) == COUNT and len({row.case for row in rows}) == 1
    assert {row.scan for row in series} == {row.case for row in series}
    for row in series:
        probabilities = sorted(each.probability for each in slices if each.model == row.model)
        assert probabilities[0] <= row.probability <= probabilities[-1]
        assert row.seconds == pytest.approx(sum(each.seconds for each in slices if each.model == row.model))
    page.run()
    assert len(predictions.read()) == len(rows)


def test_a_store_that_cannot_be_made_stops_nobody(in_service, picture, set_environment, tmp_path):
    nowhere = "postgresql+psycopg://brain:secret@127.0.0.1:1/brain"
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_DATABASE_URL=nowhere)
    page = open_page()
    upload(page, ("one.png", picture(1)))
    assert_no_failure(page)
    assert "nothing answers at its address" in words(page) and "secret" not in words(page)
    assert "hreshold" in words(page)
    assert engine.problem()
    close()
