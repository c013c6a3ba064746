"""Where the models look: against outlined tumours, and against each other."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.errors import ResultsError
from brain_core.evaluation.agreement import CHANCE_OVERLAP
from brain_core.evaluation.focus import Focus
from brain_core.evaluation.stored_focus import read_focus
from brain_core.evaluation.stored_results import NotStored
from brain_core.registry import LOCALISATION, ModelCard, read_results
from brain_core.ui import notice, stored
from brain_core.ui.theme import LABEL_WORDS


def show(cards: list[ModelCard]) -> None:
    """Both comparisons, each from its stored record."""
    st.subheader("Against outlined tumours", anchor=False)
    _localisation(cards)
    st.subheader("Against each other", anchor=False)
    _focus(cards)


def _localisation(cards: list[ModelCard]) -> None:
    command = "python -m brain_core localise FOLDER --store"
    try:
        record = read_results(LOCALISATION)
        rows = [_row(row) for row in record["rows"]] if record else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        notice.show("error", f"The stored localisation is damaged ({error}). Store it anew: {command}.")
        return
    if not rows:
        st.caption(f"Not stored: how well the heatmaps point at outlined tumours; {command} measures and stores it.")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="metrics_localisation")
    st.caption(
        f"{record['n']} scans of {record['data']}; 95 % intervals by bootstrap over scans. Pointing game: share of "
        "scans whose hottest point lies in the tumour or within 15 pixels of it at a side of 256 (Zhang et al. 2016). "
        "Energy: share of the map's sum inside it (Wang et al. 2020)."
    )
    if record.get("erased"):
        st.dataframe(
            pd.DataFrame([_erased(row) for row in record["erased"]]),
            hide_index=True,
            width="stretch",
            key="metrics_erased",
        )
        st.caption(
            "The same scans with the tumour erased: the healthy side of the head, mirrored, stands in for it. The "
            "nearer the share that is still called a tumour is to 0, the more a model goes by the tumour, and the less "
            "by what such scans look like otherwise."
        )
    old = [card.title for card in cards if record.get("versions", {}).get(card.name) not in (card.version, None)]
    if old:
        notice.show("warning", f"Measured with an older version of {' and '.join(old)}: {command} measures it anew.")


def _focus(cards: list[ModelCard]) -> None:
    try:
        found = read_focus(cards)
    except ResultsError as error:
        notice.show("error", str(error))
        return
    if isinstance(found, NotStored):
        st.caption(f"Not stored: how far the models' heatmaps agree: {found.reason}.")
        return
    rows = [
        {
            "Scans": subset.name.capitalize(),
            "n (distinct)": f"{subset.n} ({subset.groups})",
            "Rank correlation": subset.correlation.text(),
            "Overlap of the hottest tenth": subset.overlap.text(),
            "Flat maps": str(subset.flat),
        }
        for subset in found.subsets
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="metrics_focus")
    layers = " and ".join(f"{stored.title(name)} ({layer})" for name, layer in found.layers.items())
    st.caption(
        f"Grad-CAM for 'tumour' of {layers} on the scans of {found.data} that both were tested on, compared inside the "
        "head; 95 % intervals by bootstrap over near-duplicate groups. Rank correlation is Spearman's; the overlap is "
        f"Jaccard's, of two unrelated maps {CHANCE_OVERLAP:.3f} on average. Where a scan shows no tumour, both maps "
        "show what speaks weakly for one, and need not agree. That two models agree makes neither right."
    )
    with st.expander("Each scan"):
        st.dataframe(_each(found), hide_index=True, width="stretch", key="metrics_focus_scans")


def _each(found: Focus) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Scan": row.id,
                "Reference standard": LABEL_WORDS["tumor" if row.label else "no tumor"],
                "Right": " and ".join(stored.title(name) for name in row.right) or "neither",
                "Rank correlation": row.correlation,
                "Overlap": row.overlap,
                "": row.reason or "",
            }
            for row in found.rows
        ]
    )


def _row(row: dict) -> dict:
    return {
        "Source of the map": stored.title(row["source"]),
        "Layer": row.get("layer") or "",
        "Pointing game": _estimate(row["pointing"]),
        "Energy inside": _estimate(row["energy"]),
        "Flat maps": row.get("flat", 0),
    }


def _erased(row: dict) -> dict:
    return {
        "Model": stored.title(row["source"]),
        "Scans (left out)": f"{row['n']} ({row['left_out']})",
        "Called a tumour": _estimate(row["found"]),
        "Still, with the tumour erased": _estimate(row["still"]),
        "Change of the probability": stored.estimate(row["change"]).text(signed=True),
    }


def _estimate(values: dict) -> str:
    return stored.estimate(values).text()
