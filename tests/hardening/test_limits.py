"""What is taken in is bounded by count, size and pixels, each with its own words, and given back."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from brain_core.errors import PacsError
from brain_core.scans import SourceFile, collect
from brain_core.scans.amount import Most
from brain_core.ui import intake, session, uploaded
from brain_core.ui.pacs import fetching, work
from brain_core.ui.study import arrivals
from tests.pages.conftest import router_has_run
from tests.pages.steps import assert_no_failure, open_page, upload, words
from tests.scans.zip_files import zip_bytes, zip_file
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "router_has_run", "service_files"]


@pytest.fixture
def noise(encode):
    """``noise(side)``: a PNG of about ``side * side`` bytes."""
    rng = np.random.default_rng(0)
    return lambda side: encode(rng.integers(0, 256, (side, side), np.uint8))


def pngs(picture: bytes, count: int) -> list[tuple[str, bytes]]:
    return [(f"{i}.png", picture) for i in range(count)]


def only_refusal(files, most: Most | None) -> str:
    collection = collect(files, most=most)
    assert not collection.pictures and not collection.studies
    (refused,) = collection.refused
    return f"{refused.name}: {refused.reason}"


def test_files_are_counted_over_zips_and_beside_them(noise):
    picture = noise(32)
    files = [zip_file(dict(pngs(picture, 3))), SourceFile.of_bytes(picture, "beside.png")]
    assert len(collect(files, most=Most(4, 10**6)).pictures) == 4
    assert only_refusal(files, Most(3, 10**6)).startswith(
        "All files: 4 files; up to 3 are taken in at once (BRAIN_MAX_FILES). None was taken, since a part of a study"
    )
    assert only_refusal(files[:1], Most(2, 10**6)) == "study.zip: 3 files; zips of up to 2 are read."
    assert len(collect(files * 3).pictures) == 12  # from the disk of whoever asks, as many as there are


def test_bytes_are_counted_as_they_unpack():
    flat = bytes(600_000)
    files = [zip_file({"a.png": flat}), zip_file({"b.png": flat})]
    assert sum(file.size for file in files) < 5_000
    assert only_refusal(files, Most(9, 1_000_000)).startswith(
        "All files: 1.2 MB, unpacked; up to 1 MB are taken in at once (BRAIN_MAX_TOTAL_MEGABYTES)."
    )
    assert "study.zip: unpacks to 1 MB; zips of up to 0 MB are read." in only_refusal(files[:1], Most(9, 500_000))


def test_refused_members_count_as_well():
    assert "4 files; up to 3" in only_refusal([zip_file({"a": b"x"}), *[zip_file({"b": b""})] * 3], Most(3, 10**6))


def test_too_many_files_leave_an_empty_uploader_with_a_reason(in_service, set_environment, noise):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_MAX_FILES=2)
    page = open_page()
    upload(page, *pngs(noise(64), 3))
    assert_no_failure(page)
    assert "3 files; up to 2 are taken in at once (BRAIN_MAX_FILES). None was taken" in words(page)
    assert not page.file_uploader[0].value and not page.dataframe
    upload(page, *pngs(noise(64), 2))
    assert_no_failure(page)
    assert "are taken in at once" not in words(page) and len(page.dataframe[0].value) == 2


def test_every_other_limit_has_its_words_on_the_page(in_service, set_environment, noise):
    set_environment(
        BRAIN_MODELS_DIR=in_service, BRAIN_MAX_FILES=3, BRAIN_MAX_TOTAL_MEGABYTES=3, BRAIN_MAX_FILE_MEGABYTES=1,
        BRAIN_MAX_MEGAPIXELS=1,
    )  # fmt: skip
    page = open_page()
    upload(page, ("large.png", noise(1020)), ("good.png", noise(64)), ("many.png", zeros(1001, noise)))
    assert_no_failure(page)
    assert "large.png: 1 MB; files of up to 1 MB are read." in words(page)
    assert "many.png: 1001 x 1001 pixels; pictures of up to 1 megapixels are read." in words(page)
    for many in (pngs(noise(1400), 2), [("study.zip", zip_bytes(dict(pngs(noise(1400), 2)), method=0))]):
        upload(page, *many)
        assert_no_failure(page)
        assert "3.9 MB, unpacked; up to 3 MB are taken in at once" in words(page) or "unpacks to 4 MB" in words(page)
    upload(page, ("study.zip", zip_bytes(dict(pngs(noise(64), 4)))))
    assert "study.zip: 4 files; zips of up to 3 are read." in words(page)


def zeros(side: int, noise) -> bytes:
    """A picture of few bytes and many pixels."""
    import cv2

    picture = np.zeros((side, side), np.uint8)
    picture[0, 0] = 255
    return cv2.imencode(".png", picture)[1].tobytes()


def test_a_study_of_the_archive_is_bounded_likewise(set_environment, tmp_path, monkeypatch):
    set_environment(BRAIN_MAX_FILES=1)
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_bytes(b"x")

    class Block:
        def __enter__(self):
            return paths

        def __exit__(self, *_):
            return False

    monkeypatch.setattr(fetching, "fetched", lambda *_: Block())
    monkeypatch.setattr(fetching, "open_archive", lambda _: None)
    with pytest.raises(PacsError, match="The study has 2 files; up to 1 are taken in at once"):
        fetching.load(work.Work(), None, "1.2", home=tmp_path, most_bytes=100)


def test_an_upload_that_is_gone_from_the_page_is_gone_from_memory(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    context = SimpleNamespace(uploaded_file_mgr=manager, session_id="me")
    monkeypatch.setattr(uploaded, "get_script_run_ctx", lambda: context)
    monkeypatch.setattr(st, "session_state", {})
    for owner in ("me", "another"):
        manager.add_file(owner, UploadedFileRec("1", "a.png", "", bytes(100)))
    manager.add_file("me", UploadedFileRec("2", "b.png", "", bytes(100)))
    one, two = SimpleNamespace(file_id="1"), SimpleNamespace(file_id="2")
    uploaded.let_go_of_others([one, two])
    assert len(manager.get_files("me", ["1", "2"])) == 2
    uploaded.let_go_of_others([two])
    assert [file.file_id for file in manager.get_files("me", ["1", "2"])] == ["2"]
    uploaded.let_go_of_others([])
    assert not manager.get_files("me", ["1", "2"]) and manager.get_files("another", ["1"])


def test_starting_over_lets_go_of_all_that_came_of_the_upload(in_service, noise):
    page = open_page()
    upload(page, ("study.zip", zip_bytes(dict(pngs(noise(64), 2)))))
    assert_no_failure(page)
    kept = page.session_state[session.KEY]
    assert kept.predictions and kept.thumbnails
    collection = weakref.ref(page.session_state[arrivals.KEY])
    page.button(key="detect_start_over").click().run()
    assert_no_failure(page)
    assert not (kept.predictions or kept.thumbnails or kept.failures)
    assert arrivals.KEY not in page.session_state and intake.HASHES not in page.session_state
    gc.collect()
    assert collection() is None
