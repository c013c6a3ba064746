"""The Monitor page: empty, alerts, figures by hand, what the address keeps, what is damaged."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from brain_core.store import feedback as feedback_store
from brain_core.store import predictions
from brain_core.store.records import InputStatistics, Source, now
from tests.monitoring.rows import CNN, RESNET, feedback, row
from tests.pages.steps import assert_no_failure, open_file, words
from tests.store.databases import sqlite
from tests.store.sample_rows import failure, key
from tests.ui.service import store_predictions

__all__ = ["sqlite"]
BINS = 7  # of the seven held-out scores, each one of its own
pytestmark = pytest.mark.usefixtures("sqlite")


open_monitor = partial(open_file, "7_Monitor")


def table(page: AppTest, column: str):
    """The dataframe that has this column."""
    return next(frame.value for frame in page.dataframe if column in frame.value)


def captions(page: AppTest) -> str:
    return " ".join(caption.value for caption in page.caption)


@pytest.fixture
def used(in_service):
    """60 cases of ten days ago by both models, 5 of them by an older version; 20 confirmed, 2 missed; 20 failures."""
    store_predictions(in_service, CNN, validation=((0.9, 0.8, 0.7), (0.1, 0.2)), test=((0.6,), (0.3,)))
    day = now() - timedelta(days=10)
    rng = np.random.default_rng(0)
    rows = []
    for i in range(60):
        at = day - timedelta(seconds=i < 5)  # the older version first
        own = {"at": at, "inputs": InputStatistics(256, 256, float(rng.normal(60, 5)), 20.0)}
        opinion = {"opinion": "tumor", "opinion_blind": i % 2 == 0} if i < 12 else {}
        version = "older" if i < 5 else "test-1"
        rows.append(row(f"{i}", 0.1 if i in (3, 18) else 0.9, model=CNN, version=version, **own, **opinion))
        rows.append(row(f"{i}", 0.9, model=RESNET, version="test-2", flags=("tiny",) if i < 6 else (), **own))
    rows.append(row("sample", at=day, source=Source.SAMPLE))
    predictions.add(rows, [failure(at=day) for _ in range(20)])
    for i in range(20):
        feedback_store.add(feedback(f"{i}", at=day + timedelta(days=1)))
    feedback_store.add(feedback("40", basis="own read", at=day))


def test_an_empty_store_says_what_fills_it(in_service):
    page = open_monitor()
    assert "No prediction recorded yet." in words(page) and "samples are recorded and not counted" in words(page)
    assert not page.dataframe


def test_a_sample_alone_is_nothing(in_service):
    predictions.add([row("sample", source=Source.SAMPLE, at=now())])
    assert "No prediction recorded yet." in words(open_monitor())


def test_a_store_that_cannot_be_read_says_so_and_tells_no_password(in_service, set_environment):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_DATABASE_URL="postgresql://user:secret-word@127.0.0.1:1/none")
    page = open_monitor()
    assert "The store cannot be read" in words(page) and "secret-word" not in words(page)


def test_alerts_that_are_on_come_first(used):
    page = open_monitor()
    assert "1 alert is on. Errors: 20 of 80 inputs could not be scored." in words(page)
    found = table(page, "State")
    assert found.iloc[0][["State", "Figure", "Value", "Limit", "n"]].tolist() == [
        "▲ on",
        "Errors",
        "0.250",
        "0.1",
        "80",
    ]
    of_sensitivity = found[(found.Figure == "Sensitivity") & (found.Model == "Custom CNN")].iloc[0]
    assert (of_sensitivity["State"], of_sensitivity["n"], of_sensitivity["Version"]) == (
        "○ too few to tell",
        "15",
        "test-1",
    )
    assert "Fewer than 50 raise no alert." in captions(page)


def test_use_by_hand(used):
    page = open_monitor(show="Use")
    assert [metric.value for metric in page.metric] == ["60", "20", "0", "0.25"]
    assert "share 0.250 (0.168 to 0.355)" in captions(page)
    assert "60 scored and 20 not; at most 60 in a day." in captions(page)
    flags = table(page, "Flag")
    assert flags.iloc[0][["Flag", "Share of cases"]].tolist() == ["tiny", "0.100 (0.047 to 0.201)"]


def test_drift_names_its_reference_and_what_is_lacking(used):
    page = open_monitor(show="Drift", version="test-1")
    found = table(page, "Measure").set_index("Measure")
    assert found.loc["Score", ["n", "Reference n"]].tolist() == [55, 7]
    assert found.loc["Score", "Without a shift"] == pytest.approx((BINS - 1) * (1 / 55 + 1 / 7))
    assert "a reference of at least 50 is needed, there are 7" in found.loc["Score", "In words"]
    assert "not stored with this version" in found.loc["Mean grey value", "In words"]
    assert "held-out scans" in captions(page) and "never 0" in captions(page)


def test_confirmed_cases_with_their_bias_and_the_tumours_that_were_missed(used):
    page = open_monitor(show="Confirmed cases", model=CNN)
    assert "verification bias" in words(page)
    found = table(page, "ROC-AUC").set_index("Version")
    assert found.loc["test-1", ["n", "Tumours", "Missed"]].tolist() == [15, 15, 1]
    assert found.loc["test-1", "Sensitivity"] == "0.933 (0.702 to 0.988)"
    assert found.loc["older", "Specificity"] == "not computed: no scan without a tumour"
    missed = table(page, "Confirmed by")
    assert sorted(missed["Case"]) == sorted(key(name)[:12] for name in ("3", "18"))
    assert "1 by the reader's own read alone" in captions(page)


def test_readers_before_and_after_the_reveal(used):
    page = open_monitor(show="Readers", version="test-1")
    found = table(page, "Cohen's kappa").set_index("Opinion")
    assert found.loc["before the reveal", ["n", "Both tumour"]].tolist() == [3, 3]
    assert found.loc["after the reveal", ["n", "Both tumour"]].tolist() == [4, 4]


def test_the_address_keeps_what_was_chosen(used):
    page = open_monitor(show="Use", model=RESNET, period="90", by="week")
    assert page.selectbox[0].value == RESNET and page.selectbox[1].options == ["all", "test-2"]
    page.selectbox[0].set_value("all").run()
    assert "model" not in page.query_params and page.query_params["period"] == "90"
    page.selectbox[0].set_value(CNN).run()
    page.selectbox[1].set_value("older").run()
    assert page.query_params["version"] == "older" and page.metric[0].value == "5"
    page.selectbox[0].set_value(RESNET).run()  # which has no such version
    assert_no_failure(page)
    assert page.selectbox[1].value == "all"


def test_an_unknown_address_shows_the_defaults(used):
    page = open_monitor(show="<b>", model="nobody", version="x", period="-3", by="year", measure="?")
    assert page.selectbox[0].value == "all" and "1 alert is on." in words(page)


def test_a_period_without_predictions_says_so(used):
    for section in ("Use", "Drift"):
        predictions_of_week = open_monitor(show=section, period="7")
        assert "No prediction of the latest 7 days." in words(predictions_of_week)


def test_text_from_outside_is_shown_literally(in_service):
    predictions.add([row("a", at=now(), version="<img src=x onerror=alert(1)>")])
    page = open_monitor(show="Drift")
    assert "&lt;img src=x" in "".join(e.proto.body for e in page.get("html"))
