"""Watching an archive that lists a study and does not open it: the others are looked at all the same."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field

import pytest

from brain_core.errors import ModelError, PacsError
from brain_core.pacs.archive import Archive, LocalError, Query, SeriesFound, StoreOutcome, StudyFound
from brain_core.pacs.ledger import GIVEN_UP, REFUSED, SEEN, STABLE, STORED, Ledger, Record
from brain_core.pacs.watch import ArchiveDown, Policy, Watch, watching
from brain_core.scans import pseudonym
from tests.pacs.studies import FakeAssess, files, study, study_uid

POLICY = Policy(settle=0, backoff=0)
BAD, GOOD = study_uid("bad"), study_uid("good")
CLOSED = "its series cannot be listed: The archive refuses: HTTP 500 at (UID)."


@dataclass
class FakeArchive(Archive):
    """Two studies of two images, of which one is not opened.

    Attributes:
        closed: UIDs of studies that are listed and not opened.
        counts: whether the archive says how many instances a study has.
        words: the studies' description.
        error: what is raised for a closed one.
    """

    closed: set[str] = field(default_factory=lambda: {BAD})
    counts: bool = True
    words: str = "MRI brain"
    instances: int = 2
    down: bool = False
    error: Exception = field(default_factory=lambda: PacsError(f"The archive refuses: HTTP 500 at {BAD}."))
    looked: list[str] = field(default_factory=list)

    def echo(self) -> None:
        if self.down:
            raise PacsError("connection refused")

    def find_studies(self, query: Query) -> list[StudyFound]:
        counted = self.instances if self.counts else None
        return [StudyFound(uid, query.since, self.words, ("MR",), 1, counted) for uid in (BAD, GOOD)]

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        self.looked.append(study_uid)
        if study_uid in self.closed:
            raise self.error
        return [SeriesFound(f"{study_uid}.1", "MR", "t1", "", 1, self.instances)]

    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, str]:
        return {}

    def existing(self, datasets) -> set[str]:
        return set()

    def fetch_study(self, study_uid, folder, progress=None, *, series=None):
        name = "bad" if study_uid == BAD else "good"
        paths = []
        for number, data in enumerate(files(study(name, self.instances))):
            paths.append(folder / f"{number}.dcm")
            paths[-1].write_bytes(data)
        return paths

    def store(self, datasets) -> list[StoreOutcome]:
        return [StoreOutcome(str(each.SOPInstanceUID)) for each in datasets]

    def _retrieve(self, *_args) -> None:
        raise NotImplementedError

    _store = _retrieve


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


@pytest.fixture
def watch(archive, settings):
    with watching(settings.home) as ledger:
        yield Watch(archive, ledger, FakeAssess(), pseudonym, settings.home, POLICY)


def told(watch: Watch, polls: int = 1) -> list[tuple[str, str, bool]]:
    """(which study, outcome, failed)"""
    names = {pseudonym.of_study(BAD): "bad", pseudonym.of_study(GOOD): "good"}
    return [(names[each.name], each.outcome, each.failed) for _ in range(polls) for each in watch.poll()]


def record(watch: Watch, uid: str = BAD) -> Record | None:
    return watch._ledger.get(pseudonym.study_key(uid))


def test_the_studies_after_it_are_scored(watch, archive):
    assert told(watch, 2) == [
        ("bad", f"failed (1 of 5): {CLOSED}", True),
        ("bad", f"failed (2 of 5): {CLOSED}", True),
        ("good", "4 stored", False),
    ]
    assert record(watch, GOOD).state == STORED
    left = record(watch)
    assert (left.state, left.content, left.images, left.total, left.failures) == (SEEN, "", 0, 2, 2)
    assert left.reason == CLOSED  # without the study's UID


def test_it_is_given_up_and_let_be_as_long_as_it_has_as_many_instances(watch, archive):
    outcomes = [outcome for name, outcome, _ in told(watch, 8) if name == "bad"]
    assert outcomes == [f"failed ({i} of 5): {CLOSED}" for i in range(1, 5)] + [f"given up after 5 failures: {CLOSED}"]
    assert record(watch).state == GIVEN_UP and archive.looked.count(BAD) == 5
    archive.instances = 3
    assert [each for each in told(watch, 3) if each[0] == "bad"] == []  # looked at, and silent
    assert archive.looked.count(BAD) == 8


def test_where_the_archive_counts_nothing_one_given_up_is_silent(watch, archive):
    archive.counts = False
    assert len([each for each in told(watch, 8) if each[0] == "bad"]) == 5
    assert archive.looked.count(BAD) == 8


@pytest.mark.parametrize("counts", [True, False])
def test_it_is_taken_up_as_soon_as_it_can_be_listed(watch, archive, counts):
    archive.counts = counts
    told(watch, 2)
    archive.closed.clear()
    assert told(watch, 3) == [("bad", "4 stored", False)]
    assert record(watch).failures == 0 and record(watch).content != ""


def test_one_given_up_is_taken_up_once_its_instances_change_or_at_retry(watch, archive):
    told(watch, 6)
    archive.closed.clear()
    assert told(watch, 2) == []
    assert watch._ledger.retry() == 1
    assert told(watch, 3) == [("bad", "4 stored", False)]


def test_it_waits_before_it_is_looked_at_again(watch, archive, monkeypatch):
    watch.policy = dataclasses.replace(POLICY, backoff=60)
    start = time.time()
    assert len([each for each in told(watch, 4) if each[0] == "bad"]) == 1 and archive.looked.count(BAD) == 1
    assert 59 < record(watch).next_try - start < 62
    monkeypatch.setattr("brain_core.pacs.watch.time.time", lambda: start + 63)
    assert told(watch) == [("bad", f"failed (2 of 5): {CLOSED}", True)]


def test_one_that_was_being_taken_up_counts_its_failures_at_its_own_pace(watch, archive):
    archive.closed.clear()
    told(watch, 1)
    archive.closed.add(BAD)
    watch.policy = dataclasses.replace(POLICY, backoff=60)
    content = record(watch).content
    assert [each for each in told(watch, 4) if each[0] == "bad"] == [("bad", f"failed (1 of 5): {CLOSED}", True)]
    assert (record(watch).content, record(watch).failures) == (content, 1)


def test_one_that_was_being_taken_up_and_was_given_up_is_taken_up_anew(watch, archive):
    archive.closed.clear()
    archive.counts = False
    told(watch, 1)
    archive.closed.add(BAD)
    assert told(watch, 6)[-1] == ("bad", f"given up after 5 failures: {CLOSED}", True)
    assert told(watch, 2) == []
    archive.closed.clear()
    assert told(watch, 3) == [("bad", "4 stored", False)]


def test_one_that_was_done_stays_done(watch, archive):
    archive.closed.clear()
    told(watch, 3)
    before = record(watch)
    assert before.state == STORED
    archive.closed.add(BAD)
    archive.instances = 3
    assert [each for each in told(watch, 1) if each[0] == "bad"] == [("bad", CLOSED, True)]
    assert record(watch) == before


def test_one_of_no_interest_is_forgotten_once_it_can_be_listed(watch, archive):
    archive.words = "Knee"
    assert told(watch) == [("bad", f"failed (1 of 5): {CLOSED}", True)]
    assert watch.arriving()
    archive.closed.clear()
    assert told(watch, 2) == [] and record(watch) is None and not watch.arriving()
    assert archive.looked.count(BAD) == 2


def test_an_archive_that_is_down_is_no_studys_fault(watch, archive):
    archive.down = True
    with pytest.raises(ArchiveDown, match="connection refused"):
        told(watch)
    assert record(watch) is None
    archive.down = False
    told(watch, 6)
    archive.down, archive.counts = True, False
    with pytest.raises(ArchiveDown):
        told(watch)


@pytest.mark.parametrize("error", [LocalError("disk full"), ModelError("gone")])
def test_faults_of_this_machine_end_the_look(watch, archive, error):
    archive.error = error
    with pytest.raises(type(error)):
        told(watch)
    assert record(watch) is None


def test_retry_takes_refused_studies_up_too(tmp_path):
    with Ledger(tmp_path / "watch.sqlite3") as ledger:
        for state in (STORED, REFUSED, GIVEN_UP, SEEN):
            ledger.put(Record(state, "c", 3, state, 1.0, failures=2, next_try=9.0, reason="no decoder"))
        assert ledger.retry() == 2
        for state in (REFUSED, GIVEN_UP):
            taken = ledger.get(state)
            assert (taken.state, taken.failures, taken.next_try) == (STABLE, 0, 0)
        assert ledger.get(STORED).state == STORED and ledger.get(SEEN).failures == 2
