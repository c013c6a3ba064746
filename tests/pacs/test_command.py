"""``python -m brain_core pacs``: what it prints and writes, and what it does not."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from datetime import date

import pydicom
import pytest
from pypdf import PdfReader

from brain_core.cli import pacs
from brain_core.cli.pacs_text import days
from brain_core.errors import ConfigError, PacsError
from brain_core.pacs.archive import SeriesFound
from brain_core.scans import pseudonym
from brain_core.settings import PROJECT
from tests.pacs.conftest import tables
from tests.pacs.orthanc import free_port
from tests.pacs.studies import FakeAssess, FakeAssessed, files, study, study_uid
from tests.scans.dicom_files import write_series


@pytest.fixture
def run(monkeypatch, capsys, secrets_file):
    """``run(*words, table=…)``: (exit status, standard output)."""

    def call(*words: str, table: dict | None = None) -> tuple[int, str]:
        if table is not None:
            monkeypatch.setenv("BRAIN_SECRETS", str(secrets_file(table)))
        parser = argparse.ArgumentParser()
        pacs.add(parser.add_subparsers())
        options = parser.parse_args(["pacs", *words])
        return options.run(options), capsys.readouterr().out

    return call


@pytest.fixture(params=["dicomweb", "get"])
def command(orthanc, run, request):
    """``command(*words)`` with the archive, over both protocols."""
    way = request.param
    return lambda *words: run(*words, table=tables(orthanc)[way])


@pytest.fixture
def assess(monkeypatch) -> FakeAssess:
    fake = FakeAssess()
    monkeypatch.setattr(pacs, "_assess", lambda model, source: (fake, None))
    return fake


def test_find_shows_studies_and_no_patients(orthanc, command):
    orthanc.put(*files(study("one", 2) + study("late", 1, StudyDate="20270101")))
    status, table = command("find", "--date", "20260101-20261231")
    lines = table.splitlines()
    assert (status, len(lines)) == (0, 2)
    assert lines[0].split() == ["date", "description", "modalities", "series", "instances", "study"]
    assert lines[1].split() == ["2026-01-02", "MRI", "brain", "MR", "1", "2", study_uid("one")]
    assert "Anna" not in table and "PH-0001" not in table


def test_find_as_json_with_identity_where_asked_for(orthanc, run):
    orthanc.put(*files(study("one", 2)))
    _, text = run("find", "--date", "-", "--format", "json", table=tables(orthanc)["dicomweb"])
    assert json.loads(text) == [
        {
            "date": "2026-01-02",
            "description": "MRI brain",
            "modalities": ["MR"],
            "series": 1,
            "instances": 2,
            "study": study_uid("one"),
        }
    ]
    _, text = run("find", "--format", "json", "--identity", "--patient-id", "PH-0001")
    assert (json.loads(text)[0]["patient_name"], json.loads(text)[0]["patient_id"]) == ("Phantom^Anna", "PH-0001")


def test_find_by_words_and_with_a_limit(orthanc, run, caplog):
    orthanc.put(*files(study("one", 1) + study("knee", 1, StudyDescription="Knee", BodyPartExamined="KNEE")))
    table = tables(orthanc)["dicomweb"]
    assert study_uid("knee") not in run("find", "--date", "-", table=table)[1]
    assert study_uid("one") not in run("find", "--date", "-", "--description", "KNEE")[1]
    assert len(run("find", "--date", "-", "--description", "")[1].splitlines()) == 3
    with caplog.at_level("INFO", "brain_core"):
        assert len(run("find", "--date", "-", "--description", "", "--limit", "1")[1].splitlines()) == 2
    assert "There are more: these are 1" in caplog.text
    assert run("find", "--date", "-", "--description", "spine")[1] == "No such study.\n"


def test_find_shows_recent_studies_unless_asked_for_others(orthanc, run):
    today = date.today().strftime("%Y%m%d")
    orthanc.put(*files(study("old", 1, StudyDate="20200101") + study("new", 1, StudyDate=today)))
    table = run("find", table=tables(orthanc)["dicomweb"])[1]
    assert study_uid("new") in table and study_uid("old") not in table
    assert study_uid("old") in run("find", "--date", "-20201231")[1]
    assert study_uid("old") in run("find", "--patient-id", "PH-0001")[1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20260101-20261231", (date(2026, 1, 1), date(2026, 12, 31))),
        ("20260101", (date(2026, 1, 1), date(2026, 1, 1))),
        ("20260101-", (date(2026, 1, 1), None)),
        ("-20260101", (None, date(2026, 1, 1))),
        ("-", (None, None)),
    ],
)
def test_days_are_read(text, expected):
    assert days(text) == expected


@pytest.mark.parametrize("text", ["2026", "20261301", "20260102-20260101", "x-y"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        days(text)


def test_fetch_writes_a_folder_of_the_study_once(orthanc, command, tmp_path):
    orthanc.put(*files(study("one", 2)))
    status, text = command("fetch", study_uid("one"), "--out", str(tmp_path / "out"))
    folder = tmp_path / "out" / study_uid("one")
    assert (status, text) == (0, f"2 instances in {folder}\n")
    assert len([pydicom.dcmread(path) for path in folder.iterdir()]) == 2
    with pytest.raises(PacsError, match="is there already"):
        command("fetch", study_uid("one"), "--out", str(tmp_path / "out"))
    with pytest.raises(PacsError, match="lists no instances"):
        command("fetch", "1.2.3", "--out", str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == [study_uid("one")]


def test_score_writes_and_stores(orthanc, command, assess, tmp_path, settings):
    asked = []
    assess.change = lambda paths, found: FakeAssessed(found.objects, files={"a.pdf": b"%PDF"}, asked=asked)
    orthanc.put(*files(study("one", 2) + study("one", 1, series="sr", Modality="PR")))
    status, text = command("score", study_uid("one"), "--out", str(tmp_path / "out"))
    assert status == 0 and text.startswith("no tumor, 0.12\n") and assess.seen == [2]
    written = tmp_path / "out" / pseudonym.of_study(study_uid("one")) / "a.pdf"
    assert written.read_bytes() == b"%PDF" and str(written) in text
    assert orthanc.instances("SR") == []
    for stored, held in ((4, 0), (0, 4)):
        told = json.loads(command("score", study_uid("one"), "--store", "--format", "json")[1])
        assert (told["stored"], told["held"], told["summary"]) == (stored, held, "no tumor, 0.12")
    assert len(orthanc.instances("SR")) == 2 and asked == [False]  # nothing is made that is not asked for
    assert list((settings.home / "pacs" / "fetched").iterdir()) == []


@pytest.fixture
def folder_as_archive(monkeypatch, models_dir, set_environment, tmp_path):
    """An archive that holds one study of six slices, and the models in service are small."""
    set_environment(BRAIN_MODELS_DIR=models_dir)
    paths = write_series(tmp_path / "archive", n=6, size=64, StudyInstanceUID=study_uid("one"))

    class Archive:
        def find_series(self, uid):
            return [SeriesFound("1.2", "MR", "", "", 3, 6)]

        def fetch_study(self, uid, folder, progress=None, *, series=None):
            return [folder / shutil.copy(path, folder) for path in paths]

    monkeypatch.setattr(pacs, "_open", lambda options: (Archive(), ()))


@pytest.mark.parametrize("identity", [False, True])
def test_what_score_writes_names_the_patient_only_where_asked_for(folder_as_archive, run, tmp_path, identity):
    words = ("score", study_uid("one"), "--out", str(tmp_path / "out"), *(["--identity"] if identity else []))
    assert run(*words)[0] == 0
    (folder,) = (tmp_path / "out").iterdir()
    assert folder.name == pseudonym.of_study(study_uid("one"))
    written = {path.name.split("-series-")[1]: path for path in folder.iterdir()}
    assert sorted(written) == ["3-1-SR.dcm", "3-2-OT.dcm", "3-3-OT.dcm", "3.csv", "3.json", "3.pdf"]
    for name in ("3-1-SR.dcm", "3-2-OT.dcm", "3-3-OT.dcm"):
        ds = pydicom.dcmread(written[name])
        assert ("Anna" in written[name].read_bytes().decode("latin-1")) == identity
        assert (ds.StudyInstanceUID == study_uid("one")) == identity
        assert (ds.get("PatientIdentityRemoved") == "YES") != identity
    pages = PdfReader(written["3.pdf"]).pages
    assert ("Anna" in "".join(page.extract_text() for page in pages)) == identity
    assert sum(len(page.images) for page in pages) > 2  # the study's pictures, while its files were there


def test_score_says_what_was_not_assessed(orthanc, run, assess):
    assess.change = lambda paths, found: FakeAssessed(refused="localisers only")
    orthanc.put(*files(study("one", 1) + study("ct", 1, Modality="CT")))
    with pytest.raises(PacsError, match="not assessed: localisers only"):
        run("score", study_uid("one"), table=tables(orthanc)["dicomweb"])
    with pytest.raises(PacsError, match="no MR images of this study"):
        run("score", study_uid("ct"))
    with pytest.raises(PacsError, match="STUDY_UID: expected a DICOM UID"):
        run("score", "one")


def test_watch_once_prints_a_line_a_study(orthanc, run, assess):
    orthanc.put(*files(study("one", 1)))
    words = ("watch", "--once", "--since", "20260101", "--settle", "0.05")
    status, text = run(*words, table=tables(orthanc)["dicomweb"])
    assert status == 0
    assert text.split("  ")[:2] == [pseudonym.of_study(study_uid("one")), "4 stored"] and text.endswith(" s\n")
    assert run(*words) == (0, "")
    orthanc.put(*files(study("bad", 1)))
    assess.fails[study_uid("bad")] = PacsError("no")
    status, text = run(*words, "--format", "json")
    assert status == 1 and json.loads(text)["outcome"] == "failed (1 of 5): no"


def test_watch_ends_with_a_sentence_when_it_is_told_to(orthanc, settings, secrets_file):
    orthanc.put(*files(study("one", 1)))
    words = ("--since", "20260101", "--settle", "0", "--interval", "0.05")
    secrets = {"BRAIN_SECRETS": str(secrets_file(tables(orthanc)["dicomweb"])), "BRAIN_HOME": str(settings.home)}
    ended = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "pacs" / "told_watch.py"), *words],
        env=os.environ | {"PYTHONPATH": str(PROJECT)} | secrets,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "stopped, 0 stored: the rest follows at the next start" in ended.stdout
    assert "Stopping after this step" in ended.stderr and "taken up at the next start" in ended.stderr


def test_check_prints_each_step_and_fails_with_one(orthanc, run):
    table = tables(orthanc)["dicomweb"]
    status, text = run("check", table=table)
    assert status == 0 and len(text.splitlines()) == 9 and text.splitlines()[1].split()[:3] == ["Host", "name", "ok"]
    status, text = run("check", "--format", "json", table=table | {"url": f"http://localhost:{free_port()}/x"})
    assert status == 1 and [step["ok"] for step in json.loads(text)] == [True, True, False] + [None] * 6


def test_without_settings_it_says_where_they_belong(run, monkeypatch, tmp_path):
    monkeypatch.setenv("BRAIN_SECRETS", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match=r"No archive is set up: .*none.toml has no section \[pacs\]"):
        run("find")
    assert run("check")[0] == 1
