"""One case of the list, opened: the scan where it was kept, what the models said of it, and its flags in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import ScanError
from brain_core.input_gate import NOT_ASSESSED
from brain_core.scans import read_bytes
from brain_core.store.records import Kind, PredictionRow, Source
from brain_core.ui import model_card, notice, pictures, probability_bar, stored, theme, verdict
from brain_core.ui.feedback import words
from brain_core.ui.markup import esc
from brain_core.ui.review.choice import SOURCE_WORDS

if TYPE_CHECKING:
    from brain_core.store.review import Case


def show(case: Case) -> None:
    """Everything but what readers say of it."""
    left, right = st.columns([1, 2], gap="medium")
    with left:
        _picture(case)
    with right:
        _header(case)
        _agreement(case)
        for column, row in zip(st.columns(max(2, len(case.predictions)), gap="medium"), case.predictions, strict=False):
            with column, st.container(border=True, height="stretch"):
                st.html(model_card.framed(stored.title(row.model), row.version, answer(row)))
        _flags(case)
        with st.popover("Key of the case", icon=":material/key:"):
            st.code(case.case, language=None)
            st.caption("What an export and the audit log call it, and what `store delete` takes.")


def answer(row: PredictionRow) -> str:
    """HTML of one model's answer, or of why there is none."""
    if row.probability is None:
        return _without_label("Nothing in it could be assessed.")
    number = f"probability {row.probability:.3f}, threshold {row.threshold:.3f}"
    if not _assessed(row):
        return _without_label(f"What it gives all the same: {number}.")
    of = "Its summary of the series" if row.kind == Kind.SERIES else "Probability of a tumour"
    return f"""
<div class="brain-verdict"><span>{verdict.sign(row.label)} {theme.LABEL_WORDS[row.label]}</span>
  <span class="brain-number" title="Probability of a tumour, 0 to 1">{row.probability:.3f}</span></div>
{probability_bar.html(row.probability, row.threshold)}
<div class="brain-quiet">{of}. Threshold {row.threshold:.3f}, in use on {esc(words.when(row.at))}.</div>"""


def _without_label(told: str) -> str:
    return f"""
<div class="brain-verdict"><span>{verdict.NOT_CLASSIFIED}</span></div>
<div class="brain-quiet">{esc(told)}</div>"""


def _assessed(row: PredictionRow) -> bool:
    return row.label is not None and not any(flag in NOT_ASSESSED for flag in row.flags)


def _picture(case: Case) -> None:
    from brain_core.store import kept

    file = kept.path(case.case) if case.kept else None
    if file is None:
        what = "A series: its pixels" if case.kind == Kind.SERIES else "The pixels"
        where = " Read it in the archive." if case.source in (Source.ARCHIVE, Source.WATCH) else ""
        st.html(f'<div class="brain-quiet">{what} were not kept.{where}</div>')
        return
    try:
        scan = read_bytes(file.read_bytes(), file.name)
    except (OSError, ScanError):  # damaged, or deleted at this moment
        notice.show("error", "The kept scan cannot be read.")
    else:
        st.image(pictures.on_screen(scan), width="stretch", alt="The scan as it was kept")


def _header(case: Case) -> None:
    kind = "Series" if case.kind == Kind.SERIES else "Slice"
    st.html(
        f'<div class="brain-name" role="heading" aria-level="2">{kind} {esc(case.case[:8])} '
        f'<span class="brain-tag">{esc(SOURCE_WORDS[case.source])}</span></div>'
        f'<div class="brain-quiet">Assessed on {esc(words.when(case.at))}</div>'
    )


def _agreement(case: Case) -> None:
    said = [
        (stored.title(row.model), row.label if _assessed(row) else None, row.probability)
        for row in case.predictions
        if row.probability is not None
    ]
    if len(said) > 1:
        sentence, disagree = verdict.agreement(said)
        if disagree:
            notice.show("warning", sentence)
        else:
            st.html(f"<div>{esc(sentence)}</div>")


def _flags(case: Case) -> None:
    flags = dict.fromkeys(flag for row in case.predictions for flag in row.flags)
    if not flags:
        return
    from brain_core.inference import FLAG_DESCRIPTIONS  # brings TensorFlow

    lines = "".join(
        f'<div class="brain-flag"><span aria-hidden="true">⚠</span> {esc(FLAG_DESCRIPTIONS.get(flag, flag))}</div>'
        for flag in flags
    )
    st.html(f'<div class="brain-quiet">{lines}</div>')
