"""When to look closer: every figure that is watched, with its value, its limit and how many it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from brain_core.intervals import Estimate
from brain_core.monitoring.drift import LEAST_REFERENCE
from brain_core.monitoring.outcomes import Outcome
from brain_core.monitoring.references import NO_MEASURE
from brain_core.monitoring.shifts import MeasuredShift
from brain_core.monitoring.usage import Seconds, Usage
from brain_core.settings.monitor import MonitorSettings

ERRORS, FLAGS, SECONDS, DRIFT = "errors", "flags", "seconds", "drift"
SENSITIVITY, CALIBRATION, STORE, AUDIT = "sensitivity", "calibration", "store", "audit"


class State(StrEnum):
    """Of an alert. ``unknown``: there is nothing to compare with; ``too few``: to tell, so that it is not on."""

    ON = "on"
    OFF = "off"
    TOO_FEW = "too few"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Alert:
    """One figure that is watched.

    Attributes:
        name: one of the names above.
        told: in a sentence.
        value, limit, n: None where there is none.
        model, version, measure: '' where it is about all.
    """

    name: str
    state: State
    told: str
    value: float | None = None
    limit: float | None = None
    n: int | None = None
    model: str = ""
    version: str = ""
    measure: str = ""

    @property
    def key(self) -> str:
        """What it is about, whatever the version."""
        return ":".join(part for part in (self.name, self.model, self.measure) if part)


def on(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    return tuple(alert for alert in alerts if alert.state == State.ON)


def of_usage(found: Usage, limits: MonitorSettings) -> tuple[Alert, ...]:
    """Errors and flags."""
    inputs = found.inputs + found.failures
    told = {
        ERRORS: f"{found.failures} of {inputs} inputs could not be scored",
        FLAGS: f"{found.not_assessed} of {found.cases} cases were not assessed",
    }
    return (
        _above(ERRORS, told[ERRORS], found.errors.value, limits.max_error_share, inputs, limits.least_n),
        _above(FLAGS, told[FLAGS], found.flagged.value, limits.max_flag_share, found.cases, limits.least_n),
    )


def of_seconds(model: str, version: str, found: Seconds, limits: MonitorSettings) -> Alert:
    told = "no prediction" if found.tail is None else f"95 of 100 predictions take at most {found.tail:.2f} s"
    return _above(SECONDS, told, found.tail, limits.max_seconds, found.n, limits.least_n, model=model, version=version)


def of_shifts(model: str, version: str, found: Iterable[MeasuredShift], limits: MonitorSettings) -> tuple[Alert, ...]:
    """One a measure that the model has."""
    return tuple(_of_shift(model, version, each, limits) for each in found if each.reason != NO_MEASURE)


def of_outcome(model: str, version: str, found: Outcome | None, limits: MonitorSettings) -> tuple[Alert, ...]:
    """Sensitivity, where even the upper end of its interval is too low, and calibration."""
    whose = {"model": model, "version": version}
    n = found.n if found else 0
    enough = f" (at least {limits.least_n} are needed)" if n < limits.least_n else ""
    if not n:
        told = f"no confirmed case{enough}"
        return tuple(
            Alert(name, State.TOO_FEW, told, None, limit, 0, **whose)
            for name, limit in ((SENSITIVITY, limits.min_sensitivity), (CALIBRATION, limits.max_ece))
        )
    sensitivity, tumours = found.sensitivity, found.tp + found.fn
    enough = f" (at least {limits.least_n} are needed)" if tumours < limits.least_n else ""
    state = State.TOO_FEW if enough or sensitivity.value is None else State.OFF
    if state == State.OFF and sensitivity.high < limits.min_sensitivity:
        state = State.ON
    told = f"{found.tp} of {tumours} confirmed tumours found: {sensitivity.text()}{enough}"
    return (
        Alert(SENSITIVITY, state, told, sensitivity.value, limits.min_sensitivity, tumours, **whose),
        _above(
            CALIBRATION,
            f"expected calibration error of {n} confirmed cases {_figure(found.ece)}",
            found.ece.value,
            limits.max_ece,
            n,
            limits.least_n,
            **whose,
        ),
    )


def state_of(found: MeasuredShift, limits: MonitorSettings) -> State:
    """On above the limit, unless chance alone may give as much; too few of now or of the reference tell nothing."""
    compared, psi = found.shift, found.shift.psi
    if compared.reference_n == 0:
        return State.UNKNOWN
    if psi is None or compared.n < limits.least_n or compared.reference_n < LEAST_REFERENCE:
        return State.TOO_FEW
    if psi.value <= limits.max_psi:
        return State.OFF
    return State.ON if psi.value > psi.chance else State.TOO_FEW


def _of_shift(model: str, version: str, found: MeasuredShift, limits: MonitorSettings) -> Alert:
    compared, psi, state = found.shift, found.shift.psi, state_of(found, limits)
    if psi is None:
        told = f"{'nothing to compare with: ' if state == State.UNKNOWN else ''}{found.reason}"
    else:
        told = f"PSI {psi.value:.3f} over {compared.n} cases; {psi.expected:.3f} is what no shift at all would give"
    if state == State.TOO_FEW:
        told += why_too_few(found, limits)
    value, n = (psi.value if psi else None), (compared.n if compared.reference_n else None)
    return Alert(DRIFT, state, told, value, limits.max_psi, n, model, version, found.measure)


def why_too_few(found: MeasuredShift, limits: MonitorSettings) -> str:
    """In brackets, what `state_of` lacks to tell."""
    compared = found.shift
    if compared.n < limits.least_n:
        return f" (at least {limits.least_n} are needed)"
    if compared.reference_n < LEAST_REFERENCE:
        return f" (a reference of at least {LEAST_REFERENCE} is needed, there are {compared.reference_n})"
    return f" (one time in 100 it is {compared.psi.chance:.3f} or more without a shift)"


def _figure(estimate: Estimate) -> str:
    """With its interval where there is one."""
    return estimate.text() if estimate.value is None or estimate.low is not None else f"{estimate.value:.3f}"


def _above(name: str, told: str, value: float | None, limit: float, n: int, least_n: int, **whose: str) -> Alert:
    """On where the value is above the limit; at the limit it is off."""
    if n < least_n or value is None:
        return Alert(name, State.TOO_FEW, f"{told} (at least {least_n} are needed)", value, limit, n, **whose)
    return Alert(name, State.ON if value > limit else State.OFF, told, value, limit, n, **whose)
