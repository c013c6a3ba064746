"""Volume, errors, flags and seconds over time."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core import input_gate
from brain_core.monitoring.calendar import DAY, MONTH, STEPS, WEEK
from brain_core.monitoring.usage import Course, course, flag_shares, seconds_of, usage
from brain_core.scans.quality import DESCRIPTIONS
from brain_core.ui import notice, stored
from brain_core.ui.monitor import timelines
from brain_core.ui.monitor.choice import Choice, one

DAYS_BY_DAY, DAYS_BY_WEEK = 31, 200  # longest periods that are shown by day, by week
MEANINGS = DESCRIPTIONS | {input_gate.UNLIKE: input_gate.DESCRIPTION}
AXIS = {DAY: "day (UTC)", WEEK: "week from Monday (UTC)", MONTH: "month (UTC)"}


def show(choice: Choice) -> None:
    """The totals, and each as a chart."""
    if not len(choice.rows) and not len(choice.period.failures):
        notice.show("info", f"No prediction {choice.words}.")
        return
    _totals(choice)
    step = one("By", "by", STEPS, _step(choice.days), {})
    found = course(choice.rows, choice.period.failures, step)
    left, right = st.columns(2)
    with left:
        _volume(found, step)
        _seconds(found, choice, step)
    with right:
        _shares(found, step)
        _flags(choice)


def _totals(choice: Choice) -> None:
    found = usage(choice.rows, choice.period.failures)
    columns, cases = st.columns(4), "case" if found.cases == 1 else "cases"
    for column, title, value, told in (
        (columns[0], "Inputs scored", f"{found.inputs:,}", f"{found.cases:,} {cases}: single slices and series"),
        (columns[1], "Not scored", f"{found.failures:,}", f"share {found.errors.text()}"),
        (columns[2], "Cases not assessed", f"{found.not_assessed:,}", f"share {found.flagged.text()}"),
    ):
        column.metric(title, value)
        column.caption(told)
    seconds = seconds_of(choice.rows)
    columns[3].metric("Seconds a prediction", "–" if seconds.median is None else f"{seconds.median:.2f}")
    if seconds.n:
        columns[3].caption(f"median of n = {seconds.n:,}; 95 of 100 within {seconds.tail:.2f} s")


def _step(days: int | None) -> str:
    if days is not None and days <= DAYS_BY_DAY:
        return DAY
    return WEEK if days is not None and days <= DAYS_BY_WEEK else MONTH


def _volume(found: Course, step: str) -> None:
    scored, failed = [each.inputs for each in found.usage], [each.failures for each in found.usage]
    timelines.counts(
        found.starts,
        {"scored": scored, "not scored": failed},
        f"Inputs, n = {sum(scored) + sum(failed):,}",
        "inputs",
        AXIS[step],
        "monitor_volume",
        f"{sum(scored):,} scored and {sum(failed):,} not; at most {max(scored):,} in a {step}. A slice that several "
        "models score counts once. Inputs that could not be scored are of no model: they count whatever is chosen.",
    )


def _shares(found: Course, step: str) -> None:
    errors, flagged = [each.errors for each in found.usage], [each.flagged for each in found.usage]
    n = sum(each.inputs + each.failures for each in found.usage)
    timelines.estimates(
        found.starts,
        {"not scored": errors, "cases not assessed": flagged},
        f"Errors and cases not assessed, n = {n:,} inputs",
        "share",
        AXIS[step],
        "monitor_shares",
        "With 95 % intervals (Wilson). Not assessed is a single slice that is flat or unlike the training data, and a "
        "series without a summary.",
    )


def _seconds(found: Course, choice: Choice, step: str) -> None:
    series = {}
    for model, each in found.seconds.items():
        series[f"{model},median"] = [one_step.median for one_step in each]
        series[f"{model},95th percentile"] = [one_step.tail for one_step in each]
    told = [
        f"{stored.title(model)} {of.median:.2f} s, 95 of 100 within {of.tail:.2f} s"
        for model in found.seconds
        if (of := seconds_of(choice.rows.take(choice.rows.model == model))).n
    ]
    timelines.lines(
        found.starts,
        series,
        f"Seconds a prediction, n = {seconds_of(choice.rows).n:,}",
        "seconds",
        AXIS[step],
        "monitor_seconds",
        f"Median of the period: {'; '.join(told)}. Of a batch every slice has its share.",
    )


def _flags(choice: Choice) -> None:
    shares = flag_shares(choice.rows)
    if not shares:
        st.caption("No case has a flag.")
        return
    rows = [
        {"Flag": code, "Share of cases": each.text(), "Meaning": MEANINGS.get(code, "")}
        for code, each in shares.items()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="monitor_flags")
    st.caption("Cases with the flag, whichever model found it; 95 % intervals (Wilson).")
