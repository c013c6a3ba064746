"""The alerts: those that are on, and every figure that is watched with its limit."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.monitoring.alerts import Alert, State
from brain_core.settings import settings
from brain_core.ui import notice, stored
from brain_core.ui.monitor import data
from brain_core.ui.monitor.choice import Choice
from brain_core.ui.monitor.words import MEASURE_WORDS, NAME_WORDS

SIGNS = {State.ON: "▲ on", State.OFF: "● off", State.TOO_FEW: "○ too few to tell", State.UNKNOWN: "○ unknown"}
ROW_HEIGHT = 35  # pixels, Streamlit's
STATE_WIDTH = 110  # pixels: sign and words
ORDER = (State.ON, State.TOO_FEW, State.UNKNOWN, State.OFF)


def show(choice: Choice) -> None:
    """Of all models, over the days that the settings say."""
    found = data.watched(choice.days)
    if found.on:
        title = f"{len(found.on)} alert{'s are' if len(found.on) > 1 else ' is'} on. "
        notice.show("error", *_sentences(found.on), title=title)
    else:
        notice.show("info", "Figures that rest on too few to tell raise none.", title="No alert is on. ")
    rows = [_row(alert) for alert in sorted(found.alerts, key=lambda alert: ORDER.index(alert.state))]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        height=(len(rows) + 1) * ROW_HEIGHT + 3,
        key="monitor_alerts",
        column_config={
            "State": st.column_config.TextColumn(width=STATE_WIDTH),
            "In words": st.column_config.TextColumn(width="large"),
        },
    )
    limits = settings().monitor
    st.caption(
        f"Of all models, the {found.days} days to {found.at:%Y-%m-%d %H:%M} UTC, whatever period is chosen above; of "
        f"each model the version that was used last. Fewer than {limits.least_n} raise no alert. Limits are set by "
        "BRAIN_ALERT_… The same: python -m brain_core monitor. Worked out anew after "
        f"{data.SECONDS} seconds, the audit log after {data.AUDIT_SECONDS // 60} minutes. Many figures are watched at "
        "once: now and then one passes its limit by chance."
    )


def _sentences(alerts: tuple[Alert, ...]) -> list[str]:
    """One an alert; drift of one model in one."""
    told: dict[str, list[str]] = {}
    for alert in alerts:
        about = ", ".join([NAME_WORDS[alert.name], *([stored.title(alert.model)] if alert.model else [])])
        detail = (
            f"{MEASURE_WORDS[alert.measure]} ({alert.value:.3f})" if alert.measure else alert.told.removesuffix(".")
        )
        told.setdefault(about, []).append(detail)
    return [f"{about}: {', '.join(details)}." for about, details in told.items()]


def _row(alert: Alert) -> dict:
    return {
        "State": SIGNS[alert.state],
        "Figure": NAME_WORDS[alert.name] + (f": {MEASURE_WORDS[alert.measure]}" if alert.measure else ""),
        "Model": stored.title(alert.model) if alert.model else "",
        "Version": alert.version,
        "Value": "" if alert.value is None else f"{alert.value:.3f}",
        "Limit": "" if alert.limit is None else f"{alert.limit:g}",
        "n": "" if alert.n is None else f"{alert.n:,}",
        "In words": alert.told,
    }
