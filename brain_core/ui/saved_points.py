"""Saving the operating point on screen, with a reason and a name; the history; the way back."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import operating_points
from brain_core.access import Action
from brain_core.audit import actions
from brain_core.errors import BrainError
from brain_core.evaluation.stored_results import StoredResult
from brain_core.operating_points import LONGEST, OperatingPoint, Standing
from brain_core.registry import ModelCard
from brain_core.ui import access, notice

BY_HAND, NOT_FITTED = "chosen by hand", "not fitted on data"


def show(card: ModelCard, threshold: float, rule: str | None, validation) -> None:
    """What is in use, a form to save the threshold on screen, and what was saved before.

    Args:
        rule: the named point that the threshold is, None where it was chosen by hand.
        validation: the stored validation predictions that named points are fitted on, or why there are none.
    """
    if st.session_state.pop(f"thresholds_{card.name}_reverted", False):
        st.rerun()  # all of the page, which goes by the operating point too
    standing = operating_points.read(card)
    st.markdown("**In use**")
    st.text(f"{standing.in_use.threshold:.3f}: {standing.in_use.source}")
    if standing.problem:
        notice.show("warning", standing.problem)
    if refused := st.session_state.pop(f"thresholds_{card.name}_refused", None):
        notice.show("error", refused, title="Nothing was changed. ")
    if access.may(Action.SET_THRESHOLD):
        _form(card, threshold, rule, validation)
    _history(card, standing)


def _form(card: ModelCard, threshold: float, rule: str | None, validation) -> None:
    with st.expander(f"Use {threshold:.3f} from now on"), st.form(f"thresholds_{card.name}_save", border=False):
        name = access.name_field(f"thresholds_{card.name}_name", LONGEST["name"])
        reason = st.text_input("Reason", max_chars=LONGEST["reason"], key=f"thresholds_{card.name}_reason")
        st.caption("Detect, the command line and the evaluation go by it at once and say who set it, when and why.")
        if st.form_submit_button("Save this operating point", type="primary"):
            fitted_on = f"validation, n = {len(validation.labels)}" if isinstance(validation, StoredResult) else ""
            _save(card, OperatingPoint(threshold, rule or BY_HAND, fitted_on if rule else NOT_FITTED), name, reason)


def _save(card: ModelCard, point: OperatingPoint, name: str, reason: str) -> None:
    about = {"model": card.name, "version": card.version, "threshold": point.threshold}
    try:
        with access.acting(Action.SET_THRESHOLD, actions.THRESHOLD, **about):
            operating_points.save(
                card,
                point.threshold,
                rule=point.rule,
                fitted_on=point.fitted_on,
                reason=reason.strip(),
                name=name.strip(),
            )
    except BrainError as error:
        notice.show("error", str(error), title="Nothing was saved. ")
    else:
        st.rerun()


def _history(card: ModelCard, standing: Standing) -> None:
    n = len(standing.history)
    with st.expander(f"History: {n} {'entry' if n == 1 else 'entries'}"):
        if not standing.history:
            st.caption(f"Nothing was saved yet: the model goes by its own, {standing.own.threshold:.3f}.")
            return
        st.dataframe(frame(card, standing), hide_index=True, width="stretch")
        if standing.in_use != standing.own and access.may(Action.SET_THRESHOLD):
            # A callback, since it is given what the reader saw; the next run of the page reads anew.
            key = f"thresholds_{card.name}_revert"
            st.button("Back one step", key=key, on_click=_revert, args=(card, standing.in_use))


def frame(card: ModelCard, standing: Standing) -> pd.DataFrame:
    """A row an entry, the latest first."""
    rows = [
        {
            "When, UTC": entry.at[:16].replace("T", " "),
            "What": entry.action,
            "Threshold": entry.threshold,
            "Rule": f"{entry.rule}, {entry.fitted_on}",
            "Who": entry.name,
            "Why": entry.reason,
            "For": "this version" if entry.is_for(card) else f"version {entry.version}, does not apply",
        }
        for entry in reversed(standing.history)
    ]
    return pd.DataFrame(rows)


def _revert(card: ModelCard, seen: OperatingPoint) -> None:
    about = {"model": card.name, "version": card.version, "from": seen.threshold}
    try:
        with access.acting(Action.SET_THRESHOLD, actions.THRESHOLD_REVERTED, **about) as user:
            who = access.signature(user, LONGEST["name"]) or "Thresholds page"
            operating_points.revert(card, in_use=seen, name=who, reason="back one step")
    except BrainError as error:
        st.session_state[f"thresholds_{card.name}_refused"] = str(error)
    st.session_state[f"thresholds_{card.name}_reverted"] = True
