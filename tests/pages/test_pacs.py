"""The PACS page: nothing set up, settings that make no sense, and a real archive from the test to results in it."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from brain_core import audit
from brain_core.errors import PacsError
from brain_core.pacs.archive import Query, StudyFound
from brain_core.pacs.ledger import GIVEN_UP, REFUSED, SEEN, STORED, Ledger, Record
from brain_core.pacs.watch import ledger_path, watching
from brain_core.ui import models
from brain_core.ui.pacs import actions, handover, search, storing, study_list, work
from tests.pacs.conftest import orthanc, running, secrets_file, tables
from tests.pages.steps import PROJECT, assert_no_failure, html, words
from tests.scans.dicom_files import series_datasets, to_bytes

__all__ = ["orthanc", "running", "secrets_file"]

SLICES, SIZE = 8, 64
PATIENT, PATIENT_ID = "<b>Muster</b>^<img src>", "SECRET-77"
DESCRIPTION = "Brain <b>T1</b> **x**"
SECONDS = 60


def open_pacs() -> AppTest:
    """The page by itself."""
    return AppTest.from_file(PROJECT / "pages" / "5_PACS.py", default_timeout=SECONDS).run()


def press(page: AppTest, key: str) -> AppTest:
    page.button(key=key).click()
    return page.run()


def wait_for(page: AppTest, text: str) -> AppTest:
    """Look again, as the page's own fragments do, until it says so."""
    latest = time.monotonic() + SECONDS
    while text not in words(page) and time.monotonic() < latest:
        time.sleep(0.1)
        page.run()
    assert_no_failure(page)
    assert text in words(page)
    return page


def selected(page: AppTest, row: int = 0) -> AppTest:
    """With a row of the table selected: a test has no mouse, so that the table's state is set."""
    for model in models.current():  # which a study with its buttons begins to load
        assert model.wait(SECONDS)
    found = page.session_state[search.SEARCH].result
    key = f"pacs_studies_{id(found) & 0xFFFFFF:x}"
    page.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return page.run()


def confirm(page: AppTest) -> AppTest:
    """In the dialog: a test runs the whole page, which opens it in the same run only."""
    page.button(key="pacs_store").click()
    return press(page, "pacs_store_confirmed")


def series(seed: int = 0, **attributes) -> list[bytes]:
    shown = {"StudyDescription": DESCRIPTION, "StudyDate": time.strftime("%Y%m%d")}
    who = {"PatientName": PATIENT, "PatientID": PATIENT_ID}
    return [to_bytes(ds) for ds in series_datasets(SLICES, size=SIZE, seed=seed, **shown | who | attributes)]


@pytest.fixture
def archive(orthanc, secrets_file, set_environment, in_service, tmp_path):
    """A real Orthanc with one study, and settings that lead to it."""
    orthanc.put(*series())
    path = secrets_file(tables(orthanc)["dicomweb"])
    set_environment(BRAIN_SECRETS=path, BRAIN_MODELS_DIR=in_service, BRAIN_HOME=tmp_path / "home")
    return orthanc


@pytest.fixture
def found(archive) -> AppTest:
    page = press(open_pacs(), "pacs_find")
    return wait_for(page, "1 study. Select a row")


def left_behind(tmp_path) -> list:
    return list((tmp_path / "home" / "pacs" / "fetched").glob("*"))


def everything(page: AppTest) -> str:
    """All that goes to the browser, tables included."""
    return html(page) + "".join(each.value.to_csv() for each in page.dataframe)


def test_without_settings_the_page_says_what_to_put_where(set_environment, tmp_path):
    set_environment(BRAIN_SECRETS=tmp_path / "secrets.toml", BRAIN_HOME=tmp_path / "home")
    page = open_pacs()
    assert_no_failure(page)
    assert str(tmp_path / "secrets.toml") in words(page)
    assert 'kind = "dicomweb"' in page.code[0].value and '# kind = "dimse"' in page.code[0].value
    assert "No watcher has run on this server yet." in words(page)
    assert page.code[1].value == "python -m brain_core pacs watch"
    assert not (tmp_path / "home").exists()  # looking makes nothing


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "dicomweb", "urll": "http://x"}, "[pacs] urll: no such key. Did you mean url?"),
        ({"kind": "dimse", "host": "x", "port": 104}, "[pacs] called_aet is missing"),
        ({"kind": "<b>x</b>"}, "[pacs] kind: expected"),
    ],
)
def test_settings_that_make_no_sense_name_the_key(set_environment, secrets_file, table, message):
    set_environment(BRAIN_SECRETS=secrets_file(table))
    page = open_pacs()
    assert_no_failure(page)
    assert message in words(page) and "<b>x" not in html(page) and not page.button


def test_no_password_token_or_proxy_is_shown(set_environment, secrets_file):
    table = {"kind": "dicomweb", "url": "https://pacs.example.org/web", "token": "tok-secret", "verify_tls": False}
    set_environment(BRAIN_SECRETS=secrets_file(table | {"proxy": "http://u:prox-secret@p"}))
    page = open_pacs()
    assert "pacs.example.org:443 DICOMweb" in words(page)
    for told in ("with a token", "through a proxy", "encrypted", "the certificate is not checked"):
        assert told in words(page)
    assert "secret" not in html(page) and "not encrypted" not in words(page)


def test_every_step_of_the_connection_is_shown(archive):
    page = wait_for(press(open_pacs(), "pacs_test"), "The archive can be reached")
    for step in ("Settings ok", "Host name ok", "Port ok", "TLS not tried", "Login ok", "Query ok"):
        assert step in words(page)
    assert "correct-horse" not in html(page)


def test_a_wrong_password_shows_its_step_and_error(archive, secrets_file):
    secrets_file(tables(archive)["dicomweb"] | {"password": "wrong-horse"})
    page = wait_for(press(open_pacs(), "pacs_test"), "The first step that failed says why")
    assert "Port ok" in words(page) and "Login failed" in words(page) and "Query not tried" in words(page)
    assert "HTTP 401: user, password or token are wrong or missing" in words(page)
    page = wait_for(press(page, "pacs_find"), "The search failed.")
    assert "HTTP 401" in words(page) and "wrong-horse" not in html(page)


def test_studies_come_without_their_patients(found):
    (table,) = found.dataframe
    assert list(table.value) == ["Date", "Description", "Modalities", "Series", "Objects", "Study"]
    row = table.value.iloc[0]
    assert row["Description"] == DESCRIPTION and (row["Series"], row["Objects"]) == (1, SLICES)
    selected(found)
    assert_no_failure(found)
    assert "Brain &lt;b&gt;T1&lt;/b&gt; **x**" in html(found)
    assert "Muster" not in everything(found) and PATIENT_ID not in everything(found)


def test_patients_are_shown_by_the_switch_only_and_literally(found):
    selected(found).toggle(key="pacs_identity").set_value(True).run()
    assert found.dataframe[0].value.iloc[0]["Patient"] == PATIENT
    assert "&lt;b&gt;Muster&lt;/b&gt;" in html(found) and "<b>Muster" not in html(found)
    found.toggle(key="pacs_identity").set_value(False).run()
    assert "Muster" not in everything(found) and PATIENT_ID not in everything(found)
    keys = [str(key) for key in found.session_state._state.filtered_state]
    assert not found.query_params and not any(PATIENT_ID in key or "Muster" in key or "." in key for key in keys)


def test_no_study_says_what_to_change(archive):
    page = open_pacs()
    page.text_input(key="pacs_words").set_value("knee")
    page = wait_for(press(page, "pacs_find"), "No such study: widen the dates")
    assert not page.dataframe


def test_dates_in_the_wrong_order_are_refused(archive):
    page = open_pacs()
    since = page.date_input(key="pacs_since").value
    page.date_input(key="pacs_until").set_value(since.replace(year=since.year - 1))
    press(page, "pacs_find")
    assert "Expected the earlier day first." in words(page) and search.SEARCH not in page.session_state


def test_the_limit_says_that_there_are_more(archive):
    archive.put(*series(seed=1), *series(seed=2))
    page = open_pacs()
    page.number_input(key="pacs_limit").set_value(2)
    page = wait_for(press(page, "pacs_find"), "The first 2; there are more.")
    assert len(page.dataframe[0].value) == 2


def test_a_study_is_handed_to_detect_from_memory(found, monkeypatch, tmp_path):
    gone = []
    monkeypatch.setattr("streamlit.switch_page", gone.append)
    press(selected(found), "pacs_open")
    latest = time.monotonic() + SECONDS
    while not gone and time.monotonic() < latest:
        found.run()
    assert gone == ["pages/1_Detect.py"]
    files = found.session_state[handover.KEY]
    assert [each.name for each in files] == [f"{i:04d}.dcm" for i in range(1, SLICES + 1)]
    assert all(each.path is None and each.open().read()[128:132] == b"DICM" for each in files)
    assert len({each.file_id for each in files}) == SLICES
    assert left_behind(tmp_path) == [] and actions.JOB not in found.session_state


def test_a_study_too_large_for_memory_is_refused(found, monkeypatch, tmp_path):
    monkeypatch.setattr("brain_core.ui.pacs.fetching.FACTOR", 0)
    page = wait_for(press(selected(found), "pacs_open"), "Not opened.")
    assert "up to 0 MB are opened in the browser" in words(page)
    assert left_behind(tmp_path) == [] and handover.KEY not in page.session_state


def test_results_are_stored_once_after_a_confirmation(found, archive, tmp_path):
    press(selected(found), "pacs_store")
    assert "one structured report (TID 1500)" in words(found) and "Custom CNN test-1" in words(found)
    assert archive.instances("SR") == []  # nothing before the confirmation
    page = wait_for(confirm(found), "Results in the archive: 3 stored.")
    assert len(archive.instances("SR")) == 1 and len(archive.instances()) == SLICES + 3
    assert left_behind(tmp_path) == []
    press(press(page, "pacs_job_close"), "pacs_store")
    wait_for(confirm(page), "Results in the archive: 3 there before.")
    assert len(archive.instances()) == SLICES + 3
    told = [(entry.user, entry.details["objects"]) for entry in audit.entries(action="archive store")]
    assert told == [("local", 3), ("local", 3)]


def test_every_column_that_is_told_how_to_be_shown_is_there():
    listed = search.Listed(StudyFound("1.2", None, "x", ("MR",), 1, 3), "S-1")
    table = study_list.table(search.Found((listed,), False), named=False)
    assert set(study_list.columns()) <= set(table) and "Objects" in study_list.columns()


def ended(error: str | None, *begun: str) -> work.Work:
    """Scoring and storing that was cancelled, and broke off at the last of the steps that were begun."""
    done = work.Work(tuple(map(work.Row, storing.STEPS)))
    for name in begun:
        done.begin(name)
    done.end(work.NOT_TRIED if error is None else work.FAILED)
    done.error = error
    done.stop.set()
    done.settled.set()
    return done


@pytest.mark.parametrize(
    ("error", "begun", "told"),
    [
        (None, storing.STEPS[:2], "nothing was stored in the archive"),
        ("The disk is full.", storing.STEPS[:2], "nothing was stored in the archive"),
        ("No answer. 1 of 4 objects were stored before.", storing.STEPS, "Not done. No answer. 1 of 4 objects"),
    ],
)
def test_after_cancel_the_page_says_nothing_was_stored_only_where_that_is_so(
    set_environment, secrets_file, in_service, error, begun, told
):
    set_environment(BRAIN_SECRETS=secrets_file({"kind": "dicomweb", "url": "https://pacs.example.org/web"}))
    page = AppTest.from_file(PROJECT / "pages" / "5_PACS.py", default_timeout=SECONDS)
    page.session_state[actions.JOB] = actions._Job("P-1", False, ended(error, *begun))
    page.run()
    assert_no_failure(page)
    assert told in words(page)
    assert ("nothing was stored" in words(page)) == (begun != storing.STEPS)


def test_a_search_goes_on_where_one_study_cannot_be_opened(monkeypatch):
    class Closed:
        def find_studies(self, query):
            return [StudyFound(uid, None, "", ("MR",), 1, 3) for uid in ("1.2", "1.3")]

        def find_series(self, uid):
            raise PacsError("HTTP 500")

        def echo(self):
            asked.append(1)

    asked = []
    monkeypatch.setattr(search, "open_archive", lambda _settings: Closed())
    found = search.look(work.Work((work.Row(search.STEP),)), None, Query(limit=5), ["brain"])
    assert len(found.studies) == len(asked) == 2


def test_the_watcher_is_read_from_its_ledger(set_environment, tmp_path):
    home = tmp_path / "home"
    set_environment(BRAIN_SECRETS=tmp_path / "none.toml", BRAIN_HOME=home)
    with watching(home) as ledger:
        for number, state in enumerate([STORED, STORED, SEEN]):
            ledger.put(Record(str(number), "c", 9, state, 1_790_000_000.0 + number))
        ledger.put(Record("3", "c", 5, REFUSED, 1_780_000_000.0, reason="The study holds <b>nothing</b>."))
        ledger.put(Record("4", "c", 5, GIVEN_UP, 1_770_000_000.0, failures=5, reason="No answer in time."))
        page = open_pacs()
        assert_no_failure(page)
        assert "A watcher is going on. Last change that one saw: 2026-09-21 14:13 UTC." in words(page)
    for told in ("Stored results in the archive 2", "Seen may still be arriving 1", "Given up failed too often 1"):
        assert told in words(page)
    assert list(page.dataframe[0].value["Reason"]) == ["The study holds <b>nothing</b>.", "No answer in time."]
    assert list(page.dataframe[0].value["State"]) == ["refused", "given up"]
    page.run()
    assert "No watcher is going on." in words(page)
    with Ledger(ledger_path(home)) as ledger:
        assert len(ledger.every()) == 5


def test_a_damaged_ledger_is_named(set_environment, tmp_path):
    home = tmp_path / "home"
    set_environment(BRAIN_SECRETS=tmp_path / "none.toml", BRAIN_HOME=home)
    ledger_path(home).parent.mkdir(parents=True)
    ledger_path(home).write_bytes(b"no database" * 100)
    page = open_pacs()
    assert_no_failure(page)
    assert "watch.sqlite3 cannot be used" in words(page)
