"""Where the data of the Retrain page come from: a folder on the server, an upload, Kaggle, confirmed scans."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from brain_core.datasets import sources
from brain_core.jobs import task
from brain_core.ui.retrain import chosen
from tests.pages.steps import html, words
from tests.ui.retrain import again, buttons, choose, metrics, open_retrain, press, said, service

__all__ = ["service"]


def test_without_any_data_set_the_page_says_what_to_do(in_service):
    page = open_retrain()
    assert "No data set lies below the folders that may be read: upload one" in said(page)


def test_a_folder_outside_the_roots_is_not_looked_at(service, tmp_path, phantom_dataset, set_environment):
    set_environment(BRAIN_MODELS_DIR=service, BRAIN_HOME=tmp_path / "home", BRAIN_DATA_ROOTS=tmp_path / "elsewhere")
    for outside in (phantom_dataset, "/no/such/<b>folder</b>"):
        page = open_retrain(folder=outside)
        assert "lies outside the folders that may be read" in words(page)
        assert "<b>" not in html(page) and buttons(page) == [] and not page.metric


def test_a_folder_that_holds_no_data_set_is_refused(service, tmp_path):
    (tmp_path / "empty").mkdir()
    page = open_retrain(folder=tmp_path / "empty")
    assert "expected one sub-folder a class" in words(page) and buttons(page) == []


def zipped(folder, *names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, path.relative_to(folder))
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def test_an_upload_is_unpacked_and_checked(service, phantom_dataset, tmp_path):
    page = choose(open_retrain(), "retrain_source", "zip")
    page.file_uploader[0].set_value([("<b>up</b> **x**.zip", zipped(phantom_dataset), "application/zip")])
    again(page)
    deadline = time.monotonic() + 60
    while not page.metric and time.monotonic() < deadline:
        time.sleep(0.2)
        again(page)
    assert metrics(page)["Scans that can be read"] == "24"
    (folder,) = (tmp_path / "home" / "data" / "uploads").iterdir()
    press(page, "Use these data")
    assert page.session_state[chosen.KEY].folder == folder


def test_unpacking_can_be_cancelled_and_begun_again(service, phantom_dataset, monkeypatch):
    unpack = sources.unpack_upload

    def slow(archive, name, progress):
        for done in range(3000):
            progress(done, 3000)
            time.sleep(0.01)

    monkeypatch.setattr(sources, "unpack_upload", slow)
    page = choose(open_retrain(), "retrain_source", "zip")
    page.file_uploader[0].set_value([("up.zip", zipped(phantom_dataset), "application/zip")])
    again(page)
    press(page, "Cancel")
    deadline = time.monotonic() + 20
    while "Unpacking was cancelled; nothing was kept." not in words(page) and time.monotonic() < deadline:
        again(page)
    assert "Unpacking was cancelled; nothing was kept." in words(page) and not page.metric
    monkeypatch.setattr(sources, "unpack_upload", unpack)
    press(page, "Unpack again")
    deadline = time.monotonic() + 60
    while not page.metric and time.monotonic() < deadline:
        again(page)
    assert metrics(page)["Scans that can be read"] == "24"


def test_an_archive_that_reaches_outside_is_refused(service, phantom_dataset):
    page = choose(open_retrain(), "retrain_source", "zip")
    page.file_uploader[0].set_value([("up.zip", zipped(phantom_dataset, "../evil.png"), "application/zip")])
    again(page)
    assert "Nothing was unpacked." in words(page) and "evil.png" in words(page) and not page.metric


def test_kaggle_goes_on_in_the_background(service, monkeypatch):
    started = []
    monkeypatch.setattr(task, "start", lambda name, words: started.append(words))
    page = choose(open_retrain(), "retrain_source", "kaggle")
    assert "it goes on when you close the page" in said(page)
    press(page, "Download")
    assert started == [["dataset", "download", "navoneel/brain-mri-images-for-brain-tumor-detection"]]
    going_on = task.Task("x", True, True, ("one", "Downloading 3 %"))
    with monkeypatch.context() as patch:
        patch.setattr(task, "look", lambda name: going_on)
        again(page)
        assert "Downloading 3 %" in page.code[0].value and "Cancel" in buttons(page)
    failed = task.Task("x", True, False, ("error: No <b>credentials</b>.",))
    monkeypatch.setattr(task, "look", lambda name: failed)
    again(page)
    assert "Nothing was downloaded. No &lt;b&gt;credentials&lt;/b&gt;." in html(page).replace("</strong><div>", "")


@pytest.mark.parametrize("name", ["..", "owner/..", "uploads", "--help", "owner/name/more", ""])
def test_a_name_that_is_none_of_kaggles_reaches_no_folder(service, name):
    page = choose(open_retrain(), "retrain_source", "kaggle")
    page.text_input(key="retrain_kaggle").set_value(name)
    again(page)
    assert "Kaggle data set: expected owner/name." in words(page) and buttons(page) == []


def test_confirmed_scans_say_why_they_are_not_there_yet(service):
    page = choose(open_retrain(), "retrain_source", "confirmed")
    assert "With BRAIN_KEEP_SCANS=yes those assessed from then on are" in words(page) and buttons(page) == []
