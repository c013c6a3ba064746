"""What the Metrics page shows: split, models, where they decide, and which section; the address keeps it."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.evaluation.stored_results import (
    CROSS_VALIDATION,
    ENSEMBLE,
    TEST,
    VALIDATION,
    StoredResult,
    StoredResults,
)
from brain_core.models import MODELS
from brain_core.ui import address, stored

SPLIT_ORDER = (CROSS_VALIDATION, TEST, VALIDATION)
HELP = {
    CROSS_VALIDATION: "Trained anew in each fold, by near-duplicate group; one scan a group is counted.",
    TEST: "Not learned from and not fitted on; the README says what else was seen of it.",
    VALIDATION: "Chose thresholds and calibration, so its figures flatter.",
}
IN_USE, DEFAULT = "operating point", "0.5"


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen.

    Attributes:
        results: of the chosen models, as they are stored.
        baselines: of the same split.
        at: `IN_USE` or `DEFAULT`: which threshold the figures are at.
    """

    split: str
    results: tuple[StoredResult, ...]
    baselines: tuple[StoredResult, ...]
    at: str

    @property
    def everything(self) -> tuple[StoredResult, ...]:
        return self.results + self.baselines


def is_model(name: str) -> bool:
    """Whether it is a model or their ensemble, and no baseline."""
    return name in MODELS or name == ENSEMBLE


def show(found: StoredResults) -> Choice:
    """The controls, in one row, and below them why a model that could be chosen is not there."""
    splits = [split for split in SPLIT_ORDER if any(result.split == split for result in found.found)]
    columns = st.columns([2, 2, 1])
    split = _one("Split", "split", splits, stored.SPLIT_WORDS, columns[0], " ".join(HELP[s] for s in splits))
    of_split = [result for result in found.found if result.split == split]
    names = [result.name for result in of_split if is_model(result.name)]
    with columns[1]:
        chosen = st.multiselect(
            "Models",
            names,
            address.choices("model", names, names),
            format_func=stored.title,
            key=f"metrics_models_{split}",
            placeholder="Choose a model",
        )
    address.keep("model", chosen, names)
    at = _one("Threshold", "at", [IN_USE, DEFAULT], {}, columns[2], "Of accuracy, sensitivity and their like.")
    for absent in found.absent:
        if absent.split == split:
            st.caption(f"{stored.title(absent.name)}, {stored.SPLIT_WORDS[split]}: {absent.reason}.")
    for result in of_split:
        for note in result.notes if result.name in chosen else ():
            st.caption(f"{stored.title(result.name)}: {note}.")
    return Choice(
        split,
        tuple(result for result in of_split if result.name in chosen),
        tuple(result for result in of_split if not is_model(result.name)),
        at,
    )


def section(names: list[str]) -> str:
    """Which section is to be seen."""
    return _one("Section", "show", names, {}, st, None, hidden=True)


def _one(label: str, parameter: str, options: list[str], words: dict, place, told: str | None, hidden=False) -> str:
    """One of a few options, never none."""
    chosen = place.segmented_control(
        label,
        options,
        default=address.choice(parameter, options, options[0]),
        format_func=lambda option: (said := words.get(option, option))[:1].upper() + said[1:],
        key=f"metrics_{parameter}",
        help=told,
        required=True,
        label_visibility="collapsed" if hidden else "visible",
    )
    address.keep(parameter, chosen, options[0])
    return chosen
