"""Hundreds of bad files: each is read or refused in words of its own, in little time and memory, and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from brain_core.scans import SourceFile, collect
from tests.hardening import corpus, corpus_dicom, corpus_nifti
from tests.pages.conftest import picture, router_has_run
from tests.pages.steps import PROJECT, html, open_page, upload, words
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "picture", "router_has_run", "service_files"]

LEAST = 500
MEGABYTES, MEGABYTES_EACH = 400, 150  # by which the process may grow
SECONDS, SECONDS_EACH = 0.05, 15  # on average; at most, where the machine is busy
UNFIT = re.compile(r"Traceback|object at 0x|<class|Errno|not enough memory|\.py\b")
LENGTH = 400  # characters of a message


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory) -> list[dict]:
    """See `tests.hardening.corpus_run.Outcome`; the process that read them had a gigabyte to spare."""
    out = tmp_path_factory.mktemp("corpus") / "outcomes.jsonl"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
    done = subprocess.run(
        [sys.executable, "-m", "tests.hardening.corpus_run", str(out)],
        cwd=PROJECT,
        env=environment | {"BRAIN_HOME": str(out.parent / "home"), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    found = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    assert done.returncode == 0, f"ended at file {len(found)}: {done.stderr[-2000:]}"
    return found


def told(outcome: dict) -> str:
    return f"{outcome['number']} {outcome['name']} ({outcome['about']})"


def test_it_is_large_and_holds_every_format(outcomes):
    assert len(outcomes) >= LEAST
    suffixes = Counter(Path(outcome["name"]).suffix for outcome in outcomes)
    for suffix in (".jpg", ".png", ".bmp", ".tif", ".webp", ".gif", ".pgm", ".jp2", ".nii", ".gz", ".dcm", ".zip"):
        assert suffixes[suffix] >= 15, suffix


def test_nothing_but_errors_of_our_own_is_raised(outcomes):
    assert not [f"{told(each)}: {each['failure'][-600:]}" for each in outcomes if each["failure"]]


def test_each_is_read_or_refused(outcomes):
    silent = [each for each in outcomes if not each["messages"] and not each["read"]]
    assert {(each["name"], each["about"]) for each in silent} == {
        ("directory", "a DICOMDIR"),  # left aside for good reason, and counted on the page
        ("none.zip", "without members"),
    }
    assert sum(bool(each["messages"]) for each in outcomes) > 0.7 * len(outcomes)
    assert sum(bool(each["read"]) for each in outcomes) > 0.2 * len(outcomes)  # damage that does no harm


def test_every_message_is_fit_to_show(outcomes):
    for each in outcomes:
        for message in each["messages"]:
            assert message.strip() and message.isprintable(), told(each)
            assert not UNFIT.search(message) and len(message) < LENGTH, f"{told(each)}: {message}"
            assert message.endswith((".", ".)")) and ": " in message or "slice" in message, f"{told(each)}: {message}"
        assert all(text.isprintable() for text in each["shown"]), told(each)


def test_time_and_memory_are_bounded(outcomes):
    assert sum(each["seconds"] for each in outcomes) / len(outcomes) < SECONDS
    assert not [told(each) for each in outcomes if each["seconds"] > SECONDS_EACH]
    assert not [told(each) for each in outcomes if each["megabytes"] > MEGABYTES_EACH]
    assert sum(each["megabytes"] for each in outcomes) < MEGABYTES


@pytest.mark.parametrize(
    ("name", "about", "message"),
    [
        ("empty.png", "empty", "the file is empty"),
        ("giant.png", "claims 60000 pixels a side", "claims more pixels|60000 x 60000 pixels"),
        ("bomb.png", "121 megapixels of nothing", "11000 x 11000 pixels; pictures of up to 40 megapixels are read"),
        ("strip.png", "(2, 60000)", "60000 x 2 pixels; a scan needs at least"),
        ("float.tif", "a value of nan", "grey values from nan"),
        ("head.nii", "a negative side", "claims -64 x 64 x 6 voxels; there is nothing to read"),
        ("head.nii", "giant", r"claims 7036\d+ MB; volumes of up to 4000 MB"),
        ("bomb.nii.gz", "60 MB of nothing where 480 are claimed", r"the file is truncated \(60000352 of 480000352"),
        ("bomb.dcm.gz", "110 MB of nothing", "unpacks to more than the 100 MB that are read"),
        ("head.dcm", "without Rows", "the attribute Rows is missing"),
        ("jpeg.dcm", "a picture of 4 gigapixels", "the compressed picture is of 65500 x 65500 pixels, the header says"),
        ("deep.dcm", "100000 sequences deep", "damaged|larger than any"),
        ("nested.zip", "40 zips deep", "an archive; a zip of the files themselves is read"),
        ("bombs.zip", "540 MB of nothing", "unpacks to more than 200 times its size"),
        ("flat.zip", "60 MB of nothing", "neither DICOM nor NIfTI"),
        ("crowd.zip", "5,000 empty members", "the file is empty"),
        ("links.zip", "links to elsewhere", "neither DICOM nor NIfTI"),
        ("method.zip", "packed by bz2", r"packed by a method \(12\) that is not read"),
        ("overlap.zip", "members that share their bytes", "its members take more than there is"),
    ],
)
def test_the_reason_is_named(outcomes, name, about, message):
    (found,) = [each for each in outcomes if (each["name"], each["about"]) == (name, about)]
    assert re.search(message, found["messages"][0]), found["messages"][:3]


def test_the_files_that_they_were_made_of_are_read():
    """Else what they become would say nothing."""
    files = [SourceFile.of_bytes(data, name) for name, data in (corpus_dicom.good() | corpus_nifti.good()).items()]
    for file in files:
        (study,) = collect([file]).studies
        assert study.series[0].scan(0).pixels.size, file.name


def test_no_zip_writes_beside_itself(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    for name, data, _ in corpus.odd_zips():
        collect([SourceFile.of_bytes(data, name)])
    home = tmp_path / "var"  # holds the secret of the pseudonyms
    assert [
        path for path in sorted(tmp_path.rglob("*")) if path not in before and home not in (path, *path.parents)
    ] == []


def test_dozens_of_them_at_once_leave_the_page_standing(in_service, picture):
    bad = corpus.entries()[::17]
    assert len(bad) > 50
    page = open_page()
    upload(page, *[(each.name, each.data) for each in bad], ("good.png", picture(1)))
    assert not page.exception, page.exception[0].message
    assert not page.error and "Traceback" not in html(page) and "object at 0x" not in html(page)
    assert "not taken; the others were not held up." in words(page)
    assert "could not be assessed; the others were not held up." in words(page)
    table = next(each.value for each in page.dataframe if "Name" in each.value)
    assert "good.png" in list(table["Name"])
