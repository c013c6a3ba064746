"""Confident and wrong: the stored answers farthest on the wrong side of the threshold, with scan and map."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import overlay
from brain_core.datasets import samples
from brain_core.datasets.index import NO_TUMOR, TUMOR
from brain_core.evaluation.stored_results import CROSS_VALIDATION, TEST, StoredResult
from brain_core.scans import Scan
from brain_core.teaching import case_stored
from brain_core.teaching.case_stored import SURE, Mistake
from brain_core.ui import heatmaps, notice, pictures, stored, verdict
from brain_core.ui.failures.material import NOTHING, Material, answers_of
from brain_core.ui.markup import esc
from brain_core.ui.theme import LABEL_SHAPES, LABEL_WORDS

NAMES = {NO_TUMOR: "Scan A", TUMOR: "Scan B"}
NOT_AT_HAND = (
    "Its picture is not at hand: set BRAIN_DATA_DIR to the folder that holds the data set, or fetch it with "
    "python -m brain_core dataset download."
)


def show(found: Material) -> None:
    """A false alarm and a miss; which is which the answer says."""
    if not found.results:
        st.caption(NOTHING)
        return
    for column, label in zip(st.columns(2, gap="large"), NAMES, strict=True):
        with column:
            one(found, label, NAMES[label])


def one(found: Material, label: int, name: str) -> None:
    """The scan with the map of the model that is wrong; its reference standard is not told."""
    mistake = case_stored.farthest(found.results, label)
    if mistake is None:
        judged = "; ".join(f"{stored.title(each.name)}, by {judged_by(each)}" for each in found.results)
        st.caption(f"{name}: no stored answer is wrong in this way ({judged}).")
        return
    said = LABEL_WORDS[_said(mistake)]
    threshold = "mean threshold of the folds" if mistake.split == CROSS_VALIDATION else "threshold"
    st.html(
        f'<div class="brain-column">{esc(name)}</div><div>{esc(stored.title(mistake.model))} says: '
        f'{LABEL_SHAPES[_said(mistake)]} {esc(said)} <span class="brain-number">{mistake.probability:.3f}</span> '
        f'<span class="brain-quiet">{threshold} {mistake.threshold:.3f}</span></div>'
    )
    scan = samples.stored_scan(mistake.id, mistake.sha256)
    if scan is None:
        notice.show("info", NOT_AT_HAND)
        return
    left, right = st.columns(2)
    with left:
        st.image(pictures.on_screen(scan), width="stretch", alt=f"{name}, without any overlay")
    with right:
        _map(found, mistake, scan)


def _map(found: Material, mistake: Mistake, scan: Scan) -> None:
    """Of the model that is wrong, and whether the service classifies the scan at all."""
    for model, prediction in zip(found.loading, answers_of(scan, found.loading), strict=True):
        if model.name == mistake.model:
            heatmaps.overlaid(scan, model.title, prediction, overlay.DEFAULT_OPACITY, overlay.DEFAULT_COLORMAP)
            if not prediction.assessed:
                st.caption(f"{verdict.NOT_CLASSIFIED} in service: unlike a model's training data, or without contrast.")


def answer(found: Material) -> None:
    """The reference standard of both, and how often each model is sure and wrong."""
    told = [told_of(NAMES[label], m) for label in NAMES if (m := case_stored.farthest(found.results, label))]
    if told:
        st.html('<div class="brain-words">' + "".join(f"<div>{esc(line)}</div>" for line in told) + "</div>")
    how_sure(found)


def how_sure(found: Material) -> None:
    """The table of sure answers, or that nothing is stored."""
    if not found.results:
        st.caption(NOTHING)
        return
    rows = []
    for each in map(case_stored.sure, found.results):
        rows.append(
            {
                "Model": stored.title(each.model),
                "Measured by": stored.SPLIT_WORDS[each.split],
                "Distinct scans": each.n,
                "Sure of": each.sure,
                "Wrong where sure": each.wrong.text(2),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_sure")
    st.caption(
        f"Sure: a probability of at least {SURE} or at most {1 - SURE:.1f}. Wrong: on the wrong side of the operating "
        "point in use; in cross-validation, of the folds' thresholds. One scan a near-duplicate group; shares with "
        "Wilson's 95 % intervals."
    )


def judged_by(result: StoredResult) -> str:
    """The threshold that its answers are held against, in words."""
    if result.split != CROSS_VALIDATION:
        return "the operating point in use"
    if isinstance(result.thresholds, float):
        return f"{result.thresholds}, as the folds' thresholds are not stored"
    return "the folds' thresholds"


def _said(mistake: Mistake) -> str:
    return "tumor" if mistake.probability >= mistake.threshold else "no tumor"


def told_of(name: str, mistake: Mistake) -> str:
    """The reference standard, and which mistake it is."""
    told = (
        f"{name} ({mistake.id}): the reference standard is {LABEL_WORDS[mistake.reference].lower()}. It is the wrong "
        f"answer farthest from its threshold, by {mistake.distance:.3f}, in {stored.SPLIT_WORDS[mistake.split]}."
    )
    if mistake.split != TEST:
        told += " The map is of the model in service, which may have learned from this scan."
    return told
