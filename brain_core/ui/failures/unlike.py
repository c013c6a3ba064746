"""Not a head at all: drawn pictures of other things, what the models would say, and whether the gate stops them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.scans import Scan
from brain_core.scans.other_phantoms import other
from brain_core.ui import notice, pictures, verdict
from brain_core.ui.failures.material import Material, answers_of, warn_of_older
from brain_core.ui.markup import esc

COMMAND = "python -m brain_core gate DATASET --store"
SEED = 3  # of the drawn pictures
KINDS = {"chest film": "A chest film, drawn", "portrait": "An animal, drawn", "noise": "Noise"}
PARTS = {
    "false_alarms": "Scans like the training data",
    "other_things": "Other things, drawn",
    "ends_of_a_volume": "Ends of a volume, drawn",
    "head_phantoms": "Head phantoms",
    "other_collection": "Heads of another collection",
}


def show(found: Material) -> None:
    """The pictures alone."""
    for column, (kind, words) in zip(st.columns(len(KINDS), gap="medium"), KINDS.items(), strict=True):
        with column:
            st.image(pictures.on_screen(_drawn(kind)), width="stretch", alt=words)
            st.html(f'<div class="brain-quiet">{esc(words)}</div>')


def answer(found: Material) -> None:
    """What each model gives, what the gate makes of it, and the stored rates."""
    rows = []
    for kind, words in KINDS.items():
        row = {"Picture": words}
        for model, said in zip(found.loading, answers_of(_drawn(kind), found.loading), strict=True):
            row[model.title] = f"{verdict.text(said)} ({said.probability:.3f})"
        rows.append(row)
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_unlike")
    st.caption("In brackets the probability of a tumour that the network gives all the same.")
    if not any(model.detector.gate for model in found.loading):
        notice.show("info", "No model in service has an input gate: each of them answers whatever it is shown.")
    _measured(found)


@st.cache_resource(show_spinner=False)
def _drawn(kind: str) -> Scan:
    return other(kind, SEED)


def _measured(found: Material) -> None:
    record = found.gate
    if record is None:
        st.caption("Not stored: how many pictures of which kind the gate stops.")
        return
    try:
        rows = [
            {
                "Pictures": f"{words}: {name}",
                "Stopped": f"{row['flagged']} of {row['n']}",
                "Share": f"{row['share']:.2f} ({row['low']:.2f} to {row['high']:.2f})",
            }
            for part, words in PARTS.items()
            for name, row in (record.get(part) or {}).items()
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        notice.show("error", f"The stored record of the input gate is damaged ({error}).")
        return
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="failures_gate")
    st.caption("Measured with the input gate; shares with Wilson's 95 % intervals.")
    warn_of_older(found.loading, {str(record.get("model")): record.get("version")}, COMMAND)
