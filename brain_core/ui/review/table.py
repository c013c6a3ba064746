"""The list as a table; selecting a row opens its case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from brain_core.input_gate import NOT_ASSESSED
from brain_core.models import MODELS
from brain_core.store.records import Kind
from brain_core.ui import stored
from brain_core.ui.review import place
from brain_core.ui.review.choice import SOURCE_WORDS

if TYPE_CHECKING:
    from brain_core.store.review import Case

ROWS_SHOWN = 7  # before the table scrolls
ROW_HEIGHT = 35  # pixels
READERS = {  # the verdict in a word
    None: "",
    "unsure": "unsure",
    "disagreement": "disagree",
    "tumor": "tumour",
    "no tumor": "no tumour",
}


def show(cases: Sequence[Case], position: int) -> None:
    """The table, with the open case selected."""
    # A selection is a row's number: it belongs to this list, and to no move that was made by other means.
    moves = st.session_state.get(place.MOVES, 0)
    key = f"review_table_{hash(tuple(case.case for case in cases)) & 0xFFFFFF:x}_{moves}"
    table = frame(cases)
    st.dataframe(
        table,
        key=key,
        hide_index=True,
        width="stretch",
        height=(min(len(cases), ROWS_SHOWN) + 1) * ROW_HEIGHT + 3,
        row_height=ROW_HEIGHT,
        column_config=_columns(table),
        on_select=lambda: _selected(key, cases),
        selection_mode="single-row",
        selection_default={"selection": {"rows": [position]}},
        placeholder="",
    )


def frame(cases: Sequence[Case]) -> pd.DataFrame:
    """One row a case; a model that did not assess it is left blank."""
    names = {row.model for case in cases for row in case.predictions}
    names = [*(name for name in MODELS if name in names), *sorted(names - set(MODELS))]
    return pd.DataFrame([_row(case, names) for case in cases])


def _row(case: Case, names: Sequence[str]) -> dict:
    found = {row.model: row.probability for row in case.predictions if not set(row.flags) & set(NOT_ASSESSED)}
    return {
        "Case": case.case[:8],
        "Assessed": case.at.astimezone().replace(tzinfo=None),
        "Of": "series" if case.kind == Kind.SERIES else "slice",
        "Source": SOURCE_WORDS[case.source],
        **{stored.title(name): found.get(name) for name in names},
        "Uncertainty": case.uncertainty,
        "Differ by": case.disagreement if len(case.predictions) > 1 else None,
        "Readers": _readers(case),
        "Kept": "yes" if case.kept else "",
    }


def _readers(case: Case) -> str:
    word = READERS[case.verdict.finding]
    return f"{word}, confirmed" if case.verdict.confirmed else word


def _columns(table: pd.DataFrame) -> dict:
    config = {
        "Assessed": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", help="Last, in the server's time."),
        "Uncertainty": st.column_config.NumberColumn(
            format="%.2f",
            help="1 where the probability is the threshold, 0 where it is 0 or 1; the mean over the models.",
        ),
        "Differ by": st.column_config.NumberColumn(
            format="%.2f", help="The largest difference between two models' probability minus threshold."
        ),
        "Kept": st.column_config.TextColumn(help="Whether the pixels were."),
        "Readers": st.column_config.TextColumn(help="Their findings taken together."),
    }
    for title in [name for name in table if name in {stored.title(model) for model in MODELS}]:
        config[title] = st.column_config.ProgressColumn(
            help="Probability of a tumour, 0 to 1; the open case shows it with its threshold.",
            min_value=0,
            max_value=1,
            format="%.3f",
            color="gray",
        )
    return config


def _selected(key: str, cases: Sequence[Case]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and rows[0] < len(cases):
        place.open_case(cases[rows[0]].case)
