"""A shortcut at the border: one scan with and without a mark, and what was measured of such changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from brain_core import overlay
from brain_core.errors import ResultsError
from brain_core.scans import Scan
from brain_core.teaching import case_scans, case_stored
from brain_core.teaching.case_scans import MARKS
from brain_core.ui import heatmaps, notice, pictures, samples, stored, verdict
from brain_core.ui.failures.material import Material, answers_of
from brain_core.ui.markup import esc
from brain_core.ui.teaching import choose

if TYPE_CHECKING:
    from brain_core.inference import Prediction

NONE = "Nothing"
STORE = "python -m brain_core evaluate DATASET --protocol cv --store"
SCAN = "failures_border_scan"  # session: what the answer is about


def show(found: Material) -> None:
    """A scan to choose, a mark to put on it, and how the models' answers move."""
    ready = found.loading
    place, first = _start(tuple(model.id for model in ready), [model.detector for model in ready])
    chosen = choose("failures", start=place)
    mark = st.segmented_control("Put at the border", [NONE, *MARKS], default=first, key="failures_mark", required=True)
    st.session_state[SCAN] = chosen.scan if chosen else None
    if chosen is None:
        return
    scan = chosen.scan if mark == NONE else case_scans.marked(chosen.scan, mark)
    columns = st.columns(heatmaps.COLUMNS, gap="medium")
    with columns[0]:
        st.html('<div class="brain-column">Scan</div>')
        st.image(pictures.on_screen(scan), width="stretch", alt=f"The scan, at its border: {mark.lower()}")
    said = zip(found.loading, answers_of(chosen.scan, found.loading), answers_of(scan, found.loading), strict=True)
    for column, (model, before, after) in zip(columns[1:], said, strict=False):
        with column:
            moved = after.probability - before.probability
            change = "" if mark == NONE else f' <span class="brain-quiet brain-number">{moved:+.3f}</span>'
            st.html(f'<div class="brain-column">{esc(model.title)}</div>')
            heatmaps.overlaid(scan, model.title, after, overlay.DEFAULT_OPACITY, overlay.DEFAULT_COLORMAP)
            st.html(f"<div>{verdict.line(after)}{change}</div>")


def answer(found: Material) -> None:
    """All marks on that scan, the stored changes, and the baselines."""
    scan = st.session_state.get(SCAN)
    if scan is not None:
        _all_marks(found, scan)
    try:
        _measured(found)
        _baselines(found)
    except ResultsError as error:
        notice.show("error", str(error))


@st.cache_resource(show_spinner="Looking for a mark that moves the models …", max_entries=4)
def _start(models: tuple, _detectors: list) -> tuple[int, str]:
    """The phantom, by number, and the mark that move these models farthest."""
    return case_scans.most_moved(_detectors, [sample.scan for sample in samples.phantoms()])


def _all_marks(found: Material, scan: Scan) -> None:
    titles, before = [model.title for model in found.loading], answers_of(scan, found.loading)
    rows = [{"At the border": NONE} | dict(zip(titles, map(_probability, before), strict=True))]
    for mark, changed in case_scans.with_marks(scan).items():
        after = answers_of(changed, found.loading)
        rows.append({"At the border": mark} | dict(zip(titles, map(_moved, before, after), strict=True)))
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_marks")
    st.caption(
        "This scan: probability of a tumour, and in brackets how far the mark moved it. The case opens with the "
        "phantom and the mark that move a model in service farthest, of those that are classified."
    )


def _probability(said: Prediction) -> str:
    return f"{verdict.text(said)} {said.probability:.3f}"


def _moved(before: Prediction, after: Prediction) -> str:
    return f"{_probability(after)} ({after.probability - before.probability:+.3f})"


def _measured(found: Material) -> None:
    rows = [
        {
            "Model": stored.title(each.model),
            "Change": each.change,
            "Mean change of the probability": f"{each.mean:.3f}",
            "Largest": f"{each.worst:.3f}",
            "Label changed": f"{each.relabelled:.1%}",
        }
        for each in case_stored.robustness(found.cross_validation)
    ]
    if not rows:
        st.caption(f"Not stored: how far such changes move the probability over a data set; {STORE} measures it.")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_robustness")
    n = len(found.cross_validation.get("scans") or [])
    st.caption(f"Measured by cross-validation on n = {n} scans: changes that leave the diagnosis as it is.")


def _baselines(found: Material) -> None:
    rows = [
        {"From": stored.title(name), "Distinct scans": n, "ROC-AUC": auc.text(2)}
        for name, (n, auc) in case_stored.baselines(found.cross_validation).items()
    ]
    if not rows:
        st.caption(f"Not stored: how far one gets without looking at the brain; {STORE} measures it.")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_baselines")
    st.caption(
        "Metadata (width, height, file size) and a thumbnail are what can be had without reading the scan: what a "
        "model adds is its distance from them. Cross-validation, 95 % intervals by bootstrap over groups of copies."
    )
