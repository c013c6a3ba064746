"""What is stored of the models in service, read once a run and worked out once a content."""

from __future__ import annotations

import streamlit as st

from brain_core.errors import ModelError, ResultsError
from brain_core.evaluation.stored_results import (
    CROSS_VALIDATION,
    TEST,
    VALIDATION,
    NotStored,
    StoredResult,
    StoredResults,
    stored_results,
)
from brain_core.intervals import Estimate
from brain_core.models import MODELS
from brain_core.operating import OperatingCurve
from brain_core.registry import ModelCard, read_card
from brain_core.settings import settings
from brain_core.ui import notice

SPLIT_WORDS = {VALIDATION: "validation", TEST: "internal testing", CROSS_VALIDATION: "cross-validation"}
ENTRIES = 64  # of what is worked out, over all sessions


def cards() -> list[ModelCard]:
    """The models in service; of one that is not, a notice says so."""
    found = []
    for name in MODELS:
        try:
            found.append(read_card(name, settings().models_dir))
        except ModelError as error:
            notice.show("error", str(error), title=f"{MODELS[name].title} is out of service. ")
    return found


def show_problems(of: list[ModelCard]) -> StoredResults:
    """What is stored; the page ends with a notice where that is damaged or nothing is there."""
    try:
        found = stored_results(of)
    except ResultsError as error:
        notice.show("error", str(error))
        st.stop()
    if not found.found:
        reasons = sorted({each.reason for each in found.absent})
        notice.show("info", *reasons, title="No predictions are stored, so there is nothing to measure. ")
        st.stop()
    return found


def title(name: str) -> str:
    """Of a model, the ensemble or a baseline."""
    return MODELS[name].title if name in MODELS else name[:1].upper() + name[1:]


def operating_curve(found: StoredResults, result: StoredResult) -> OperatingCurve:
    """Sorted and cumulated once for a content; every move of a threshold is a search in it."""
    return _operating_curve(found.checksum, result.key, result)


@st.cache_resource(show_spinner="Sorting the stored predictions …", max_entries=ENTRIES)
def _operating_curve(checksum: str, key: tuple[str, str, str], _result: StoredResult) -> OperatingCurve:
    return OperatingCurve.of(_result.labels, _result.probabilities, _result.groups)


def described(result: StoredResult | NotStored) -> str:
    """Split and how many scans, for a column's head or a caption."""
    words = SPLIT_WORDS[result.split]
    if isinstance(result, NotStored):
        return words
    repeats = f", {len(result.probabilities)} repeats" if len(result.probabilities) > 1 else ""
    return f"{words}, n = {len(result.labels)} ({result.distinct} distinct){repeats}"


def estimate(values: dict) -> Estimate:
    """Of a record, as JSON holds it."""
    return Estimate(values["value"], values.get("low"), values.get("high"), values.get("reason"))
