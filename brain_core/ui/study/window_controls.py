"""Window and level: presets of the file, centre and width by hand; they change the picture, never the models' input."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.errors import ScanError
from brain_core.scans.series import Series
from brain_core.scans.window import Voi, Window
from brain_core.ui.study import memory

AS_SEEN = "As the models see it"
OWN = "By hand"
HELP = "Windows change the picture only. The models always see each slice in the first window that its file gives, "
HELP += "or in the automatic one where it gives none."
STEPS = 500  # of a slider over its range


@dataclass(frozen=True)
class Range:
    """Of the sliders.

    Attributes:
        low, high: of the centre, in the units of the values.
        step: of both.
        narrowest, widest: of the width.
    """

    low: float
    high: float
    step: float
    narrowest: float
    widest: float


def show(series: Series) -> Voi | None:
    """The controls in a row; returns the window to look through, None for that of the models.

    Raises:
        ScanError: no slice can be read.
    """
    chosen, presets = memory.current().windows.get(series.key), series.presets()
    _presets(series, presets, chosen)
    _sliders(series, range_of(presets), chosen)
    st.button(
        "Reset",
        key=_key("reset", series),
        icon=":material/restart_alt:",
        on_click=_set,
        args=(series, None),
        disabled=chosen is None,
    )
    return chosen


def start_of(series: Series) -> Window:
    """Where the sliders stand before anything was chosen."""
    found = series.window()
    if isinstance(found, Window):
        return found
    return next(each for each in reversed(series.presets()) if isinstance(each, Window))


def range_of(presets: tuple[Voi, ...]) -> Range:
    """From the values that the windows span: every one of them can be set."""
    windows = [each for each in presets if isinstance(each, Window)]
    low = min(each.centre - each.width / 2 for each in windows)
    high = max(each.centre + each.width / 2 for each in windows)
    span = high - low
    step = 1.0 if span > STEPS / 5 else span / STEPS
    return Range(low, high, step, step, max(2 * span, 2 * step))


def is_adjustable(series: Series, index: int) -> bool:
    """Whether windows change anything: not of coloured slices, and not of those that cannot be read."""
    try:
        return not series.frame(index).is_colour
    except ScanError:
        return False


# What was chosen is kept in the session, and buttons and presets change it too: so each control is set at every run.


def _presets(series: Series, presets: tuple[Voi, ...], chosen: Voi | None) -> None:
    """The windows by name."""
    key, names = _key("preset", series), [AS_SEEN, *(each.name for each in presets)]
    st.session_state[key] = AS_SEEN if chosen is None else chosen.name

    def pick() -> None:
        _set(series, next((each for each in presets if each.name == st.session_state[key]), None))

    st.selectbox(
        "Window",
        [*names, OWN] if chosen is not None and chosen.name == OWN else names,
        key=key,
        on_change=pick,
        help=HELP,
        width=190,
    )


def _sliders(series: Series, limits: Range, chosen: Voi | None) -> None:
    """Centre and width of the window that is looked through; a table has neither."""
    shown = chosen if isinstance(chosen, Window) else start_of(series)
    centre, width = _key("centre", series), _key("width", series)

    def by_hand() -> None:
        function = "sigmoid" if shown.function == "sigmoid" else "linear_exact"
        _set(series, Window(st.session_state[centre], st.session_state[width], function, OWN))

    for key, label, value, low, high in (
        (centre, "Centre", shown.centre, limits.low, limits.high),
        (width, "Width", shown.width, limits.narrowest, limits.widest),
    ):
        st.session_state[key] = float(min(max(value, low), high))
        st.slider(
            label,
            low,
            high,
            step=limits.step,
            format="%.0f" if limits.step >= 1 else "%.3g",
            key=key,
            on_change=by_hand,
            disabled=chosen is not None and not isinstance(chosen, Window),
            width=140,
        )


def _key(control: str, series: Series) -> str:
    return f"study_window_{control}_{series.key[:12]}"


def _set(series: Series, voi: Voi | None) -> None:
    kept = memory.current()
    if voi is None:
        kept.windows.pop(series.key, None)
    else:
        kept.windows[series.key] = voi
