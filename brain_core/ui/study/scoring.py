"""Scoring a series in steps of about a second; what is scored is kept by slice and model.

Several steps go on in one run of the page, and the progress follows them; drawing everything takes as long as scoring
some slices, so the page is drawn anew every few seconds only. A click, on Cancel for one, ends such a run after a step.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.preprocessing import BATCH
from brain_core.scans.series import Series
from brain_core.ui import models, notice, session
from brain_core.ui.models import Loading
from brain_core.ui.scoring import time_left
from brain_core.ui.session import Session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from brain_core.inference import Detector
    from brain_core.study.result import SeriesResult
    from brain_core.study.scoring import ScoredSlice

log = logging.getLogger(__name__)

STEP = 1.5  # seconds, about: Cancel answers within it
REDRAW = 8.0  # seconds between two pages; one takes about half a second to draw
RUN = "study_run"


@dataclass(eq=False)
class _Run:
    """A job in progress: of which series, since when, how many slices were left then."""

    key: str
    started: float
    pending: int
    step: int = BATCH
    cancelled: bool = False
    bar: DeltaGenerator | None = None


def pending(series: Series, loading: Sequence[Loading], kept: Session) -> list[int]:
    """Indices of the slices that some model in service has yet to score."""
    ready = models.ready(loading)
    keys = map(series.key_at, range(len(series)))
    return [
        index
        for index, key in enumerate(keys)
        if key not in kept.failures and any((key, model.id) not in kept.predictions for model in ready)
    ]


def show(series: Series, loading: Sequence[Loading], place: DeltaGenerator) -> None:
    """How far it is, with Cancel; after that, the rest on offer; nothing where all is scored.

    Args:
        place: an empty one, to show it in.
    """
    if not all(model.settled for model in loading):
        told = "The series is scored as soon as the models have loaded."
        place.html(f'<div class="brain-quiet" role="status">{told}</div>')
        return
    left, total = len(pending(series, loading, session.current())), len(series)
    if not left:
        st.session_state.pop(RUN, None)
        return
    run = _current_run(series, left)
    if run.cancelled:
        with place.container():
            notice.show("info", f"Cancelled: {total - left} of {total} slices are scored.")
            st.button(f"Score the remaining {left}", key="study_resume", on_click=_forget)
        return
    with place.container(horizontal=True, vertical_alignment="center"):
        run.bar = st.progress(**_progress(run, left, total))
        st.button("Cancel", key="study_cancel", on_click=_cancel, icon=":material/close:")


def go_on(series: Series, loading: Sequence[Loading]) -> None:
    """Some steps, and the page anew; nothing where all is scored, cancelled or not to be scored."""
    kept, run = session.current(), st.session_state.get(RUN)
    if run is None or run.cancelled or run.key != series.key:
        return
    ready, until = models.ready(loading), time.monotonic() + REDRAW
    left = pending(series, loading, kept)
    while left and not run.cancelled and time.monotonic() < until:
        start, step = time.monotonic(), left[: run.step]
        for row in score(series, step, [model.detector for model in ready]):
            keep(kept, series, row, ready)
        run.step = BATCH * max(1, round(STEP * len(step) / max(time.monotonic() - start, 1e-3) / BATCH))
        left = left[len(step) :]
        run.bar.progress(**_progress(run, len(left), len(series)))  # where a click ends this run
    st.rerun()


def _progress(run: _Run, left: int, total: int) -> dict:
    words = time_left(time.monotonic() - run.started, run.pending - left, left)
    told = f"{total - left} of {total} slices" + (f", {words}" if words else "")
    return {"value": (total - left) / total, "text": told}


def score(series: Series, indices: list[int], detectors: Sequence[Detector]) -> list[ScoredSlice]:
    """One result a slice, whatever happens."""
    from brain_core.study.scoring import ScoredSlice, score_slices

    try:
        return list(score_slices(series, detectors, indices))
    except Exception as error:  # out of memory, say: one slice must not take the others with it
        if len(indices) > 1:
            return [row for index in indices for row in score(series, [index], detectors)]
        log.error("Scoring a slice failed: %s", type(error).__name__)  # no more: a message may name the patient
        return [ScoredSlice(indices[0], error=f"This slice was not scored ({type(error).__name__}).")]


def keep(kept: Session, series: Series, row: ScoredSlice, scored_by: Sequence[Loading]) -> None:
    """File the result of one slice."""
    key = series.key_at(row.index)
    if row.error is not None:
        kept.failures[key] = row.error
        return
    for model, prediction in zip(scored_by, row.predictions, strict=True):
        kept.predictions[key, model.id] = prediction


def result(series: Series, loading: Sequence[Loading], kept: Session) -> SeriesResult | None:
    """What is known so far, judged by the operating points in use now; None while no model is in service."""
    ready = models.ready(loading)
    if not ready:
        return None
    from brain_core.study.scoring import ScoredSlice
    from brain_core.study.scoring import result as summed_up

    rows = []
    for index, key in enumerate(map(series.key_at, range(len(series)))):
        found = tuple(kept.predictions.get((key, model.id)) for model in ready)
        if error := kept.failures.get(key):
            rows.append(ScoredSlice(index, error=error))
        elif all(found):
            rows.append(ScoredSlice(index, found))
    return summed_up(series, [(model.card, model.card.operating_point) for model in ready], rows)


def _current_run(series: Series, left: int) -> _Run:
    run = st.session_state.get(RUN)
    if run is None or run.key != series.key:
        run = st.session_state[RUN] = _Run(series.key, time.monotonic(), left)
    return run


def _cancel() -> None:
    if RUN in st.session_state:
        st.session_state[RUN].cancelled = True


def _forget() -> None:
    st.session_state.pop(RUN, None)
