"""The page's address as a bookmark: what was chosen stands in its query parameters, checked when it is read."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st


def number(name: str, default: float, low: float, high: float) -> float:
    """The number in the address; the default where there is none, or it is no number in ``low``..``high``."""
    try:
        value = float(st.query_params.get(name, default))
    except ValueError:
        return default
    return value if math.isfinite(value) and low <= value <= high else default


def choice(name: str, options: Sequence[str], default: str) -> str:
    """The option in the address; the default where there is none or it is unknown."""
    found = st.query_params.get(name, default)
    return found if found in options else default


def choices(name: str, options: Sequence[str], default: Sequence[str]) -> list[str]:
    """Likewise for several."""
    found = [option for option in st.query_params.get_all(name) if option in options]
    return found or list(default)


def keep(name: str, value, default) -> None:
    """Put what was chosen into the address; a default needs no mention."""
    if value == default or value is None:
        if name in st.query_params:
            del st.query_params[name]
    elif isinstance(value, list):
        if st.query_params.get_all(name) != value:
            st.query_params[name] = value
    else:
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        if st.query_params.get(name) != text:
            st.query_params[name] = text
