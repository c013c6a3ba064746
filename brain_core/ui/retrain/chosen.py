"""The data that a visitor has chosen for a run, kept while the session lasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from brain_core.ui.retrain.remaining import Remaining

KEY = "retrain_chosen"


@dataclass(frozen=True)
class Chosen:
    """A data set as it was checked.

    Attributes:
        scans, distinct: that are left, and near-duplicate groups among them.
        sizes: scans by part of the split.
        inherit: whether the split of the models in service goes on.
        left_out: names of the scans to be left out.
    """

    folder: Path
    scans: int
    distinct: int
    sizes: dict[str, int]
    inherit: bool
    left_out: tuple[str, ...]


def keep(folder: Path, found: Remaining, inherit: bool, left_out: tuple[str, ...]) -> None:
    """Go on with these."""
    st.session_state[KEY] = Chosen(folder, found.scans, found.distinct, found.sizes, inherit, left_out)


def current() -> Chosen | None:
    return st.session_state.get(KEY)
