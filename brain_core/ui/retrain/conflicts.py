"""The same picture under both labels: seen side by side, decided, or left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from brain_core.datasets.index import CLASS_NAMES, NO_TUMOR, TUMOR
from brain_core.ui import notice
from brain_core.ui.markup import esc
from brain_core.ui.retrain.checking import Checking
from brain_core.ui.theme import LABEL_WORDS

LEAVE_OUT = "leave out"
CHOICES = {LEAVE_OUT: "Leave all of it out", TUMOR: "It shows a tumour", NO_TUMOR: "It shows none"}


@dataclass(frozen=True)
class Decided:
    """Scans to be left out by their names, and how many groups still wait for a decision."""

    left_out: tuple[str, ...]
    open: int


def show(found: Checking, folder: Path) -> Decided:
    """Every group that holds both classes, with what to do about it."""
    groups = found.report.conflicts
    if not groups:
        return Decided((), 0)
    st.subheader("The same picture under both labels", anchor=False)
    notice.show(
        "warning",
        f"{len(groups)} near-duplicate groups hold both classes. Whoever knows the diagnosis decides; whatever "
        "contradicts the decision is left out of training and test alike. The files stay as they are.",
    )
    everything = st.checkbox(
        "Leave all of these groups out", key=f"retrain_conflicts_all_{folder}", persist_state="session"
    )
    left_out, waiting = [], 0
    for number, names in enumerate(groups):
        decision = LEAVE_OUT if everything else _ask(number, names, found)
        waiting += decision is None
        if decision is not None:
            left_out += [name for name in names if decision == LEAVE_OUT or found.labels[name] != decision]
    return Decided(tuple(left_out), waiting)


def _ask(number: int, names: tuple[str, ...], found: Checking):
    with st.container(border=True):
        st.html('<div class="brain-chips">' + "".join(_picture(name, found) for name in names) + "</div>")
        return st.segmented_control(
            f"Group {number + 1}",
            list(CHOICES),
            format_func=CHOICES.get,
            key=f"retrain_conflict_{names[0]}_{found.keys[names[0]]}",
            persist_state="session",
        )


def _picture(name: str, found: Checking) -> str:
    label = LABEL_WORDS[CLASS_NAMES[found.labels[name]]]
    drawn = found.thumbnails.get(name)
    image = f'<img src="{drawn}" alt="{esc(name)}, filed as {esc(label)}">' if drawn else ""
    told = f'<figcaption class="brain-quiet">{esc(name)}<br>filed as: {esc(label)}</figcaption>'
    return f'<figure style="margin:0">{image}{told}</figure>'
