"""Does an optimised threshold help? The brief's question, answered in words with an interval."""

from __future__ import annotations

import streamlit as st

from brain_core import comparison
from brain_core.evaluation.stored_results import CROSS_VALIDATION, TEST, VALIDATION, StoredResult, StoredResults
from brain_core.intervals import Estimate
from brain_core.operating import OperatingCurve
from brain_core.registry import ModelCard
from brain_core.thresholds import DEFAULT
from brain_core.ui import stored
from brain_core.ui.markup import esc

RULE = "the threshold of best balanced accuracy on validation"


def show(cards: list[ModelCard], found: StoredResults) -> None:
    """A sentence a model and split."""
    st.subheader("Does an optimised threshold help?", anchor=False)
    for card in cards:
        for sentence in sentences(card.name, found):
            st.html(f"<div><strong>{esc(card.title)}.</strong> {esc(sentence)}</div>")


def sentences(name: str, found: StoredResults) -> list[str]:
    """Of internal testing at the stored validation's optimum, and of cross-validation at those of its folds."""
    told = []
    validation, test = found.get(name, VALIDATION), found.get(name, TEST)
    if isinstance(validation, StoredResult) and isinstance(test, StoredResult):
        rates = OperatingCurve.of(validation.labels, validation.probabilities, validation.groups).rates
        if rates is None:
            told.append("No threshold can be fitted: only one class on validation.")
        else:
            told.append(in_words(test, rates.best_balanced_accuracy(), _gain(found.checksum, test.key, test, rates)))
    folds = found.get(name, CROSS_VALIDATION)
    if isinstance(folds, StoredResult):
        told.append(in_words(folds, None, _gain(found.checksum, folds.key, folds, None)))
    return told


def in_words(result: StoredResult, optimised: float | None, gain: Estimate) -> str:
    """The change of balanced accuracy, and whether its interval says anything."""
    rule = f"{RULE} ({optimised:.3f})" if optimised is not None else f"{RULE}, each fold's own,"
    told = f"Against 0.5, {rule} changes the balanced accuracy in {stored.described(result)} by "
    if gain.value is None or gain.low is None:
        return f"{told}{gain.text(signed=True)}."
    if gain.low <= 0 <= gain.high:
        return f"{told}{gain.text(signed=True)}. The interval holds 0: that it helps is not shown."
    return f"{told}{gain.text(signed=True)}. On scans like these it {'helps' if gain.value > 0 else 'harms'}."


@st.cache_data(show_spinner="Comparing thresholds …", max_entries=stored.ENTRIES)
def _gain(checksum: str, key: tuple[str, str, str], _result: StoredResult, _rates) -> Estimate:
    """Cached by content; ``_rates`` follows from it."""
    optimised = _result.thresholds if _rates is None else _rates.best_balanced_accuracy()
    both = comparison.differences(
        _result.labels, _result.probabilities, _result.probabilities, optimised, DEFAULT, _result.groups
    )
    return both["balanced_accuracy"]
