"""What an operating point means for patients, in a few sentences, with what no figure here can tell."""

from __future__ import annotations

import streamlit as st

from brain_core.intervals import Estimate
from brain_core.operating import Point
from brain_core.prevalence import PATIENTS
from brain_core.ui.markup import esc

CAVEATS = (
    "These are scans of one public collection: no external testing has been done.",
    "It has no patient identifiers, so that slices of one patient may stand on both sides of a split.",
    "Who set its reference standard, and how, is unknown.",
    "At a prevalence far from the collection’s, sensitivity and specificity themselves may differ.",
)


def show(point: Point, prevalence: float, split: str) -> None:
    """The panel."""
    sentences = in_words(point, prevalence, split)
    body = "".join(f"<p>{esc(sentence)}</p>" for sentence in sentences)
    caveats = "".join(f"<li>{esc(caveat)}</li>" for caveat in CAVEATS)
    st.html(
        f'<section aria-label="Clinical implications" class="brain-implications"><strong>In patients</strong>{body}'
        f'<ul class="brain-quiet">{caveats}</ul></section>'
    )


def in_words(point: Point, prevalence: float, split: str) -> list[str]:
    """What the operating point means in 1,000 patients, as measured on a split."""
    patients = point.at_prevalence(prevalence)
    if patients.misses.value is None or patients.alarms.value is None:
        return [f"Not computed: {patients.misses.reason or patients.alarms.reason}."]
    ill = PATIENTS * prevalence
    told = [
        f"Of {PATIENTS:,} patients, {_n(ill)} of whom have a tumour, the model would alarm on "
        f"{_range(patients.alarms)}: {_range(patients.true_alarms)} rightly and {_range(patients.false_alarms)} "
        "falsely.",
        f"It would miss {_range(patients.misses)} of the {_n(ill)} tumours.",
    ]
    if patients.ppv.value is not None:
        told.append(f"An alarm would be right in {_percent(patients.ppv)}.")
    if patients.npv.value is not None:
        told.append(f"A clearance would be right in {_percent(patients.npv)}.")
    told.append(f"Measured by {split}, at the threshold {point.threshold:.3f}.")
    return told


def _n(value: float) -> str:
    """Patients: a whole number from ten on."""
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def _range(estimate: Estimate) -> str:
    if estimate.low is None:
        return _n(estimate.value)
    return f"{_n(estimate.value)} ({_n(estimate.low)} to {_n(estimate.high)})"


def _percent(estimate: Estimate) -> str:
    value = f"{100 * estimate.value:.3g} %"
    return value if estimate.low is None else f"{value} ({100 * estimate.low:.3g} to {100 * estimate.high:.3g} %)"
