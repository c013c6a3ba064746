"""Watching the archive: new brain studies are scored and their results stored, each once; may be killed at any moment.

A study is taken when its images stayed the same for a while. Before results are stored, the archive is asked which of
them it holds, so that whatever a killed process had done counts, and what it had not is done again. A study whose
images change afterwards (a series more, an instance more or less) is scored anew; results do not count as images.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from brain_core.errors import BrainError, ConfigError, ModelError, PacsError
from brain_core.pacs.archive import MR, Archive, LocalError, Query, SeriesFound, StudyFound
from brain_core.pacs.assessed import Assess, check_study, give_back
from brain_core.pacs.attributes import without_uids
from brain_core.pacs.find import has_word, series_match
from brain_core.pacs.ledger import DONE, GIVEN_UP, REFUSED, SCORED, SEEN, STABLE, STORED, Ledger, Record
from brain_core.pacs.settings import WORDS
from brain_core.pacs.workspace import fetching_folder, pacs_home, sweep

SETTLE = 30.0  # seconds without change until a study counts as whole
INTERVAL = 60.0  # seconds between two looks
DAYS = 7  # studies older than this are not looked for, unless asked
MOST_FAILURES = 5  # then a study is given up
BACKOFF, LONGEST_BACKOFF = 60.0, 3600.0  # seconds; doubled with each failure
_log = logging.getLogger("brain_core")


@dataclass(frozen=True)
class Policy:
    """How to watch.

    Attributes:
        since: first day of the studies; None for the last `DAYS` days.
        settle: seconds.
        backoff: seconds, after a first failure.
        words: as in `find.find`.
    """

    since: date | None = None
    settle: float = SETTLE
    backoff: float = BACKOFF
    most_failures: int = MOST_FAILURES
    words: Sequence[str] = WORDS


@dataclass(frozen=True)
class Handled:
    """What became of a study that was taken up.

    Attributes:
        name: its pseudonym.
        outcome: in words, without patient data.
        failed: whether it has to be tried again, was given up, or cannot be looked at.
    """

    name: str
    outcome: str
    seconds: float
    failed: bool = False


class Pseudonyms(Protocol):
    """What stands for a UID, the same at every start: the module `brain_core.scans.pseudonym`."""

    @staticmethod
    def study_key(uid: str) -> str:
        """A keyed hash that no other UID has."""

    @staticmethod
    def of_study(uid: str) -> str:
        """A short name to show."""


class ArchiveDown(PacsError):
    """The archive itself does not answer: no study's fault."""


class Watch:
    """One watcher of an archive: `watching` gives it its ledger, `keep_polling` lets it run."""

    def __init__(
        self, archive: Archive, ledger: Ledger, assess: Assess, pseudonyms: Pseudonyms, home: Path, policy: Policy
    ):
        self._archive, self._ledger, self._assess = archive, ledger, assess
        self._key_of, self._name_of = pseudonyms.study_key, pseudonyms.of_study
        self._home, self.policy = home, policy
        self._of_no_interest: set[tuple[str, int | None]] = set()
        self.stop = threading.Event()

    def poll(self) -> Iterator[Handled]:
        """Look once; gives each study that was taken up. Ends early where `stop` is set.

        Raises:
            PacsError: the archive or the ledger cannot be used. What was done is noted.
        """
        first = self.policy.since or date.today() - timedelta(days=DAYS)
        for study in self._archive.find_studies(Query(since=first)):
            if self.stop.is_set():
                return
            try:
                handled = self._look(study)
            except (LocalError, ArchiveDown):
                raise  # no study's fault
            except PacsError as error:
                handled = self._closed(study, f"its series cannot be listed: {without_uids(str(error))}")
            if handled:
                yield handled

    def arriving(self) -> bool:
        """Whether a study was seen that may still be arriving."""
        return any(record.state == SEEN for record in self._ledger.every())

    def _look(self, study: StudyFound) -> Handled | None:
        key = self._key_of(study.uid)
        record, counted = self._ledger.get(key), study.instances
        if record and record.state in DONE and counted is not None and counted == record.total:
            return None
        listed = record is not None and record.content != ""
        if not listed and ((key, counted) in self._of_no_interest or (record and _waits(record))):
            return None
        series, images = self._archive.find_series(study.uid), {}
        if listed or self._of_interest(study, series):
            images = self._images(study, key, series)
        elif counted is not None:  # else nothing would tell when a series comes
            self._of_no_interest.add((key, counted))
        if not images:
            if record and not listed:  # now that it is, it turns out not to matter
                self._ledger.forget(key)
            return None
        record = self._noted(key, self._content(images), sum(images.values()), counted)
        return self._handle(study, images, record) if record else None

    def _of_interest(self, study: StudyFound, series: Sequence[SeriesFound]) -> bool:
        words = self.policy.words
        return not words or has_word([study.description], words) or series_match(series, words)

    def _closed(self, study: StudyFound, reason: str) -> Handled | None:
        """A study that the archive lists and does not open: a failure of its own, so that the others are looked at.

        Raises:
            ArchiveDown: the archive does not answer at all.
        """
        start, key = time.perf_counter(), self._key_of(study.uid)
        record = self._ledger.get(key)
        if record and (record.state in DONE or _waits(record)):
            self._check_archive()
            if record.state not in DONE or not record.content:  # told before
                return None
            return Handled(self._name_of(study.uid), reason, time.perf_counter() - start, failed=True)
        record = record or Record(key, "", 0, SEEN, time.time())
        record, outcome = self._failure(record, reason)
        # Without its content it is taken up anew as soon as it can be listed.
        content = "" if record.state == GIVEN_UP else record.content
        self._ledger.put(replace(record, content=content, total=study.instances))
        return Handled(self._name_of(study.uid), outcome, time.perf_counter() - start, failed=True)

    def _images(self, study: StudyFound, key: str, series: Sequence[SeriesFound]) -> dict[str, int]:
        """How many instances each series has that is not a result."""
        own = self._ledger.own_series(key)
        return {
            each.uid: len(self._archive.find_instances(study.uid, each.uid))
            if each.instances is None
            else each.instances
            for each in series
            if each.modality == MR and self._key_of(each.uid) not in own
        }

    def _content(self, images: dict[str, int]) -> str:
        return self._key_of("|".join(f"{uid} {number}" for uid, number in sorted(images.items())))

    def _noted(self, key: str, content: str, images: int, total: int | None) -> Record | None:
        """Note what was seen; the record if the study is to be taken up now."""
        record, now = self._ledger.get(key), time.time()
        if record is None or record.content != content:
            self._ledger.put(Record(key, content, images, SEEN, now, total))
            record = self._ledger.get(key)
        elif record.state in DONE:
            self._ledger.put(replace(record, total=total))
            return None
        if record.state == SEEN:
            if record.since > now:  # the clock was set back
                self._ledger.put(replace(record, since=now))
            if now - record.since < self.policy.settle or record.since == now:
                return None
            record = replace(record, state=STABLE)
            self._ledger.put(record)
        return None if _waits(record) else record

    def _handle(self, study: StudyFound, images: dict[str, int], record: Record) -> Handled:
        start = time.perf_counter()
        try:
            record, outcome = self._work(study, images, record)
        except (LocalError, ModelError, ConfigError):
            raise  # no study's fault, and none would fare better
        except BrainError as error:
            record, outcome = self._failure(record, str(error))
        except Exception as error:  # one study that breaks the assessment must not end the watch for the others
            record, outcome = self._failure(record, f"unexpected {type(error).__name__}{_place(error)}")
        self._ledger.put(record)
        return Handled(self._name_of(study.uid), outcome, time.perf_counter() - start, record.failures > 0)

    def _work(self, study: StudyFound, images: dict[str, int], record: Record) -> tuple[Record, str]:
        with fetching_folder(self._home) as folder:
            files = self._archive.fetch_study(study.uid, folder, series=list(images))
            if self._images(study, record.key, self._archive.find_series(study.uid)) != images:
                return replace(record, state=SEEN, since=time.time()), "still arriving"
            if self.stop.is_set():
                return record, "stopped before it was scored: it follows at the next start"
            assessed = self._assess(files)
        if assessed.refused is not None or not assessed.objects:
            reason = without_uids(assessed.refused or "the assessment gave no results")
            return _done(record, REFUSED, reason), f"refused: {reason}"
        check_study(assessed.objects, study.uid)
        own = {self._key_of(str(each.SeriesInstanceUID)) for each in assessed.objects}
        record = replace(record, state=SCORED)
        self._ledger.put(record, own)  # before they are stored: they must never count as images
        for returned in give_back(self._archive, assessed.objects):
            if self.stop.is_set() and returned.stored + returned.held < len(assessed.objects):
                return record, f"stopped, {returned}: the rest follows at the next start"
        return _done(record, STORED, None), f"{returned}"

    def _failure(self, record: Record, reason: str) -> tuple[Record, str]:
        """What a failure means for the study.

        Raises:
            ArchiveDown: the archive does not answer at all.
        """
        self._check_archive()
        reason, failures, most = without_uids(reason), record.failures + 1, self.policy.most_failures
        failed = replace(self._ledger.get(record.key) or record, failures=failures, reason=reason)
        if failures >= most:
            return replace(failed, state=GIVEN_UP), f"given up after {failures} failures: {reason}"
        pause = min(self.policy.backoff * 2 ** (failures - 1), LONGEST_BACKOFF)
        return replace(failed, next_try=time.time() + pause), f"failed ({failures} of {most}): {reason}"

    def _check_archive(self) -> None:
        try:
            self._archive.echo()
        except PacsError as error:
            raise ArchiveDown(str(error)) from error


@contextmanager
def watching(home: Path) -> Iterator[Ledger]:
    """The ledger, for one watcher at a time; what a killed one fetched is removed.

    Raises:
        PacsError: another watcher is going on, or the ledger cannot be used.
    """
    folder = pacs_home(home)
    try:
        with FileLock(folder / "watch.lock", timeout=0):
            sweep(home)
            with Ledger(ledger_path(home)) as ledger:
                yield ledger
    except Timeout as error:
        raise PacsError(f"Another watch is going on with {home}: only one at a time.") from error


def ledger_path(home: Path) -> Path:
    return home / "pacs" / "watch.sqlite3"


def keep_polling(watch: Watch, *, interval: float = INTERVAL, once: bool = False) -> Iterator[Handled]:
    """Look again and again until `Watch.stop` is set; an archive that is down is waited for.

    Args:
        once: look, let what may still be arriving settle, look again, and end.

    Raises:
        PacsError: the ledger or the disk cannot be used; with ``once``, also where the archive does not answer.
        ModelError, ConfigError: of the assessment; no study's fault.
    """
    for look in count(1):
        try:
            yield from watch.poll()
        except PacsError as error:
            if once or isinstance(error, LocalError):
                raise
            _log.warning("The archive cannot be watched at the moment: %s Next look in %g s.", error, interval)
        if once and (look == 2 or not watch.arriving()):
            return
        if watch.stop.wait(watch.policy.settle if once else interval):
            return


def _waits(record: Record) -> bool:
    """Whether it is not to be tried again yet; a clock that was set back holds nothing up for long."""
    now = time.time()
    return now < record.next_try <= now + LONGEST_BACKOFF


def _done(record: Record, state: str, reason: str | None) -> Record:
    """``total`` is left open: what was just stored changes it, and the next look takes it down."""
    return replace(record, state=state, reason=reason, failures=0, next_try=0.0, total=None)


def _place(error: Exception) -> str:
    """Where it came from; never what it says, which may name a patient."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""
