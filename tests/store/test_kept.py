"""Kept scans and the confirmed data set."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brain_core.datasets import sources
from brain_core.datasets.index import load_dataset
from brain_core.errors import StoreError
from brain_core.scans import Scan
from brain_core.store import confirmed, feedback, kept, predictions, retention
from brain_core.store.records import Kind, Source
from tests.store.sample_rows import at, key, prediction
from tests.store.sample_rows import feedback as said

pytestmark = pytest.mark.usefixtures("sqlite")


@pytest.fixture
def keeping(set_environment) -> None:
    set_environment(BRAIN_KEEP_SCANS="yes")


def scan(seed: int, colour: bool = False) -> Scan:
    shape = (40, 60, 3) if colour else (40, 60)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return Scan(pixels, "name of a patient.png", "PNG", "0" * 64)


def store(*names: str, **values) -> None:
    """Single slices, predicted and kept."""
    for number, name in enumerate(names):
        predictions.add([prediction(name, **values)])
        kept.keep(key(name), scan(number))


def say(name: str, finding: str, minute: float = 0, **values) -> None:
    feedback.add(said(name, finding=finding, at=at(minute), **values))


def held(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")}


def test_nothing_is_kept_unless_a_setting_says_so(settings):
    kept.keep(key("a"), scan(1))
    assert kept.path(key("a")) is None
    assert not kept.folder().exists()


@pytest.mark.parametrize("colour", [False, True])
def test_pixels_come_back_as_they_were(keeping, colour):
    kept.keep(key("a"), scan(1, colour))
    with Image.open(kept.path(key("a"))) as picture:
        assert not picture.info
        np.testing.assert_array_equal(np.asarray(picture), scan(1, colour).pixels)
    assert kept.keys() == {key("a")}


def test_nobody_else_can_read_them(keeping):
    kept.keep(key("a"), scan(1))
    assert stat.S_IMODE(kept.folder().stat().st_mode) == 0o700


def test_a_scan_is_kept_once(keeping):
    kept.keep(key("a"), scan(1))
    before = kept.path(key("a")).stat()
    kept.keep(key("a"), scan(1))
    assert kept.path(key("a")).stat() == before
    assert os.listdir(kept.folder()) == [f"{key('a')}.png"]


@pytest.mark.parametrize("wrong", ["../../etc/passwd", "A" * 64, "", "a" * 63, "a" * 64 + "\n"])
def test_only_keys_are_file_names(keeping, wrong):
    with pytest.raises(StoreError, match="key of 64 hexadecimal digits. Received something else"):
        kept.keep(wrong, scan(1))


def test_a_disk_that_cannot_be_written_is_an_error(keeping, settings):
    settings.home.mkdir(exist_ok=True)
    (settings.home / "kept").write_text("a file")
    with pytest.raises(StoreError, match="cannot be used: (File exists|Not a directory)"):
        kept.keep(key("a"), scan(1))


def test_confirmed_scans_are_a_data_set(keeping):
    store("tumor", "none", "read", "unsure", "silent", "disputed")
    say("tumor", "tumor", basis="biopsy")
    say("none", "no tumor", basis="own read")
    say("none", "no tumor", basis="second reader", user="second@example.org")
    say("read", "tumor", basis="own read")
    say("unsure", "unsure", basis="follow-up")
    say("disputed", "tumor", basis="follow-up")
    say("disputed", "no tumor", basis="follow-up", user="second@example.org")
    predictions.add([prediction("not kept")])
    say("not kept", "tumor", basis="biopsy")
    folder = confirmed.data_set()
    assert held(folder) == {f"yes/{key('tumor')}.png", f"no/{key('none')}.png"}
    assert confirmed.count() == confirmed.Counts(tumor=1, no_tumor=1, disagreements=1, not_kept=1)
    assert folder in sources.data_sets()  # where the Retrain page finds it
    assert sorted(load_dataset(folder).labels) == [0, 1]


def test_nothing_confirmed_is_no_data_set(keeping):
    store("read")
    assert confirmed.data_set() is None
    assert confirmed.count() == confirmed.Counts(0, 0, 0, 0)


def test_series_slices_of_series_and_samples_are_left_out(keeping):
    store("slice", case=key("series"))
    store("sample", source=Source.SAMPLE)
    store("series", kind=Kind.SERIES)
    store("both")
    predictions.add([prediction("both", source=Source.SAMPLE)])
    for name in ("slice", "series", "sample", "both"):
        feedback.add(said(name), awaited=True)
    assert confirmed.data_set() is None
    assert confirmed.count().tumor == 0


def test_a_verdict_that_changes_moves_the_file(keeping):
    store("a", "b")
    say("a", "tumor")
    say("b", "no tumor")
    folder = confirmed.data_set()
    say("a", "no tumor", 1)
    assert confirmed.data_set() == folder
    assert held(folder) == {f"no/{key('a')}.png", f"no/{key('b')}.png"}
    say("a", "unsure", 2)
    confirmed.data_set()
    assert held(folder) == {f"no/{key('b')}.png"}


def test_what_is_deleted_is_gone_from_the_data_set_at_once(keeping):
    store("a", "b")
    say("a", "tumor")
    say("b", "tumor")
    folder = confirmed.data_set()
    retention.delete_case(key("a"))
    assert held(folder) == {f"yes/{key('b')}.png"}


def test_a_file_that_its_writer_has_just_renamed_stops_no_deletion(keeping, monkeypatch):
    store("a")
    glob = Path.glob

    def with_one_that_is_gone(self, pattern):
        yield from glob(self, pattern)
        yield self / f".{key('b')}-x.png"

    monkeypatch.setattr(Path, "glob", with_one_that_is_gone)
    assert kept.delete([key("a")]) == 1


def test_refreshing_removes_what_a_crash_left_and_leaves_other_files(keeping):
    store("a")
    say("a", "tumor")
    folder = confirmed.data_set()
    (folder / "no" / f".{key('a')}-x.png").write_bytes(b"half")
    (folder / "no" / "README.txt").write_text("mine")
    confirmed.data_set()
    assert held(folder) == {f"yes/{key('a')}.png"}
    assert (folder / "no" / "README.txt").exists()


def test_exported_elsewhere_without_hard_links(keeping, tmp_path, monkeypatch):
    store("a")
    say("a", "tumor")

    def refused(*_):
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    folder = confirmed.export(tmp_path / "elsewhere")
    assert held(folder) == {f"yes/{key('a')}.png"}
    assert (folder / "yes" / f"{key('a')}.png").read_bytes() == kept.path(key("a")).read_bytes()
    assert [path for path in folder.rglob(".*") if path.name != ".lock"] == []
