"""Work with the archive in the background: steps, cancelling between them, and errors that name nobody."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from brain_core.errors import PacsError
from brain_core.pacs.archive import SeriesFound, StoreOutcome
from brain_core.ui.pacs import fetching, storing, work
from brain_core.ui.pacs.work import FAILED, GOING_ON, NOT_TRIED, OK, WAITING, Work
from tests.pacs import studies

LATEST = 20  # seconds


def states(done: Work) -> list[str]:
    return [row.state for row in done.rows]


def settled(done: Work) -> Work:
    assert done.settled.wait(LATEST)
    return done


def test_steps_go_on_one_after_the_other():
    seen = []

    def act(job: Work) -> str:
        for name in ("a", "b"):
            job.begin(name)
            job.tell(f"half of {name}", 0.5)
            seen.append(states(job))
        return "result"

    done = settled(work.start(act, "a", "b"))
    assert seen == [[GOING_ON, WAITING], [OK, GOING_ON]] and states(done) == [OK, OK]
    assert done.result == "result" and done.error is None and not done.cancelled
    assert [row.detail for row in done.rows] == ["half of a", "half of b"]
    assert all(row.seconds >= 0 and row.share is None for row in done.rows)


def test_an_error_stands_at_its_step():
    def act(job: Work) -> None:
        job.begin("a")
        raise PacsError("The archive refuses.")

    done = settled(work.start(act, "a", "b"))
    assert states(done) == [FAILED, WAITING] and done.error == "The archive refuses."


def test_an_unexpected_error_names_its_kind_and_no_patient(caplog):
    def act(job: Work) -> None:
        job.begin("a")
        raise ValueError("Muster^Anna")

    with caplog.at_level(logging.DEBUG):
        done = settled(work.start(act, "a"))
    assert done.error == "Unexpected ValueError: please report it."
    assert "Muster" not in caplog.text


def test_cancelling_ends_it_at_the_next_step():
    reached = threading.Event()

    def act(job: Work) -> str:
        job.begin("a")
        reached.set()
        assert job.stop.wait(LATEST)
        job.begin("b")
        return "too far"

    job = work.start(act, "a", "b")
    assert reached.wait(LATEST)
    job.stop.set()
    assert settled(job).cancelled and job.error is None and states(job) == [NOT_TRIED, WAITING]


@dataclass
class FakeArchive:
    """One MR study of three images; cancels the work at an image or at a stored object."""

    job: Work
    stop_at_image: int = 0
    stop_at_object: int = 0
    refuses: bool = False
    breaks: Exception | None = None
    modality: str = "MR"
    stored: list = field(default_factory=list)
    given: int = 0

    def find_series(self, _uid: str) -> list[SeriesFound]:
        return [SeriesFound("1.2", self.modality, "T1", "HEAD", 1, 3)]

    def fetch_study(self, _uid, folder, progress, *, series):
        assert series == ["1.2"]
        paths = []
        for number, data in enumerate(studies.files(studies.study("x")), 1):
            paths.append(folder / f"{number}.dcm")
            paths[-1].write_bytes(data)
            if number == self.stop_at_image:
                self.job.stop.set()
            self.given = number
            progress(number, 3)
        return paths

    def existing(self, _objects) -> set[str]:
        return set()

    def store(self, objects) -> list[StoreOutcome]:
        if self.breaks and self.stored:
            raise self.breaks
        if self.refuses and self.stored:
            return [StoreOutcome("1", "The archive is full.")]
        self.stored += objects
        if len(self.stored) == self.stop_at_object:
            self.job.stop.set()
        return [StoreOutcome("1")]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """``run(**options)``: score and store with a fake archive and a fake assessment; the work and the archive."""
    loading = [SimpleNamespace(title="M", error=None, card=SimpleNamespace(version="1"), detector=Fake())]
    loading[0].wait = lambda _seconds: True
    monkeypatch.setattr("brain_core.study.assess.assessor", lambda detectors: studies.FakeAssess())

    def go(**options):
        job = Work(tuple(map(work.Row, storing.STEPS)))
        archive = FakeArchive(job, **options)
        monkeypatch.setattr(storing, "open_archive", lambda _settings: archive)
        uid = studies.study_uid("x")
        work._run(job, lambda job: storing.score_and_store(job, None, uid, loading, tmp_path))
        assert list((tmp_path / "pacs" / "fetched").glob("*")) == []  # whatever became of it
        return job, archive

    return go


class Fake:
    """A detector nobody asks."""

    card = SimpleNamespace(name="custom_cnn")


def test_all_is_stored(run):
    job, archive = run()
    assert (job.result.returned.stored, job.result.wanted, job.result.stopped) == (4, 4, False)
    assert job.result.lines == ("no tumor, 0.12",) and states(job) == [OK] * 4 and len(archive.stored) == 4


def test_cancelled_while_fetching_nothing_is_scored_or_stored(run):
    job, archive = run(stop_at_image=2)
    assert (
        job.cancelled
        and archive.given == 2
        and archive.stored == []
        and states(job) == [OK, NOT_TRIED, WAITING, WAITING]
    )


def test_cancelled_between_two_objects_says_how_many_are_there(run):
    job, archive = run(stop_at_object=2)
    assert job.result.stopped and job.result.returned.stored == 2 and len(archive.stored) == 2


def test_a_refused_object_says_how_many_were_stored(run):
    job, _ = run(refuses=True)
    assert job.error.startswith("The archive is full. 1 of 4 objects were stored before.")


def test_whatever_breaks_while_storing_says_how_many_are_there_and_names_nobody(run, caplog):
    job, archive = run(breaks=RuntimeError("Muster^Anna"))
    assert job.error.startswith("Unexpected RuntimeError: please report it. 1 of 4 objects were stored before.")
    assert len(archive.stored) == 1 and states(job) == [OK, OK, OK, FAILED]
    assert "Muster" not in caplog.text and "RuntimeError" in caplog.text


@pytest.mark.parametrize("broken", [{"refuses": True}, {"breaks": RuntimeError("x")}])
def test_what_fails_after_cancelling_says_how_many_are_there(run, monkeypatch, broken):
    """Cancel is pressed while an object is on its way, which then fails."""

    def store(archive, objects):
        if archive.stored:
            archive.job.stop.set()
        return send(archive, objects)

    send = FakeArchive.store
    monkeypatch.setattr(FakeArchive, "store", store)
    job, _ = run(**broken)
    assert "1 of 4 objects were stored before." in job.error and job.rows[-1].began
    assert states(job) == [OK, OK, OK, FAILED]


def test_a_step_that_was_never_begun_is_known(run):
    job, _ = run(stop_at_image=2)
    assert [row.began for row in job.rows] == [True, True, False, False]


def test_a_study_without_mr_images_is_refused(run):
    job, _ = run(modality="CT")
    assert job.error == "The archive has no MR images of this study."


def test_a_loaded_study_leaves_no_file(monkeypatch, tmp_path):
    job = Work(tuple(map(work.Row, (fetching.FETCH, fetching.OPEN))))
    monkeypatch.setattr(fetching, "open_archive", lambda _settings: FakeArchive(job))
    files = fetching.load(job, None, "1.2", home=tmp_path, most_bytes=10**6)
    assert [each.open().read() for each in files] == studies.files(studies.study("x"))
    assert list((tmp_path / "pacs" / "fetched").glob("*")) == []
