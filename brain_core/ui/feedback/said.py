"""What was said of a case already: by whom, when, on what basis, and what that makes together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.store.records import FeedbackRow
from brain_core.ui import notice, theme, verdict
from brain_core.ui.feedback import words
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.store.verdict import Verdict


def show(rows: Sequence[FeedbackRow], found: Verdict) -> None:
    """The verdict, then every row, the newest first; what a reader has replaced since is marked as such.

    Args:
        rows: of one case, the oldest first.
        found: of these rows.
    """
    if not rows:
        st.html('<div class="brain-quiet">Nobody has said anything of this case yet.</div>')
        return
    if found.finding == "disagreement":
        notice.show("warning", _disagreement(found), title="Readers disagree. ")
    else:
        st.html(f'<div class="brain-words"><strong>{esc(sentence(found))}</strong></div>')
    counted = {row.id for row in found.rows}
    items = "".join(_item(row, counts=row.id in counted) for row in reversed(rows))
    st.html(f'<ul class="brain-words" aria-label="What readers said" style="padding:0;margin:0">{items}</ul>')


def sentence(found: Verdict) -> str:
    """A verdict that is no disagreement, or a short word for one."""
    if found.finding is None:
        return "No finding yet."
    if found.finding == "disagreement":
        return "Readers disagree."
    readers = "1 reader" if found.readers == 1 else f"{found.readers} readers"
    if found.finding == "unsure":
        return f"Unsure ({readers})."
    finding = f"{words.SAID[found.finding]}, on {words.basis(found.basis)}"
    if found.confirmed:
        return f"Confirmed: {finding} ({readers})."
    return f"Not confirmed: {finding} alone ({readers})."


def _disagreement(found: Verdict) -> str:
    sides = []
    for finding in ("tumor", "no tumor"):
        who = [f"{row.user} ({words.basis(row.basis)})" for row in found.rows if row.finding == finding]
        sides += [f"{words.SAID[finding].capitalize()}: {', '.join(who)}."] if who else []
    return " ".join([*sides, "Neither counts as confirmed while they differ."])


def _item(row: FeedbackRow, *, counts: bool) -> str:
    sign = verdict.sign(row.finding) if row.finding in theme.LABEL_SHAPES else '<span aria-hidden="true">?</span>'
    finding = words.SAID.get(row.finding, row.finding)
    head = f"{sign} <strong>{esc(finding.capitalize())}</strong> · {esc(words.basis(row.basis))}"
    replaced = "" if counts else ' <span class="brain-tag">replaced since</span>'
    quiet = f'<div class="brain-quiet">{esc(row.user)} · {esc(words.when(row.at))}</div>'
    text = f"<div>{esc(row.text)}</div>" if row.text else ""
    return f'<li style="list-style:none;margin:0 0 .75rem">{head}{replaced}{quiet}{text}</li>'
