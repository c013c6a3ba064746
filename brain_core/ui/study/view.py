"""A study on the page: its series, what the models say along the slices, a viewer, and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.scans.series import Series, Study
from brain_core.ui import feedback, models, reader, recording, session
from brain_core.ui.models import Loading
from brain_core.ui.pacs import handover
from brain_core.ui.study import downloads, header, probability_chart, scoring, series_list, strip, summary_cards, viewer

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult


# While a series is scored the page runs anew before it has come to its end, and what an earlier run left in a place
# stays there until something else is put into it. So every part has a place of its own, which is emptied when not used.


def show(studies: Sequence[Study], loading: Sequence[Loading]) -> Series:
    """Everything of the series that is open; returns it, to be scored on (see `scoring.go_on`)."""
    chosen, head = st.container(), st.container()
    progress, asked, along, said, taken = (st.empty() for _ in range(5))
    with chosen:
        study, series = series_list.show(studies)
    with head:
        header.show(study, series)
    scoring.show(series, loading, progress)
    kept = session.current()
    found = scoring.result(series, loading, kept)
    complete = found is not None and not scoring.pending(series, loading, kept)
    if complete:
        recording.summary(found, models.ready(loading), archive=handover.is_open())
    if all(model.settled for model in loading) and reader.must_ask(series, kept):
        with asked.container():
            _ask_first(series)
        return series
    answered = found is not None and any(any(column) for column in found.predictions.values())
    if answered:
        kept.shown.add(series.key)
    with along.container():
        _along(series, found, {model.name: model.title for model in models.ready(loading)}, complete)
    if answered and complete:
        with said.container():
            feedback.show(recording.case_of(series.key))
        with taken.container():
            downloads.show(study, found, kept.opinions.get(series.key))
    return series


def _ask_first(series: Series) -> None:
    """The slices alone, and the question."""
    left, right = st.columns([2, 1], gap="medium")
    with right:
        reader.ask(series, session.current(), what="this series")
    with left:
        _along(series, None, {}, complete=False)


@st.fragment
def _along(series: Series, found: SeriesResult | None, titles: dict[str, str], complete: bool) -> None:
    """What belongs to the slices: moving among them redraws this part only and rescores nothing."""
    index = viewer.place(series, found if complete else None)
    above = st.empty()
    if found is not None:
        with above.container():
            summary_cards.show(found, titles, complete, session.current().opinions.get(series.key))
            left, right = st.columns([3, 2], gap="medium")
            with left:
                probability_chart.show(found, titles, index, complete)
            suspicious = right.empty()
            if complete:
                with suspicious.container():
                    strip.show(found, titles, index)
    viewer.show(series, found, titles, index)
