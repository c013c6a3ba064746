"""The series of all studies in a table; choosing one opens it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from brain_core.scans.series import DERIVED, IMAGE, LOCALIZER, Series, Study
from brain_core.ui.study import memory

ROLES = {IMAGE: "images", LOCALIZER: "localiser", DERIVED: "derived from other series"}
ROWS_SHOWN = 6  # before the table scrolls
ROW_HEIGHT, HEADER_HEIGHT = 35, 38  # pixels

Opened = tuple[Study, Series]


def ordered(studies: Sequence[Study]) -> list[Opened]:
    """Every series with its study: of each study the images first, then localisers, then what is derived."""
    ranks = list(ROLES)
    return [
        (study, series) for study in studies for series in sorted(study.series, key=lambda each: ranks.index(each.role))
    ]


def default(rows: Sequence[Opened]) -> int:
    """The row to open while nobody has chosen: images of the axial plane with the most slices, the first of equals."""
    return max(
        range(len(rows)),
        key=lambda row: (rows[row][1].role == IMAGE, rows[row][1].plane == "axial", len(rows[row][1]), -row),
    )


def show(studies: Sequence[Study]) -> Opened:
    """The table, where there is a choice; returns what is open."""
    rows, kept = ordered(studies), memory.current()
    place = next((i for i, (_, series) in enumerate(rows) if series.key == kept.opened), default(rows))
    if len(rows) == 1:
        return rows[0]
    patients = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    st.subheader(f"{len(rows)} series in {patients}", anchor=False)
    # A selection is a row's number, so it belongs to these rows and to no others.
    key = f"study_series_{hash(tuple(series.key for _, series in rows)) & 0xFFFFFF:x}"
    event = st.dataframe(
        frame(rows),
        key=key,
        hide_index=True,
        width="stretch",
        height=min(len(rows), ROWS_SHOWN) * ROW_HEIGHT + HEADER_HEIGHT,
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [place], "columns": [], "cells": []}},
        alt="The series; the one that is open is selected.",
    )
    chosen = event.selection.rows
    if chosen and chosen[0] < len(rows):
        place = chosen[0]
        kept.opened = rows[place][1].key
    return rows[place]


def frame(rows: Sequence[Opened]) -> pd.DataFrame:
    """One row a series."""
    found = pd.DataFrame(
        {
            "Patient": study.pseudonym,
            "No.": series.number,
            "Description": series.description or "without a description",
            "Plane": series.plane or "not known",
            "Slices": len(series),
            "Kind": ROLES[series.role],
            "Notes": " ".join(series.notes),
        }
        for study, series in rows
    )
    found["No."] = found["No."].astype("Int64")
    empty = {"No.": found["No."].isna().all(), "Notes": not found["Notes"].any()}
    return found.drop(columns=[name for name, is_empty in empty.items() if is_empty])
