"""Every prediction of the page goes into the store before it is shown; what the store does not take is tried again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from brain_core import logs
from brain_core.errors import StoreError
from brain_core.settings import settings
from brain_core.store.records import Source
from brain_core.ui import access, background, notice, session

if TYPE_CHECKING:
    from brain_core.batch import Scored
    from brain_core.inference import Prediction
    from brain_core.scans.series import Series
    from brain_core.store.recorded import By
    from brain_core.store.records import FailureRow, PredictionRow
    from brain_core.study.result import SeriesResult
    from brain_core.study.scoring import ScoredSlice
    from brain_core.ui.entries import Entry
    from brain_core.ui.models import Loading
    from brain_core.ui.session import Opinion

log = logging.getLogger("brain_core")

KEY = "recording"
PATIENCE = 20.0  # seconds until a store that failed is tried again: to find out may itself take some
UPLOADED = "upload"  # `Entry.origin` of what a user brought; all else are samples


@dataclass(eq=False)
class _Book:
    """What this browser session has to record, and has recorded.

    Attributes:
        waiting: what is to be written, in order, each a whole transaction that may be tried again.
        ids: of the rows by case key, for the reader's opinion.
        series: (series key, models' ids) whose summary is in it.
        shown: cases whose results were on the review list.
        problem: why the store did not take the first of them.
        not_before: when to try again, by the monotonic clock.
    """

    waiting: list[Callable[[], None]] = field(default_factory=list)
    ids: dict[str, list[str]] = field(default_factory=dict)
    series: set[tuple] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    problem: str = ""
    not_before: float = 0.0


def case_of(key: str) -> str:
    """What the store knows a slice (by its sha256) or a series (by its key) by."""
    from brain_core.store import keys

    return keys.case_key(key)


def scans(entries: Sequence[Entry], rows: Sequence[Scored], scored_by: Sequence[Loading]) -> None:
    """One step's predictions and failures, in one transaction; the pixels where they are to be kept."""
    from brain_core.store import recorded

    pairs = list(zip(entries, rows, strict=True))
    for source in (Source.UPLOAD, Source.SAMPLE):
        by, found, failures = _by(source, scored_by), [], []
        chosen = [(e, row) for e, row in pairs if (e.origin == UPLOADED) == (source == Source.UPLOAD)]
        for entry, row in chosen:
            if row.error is not None:
                failures.append(recorded.failure(by, row.error_kind))
                continue
            new = recorded.of_scan(_new(entry.key, row.predictions, scored_by), entry.key, by)
            _book().ids.setdefault(entry.key, []).extend(each.id for each in new)
            found += new
        _write(found, failures, by)
        if source == Source.UPLOAD and settings().store.keep_scans:
            cards = [model.card for model in scored_by]
            recorded.keep([row.scan for _, row in chosen if row.scan is not None], cards)


def slices(series: Series, rows: Sequence[ScoredSlice], scored_by: Sequence[Loading], *, archive: bool) -> None:
    """One step of a series.

    Args:
        archive: whether it came from the archive.
    """
    from brain_core.store import recorded

    by = _by(Source.ARCHIVE if archive else Source.UPLOAD, scored_by)
    found = [
        row
        for each in rows
        for row in recorded.of_slice(
            _new(series.key_at(each.index), each.predictions, scored_by),
            series.slices[each.index].key,
            series.key,
            by,
        )
    ]
    _write(found, [recorded.failure(by, each.error_kind) for each in rows if each.error], by)


def summary(result: SeriesResult, scored_by: Sequence[Loading], *, archive: bool) -> None:
    """What the models say of a series that is scored as a whole; once a session."""
    from brain_core.store import recorded

    key = (result.series.key, tuple(model.id for model in scored_by))
    if key in _book().series:
        return
    _book().series.add(key)
    by = _by(Source.ARCHIVE if archive else Source.UPLOAD, scored_by)
    given = session.current().opinions.get(result.series.key)  # before all of it was scored
    told = {"opinion": given.label, "opinion_blind": given.blind} if given else {}
    rows = [replace(row, **told) for row in recorded.of_series(result, by)]
    _book().ids.setdefault(result.series.key, []).extend(row.id for row in rows)
    _write(rows, [], by)


def opinion(key: str, given: Opinion) -> None:
    """The reader's own, of a slice or series, beside its rows."""
    from brain_core.audit import Event, actions
    from brain_core.store import predictions

    ids = _book().ids.get(key)
    if ids:
        event = Event(actions.OPINION, access.current().name, {"case": case_of(key), "blind": given.blind})
        _do(partial(predictions.set_opinion, list(ids), given.label, given.blind, event))


def show() -> None:
    """Try again what waits, and say what is not recorded; where scans are kept, say that."""
    book = _book()
    _make_ready()
    if book.waiting:
        _flush()
    if book.waiting:
        told = f"{book.problem} What the models say is shown all the same, and recorded later while this page is open."
        notice.show("warning", told, title="Not everything is recorded. ")
    if settings().store.keep_scans:
        st.caption("Scans that are uploaded here are kept on this server, so that confirmed ones can be learned from.")


@st.cache_resource(show_spinner=False)
def _make_ready() -> None:
    """Once a server, beside the page: what the store brings takes a second to import, and its schema may be old."""
    background.start(_open_store, "open-store")


def _open_store() -> None:
    from brain_core.store import engine, predictions, recorded  # noqa: F401

    if problem := engine.problem():
        log.warning("%s", problem)


def _by(source: Source, scored_by: Sequence[Loading]) -> By:
    from brain_core.store.recorded import By

    return By.now(access.current().name, source, [model.card for model in scored_by])


def _write(rows: list[PredictionRow], failures: list[FailureRow], by: By) -> None:
    from brain_core.store import predictions, recorded

    if rows or failures:
        _do(partial(predictions.add, rows, failures, recorded.event(by, rows, failures)))


def _do(task: Callable[[], None]) -> None:
    _book().waiting.append(task)
    _flush()


def _flush() -> None:
    """In order, as far as the store takes it."""
    book = _book()
    while book.waiting and time.monotonic() >= book.not_before:
        try:
            book.waiting[0]()
        except StoreError as error:
            book.problem, book.not_before = str(error), time.monotonic() + PATIENCE
            log.warning("Not recorded yet: %d steps of a session. %s", len(book.waiting), error)
            return
        except Exception as error:  # a row that cannot be written must not keep those after it
            log.error("Not recorded: %s at %s", type(error).__name__, logs.places(error))
        book.waiting.pop(0)


def _new(key: str, predictions: Sequence[Prediction], scored_by: Sequence[Loading]) -> list[Prediction]:
    """Those that the session has not yet, judged by the operating point that the page goes by now."""
    known = session.current().predictions
    pairs = zip(scored_by, predictions, strict=False)  # none of what could not be read
    return [each.at(model.card.operating_point) for model, each in pairs if (key, model.id) not in known]


def note_shown(cases: Iterable[str]) -> None:
    """The models' results of these cases were on screen elsewhere: a read that follows is not blind."""
    _book().shown.update(cases)


def was_shown(key: str) -> bool:
    """Whether `note_shown` was told of this slice or series."""
    return bool(_book().shown) and case_of(key) in _book().shown


def _book() -> _Book:
    if KEY not in st.session_state:
        st.session_state[KEY] = _Book()
    return st.session_state[KEY]
