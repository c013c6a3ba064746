"""What the Monitor page shows: period, model, version and section; the address keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from brain_core.errors import StoreError
from brain_core.monitoring.columns import Columns
from brain_core.monitoring.reading import Period
from brain_core.ui import address, notice, stored
from brain_core.ui.monitor import data

PERIODS = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "a year", "all": "all"}
DEFAULT_PERIOD, WHOLE = "30", "all"
ALL = "all"  # models, or versions
NOTHING = (
    "Scans that are scored on Detect, by 'predict' or from the archive are recorded; samples are recorded and not "
    "counted here."
)


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen; ``rows`` and ``confirmable`` are those of the chosen model and version."""

    days: int | None
    period: Period
    rows: Columns
    confirmable: Columns
    model: str | None
    version: str | None

    @property
    def words(self) -> str:
        return "of all times" if self.days is None else f"of the latest {self.days} days"


def show() -> Choice:
    """The controls in one row; the page ends here where the store cannot be read or holds nothing."""
    columns = st.columns([3, 2, 2])
    chosen = one("Period", "period", list(PERIODS), DEFAULT_PERIOD, PERIODS, columns[0])
    days = None if chosen == WHOLE else int(chosen)
    try:
        found = data.period(days)
        nothing = not len(found.confirmable) and not len(found.failures) and _is_empty(days)
    except StoreError as error:
        notice.show("error", str(error), title="The store cannot be read, so there is nothing to be seen. ")
        st.stop()
    if nothing:
        notice.show("info", NOTHING, title="No prediction recorded yet. ")
        st.stop()
    streams = sorted({*found.predictions.streams(), *found.confirmable.streams()})
    models = list(dict.fromkeys(model for model, _ in streams))
    model = _pick("Model", "model", models, columns[1], {name: stored.title(name) for name in models})
    versions = sorted({version for name, version in streams if model in (None, name)}, reverse=True)
    version = _pick("Version", "version", versions, columns[2], {})
    rows, confirmable = (_only(each, model, version) for each in (found.predictions, found.confirmable))
    return Choice(days, found, rows, confirmable, model, version)


def one(label: str, parameter: str, options: Sequence[str], default: str, words: dict[str, str], place=st) -> str:
    """One of a few options, never none."""
    chosen = place.segmented_control(
        label,
        options,
        default=address.choice(parameter, options, default),
        format_func=lambda option: words.get(option, option),
        key=f"monitor_{parameter}",
        required=True,
    )
    address.keep(parameter, chosen, default)
    return chosen


def section(names: list[str]) -> str:
    """Which section is to be seen."""
    chosen = st.segmented_control(
        "Section",
        names,
        default=address.choice("show", names, names[0]),
        key="monitor_show",
        required=True,
        label_visibility="collapsed",
    )
    address.keep("show", chosen, names[0])
    return chosen


def _pick(label: str, parameter: str, options: list[str], place, words: dict[str, str]) -> str | None:
    """One of the options or None for all of them; what another choice took away falls back to all."""
    every = [ALL, *options]
    chosen = place.selectbox(
        label,
        every,
        every.index(address.choice(parameter, every, ALL)),
        format_func=lambda option: words.get(option, option),
        key=f"monitor_{parameter}",
    )
    address.keep(parameter, chosen, ALL)
    return None if chosen == ALL else chosen


def _only(rows: Columns, model: str | None, version: str | None) -> Columns:
    if model is None and version is None:
        return rows
    wanted = (rows.model == model) if model else (rows.model == rows.model)
    return rows.take(wanted & (rows.version == version) if version else wanted)


def _is_empty(days: int | None) -> bool:
    """Whether the store holds nothing at all."""
    return days is None or not (len((found := data.period(None)).predictions) or len(found.failures))
