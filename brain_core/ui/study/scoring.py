"""Scoring a series beside the page; what is scored is kept by slice and model.

A thread scores without a pause. The page takes what there is, moves the progress and is drawn anew every few seconds;
a click, on Cancel for one, ends such a run of the page at the next move.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.scans.series import Series
from brain_core.ui import models, notice, recording, session
from brain_core.ui.models import Loading
from brain_core.ui.pacs import handover
from brain_core.ui.scoring import time_left
from brain_core.ui.session import Session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from brain_core.study.background import Background
    from brain_core.study.result import SeriesResult
    from brain_core.study.scoring import ScoredSlice

MOVE = 1.0  # seconds between two moves of the progress; each takes the browser a tenth of one
REDRAW = 8.0  # seconds between two pages; one takes about half a second to draw
RUN = "study_run"


@dataclass(eq=False)
class _Run:
    """A job in progress: of which series, since when, how many slices were left then.

    Attributes:
        scored_by: the models of `coming`, which its predictions are kept by.
    """

    series: Series
    scored_by: Sequence[Loading]
    started: float
    pending: int
    coming: Background
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
    run = _run_of(series, loading)
    if run is not None:
        _take(run)
    left, total = pending(series, loading, session.current()), len(series)
    if not left:
        _forget()
        return
    if run is not None and run.coming.cancelled:
        with place.container():
            notice.show("info", f"Cancelled: {total - len(left)} of {total} slices are scored.")
            st.button(f"Score the remaining {len(left)}", key="study_resume", on_click=_forget)
        return
    if run is None or run.coming.ended:
        run = _start(series, loading, left)
    with place.container(horizontal=True, vertical_alignment="center"):
        run.bar = st.progress(**_progress(run, len(left)))
        st.button("Cancel", key="study_cancel", on_click=run.coming.cancel, icon=":material/close:")


def go_on(series: Series, loading: Sequence[Loading]) -> None:
    """Take what is scored, and the page anew; nothing where all is scored, cancelled or not to be scored."""
    run, until = _run_of(series, loading), time.monotonic() + REDRAW
    if run is None or run.coming.cancelled:
        return
    while not run.coming.ended and time.monotonic() < until:
        _take(run, MOVE)
        left = len(pending(series, loading, session.current()))
        run.bar.progress(**_progress(run, left))  # where a click ends this run
    st.rerun()


def _take(run: _Run, seconds: float = 0.0) -> None:
    """File what was scored since, after ``seconds`` or when all is."""
    rows = run.coming.take(seconds)
    recording.slices(run.series, rows, run.scored_by, archive=handover.is_open())
    for row in rows:
        keep(session.current(), run.series, row, run.scored_by)


def _progress(run: _Run, left: int) -> dict:
    words, total = time_left(time.monotonic() - run.started, run.pending - left, left), len(run.series)
    told = f"{total - left} of {total} slices" + (f", {words}" if words else "")
    return {"value": (total - left) / total, "text": told}


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


def _run_of(series: Series, loading: Sequence[Loading]) -> _Run | None:
    """The session's, where it is of this series and of the models that are ready now."""
    run, ids = st.session_state.get(RUN), [model.id for model in models.ready(loading)]
    same = run is not None and run.series.key == series.key and [model.id for model in run.scored_by] == ids
    return run if same else None


def _start(series: Series, loading: Sequence[Loading], left: Sequence[int]) -> _Run:
    from brain_core.study.background import Background

    _forget()
    ready = models.ready(loading)
    coming = Background(series, [model.detector for model in ready], left)
    st.session_state[RUN] = _Run(series, ready, time.monotonic(), len(left), coming)
    return st.session_state[RUN]


def _forget() -> None:
    if run := st.session_state.pop(RUN, None):
        run.coming.cancel()
