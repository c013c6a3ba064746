"""Alerts: at the limit, just below it, too few to tell; one look that finds a drift; the log says it once."""

import logging
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from brain_core.errors import StoreError
from brain_core.intervals import Estimate
from brain_core.monitoring import alert_log, alerts, checks
from brain_core.monitoring.alerts import Alert, State
from brain_core.monitoring.columns import Columns, Failures
from brain_core.monitoring.drift import Psi, Shift
from brain_core.monitoring.outcomes import Outcome
from brain_core.monitoring.reading import Period
from brain_core.monitoring.references import NO_MEASURE, References
from brain_core.monitoring.report import make, of_period
from brain_core.monitoring.shifts import MeasuredShift
from brain_core.monitoring.usage import Seconds, Usage
from brain_core.settings.monitor import MonitorSettings
from brain_core.store.records import InputStatistics
from tests.monitoring.rows import CNN, RESNET, at, feedback, row, series
from tests.store.sample_rows import failure

LIMITS = MonitorSettings()  # at least 50; errors 0.1, flags 0.2, 5 seconds, PSI 0.25, sensitivity 0.9, ECE 0.15
NOW = at("2026-03-31")


def usage(failed: int, n: int, flagged: int = 0, cases: int = 100) -> Usage:
    return Usage(n - failed, failed, Estimate(failed / n), cases, flagged, Estimate(flagged / cases))


def states(found) -> list[State]:
    return [alert.state for alert in found]


@pytest.mark.parametrize(
    ("failed", "n", "state"),
    [(11, 100, State.ON), (10, 100, State.OFF), (9, 100, State.OFF), (6, 50, State.ON), (49, 49, State.TOO_FEW)],
)
def test_errors_above_the_limit(failed, n, state):
    alert, _ = alerts.of_usage(usage(failed, n), LIMITS)
    assert (alert.name, alert.state, alert.value, alert.limit, alert.n) == ("errors", state, failed / n, 0.1, n)


@pytest.mark.parametrize(
    ("flagged", "cases", "state"),
    [(21, 100, State.ON), (20, 100, State.OFF), (49, 49, State.TOO_FEW), (50, 50, State.ON)],
)
def test_flags_above_the_limit(flagged, cases, state):
    _, alert = alerts.of_usage(usage(0, 100, flagged, cases), LIMITS)
    assert (alert.name, alert.state, alert.n) == ("flags", state, cases)


@pytest.mark.parametrize(
    ("tail", "n", "state"),
    [(5.01, 50, State.ON), (5.0, 50, State.OFF), (60.0, 49, State.TOO_FEW), (None, 0, State.TOO_FEW)],
)
def test_seconds_above_the_limit(tail, n, state):
    assert alerts.of_seconds(CNN, "1", Seconds(n, tail, tail), LIMITS).state == state


def shifted(psi: float, n: int = 50, chance: float = 0.2, reference_n: int = 100, **values) -> MeasuredShift:
    found = Shift(reference_n, n, Psi(psi, 10, 0.1, chance), 0.3, 0.01, 1.0, 2.0)
    return MeasuredShift("mean", found, **values)


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (shifted(0.26), State.ON),
        (shifted(0.25), State.OFF),
        (shifted(9.9, n=49), State.TOO_FEW),
        (shifted(0.30, chance=0.31), State.TOO_FEW),  # no shift at all gives as much
        (shifted(0.31, chance=0.30), State.ON),
        (shifted(0.24, chance=0.31), State.OFF),
        (MeasuredShift("mean", Shift(0, 90, None, None, None, None, 1.0), reason="not stored"), State.UNKNOWN),
        (shifted(9.9, reference_n=49), State.TOO_FEW),
        (shifted(9.9, reference_n=50), State.ON),
        (MeasuredShift("mean", Shift(90, 0, None, None, None, 1.0, None), reason="no case"), State.TOO_FEW),
    ],
)
def test_drift_above_the_limit_and_above_chance(found, state):
    (alert,) = alerts.of_shifts(CNN, "1", [found], LIMITS)
    assert (alert.name, alert.state, alert.key) == ("drift", state, f"drift:{CNN}:mean")


def test_a_measure_that_a_model_does_not_have_is_not_watched():
    found = MeasuredShift("unlikeness", Shift(0, 0, None, None, None, None, None), reason=NO_MEASURE)
    assert alerts.of_shifts(RESNET, "1", [found], LIMITS) == ()


def outcome(n: int, sensitivity: Estimate, ece: float = 0.05) -> Outcome:
    none = Estimate(None)
    return Outcome(CNN, "1", None, n, 0, 1, 0, n - 1, 0, sensitivity, none, none, none, Estimate(ece))


def test_a_missed_tumour_among_many_without_one_is_too_few():
    found = Outcome(CNN, "1", None, 60, 0, 0, 0, 1, 59, Estimate(0.0, 0.0, 0.793), *[Estimate(None)] * 3, Estimate(0.1))
    alert, _ = alerts.of_outcome(CNN, "1", found, LIMITS)
    assert (alert.state, alert.n) == (State.TOO_FEW, 1)


@pytest.mark.parametrize(
    ("n", "high", "state"),
    [(50, 0.899, State.ON), (50, 0.9, State.OFF), (50, 0.95, State.OFF), (49, 0.1, State.TOO_FEW)],
)
def test_sensitivity_whose_interval_lies_below_the_limit(n, high, state):
    alert, _ = alerts.of_outcome(CNN, "1", outcome(n, Estimate(0.05, 0.0, high)), LIMITS)
    assert (alert.name, alert.state, alert.n) == ("sensitivity", state, n)


@pytest.mark.parametrize(
    ("n", "ece", "state"), [(50, 0.151, State.ON), (50, 0.15, State.OFF), (49, 0.9, State.TOO_FEW)]
)
def test_calibration_error_above_the_limit(n, ece, state):
    _, alert = alerts.of_outcome(CNN, "1", outcome(n, Estimate(1.0, 0.9, 1.0), ece), LIMITS)
    assert (alert.name, alert.state, alert.value) == ("calibration", state, ece)


def test_without_a_confirmed_case_or_tumour_there_is_too_little_to_tell():
    assert states(alerts.of_outcome(CNN, "1", None, LIMITS)) == [State.TOO_FEW, State.TOO_FEW]
    found = alerts.of_outcome(CNN, "1", outcome(80, Estimate(None, reason="no scan with a tumour")), LIMITS)
    assert states(found) == [State.TOO_FEW, State.OFF]


def period(rows, failed=(), told=()) -> Period:
    found = Columns.of(rows)
    return Period(None, found, found, Failures.of(list(failed)), tuple(told))


def references(shift: float = 0.0) -> References:
    rng = np.random.default_rng(0)
    return References({"mean": np.round(rng.normal(50 + shift, 10, 150), 1)}, {"score": "none", "width": "none"})


def rows_of_now(n: int, **values) -> list:
    rng = np.random.default_rng(1)
    made = [InputStatistics(640, 480, float(mean), 20.0) for mean in rng.normal(50, 10, n)]
    return [row(at=NOW - timedelta(hours=n - i), inputs=each, **values) for i, each in enumerate(made)]


@pytest.mark.parametrize(("shift", "state"), [(0.0, State.OFF), (15.0, State.ON)])
def test_a_report_finds_a_shift_of_inputs_and_no_other(shift, state):
    found = of_period(period(rows_of_now(200)), NOW, 30, (), LIMITS, lambda *_: references(shift))
    (alert,) = [each for each in found.alerts if each.measure == "mean"]
    assert (alert.state, alert.n, alert.model, alert.version) == (state, 200, CNN, "2026-01")
    assert {each.key for each in found.on} == ({f"drift:{CNN}:mean"} if shift else set())


def test_hundreds_of_slices_of_two_series_are_two_cases_and_too_few():
    bright = InputStatistics(640, 480, 200.0, 20.0)
    rows = series("a", 300, at=NOW, inputs=bright) + series("b", 300, at=NOW, inputs=bright)
    found = of_period(period(rows), NOW, 30, (), LIMITS, lambda *_: references())
    (alert,) = [each for each in found.alerts if each.measure == "mean"]
    assert (alert.state, alert.n) == (State.TOO_FEW, 2) and alert.value > 0.25


def test_alerts_are_of_the_version_used_last():
    rows = rows_of_now(60, version="old", seconds=60.0) + [row(at=NOW, version="new", seconds=0.1)]
    found = of_period(period(rows), NOW, 30, (), LIMITS, lambda *_: references())
    assert [(each.version, each.current) for each in found.models] == [("old", False), ("new", True)]
    assert {each.version for each in found.alerts if each.model} == {"new"} and not found.on


def test_missed_tumours_raise_sensitivity():
    rows = [row(f"c{i}", 0.1 if i < 20 else 0.9, at=NOW) for i in range(60)]
    told = [feedback(f"c{i}", at=NOW) for i in range(60)]
    found = of_period(period(rows, told=told), NOW, 30, (), LIMITS, lambda *_: references())
    assert f"sensitivity:{CNN}" in {alert.key for alert in found.on}
    assert found.models[0].outcome.fn == 20


def test_a_case_that_was_confirmed_now_counts_whenever_it_was_assessed():
    recent, older = rows_of_now(3), [row("older", 0.1, at=at("2026-01-01"), version="before")]
    told = (feedback("older", at=NOW),)
    found = of_period(
        Period(at("2026-03-01"), Columns.of(recent), Columns.of(older + recent), Failures.of([]), told),
        *(NOW, 30, (), LIMITS, lambda *_: references()),
    )
    (judged,) = [each for each in found.models if each.outcome]
    assert (judged.version, judged.predictions, judged.outcome.fn, found.usage.inputs) == ("before", 0, 1, 3)


def test_of_a_model_that_was_not_used_lately_one_version_is_current():
    """Both missed all; the one used last speaks for the model, though the older one was confirmed later."""
    old = [row(f"o{i}", 0.1, at=at("2026-01-01"), version="old") for i in range(60)]
    new = [row(f"n{i}", 0.1, at=at("2026-01-05"), version="new") for i in range(60)]
    told = [feedback(f"{name}{i}", at=NOW - timedelta(days=name == "n")) for name in "no" for i in range(60)]
    since, every = at("2026-03-01"), Columns.of(old + new)
    found = of_period(
        Period(since, every.since(since), every, Failures.of([]), tuple(told)),
        *(NOW, 30, (), LIMITS, lambda *_: references()),
    )
    assert [(each.version, each.current) for each in found.models] == [("new", True), ("old", False)]
    assert {each.version for each in found.on} == {"new"}
    assert len({each.key for each in found.alerts}) == len(found.alerts)


def test_a_retired_version_is_silent_though_the_new_one_has_no_confirmed_case():
    rows = [row(f"o{i}", 0.1, at=at("2026-01-01"), version="old") for i in range(60)]
    told = [feedback(f"o{i}", at=NOW) for i in range(60)] + [feedback("n", basis="own read", at=NOW)]
    since, every = at("2026-03-01"), Columns.of([*rows, row("n", at=at("2026-01-05"), version="new")])
    found = of_period(
        Period(since, every.since(since), every, Failures.of([]), tuple(told)),
        *(NOW, 30, (), LIMITS, lambda *_: references()),
    )
    assert [(each.version, each.current) for each in found.models] == [("old", False)] and not found.on


def test_a_store_that_cannot_be_read_is_an_alert_of_its_own():
    def broken(since):
        raise StoreError("The prediction store cannot be used: it does not answer.")

    found = make(NOW, 30, period=broken)
    assert [(alert.key, alert.state) for alert in found.alerts] == [("store", State.ON)]
    assert found.usage is None and found.on[0].told.endswith("it does not answer.")


def test_an_audit_log_that_was_changed_is_an_alert(sqlite):
    from brain_core import audit
    from tests.store.databases import execute

    for _ in range(3):
        audit.record(audit.Event("sign-in", "a", {}))
    told = "the chain of 3 entries is whole up to its last entry, which is looked at the first time"
    assert checks.audit() == Alert("audit", State.OFF, told, n=3)
    execute("DROP TRIGGER audit_update", """UPDATE audit SET "user" = 'b' WHERE number = 2""")
    found = checks.audit()
    assert found.state == State.ON and "Entry 2 was changed" in found.told
    assert "triggers are missing: audit_update." in found.told


def test_the_window_is_read_once_and_the_rest_is_left_alone():
    rows = [row("a", at=NOW - timedelta(days=31)), row("b", at=NOW - timedelta(days=29))]
    told = [feedback("a", at=NOW), feedback("b", at=NOW - timedelta(days=40))]
    whole = period(rows, [failure(at=NOW - timedelta(days=40)), failure(at=NOW)], told)
    found = whole.from_(NOW - timedelta(days=30))
    assert len(found.predictions) == 1 and len(found.failures) == 1
    assert len(found.confirmable) == 2  # a biopsy comes weeks after the scan
    assert [each.case for each in found.feedback] == [told[0].case]


def alert(state: State, name: str = "errors", **values) -> Alert:
    return Alert(name, state, "3 of 4", **values)


def test_the_log_tells_once_when_an_alert_comes_and_once_when_it_goes(caplog, settings):
    caplog.set_level(logging.INFO, "brain_core")
    for state in (State.OFF, State.ON, State.ON, State.ON, State.TOO_FEW, State.OFF, State.ON):
        alert_log.note([alert(state), alert(State.ON, "drift", model=CNN, measure="mean")])
    assert [record.getMessage() for record in caplog.records] == [
        f"ALERT drift:{CNN}:mean: 3 of 4",
        "ALERT errors: 3 of 4",
        "Alert is over: errors",
        "ALERT errors: 3 of 4",
    ]
    assert [record.levelno for record in caplog.records][1:3] == [logging.WARNING, logging.INFO]


def test_a_new_version_with_the_same_alert_is_no_news(caplog, settings):
    for version in "12":
        alert_log.note([alert(State.ON, version=version, model=CNN)])
    assert len(caplog.records) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_one_of_two_alerts_of_one_key_is_enough_to_be_on(order, caplog, settings):
    caplog.set_level(logging.INFO, "brain_core")
    two = [alert(State.ON, model=CNN, version="1"), alert(State.OFF, model=CNN, version="2")][::order]
    for look in (two, two, [alert(State.OFF, model=CNN, version="2")] * 2):
        alert_log.note(look)
    assert [record.getMessage() for record in caplog.records] == [
        f"ALERT errors:{CNN}: 3 of 4",
        f"Alert is over: errors:{CNN}",
    ]


def test_while_the_store_is_away_the_other_alerts_are_as_they_were(caplog, settings):
    errors, away = alert(State.ON), alert(State.ON, "store")
    for look in ([errors], [away], [alert(State.OFF, "store"), errors]):
        alert_log.note(look)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["ALERT errors", "ALERT store"]


def test_a_damaged_file_and_a_folder_that_cannot_be_written_do_not_stop_the_log(caplog, settings, set_environment):
    settings.home.mkdir(parents=True)
    (settings.home / alert_log.FILE).write_text("{")
    alert_log.note([alert(State.ON)])
    (settings.home / "file").write_text("")
    set_environment(BRAIN_HOME=settings.home / "file" / "below")
    alert_log.note([alert(State.ON), alert(State.OFF, "flags")])
    assert len(caplog.records) == 2


def test_limits_of_the_settings_are_what_counts():
    strict = replace(LIMITS, max_error_share=0.01, least_n=5)
    assert states(alerts.of_usage(usage(1, 5), strict))[0] == State.ON
