"""One scan, opened: what the models say of it, where they look, and what speaks against trusting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import ScanError
from brain_core.registry import ModelCard
from brain_core.scans import Scan
from brain_core.scans.quality import DESCRIPTIONS, quality_flags
from brain_core.ui import (
    feedback,
    heatmaps,
    model_card,
    notice,
    pictures,
    reader,
    recording,
    samples,
    session,
    theme,
    verdict,
)
from brain_core.ui.cases import Case
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading

if TYPE_CHECKING:
    from brain_core.batch import Scored


def show(case: Case, models: list[Loading]) -> None:
    """The view of one case; before the reader's own opinion, where that comes first, the scan alone."""
    kept = session.current()
    if case.scored.error:
        _header(case)
        notice.show("error", case.scored.error, title="This file cannot be assessed. ")
        return
    try:
        scan = kept.scan(case.entry)
    except ScanError as error:
        notice.show("error", str(error))
    else:
        if case.hidden:
            _ask_first(case, scan)
        else:
            _answer(case, scan, models)


def agreement(scored: Scored, titles: dict[str, str]) -> str:
    """A plain sentence on whether the models agree; empty without any."""
    return _agreement(scored, titles)[0]


def learned_from(card: ModelCard, sha256: str) -> bool:
    """Whether the scan was in the model's training set; its metadata list the checksums, shortened."""
    listed = card.metadata.get("data", {}).get("train_sha256", ())
    return any(sha256.startswith(start) for start in listed if start)


def _agreement(scored: Scored, titles: dict[str, str]) -> tuple[str, bool]:
    said = [(titles[p.model], p.label if p.assessed else None, p.probability) for p in scored.predictions]
    return verdict.agreement(said)


def _header(case: Case) -> None:
    tag = "" if case.entry.origin == "upload" else f' <span class="brain-tag">{esc(case.entry.origin)}</span>'
    st.html(f'<div class="brain-name" role="heading" aria-level="2">{esc(case.entry.name)}{tag}</div>')


def _ask_first(case: Case, scan: Scan) -> None:
    left, right = st.columns([1, 2], gap="medium")
    with left:
        st.image(pictures.on_screen(scan), width="stretch", alt="The scan as read")
        st.html(facts(scan))
    with right:
        _header(case)
        reader.ask(case.entry, session.current())


def _answer(case: Case, scan: Scan, models: list[Loading]) -> None:
    predictions = case.scored.predictions
    titles = {model.name: model.title for model in models}
    if predictions:
        session.current().shown.add(case.entry.key)
    columns = st.columns(heatmaps.COLUMNS, gap="medium")
    with columns[0]:
        _header(case)
        _summary(case, titles, [model.title for model in models if learned_from(model.card, scan.sha256)])
    for column, prediction in zip(columns[1:], predictions, strict=False):
        with column:
            model_card.show(titles[prediction.model], prediction)
    heatmaps.show(scan, [(titles[p.model], p) for p in predictions], facts(scan))
    if predictions and case.entry.origin == recording.UPLOADED:  # a sample has no diagnosis to confirm
        feedback.show(recording.case_of(case.entry.key))


def _summary(case: Case, titles: dict[str, str], trained: list[str]) -> None:
    """Whether the models agree, what the reader said, the reference standard, and which models know the scan."""
    sentence, disagree = _agreement(case.scored, titles)
    if disagree:
        notice.show("warning", sentence)
    elif sentence:
        st.html(f"<div>{esc(sentence)}</div>")
    lines = [reader.sentence(case.opinion)] if case.opinion else []
    if case.entry.reference and case.scored.predictions:
        origin = "from its data set" if case.entry.origin == samples.REAL else "as drawn"
        lines.append(f"Reference standard, {origin}: {theme.LABEL_WORDS[case.entry.reference].lower()}.")
    if trained:
        lines.append(f"{' and '.join(trained)} learned from this very scan: the result says nothing of new ones.")
    if lines:
        st.html('<div class="brain-quiet">' + "<br>".join(map(esc, lines)) + "</div>")


def facts(scan: Scan, *, flags: bool = True) -> str:
    """Size, format, what the reader decided, and the quality flags, as HTML.

    Args:
        flags: False of what no model is asked about.
    """
    lines = [f"<div>{scan.width} × {scan.height} pixels · {esc(scan.source)}</div>"]
    lines += [f"<div>{esc(note)}</div>" for note in scan.notes]
    lines += [
        f'<div class="brain-flag"><span aria-hidden="true">⚠</span> {esc(DESCRIPTIONS[flag])}</div>'
        for flag in (quality_flags(scan) if flags else ())
    ]
    return '<div class="brain-quiet">' + "".join(lines) + "</div>"
