"""Confirmed scans as a source of the Retrain page: counts, why there is none, and the folder it makes."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from brain_core.datasets import sources
from brain_core.errors import AccessError, StoreError
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.store import confirmed, feedback, kept, predictions
from brain_core.store.confirmed import Counts
from brain_core.ui import access
from brain_core.ui.retrain import checking, chosen
from brain_core.ui.retrain import confirmed as source
from tests.pages.steps import words
from tests.store import sample_rows
from tests.store.databases import close
from tests.store.sample_rows import key
from tests.ui.retrain import again, buttons, metrics, open_retrain, press, said, service

__all__ = ["service"]


@pytest.fixture
def keeping(service, set_environment):
    """Scans are kept."""
    set_environment(BRAIN_KEEP_SCANS="yes")
    yield service
    close()


def add(number: int, *, kept_too: bool = True, **said_of_it) -> None:
    """A phantom that was predicted, kept and confirmed; odd ones have a lesion."""
    scan = draw(Phantom(seed=number, lesion=Lesion() if number % 2 else None, size=128))
    predictions.add([sample_rows.prediction(number)])
    if kept_too:
        kept.keep(key(number), scan)
    feedback.add(sample_rows.feedback(number, **{"finding": "tumor" if number % 2 else "no tumor"} | said_of_it))


def visit() -> AppTest:
    return open_retrain(source="confirmed")


def settled(page: AppTest) -> AppTest:
    """Once the folder has been looked at."""
    assert checking.of(kept.confirmed_folder(), inherit=True).settled.wait(60)
    return again(page)


def test_where_scans_are_not_kept_the_page_says_so(service):
    page = visit()
    assert "The pixels of scans are not kept on this server. With BRAIN_KEEP_SCANS=yes" in words(page)
    assert buttons(page) == []
    close()


@pytest.mark.parametrize(
    ("counts", "keeps", "expected"),
    [
        (Counts(7, 7, 0, 0), True, ""),
        (Counts(7, 7, 0, 0), False, ""),
        (Counts(6, 9, 0, 0), True, "confirmed and kept are 6 with and 9 without a tumour. Confirm more on Review."),
        (Counts(9, 6, 0, 0), False, "BRAIN_KEEP_SCANS is off, so that no new ones come"),
        (Counts(0, 0, 0, 20), True, "confirmed and kept are 0 with and 0 without"),
        (Counts(0, 0, 3, 20), False, "The pixels of scans are not kept on this server."),
    ],
)
def test_why_there_is_nothing_to_learn_from(counts, keeps, expected):
    told = source.missing(counts, keeps=keeps)
    assert expected in told and bool(told) == bool(expected)


def test_confirmed_scans_become_a_data_set(keeping):
    for number in range(14):
        add(number)
    add(20, basis="own read")
    add(22, kept_too=False)
    add(24)
    feedback.add(sample_rows.feedback(24, finding="tumor", user="other"))
    page = visit()
    titles = ("Confirmed tumour", "Confirmed no tumour", "Readers disagree", "Confirmed, not kept")
    assert [metrics(page)[title] for title in titles] == ["7", "7", "1", "1"]
    assert "Scans that can be read" not in metrics(page)
    press(page, "Make the data set")
    settled(page)
    folder = kept.confirmed_folder()
    assert sources.allowed(folder) == folder.resolve()
    assert {path.stem for path in folder.glob("yes/*")} == {key(n) for n in range(1, 14, 2)}
    assert {path.stem for path in folder.glob("no/*")} == {key(n) for n in range(0, 14, 2)}
    assert metrics(page)["Scans that can be read"] == "14"
    press(page, "Use these data")
    assert page.session_state[chosen.KEY].folder == folder.resolve()


def test_what_was_made_of_other_findings_is_made_again(keeping):
    for number in range(16):
        add(number)
    page = press(visit(), "Make the data set")
    settled(page)
    assert metrics(page)["Scans that can be read"] == "16"
    feedback.add(sample_rows.feedback(3, finding="unsure", at=sample_rows.at(1)))
    again(page)
    assert "The confirmed scans have changed since the data set was made: make it again." in said(page)
    assert "Scans that can be read" not in metrics(page)
    press(page, "Make the data set again")
    settled(page)
    assert metrics(page)["Scans that can be read"] == "15" and "have changed" not in said(page)


def test_a_store_that_is_out_is_told(keeping, monkeypatch):
    monkeypatch.setattr(confirmed, "count", lambda: (_ for _ in ()).throw(StoreError("Out <b>.")))
    page = visit()
    assert "The prediction store cannot be read." in words(page) and buttons(page) == []


def test_a_folder_that_cannot_be_written_is_told(keeping, monkeypatch):
    for number in range(14):
        add(number)
    monkeypatch.setattr(confirmed, "data_set", lambda: (_ for _ in ()).throw(StoreError("Disk full.")))
    page = press(visit(), "Make the data set")
    assert "The data set was not made. Disk full." in words(page) and "Scans that can be read" not in metrics(page)


def test_the_right_is_asked_for_when_it_is_made(keeping, monkeypatch):
    for number in range(14):
        add(number)
    page = visit()
    monkeypatch.setattr(access, "check", lambda action: (_ for _ in ()).throw(AccessError(f"No: {action}.")))
    press(page, "Make the data set")
    assert "No: retrain models." in words(page) and not kept.confirmed_folder().exists()
