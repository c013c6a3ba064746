"""Every scan that a model got wrong, how far from its threshold, and the scan itself where it is at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from brain_core.datasets import samples
from brain_core.evaluation.stored_results import CROSS_VALIDATION, StoredResult, StoredResults
from brain_core.ui import answers, heatmaps, models, notice, stored
from brain_core.ui.markup import esc
from brain_core.ui.metrics import worked_out
from brain_core.ui.metrics.choice import Choice
from brain_core.ui.theme import LABEL_WORDS

WAIT = 120  # seconds for a model that is being loaded
HEIGHT = 420  # pixels
WORDS = tuple(LABEL_WORDS[label] for label in ("no tumor", "tumor"))


def show(choice: Choice, found: StoredResults) -> None:
    """The table, the farthest from its threshold first; a row opens its scan."""
    table = pd.concat([wrong(result, choice.at) for result in choice.results], ignore_index=True)
    if table.empty:
        st.caption("No scan of this split is wrong at this threshold.")
        return
    table = table.sort_values("Distance", key=abs, ascending=False, ignore_index=True)
    repeated = choice.split == CROSS_VALIDATION
    hidden = ["sha256"] + ([] if repeated else ["Wrong in"])
    event = st.dataframe(
        table.drop(columns=hidden),
        hide_index=True,
        width="stretch",
        height=min(HEIGHT, (len(table) + 1) * 35 + 3),
        key="metrics_mistakes",
        on_select="rerun",
        selection_mode="single-row",
        column_config={name: st.column_config.NumberColumn(format="%.3f") for name in ("Probability", "Distance")},
    )
    st.caption(_about(choice, table))
    rows = [row for row in event.selection.rows if row < len(table)]
    if rows:
        _open(table.iloc[rows[0]], repeated)
    else:
        st.caption("Select a row to see its scan.")


def wrong(result: StoredResult, at: str) -> pd.DataFrame:
    """A row a scan that is wrong in any repeat: its means over the repeats that are there."""
    distance = result.probabilities - worked_out.threshold_of(result, at)
    decided, known = distance >= 0, ~np.isnan(distance)
    misses = ((decided != (result.labels == 1)) & known).sum(axis=0)
    chosen = np.flatnonzero(misses)
    _, group, size = np.unique(result.groups, return_inverse=True, return_counts=True)
    return pd.DataFrame(
        {
            "Model": [stored.title(result.name)] * len(chosen),
            "Scan": [result.ids[i] for i in chosen],
            "Reference standard": [WORDS[result.labels[i]] for i in chosen],
            "Probability": [float(np.nanmean(result.probabilities[:, i])) for i in chosen],
            "Distance": [float(np.nanmean(distance[:, i])) for i in chosen],
            "Wrong in": [f"{misses[i]} of {known[:, i].sum()}" for i in chosen],
            "Scans in its group": [int(size[group[i]]) for i in chosen],
            "sha256": [result.sha256[i] for i in chosen],
        }
    )


def _about(choice: Choice, table: pd.DataFrame) -> str:
    counts = []
    for result in choice.results:
        n = int((table["Model"] == stored.title(result.name)).sum())
        counts.append(f"{stored.title(result.name)} {n} of {len(result.labels)}")
    told = f"Wrong: {', '.join(counts)} scans, copies included. Distance is probability less threshold. "
    if choice.split == CROSS_VALIDATION:
        told += "Wrong in any of the repeats; probability and distance are means over them. "
    return told + "A group holds a scan's near-duplicates of the same split."


def _open(row: pd.Series, repeated: bool) -> None:
    scan = samples.stored_scan(row["Scan"], row["sha256"])
    st.html(f'<div class="brain-name" role="heading" aria-level="2">{esc(row["Scan"])}</div>')
    if scan is None:
        notice.show(
            "info",
            "Its picture is not at hand: set BRAIN_DATA_DIR to the folder that holds the data set, or fetch it with "
            "python -m brain_core dataset download.",
        )
        return
    if repeated:
        st.caption(
            "The maps are of the models in service, which may have learned from this scan; the models of the folds, "
            "which the table is about, are not kept."
        )
    loading = models.current()
    with st.spinner("Loading the models …"):
        for model in loading:
            model.wait(WAIT)
    predictions = answers.answers(scan, loading)
    for model in loading:
        if model.error:
            notice.show("error", model.error, title=f"{model.title} is out of service. ")
    for title, prediction in predictions:
        said = LABEL_WORDS[prediction.label].lower()
        st.html(f"<div>{esc(f'{title}, in service: {said}, {prediction.probability:.3f}')}</div>")
    heatmaps.show(scan, predictions, f'<div class="brain-quiet">{esc(scan.width)} × {esc(scan.height)} pixels</div>')
