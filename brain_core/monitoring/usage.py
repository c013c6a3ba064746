"""How much is asked of the service, how fast it answers, and how often it cannot: in all, and over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.input_gate import NOT_ASSESSED
from brain_core.intervals import Estimate, proportion
from brain_core.monitoring.calendar import every_start, starts_of
from brain_core.monitoring.columns import Columns, Failures

NO_INPUT, NO_CASE = "no input", "no case"
TAIL = 0.95  # quantile of the seconds


@dataclass(frozen=True)
class Seconds:
    """That a model took for a slice; of n rows. Of a batch every slice has its share. None without any."""

    n: int
    median: float | None
    tail: float | None


@dataclass(frozen=True)
class Usage:
    """Of a time.

    Attributes:
        inputs: slices that were scored, however many models scored them: as many as the busiest model had.
        failures: inputs that could not be scored.
        errors: failures of inputs and failures.
        cases: single slices and series, each counted once.
        not_assessed, flagged: how many cases, and what share of them, are not assessed: a flat or unlike single slice,
            a series without a summary. Slices of a series do not count: its ends are flat in the best of studies.
    """

    inputs: int
    failures: int
    errors: Estimate
    cases: int
    not_assessed: int
    flagged: Estimate


@dataclass(frozen=True, eq=False)
class Course:
    """Over time; ``starts`` is datetime64[D] (B,), `usage` and `seconds` by model are of each step."""

    starts: np.ndarray
    usage: tuple[Usage, ...]
    seconds: dict[str, tuple[Seconds, ...]]


def usage(predictions: Columns, failures: Failures) -> Usage:
    """In all."""
    inputs = inputs_of(predictions)
    flagged, cases = flagged_cases(predictions)
    return Usage(
        inputs,
        len(failures),
        proportion(len(failures), inputs + len(failures), NO_INPUT),
        cases,
        flagged,
        proportion(flagged, cases, NO_CASE),
    )


def inputs_of(predictions: Columns) -> int:
    """See `Usage.inputs`."""
    _, counts = np.unique(predictions.model[predictions.slices], return_counts=True)
    return int(counts.max(initial=0))


def flagged_cases(predictions: Columns) -> tuple[int, int]:
    """How many cases some model did not assess, and how many there are."""
    standing = predictions.standing
    cases = np.unique(predictions.case[standing])
    stopped = predictions.flagged_as(*NOT_ASSESSED) | (predictions.label < 0)
    return len(np.unique(predictions.case[standing & stopped])), len(cases)


def flag_shares(predictions: Columns) -> dict[str, Estimate]:
    """Of every flag its share of the cases, the most frequent first."""
    standing = predictions.take(predictions.standing)
    cases = len(np.unique(standing.case))
    codes = sorted({code for kind in np.unique(standing.flags) for code in str(kind).split()})
    counts = {code: len(np.unique(standing.case[standing.flagged_as(code)])) for code in codes}
    return {code: proportion(counts[code], cases, NO_CASE) for code in sorted(codes, key=lambda c: (-counts[c], c))}


def seconds_of(predictions: Columns) -> Seconds:
    """Median and 95th percentile over slices; a summary takes no time of its own."""
    found = predictions.seconds[predictions.slices]
    if not len(found):
        return Seconds(0, None, None)
    median, tail = np.quantile(found, (0.5, TAIL))
    return Seconds(len(found), float(median), float(tail))


def course(predictions: Columns, failures: Failures, step: str) -> Course:
    """By day, week or month, without a gap from the first row to the last."""
    times = np.concatenate([predictions.at[[0, -1]] if len(predictions) else predictions.at, failures.at[:1]])
    times = np.concatenate([times, failures.at[-1:]])
    if not len(times):
        return Course(np.zeros(0, "datetime64[D]"), (), {})
    starts = every_start(times.min(), times.max(), step)
    parts = _parts(starts_of(predictions.at, step), starts)
    failed = _parts(starts_of(failures.at, step), starts)
    chosen = [predictions.take(part) for part in parts]
    found = tuple(
        usage(rows, Failures(failures.at[part], failures.kind[part])) for rows, part in zip(chosen, failed, strict=True)
    )
    models = sorted({str(name) for name in np.unique(predictions.model)})
    seconds = {name: tuple(seconds_of(rows.take(rows.model == name)) for rows in chosen) for name in models}
    return Course(starts, found, seconds)


def _parts(values: np.ndarray, starts: np.ndarray) -> list[slice]:
    """Where in the ascending ``values`` each of ``starts`` stands."""
    low, high = np.searchsorted(values, starts, "left"), np.searchsorted(values, starts, "right")
    return [slice(a, b) for a, b in zip(low, high, strict=True)]
