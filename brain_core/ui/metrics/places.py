"""Where the models look: against outlined tumours, and against each other."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.registry import LOCALISATION, ModelCard, read_results
from brain_core.ui import notice, stored


def show(cards: list[ModelCard]) -> None:
    """Both comparisons, each from its stored record."""
    st.subheader("Against outlined tumours", anchor=False)
    _localisation(cards)


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
    old = [card.title for card in cards if record.get("versions", {}).get(card.name) not in (card.version, None)]
    if old:
        notice.show("warning", f"Measured with an older version of {' and '.join(old)}: {command} measures it anew.")


def _row(row: dict) -> dict:
    return {
        "Source of the map": stored.title(row["source"]),
        "Layer": row.get("layer") or "",
        "Pointing game": _estimate(row["pointing"]),
        "Energy inside": _estimate(row["energy"]),
        "Flat maps": row.get("flat", 0),
    }


def _estimate(values: dict) -> str:
    return stored.estimate(values).text()
