"""The sample scans of `brain_core.datasets.samples`, read once for all sessions."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from brain_core.datasets import samples
from brain_core.datasets.samples import REAL, Sample
from brain_core.ui.entries import Entry

__all__ = ["REAL", "Sample", "entry", "phantoms", "real"]


def entry(sample: Sample) -> Entry:
    """The sample as something to assess."""
    return Entry(sample.id, sample.scan.sha256, sample.name, lambda: sample.scan, sample.origin, sample.reference)


@st.cache_resource(show_spinner=False)
def phantoms() -> tuple[Sample, ...]:
    """The project's synthetic heads."""
    return samples.phantoms()


def real() -> tuple[Sample, ...]:
    """A few scans of each class from ``BRAIN_DATA_DIR`` or a downloaded data set; none where there is neither."""
    return next((found for place in samples.places() if (found := _real(str(place)))), ())


@st.cache_resource(show_spinner=False, ttl=600)
def _real(place: str) -> tuple[Sample, ...]:
    return samples.real(Path(place))
