"""Two models, the ensemble or a baseline on the same scans: a sentence, and the difference of every figure."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.comparison import sentence
from brain_core.evaluation.stored_results import StoredResults
from brain_core.ui import address, stored
from brain_core.ui.markup import esc
from brain_core.ui.metrics import worked_out
from brain_core.ui.metrics.choice import Choice
from brain_core.ui.metrics.overview import FIGURES, ROW_HEIGHT


def show(choice: Choice, found: StoredResults) -> None:
    """The choice of two, and what can be said of them."""
    results = {result.name: result for result in choice.everything}
    if len(results) < 2:
        st.caption("Choose a second model above: only one has results of this split.")
        return
    names = list(results)
    left, right = st.columns(2)
    first = _choose(left, "first", "This one", names, names[0], choice.split)
    others = [name for name in names if name != first]
    second = _choose(right, "second", "against", others, others[0], f"{choice.split}_{first}")
    both = worked_out.paired(found, results[first], results[second], choice.at)
    titles = stored.title(first), stored.title(second)
    if both is None:
        st.caption(f"{titles[0]} and {titles[1]} have no scan of this split in common: nothing to compare.")
        return
    st.html(f'<p style="font-size:1.05rem">{esc(sentence(*titles, both.auc, both.decisions))}</p>')
    table = {title: both.differences[key].text(signed=True) for title, key in FIGURES.items()}
    st.dataframe(
        pd.DataFrame({f"{titles[0]} less {titles[1]}": table}),
        width="stretch",
        height=(len(table) + 1) * ROW_HEIGHT + 3,
        key="metrics_differences",
    )
    st.caption(
        f"Of the {both.n} scans that both have scored; 95 % intervals by a bootstrap that draws the same groups for "
        "both. Of Brier score and ECE less is better."
    )


def _choose(place, parameter: str, label: str, names: list[str], default: str, key: str) -> str:
    chosen = place.selectbox(
        label,
        names,
        names.index(address.choice(parameter, names, default)),
        format_func=stored.title,
        key=f"metrics_{parameter}_{key}",
    )
    address.keep(parameter, chosen, default)
    return chosen
