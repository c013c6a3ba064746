"""What the Monitor page looks at, read once for all sessions and kept for some seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from brain_core.monitoring import alert_log, checks, reading, references, report
from brain_core.monitoring.alerts import Alert
from brain_core.monitoring.outcomes import Confirmed, Outcome, outcomes
from brain_core.monitoring.reading import Period
from brain_core.monitoring.references import References
from brain_core.monitoring.report import Report
from brain_core.settings import settings
from brain_core.store.records import now

SECONDS = 30  # that what was read is kept for
AUDIT_SECONDS = 600  # likewise of the look through the whole audit log
ENTRIES = 4  # periods kept at once
Judged = tuple[Outcome, ...]


def period(days: int | None) -> Period:
    """The latest days, None for all; raises `StoreError`."""
    return _period(_place(), days)


def watched(days: int | None) -> Report:
    """The alerts, over the days that the settings say; ``days`` of the page, of which they may be a part."""
    window = settings().monitor.window_days
    return _watched(_place(), window, max(days, window) if days else None)


def outcomes_of(days: int | None, model: str | None, version: str | None, cases: Sequence[Confirmed]) -> Judged:
    """Of the confirmed cases of what was chosen, with intervals: they take a second of thousands of cases."""
    return _outcomes(_place(), days, model, version, cases)


def references_of(model: str, version: str) -> References:
    """What a version is compared with."""
    return _references(str(settings().models_dir), model, version)


def _place() -> tuple[str, str | None]:
    """Which store: another one is another content."""
    return str(settings().home), settings().store.url


@st.cache_resource(ttl=SECONDS, max_entries=ENTRIES, show_spinner="Reading the prediction store …")
def _period(place: tuple, days: int | None) -> Period:
    return reading.read(None if days is None else now() - timedelta(days=days))


@st.cache_resource(ttl=SECONDS, max_entries=ENTRIES, show_spinner="Looking for alerts …")
def _watched(place: tuple, window: int, days: int | None) -> Report:
    def of_period(since: datetime) -> Period:
        return _period(place, days).from_(since)

    found = report.make(
        now(), window, period=of_period, audit=lambda: _audit(place), find=references_of, bootstrap=False
    )
    alert_log.note(found.alerts)
    return found


@st.cache_resource(ttl=SECONDS, max_entries=ENTRIES, show_spinner="Working out the figures …")
def _outcomes(place: tuple, days: int | None, model: str | None, version: str | None, _cases: Sequence) -> Judged:
    return outcomes(_cases)


@st.cache_resource(ttl=AUDIT_SECONDS, max_entries=ENTRIES, show_spinner="Verifying the audit log …")
def _audit(place: tuple) -> Alert:
    return checks.audit()


@st.cache_resource(ttl=SECONDS, max_entries=16, show_spinner=False)
def _references(models_dir: str, model: str, version: str) -> References:
    return references.of_version(model, version)
