"""Scoring in small steps, one a run of the page, so that the progress shows and Cancel works between them."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from brain_core import logs
from brain_core.ui import models, notice, recording, session
from brain_core.ui.entries import Entry
from brain_core.ui.models import Loading

if TYPE_CHECKING:
    from brain_core.batch import Scored
    from brain_core.inference import Detector

log = logging.getLogger(__name__)

STEP = 4  # scans a run: about a second on two cores
RUN = "detect_run"


@dataclass(eq=False)
class _Run:
    """A job in progress: of which inputs, since when, how many were left then, and whether it was cancelled."""

    ids: tuple[str, ...]
    started: float
    pending: int
    cancelled: bool = False


def show(entries: list[Entry], loading: list[Loading]) -> None:
    """Score what has no result yet; runs the page anew until all have one, or the user has cancelled."""
    if not all(model.settled for model in loading):
        st.html('<div class="brain-quiet" role="status">Your scans are scored as soon as the models have loaded.</div>')
        st.stop()
    kept, ready = session.current(), models.ready(loading)
    pending = [entry for entry in entries if not kept.is_done(entry, ready)]
    run = _current_run(entries, len(pending))
    if not pending:
        st.session_state.pop(RUN)
    elif run.cancelled:
        _resume(len(entries), len(pending))
    else:
        _progress(run, len(entries), len(pending))
        step = list({entry.key: entry for entry in pending}.values())[:STEP]
        rows = score(step, [model.detector for model in ready])
        recording.scans(step, rows, ready)
        for entry, row in zip(step, rows, strict=True):
            kept.keep(entry, row, ready)
        st.rerun()


def score(entries: list[Entry], detectors: list[Detector]) -> list[Scored]:
    """One result an entry, whatever happens."""
    from brain_core import batch

    try:
        return list(batch.score([(entry.name, entry.read) for entry in entries], detectors))
    except Exception as error:  # out of memory, say: one scan must not take the others with it
        if len(entries) > 1:
            return [row for entry in entries for row in score([entry], detectors)]
        kind, name = type(error).__name__, entries[0].name
        log.error("Scoring failed: %s at %s", kind, logs.places(error))  # its own words may name a file
        return [batch.Scored(name, error=f"{name}: not scored ({kind}).", error_kind=kind)]


def time_left(elapsed: float, done: int, pending: int) -> str:
    """In words, from what the scans so far have taken; empty before the first."""
    if not done:
        return ""
    seconds = elapsed / done * pending
    return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} min left"


def _current_run(entries: list[Entry], pending: int) -> _Run:
    ids = tuple(entry.id for entry in entries)
    run = st.session_state.get(RUN)
    if run is None or run.ids != ids:
        run = st.session_state[RUN] = _Run(ids, time.monotonic(), pending)
    return run


def _progress(run: _Run, total: int, pending: int) -> None:
    done = total - pending
    if total == 1:
        st.html('<div class="brain-quiet" role="status">Scoring…</div>')
        return
    left = time_left(time.monotonic() - run.started, run.pending - pending, pending)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / total, text=f"{done} of {total} scans" + (f", {left}" if left else ""))
        st.button("Cancel", key="detect_cancel", on_click=_cancel, icon=":material/close:")


def _resume(total: int, pending: int) -> None:
    notice.show("info", f"Cancelled: {total - pending} of {total} scans are scored.")
    st.button(f"Score the remaining {pending}", key="detect_resume", on_click=_forget)


def _cancel() -> None:
    if RUN in st.session_state:
        st.session_state[RUN].cancelled = True


def _forget() -> None:
    st.session_state.pop(RUN, None)
