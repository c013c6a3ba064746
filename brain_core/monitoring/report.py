"""All figures of the latest days, and the alerts that they raise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from brain_core.errors import StoreError
from brain_core.monitoring import alerts, checks, references
from brain_core.monitoring.agreement import Agreement, agreements
from brain_core.monitoring.alerts import Alert
from brain_core.monitoring.columns import Columns
from brain_core.monitoring.outcomes import Outcome, confirmed, of_cases, outcomes, verdicts
from brain_core.monitoring.reading import Period, read
from brain_core.monitoring.references import References
from brain_core.monitoring.shifts import MeasuredShift, shifts
from brain_core.monitoring.usage import Seconds, Usage, seconds_of, usage
from brain_core.settings import settings
from brain_core.settings.monitor import MonitorSettings

Find = Callable[[str, str], References]


@dataclass(frozen=True)
class Watched:
    """One version of a model.

    Attributes:
        current: whether it is the version that was used last, in this time or, where the model was not used in it, on
            the cases that readers said something of; alerts look at these alone.
        predictions: rows.
        outcome: of cases that were confirmed in this time; None where there is none.
    """

    model: str
    version: str
    current: bool
    predictions: int
    seconds: Seconds
    shifts: tuple[MeasuredShift, ...]
    outcome: Outcome | None
    agreements: tuple[Agreement, ...]


@dataclass(frozen=True)
class Report:
    """Of the ``days`` before ``at``.

    Attributes:
        usage: None where the store cannot be read.
    """

    at: datetime
    days: int
    usage: Usage | None
    models: tuple[Watched, ...]
    alerts: tuple[Alert, ...]

    @property
    def on(self) -> tuple[Alert, ...]:
        """The alerts that are on."""
        return alerts.on(self.alerts)


def make(
    at: datetime,
    days: int,
    *,
    period: Callable[[datetime], Period] = read,
    audit: Callable[[], Alert] = checks.audit,
    find: Find = references.of_version,
    bootstrap: bool = True,
) -> Report:
    """Read the store and work all out; a store that cannot be read is an alert, and no error.

    Args:
        period: what the store holds from a time on.
        audit: whether the audit log is whole.
        find: what a version is compared with.
        bootstrap: see `outcomes`.
    """
    try:
        found = period(at - timedelta(days=days))
        chain = audit()
    except StoreError as error:
        return Report(at, days, None, (), (checks.store(str(error)),))
    return of_period(found, at, days, (checks.store(None), chain), settings().monitor, find, bootstrap)


def of_period(
    period: Period,
    at: datetime,
    days: int,
    checked: tuple[Alert, ...],
    limits: MonitorSettings,
    find: Find,
    bootstrap: bool = True,
) -> Report:
    """The figures.

    Args:
        checked: alerts on store and audit log.
    """
    said = verdicts(period.feedback)
    cases = confirmed(period.confirmable, said)
    judged = {(each.model, each.version): each for each in outcomes(cases, bootstrap=bootstrap)}
    models = watched(period.predictions, dict(of_cases(period.confirmable, said).streams()), judged, find)
    found = usage(period.predictions, period.failures)
    raised = [*checked, *alerts.of_usage(found, limits)]
    for each in models:
        if each.current:
            whose = each.model, each.version
            raised.append(alerts.of_seconds(*whose, each.seconds, limits))
            raised += alerts.of_shifts(*whose, each.shifts, limits)
            raised += alerts.of_outcome(*whose, each.outcome, limits)
    return Report(at, days, found, models, tuple(raised))


def watched(
    predictions: Columns, before: dict[str, str], judged: dict[tuple[str, str], Outcome], find: Find
) -> tuple[Watched, ...]:
    """Every version of a model that was used or confirmed, by model, the one used last at the end.

    Args:
        before: the version used last of models that these predictions may lack.
    """
    used = predictions.streams()
    latest = before | dict(used)
    pairs = sorted(used + [pair for pair in sorted(judged) if pair not in used], key=lambda pair: pair[0])
    with_opinions = agreements(predictions)
    found = []
    for model, version in pairs:
        rows = predictions.of_stream(model, version)
        found.append(
            Watched(
                model,
                version,
                latest.get(model) == version,
                len(rows),
                seconds_of(rows),
                shifts(rows, find(model, version)),
                judged.get((model, version)),
                tuple(each for each in with_opinions if (each.model, each.version) == (model, version)),
            )
        )
    return tuple(found)
