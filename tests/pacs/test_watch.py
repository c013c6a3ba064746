"""Watching a real archive: each study once, whatever happens in between."""

from __future__ import annotations

import dataclasses
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from brain_core.errors import ModelError, PacsError, ShortageError
from brain_core.pacs.archive import open_archive
from brain_core.pacs.ledger import GIVEN_UP, REFUSED, SCORED, SEEN, STORED, Ledger
from brain_core.pacs.secrets_file import from_table
from brain_core.pacs.watch import Policy, Watch, keep_polling, ledger_path, watching
from brain_core.scans import pseudonym
from brain_core.settings import PROJECT
from tests.pacs import killed_watch
from tests.pacs.conftest import tables
from tests.pacs.studies import FIRST_DAY, FakeAssess, files, results, study, study_uid

POLICY = Policy(FIRST_DAY, settle=0, backoff=0)


@pytest.fixture
def assess() -> FakeAssess:
    return FakeAssess()


@pytest.fixture
def watch(connect, settings, assess):
    """A watcher over DICOMweb."""
    with watching(settings.home) as ledger:
        yield Watch(connect("dicomweb"), ledger, assess, pseudonym, settings.home, POLICY)


def outcomes(watch: Watch, polls: int = 2) -> list[str]:
    return [handled.outcome for _ in range(polls) for handled in watch.poll()]


def state(settings, uid: str):
    with Ledger(ledger_path(settings.home)) as ledger:
        return ledger.get(pseudonym.study_key(uid))


def stored(orthanc) -> dict[str, int]:
    return Counter(SR=len(orthanc.instances("SR")), SC=len(orthanc.instances("OT")))


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_a_new_study_is_scored_and_its_results_stored_once(orthanc, connect, settings, assess, way):
    orthanc.put(*files(study("one", 3)))
    with watching(settings.home) as ledger:
        watch = Watch(connect(way), ledger, assess, pseudonym, settings.home, POLICY)
        assert list(watch.poll()) == []  # it may still be arriving
        (handled,) = watch.poll()
        assert (handled.outcome, handled.failed) == ("4 stored", False)
        assert handled.name == pseudonym.of_study(study_uid("one"))
        assert outcomes(watch, 3) == []
    assert stored(orthanc) == {"SR": 2, "SC": 2} and assess.seen == [3]
    assert state(settings, study_uid("one")).state == STORED
    assert list((settings.home / "pacs" / "fetched").iterdir()) == []


def test_other_studies_are_left_alone(orthanc, watch, assess):
    knee = {"StudyDescription": "Knee", "SeriesDescription": "pd", "BodyPartExamined": "KNEE"}
    orthanc.put(*files(study("knee", 1, **knee) + study("ct", 1, Modality="CT")))
    orthanc.put(*files(study("early", 1, StudyDate="20251231")))
    assert outcomes(watch, 3) == [] and assess.seen == []


def test_a_study_that_is_still_arriving_is_not_scored_half(orthanc, watch, assess):
    whole = files(study("slow", 6))
    for number in (1, 2, 4):
        orthanc.put(*whole[:number])
        assert outcomes(watch, 1) == []
    assert watch.arriving()
    orthanc.put(*whole)
    assert outcomes(watch, 1) == []
    assert outcomes(watch, 1) == ["4 stored"] and assess.seen == [6]
    assert not watch.arriving()


def test_a_study_counts_as_whole_after_the_time_to_settle(orthanc, watch, assess):
    watch.policy = dataclasses.replace(POLICY, settle=0.3)
    orthanc.put(*files(study("one", 1)))
    assert outcomes(watch, 2) == []
    time.sleep(0.35)
    assert outcomes(watch, 1) == ["4 stored"]


def test_images_that_come_while_a_study_is_fetched_are_waited_for(orthanc, watch, assess):
    whole = files(study("one", 4))
    orthanc.put(*whole[:2])
    fetch = watch._archive.fetch_study

    def fetch_and_grow(*args, **options):
        found = fetch(*args, **options)
        orthanc.put(*whole)
        return found

    watch._archive.fetch_study = fetch_and_grow
    assert outcomes(watch, 2) == ["still arriving"] and assess.seen == []
    assert outcomes(watch, 3) == ["4 stored"] and assess.seen == [4]


def test_a_study_whose_images_change_is_scored_anew(orthanc, watch, assess):
    orthanc.put(*files(study("one", 2)))
    assert outcomes(watch, 3) == ["4 stored"]
    orthanc.put(*files(study("one", 3, series="later")))
    assert outcomes(watch, 3) == ["4 there before"] and assess.seen == [2, 5]  # this assessment knows the study only


def test_results_never_count_as_images(orthanc, watch, assess):
    """Even those that an assessment marks as MR."""

    def as_mr(_files, assessed):
        for each in assessed.objects:
            each.Modality = "MR"
        return assessed

    assess.change = as_mr
    orthanc.put(*files(study("one", 2)))
    assert outcomes(watch, 4) == ["4 stored"] and assess.seen == [2]


def test_a_refused_study_is_let_be_until_it_changes(orthanc, watch, assess, settings):
    refusal = f"no image in {study_uid('one')}.dcm"
    assess.change = lambda files, assessed: dataclasses.replace(assessed, objects=[], refused=refusal)
    orthanc.put(*files(study("one", 1)))
    assert outcomes(watch, 4) == ["refused: no image in (UID)"]
    assert state(settings, study_uid("one")).state == REFUSED
    assess.change = lambda files, assessed: assessed
    orthanc.put(*files(study("one", 2)))
    assert outcomes(watch, 3) == ["4 stored"]


def test_a_study_that_the_machine_cannot_read_now_is_tried_again(orthanc, watch, assess):
    assess.fails[study_uid("one")] = ShortageError("A file of the study: not enough memory to read it.")
    orthanc.put(*files(study("one", 1)))
    assert outcomes(watch, 4)[0] == "failed (1 of 5): A file of the study: not enough memory to read it."
    del assess.fails[study_uid("one")]
    assert "4 stored" in outcomes(watch, 8)


def test_a_study_that_always_fails_is_given_up_and_the_others_go_on(orthanc, watch, assess, settings):
    assess.fails[study_uid("bad")] = ValueError("Phantom^Anna")
    orthanc.put(*files(study("bad", 1) + study("good", 1)))
    told = outcomes(watch, 8)
    assert told.count("4 stored") == 1
    failures = [each for each in told if each != "4 stored"]
    assert [each.split(":")[0] for each in failures] == [f"failed ({i} of 5)" for i in range(1, 5)] + [
        "given up after 5 failures"
    ]
    assert "unexpected ValueError in studies.py, line" in failures[0] and "Anna" not in "".join(told)
    assert state(settings, study_uid("bad")).state == GIVEN_UP
    assess.fails.clear()
    assert outcomes(watch, 2) == []
    assert watch._ledger.retry() == 1
    assert outcomes(watch, 2) == ["4 stored"]


def test_a_failed_study_waits_before_it_is_tried_again(orthanc, watch, assess, settings, monkeypatch):
    watch.policy = dataclasses.replace(POLICY, backoff=60)
    assess.fails[study_uid("bad")] = PacsError("no")
    orthanc.put(*files(study("bad", 1)))
    start = time.time()
    assert outcomes(watch, 4) == ["failed (1 of 5): no"]
    assert 59 < state(settings, study_uid("bad")).next_try - start < 62
    monkeypatch.setattr("brain_core.pacs.watch.time.time", lambda: start + 63)
    assert outcomes(watch, 3) == ["failed (2 of 5): no"]
    assert 119 < state(settings, study_uid("bad")).next_try - (start + 63) < 122


def test_results_for_another_study_are_never_stored(orthanc, watch, assess):
    assess.change = lambda files, assessed: dataclasses.replace(assessed, objects=results(study("other", 1)[0]))
    orthanc.put(*files(study("one", 1)))
    assert "belongs to another study" in outcomes(watch, 2)[0]
    assert stored(orthanc) == {"SR": 0, "SC": 0}


def test_a_model_that_is_missing_is_no_studys_fault(orthanc, watch, assess, settings):
    assess.fails[study_uid("one")] = ModelError("gone")
    orthanc.put(*files(study("one", 1)))
    with pytest.raises(ModelError):
        outcomes(watch, 2)
    assert state(settings, study_uid("one")).failures == 0


def test_a_full_disk_is_no_studys_fault(orthanc, watch, settings, monkeypatch):
    orthanc.put(*files(study("one", 1)))

    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("brain_core.pacs.inbox.os.replace", full)
        with pytest.raises(PacsError, match="cannot be written: No space left on device"):
            outcomes(watch, 2)
    assert state(settings, study_uid("one")).failures == 0
    assert outcomes(watch, 2) == ["4 stored"]


def test_an_archive_that_goes_away_midway_is_waited_for(own_orthanc, settings, assess, caplog):
    own_orthanc.put(*files(study("one", 1)))

    def stop(_files, assessed):
        own_orthanc.stop()
        return assessed

    assess.change = stop
    archive = open_archive(from_table(tables(own_orthanc)["dicomweb"]))
    with watching(settings.home) as ledger:
        watch = Watch(archive, ledger, assess, pseudonym, settings.home, POLICY)
        with pytest.raises(PacsError, match="connection refused, nothing listens there"):
            outcomes(watch, 2)
        assert (state(settings, study_uid("one")).state, state(settings, study_uid("one")).failures) == (SCORED, 0)
        polls = watch.poll

        def poll_and_mend():
            yield from polls()
            watch.stop.set()

        watch.poll = poll_and_mend
        assess.change = lambda files, assessed: assessed
        threading.Timer(0.3, own_orthanc.start).start()
        told = [handled.outcome for handled in keep_polling(watch, interval=0.1)]
    assert told == ["4 stored"] and "cannot be watched at the moment" in caplog.text
    assert stored(own_orthanc) == {"SR": 2, "SC": 2}


def test_once_takes_what_is_there_and_ends(orthanc, watch):
    watch.policy = dataclasses.replace(POLICY, settle=0.05)
    orthanc.put(*files(study("one", 1) + study("two", 1)))
    assert [handled.outcome for handled in keep_polling(watch, once=True)] == ["4 stored"] * 2
    assert list(keep_polling(watch, once=True)) == []


def test_a_stop_ends_after_the_current_step(orthanc, watch, assess, settings):
    def stop(_files, assessed):
        watch.stop.set()
        return assessed

    assess.change = stop
    orthanc.put(*files(study("one", 1) + study("two", 1)))
    assert outcomes(watch, 2) == ["stopped, 0 stored: the rest follows at the next start"]
    watch.stop.clear()
    assess.change = lambda files, assessed: assessed
    assert outcomes(watch, 1) == ["4 stored"] * 2


KILLS = [*(("dicomweb", moment) for moment in killed_watch.MOMENTS), ("get", "1 stored"), ("get", "4 stored")]


@pytest.mark.parametrize(("way", "moment"), KILLS)
def test_killed_and_restarted_every_study_has_its_results_once(
    orthanc, connect, settings, assess, secrets_file, way, moment
):
    orthanc.put(*files(study("one", 2) + study("two", 2)))
    path = secrets_file(tables(orthanc)[way])
    done = subprocess.run(
        [sys.executable, str(PROJECT / "tests" / "pacs" / "killed_watch.py"), str(path), moment],
        env=os.environ | {"PYTHONPATH": str(PROJECT), "BRAIN_HOME": str(settings.home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    before = int(moment[0]) if moment[0].isdigit() else 0
    assert sum(stored(orthanc).values()) == before
    with watching(settings.home) as ledger:
        assert list((settings.home / "pacs" / "fetched").iterdir()) == []  # what the killed one fetched is gone
        watch = Watch(connect(way), ledger, assess, pseudonym, settings.home, POLICY)
        told = outcomes(watch, 4)
    mended = ", ".join(
        ([f"{4 - before} stored"] if before < 4 else []) + ([f"{before} there before"] if before else [])
    )
    assert sorted(told) == sorted([mended, "4 stored"])
    expected = [each.SOPInstanceUID for name in ("one", "two") for each in results(study(name, 1)[0])]
    assert sorted(orthanc.instances("SR") + orthanc.instances("OT")) == sorted(expected)


def test_without_its_ledger_nothing_is_stored_twice(orthanc, connect, settings, assess):
    orthanc.put(*files(study("one", 1)))
    for expected in (["4 stored"], ["4 there before"]):
        with watching(settings.home) as ledger:
            watch = Watch(connect("dicomweb"), ledger, assess, pseudonym, settings.home, POLICY)
            assert outcomes(watch, 3) == expected
        ledger_path(settings.home).unlink()
    assert stored(orthanc) == {"SR": 2, "SC": 2}


def test_only_one_watches(settings):
    with watching(settings.home), pytest.raises(PacsError, match="Another watch is going on"), watching(settings.home):
        pass


def test_nothing_of_the_patient_is_kept(orthanc, watch, settings, assess, caplog):
    assess.fails[study_uid("bad")] = PacsError(f"no {study_uid('bad')}")
    orthanc.put(*files(study("one", 1) + study("bad", 1)))
    told = outcomes(watch, 4)
    for path in (settings.home / "pacs").rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        for secret in ("Phantom", "PH-0001", study_uid("one"), study_uid("bad"), "MRI brain", "20260102"):
            assert secret.encode() not in data + str(path).encode() + "".join(told).encode() + caplog.text.encode()
    assert (settings.home / "pacs").stat().st_mode & 0o077 == 0


def test_a_ledger_of_another_version_or_a_damaged_one_is_said_so(settings, tmp_path):
    path = tmp_path / "watch.sqlite3"
    with Ledger(path):
        pass
    base = sqlite3.connect(path)
    base.execute("PRAGMA user_version = 7")
    base.close()
    with pytest.raises(PacsError, match=r"another version of BRAIN \(format 7, not 1\)"):
        Ledger(path)
    path.write_bytes(b"no database" * 100)
    with pytest.raises(PacsError, match="file is not a database. If it is damaged, move it away"):
        Ledger(path)


def test_a_clock_that_was_set_back_does_not_hold_a_study_up_for_long(orthanc, watch, settings, monkeypatch):
    orthanc.put(*files(study("one", 1)))
    with monkeypatch.context() as patch:
        future = time.time() + 1e6
        patch.setattr("brain_core.pacs.watch.time.time", lambda: future)
        assert outcomes(watch, 1) == []
    assert state(settings, study_uid("one")).state == SEEN
    assert outcomes(watch, 3) == ["4 stored"]
