"""What a comparison of challenger and champion found, on screen."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.cli.compare_models import FIGURES, short
from brain_core.evaluation.challenge_record import Comparison
from brain_core.ui.markup import esc


def show(found: Comparison) -> None:
    """The scans, the sentence, the figures, the shortcut checks."""
    out = found.left_out
    reasons = "; ".join(f"{reason}: {count.scans} in {count.groups} groups" for reason, count in out.reasons.items())
    told = (
        f"{found.n} scans of {found.data.name} are left to compare on: {found.groups} distinct, {found.tumours} with "
    )
    told += "a tumour. As far as the models' records tell, neither has learned from them or was fitted on them."
    if out.scans:
        told += f" {out.scans} of the challenger's test scans, in {out.groups} groups, were left out ({reasons})."
    if out.absent:
        told += f" {out.absent} more are not in this data set."
    _say(told)
    if found.tests is not None:
        _say(found.tests.sentence)
        _figures(found)
        with st.expander("Shortcuts: what moves the probability, and what can be had without looking at the brain"):
            _shortcuts(found)
    if found.pointing is not None:
        with st.expander("Where they look: against outlined tumours"):
            _pointing(found)
    for note in found.notes:
        _say(note[:1].upper() + note[1:] + ("" if note.endswith(".") else "."), quiet=True)


def _say(text: str, *, quiet: bool = False) -> None:
    """Names of data sets and people in it are shown literally."""
    st.html(f'<div class="{"brain-quiet" if quiet else "brain-words"}">{esc(text)}</div>')


def _figures(found: Comparison) -> None:
    one, two = found.models.challenger, found.models.champion
    rows = [
        {
            "": title,
            "Challenger": short(one.metrics.shown(name)),
            "Champion": short(two.metrics.shown(name)),
            "Challenger less champion": short(found.tests.differences[name], signed=True),
        }
        for title, name in FIGURES.items()
    ]
    thresholds = {"": "threshold", "Challenger": f"{one.threshold:.3f}", "Champion": f"{two.threshold:.3f}"}
    st.dataframe(pd.DataFrame([*rows, thresholds]).fillna(""), hide_index=True, width="stretch", key="retrain_figures")
    _say(
        f"All {found.n} scans, 95 % intervals by bootstrap over groups; the gate counts one scan a group. Thresholds: "
        f"challenger {one.threshold_source}; champion {two.threshold_source}.",
        quiet=True,
    )


def _shortcuts(found: Comparison) -> None:
    pairs = zip(found.robustness.challenger, found.robustness.champion, strict=True)
    rows = [
        {
            "Change": one.change,
            "Challenger, mean": f"{one.mean:.3f}",
            "Champion, mean": f"{two.mean:.3f}",
            "Challenger, worst": f"{one.worst:.3f}",
            "Champion, worst": f"{two.worst:.3f}",
            "Challenger, other label": f"{one.relabelled:.0%}",
            "Champion, other label": f"{two.relabelled:.0%}",
        }
        for one, two in pairs
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="retrain_shortcuts")
    baselines = "; ".join(f"{each.name} {short(each.roc_auc)}" for each in found.baselines)
    _say(
        f"Change of the probability under changes that leave the diagnosis as it is, {found.robustness.n} scans. "
        f"ROC-AUC of what does not look at the brain, on the same scans: {baselines}.",
        quiet=True,
    )


def _pointing(found: Comparison) -> None:
    rows = [
        {
            "": role,
            "Hottest point in the tumour": short(each.hits),
            "Energy inside": short(each.energy),
            "Called a tumour": short(each.found),
            "still, with the tumour erased": short(each.still),
        }
        for role, each in (("Challenger", found.pointing.challenger), ("Champion", found.pointing.champion))
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="retrain_pointing")
    st.caption(
        f"{found.pointing.challenger.n} outlined tumours; {found.pointing.challenger.erasable} of them can be erased: "
        "the healthy side of the head, mirrored, stands in for it."
    )
