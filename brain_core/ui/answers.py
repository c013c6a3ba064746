"""A model's answer to a scan, worked out once for all sessions and filed under the pixels and the model's checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.scans import Scan
from brain_core.ui.models import Loading

if TYPE_CHECKING:
    from brain_core.inference import Prediction

ENTRIES = 512  # a heatmap each, of a few kilobytes


def answers(scan: Scan, loading: list[Loading]) -> list[tuple[str, Prediction]]:
    """Title and answer, a model each that is ready, judged by the operating point that is in use now."""
    return [(model.title, answer(scan, model)) for model in loading if model.detector is not None]


def answer(scan: Scan, model: Loading) -> Prediction:
    """What a model that is ready says."""
    return _answer(scan.sha256, model.id, model.detector, scan).at(model.card.operating_point)


@st.cache_resource(show_spinner="Asking the models …", max_entries=ENTRIES)
def _answer(sha256: str, model: tuple[str, str, str], _detector, _scan: Scan) -> Prediction:
    (found,) = _detector.predict([_scan])
    return found
