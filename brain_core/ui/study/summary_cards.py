"""What each model says of the whole series, how that was made, and what did not count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.ui import heatmaps, model_card, notice, reader, verdict
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult, Summary
    from brain_core.ui.session import Opinion

MOST_ERRORS = 3  # of unreadable slices, told


def show(found: SeriesResult, titles: dict[str, str], complete: bool, opinion: Opinion | None = None) -> None:
    """A card a model, whether they agree, the caveat and the counts.

    Args:
        titles: by model.
        complete: False while slices are missing that may change the answer.
        opinion: the reader's.
    """
    columns = st.columns(heatmaps.COLUMNS, gap="medium")
    with columns[0]:
        with st.empty():
            if complete:
                _agreement(found, titles)
        lines = [f"<strong>{esc(counts(found))}</strong>", esc(found.caveat)]
        lines += [esc(reader.sentence(opinion))] if opinion else []
        st.html("".join(f'<div class="brain-quiet" style="margin-bottom:.5rem">{each}</div>' for each in lines))
    for column, summary in zip(columns[1:], found.summaries, strict=False):
        with column, st.container(border=True, height="stretch"):
            st.html(model_card.framed(titles[summary.model], summary.version, _body(summary, complete)))
    with st.empty():
        if found.errors:
            _errors(found)


def counts(found: SeriesResult) -> str:
    """How many slices count in the answers, and why the others do not."""
    scored = sum(any(column[i] is not None for column in found.predictions.values()) for i in range(len(found.series)))
    parts = [f"{scored - len(found.flagged)} of {len(found.series)} slices assessed"]
    parts += [f"{len(found.flagged)} flagged as flat or unlike the training data", f"{len(found.errors)} unreadable"]
    missing = len(found.series) - scored - len(found.errors)
    return ", ".join([*parts, *([f"{missing} not scored yet"] if missing else [])]) + "."


def _errors(found: SeriesResult) -> None:
    told = [f"Slice {index + 1}: {text}" for index, text in list(found.errors.items())[:MOST_ERRORS]]
    more = len(found.errors) - len(told)
    notice.show("error", *told, *([f"… and {more} more."] if more > 0 else []))


def _body(summary: Summary, complete: bool) -> str:
    point = summary.operating_point
    if not complete:
        return f"""
<div class="brain-verdict brain-quiet" role="status">Not all slices are scored yet</div>
<div class="brain-quiet">Threshold {point.threshold:.3f}: {esc(point.source)}.</div>"""
    if summary.value is None:
        return f"""
<div class="brain-verdict"><span>{verdict.NOT_CLASSIFIED}</span></div>
<div class="brain-quiet">{esc(summary.method)}</div>"""
    return model_card.answer(summary.value, summary.label, point, summary.method)


def _agreement(found: SeriesResult, titles: dict[str, str]) -> None:
    said = [(titles[each.model], each.label, each.value or 0.0) for each in found.summaries]
    sentence, disagree = verdict.agreement(said)
    if disagree:
        notice.show("warning", sentence)
    elif sentence:
        st.html(f"<div>{esc(sentence)}</div>")
