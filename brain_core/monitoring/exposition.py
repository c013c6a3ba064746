"""A report in Prometheus' text format, its names and units as https://prometheus.io/docs/practices/naming/ asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from brain_core.intervals import Estimate
from brain_core.monitoring.alerts import State
from brain_core.monitoring.reading import Totals
from brain_core.monitoring.report import Report, Watched

WHOSE = ("model", "version")
BOUNDS = ("value", "low", "high")  # of a figure and its 95 % interval


class Snapshot:
    """A collector of one report."""

    def __init__(self, report: Report, totals: Totals):
        self._report, self._totals = report, totals

    def collect(self) -> Iterator[Metric]:
        """All families; one without a sample is left out."""
        found = [*_counters(self._totals), *_alerts(self._report), *_usage(self._report), *_models(self._report.models)]
        yield from (family for family in found if family.samples)


def text(report: Report, totals: Totals) -> str:
    """The exposition, with a registry of its own."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Snapshot(report, totals))
    return generate_latest(registry).decode()


def _counters(totals: Totals) -> Iterator[Metric]:
    scored = CounterMetricFamily(
        "brain_predictions", "Predictions in the store; retention takes old ones away.", labels=WHOSE
    )
    for whose, n in totals.predictions.items():
        scored.add_metric(whose, n)
    failed = CounterMetricFamily("brain_failures", "Inputs in the store that could not be scored.", labels=["kind"])
    for kind, n in totals.failures.items():
        failed.add_metric([kind], n)
    return iter((scored, failed))


def _alerts(report: Report) -> Iterator[Metric]:
    labels = ("name", *WHOSE, "measure")
    alert = GaugeMetricFamily("brain_alert", "1 where an alert is on, else 0.", labels=labels)
    undecided = GaugeMetricFamily(
        "brain_alert_undecided",
        "1 where too few were seen to tell, or there is nothing to compare with.",
        labels=labels,
    )
    for each in report.alerts:
        values = (each.name, each.model, each.version, each.measure)
        alert.add_metric(values, float(each.state == State.ON))
        undecided.add_metric(values, float(each.state in (State.TOO_FEW, State.UNKNOWN)))
    made = GaugeMetricFamily("brain_report_timestamp_seconds", "When this was worked out.", value=report.at.timestamp())
    window = GaugeMetricFamily(
        "brain_window_seconds", "Figures are of the time before the report, this long.", value=report.days * 86400.0
    )
    return iter((alert, undecided, made, window))


def _usage(report: Report) -> Iterator[Metric]:
    if report.usage is None:
        return
    inputs = GaugeMetricFamily("brain_inputs", "Slices scored, by however many models, and failures.", labels=["state"])
    inputs.add_metric(["scored"], report.usage.inputs)
    inputs.add_metric(["failed"], report.usage.failures)
    yield inputs
    yield GaugeMetricFamily("brain_cases", "Single slices and series.", value=report.usage.cases)
    for name, told, estimate in (
        ("brain_error_ratio", "Share of inputs that could not be scored.", report.usage.errors),
        ("brain_not_assessed_ratio", "Share of cases that were not assessed.", report.usage.flagged),
    ):
        family = GaugeMetricFamily(name, f"{told} Value and 95 % interval.", labels=["bound"])
        _add(family, (), estimate)
        yield family


def _models(models: Iterable[Watched]) -> Iterator[Metric]:
    seconds = GaugeMetricFamily("brain_prediction_seconds", "Of a slice.", labels=(*WHOSE, "quantile"))
    psi = GaugeMetricFamily("brain_drift_psi", "Population stability index.", labels=(*WHOSE, "measure"))
    distance = GaugeMetricFamily("brain_drift_distance", "Of Kolmogorov and Smirnov.", labels=(*WHOSE, "measure"))
    cells = GaugeMetricFamily("brain_confirmed_cases", "By finding and label.", labels=(*WHOSE, "finding", "label"))
    figures = {
        "sensitivity": GaugeMetricFamily("brain_sensitivity_ratio", "Of confirmed cases.", labels=(*WHOSE, "bound")),
        "specificity": GaugeMetricFamily("brain_specificity_ratio", "Of confirmed cases.", labels=(*WHOSE, "bound")),
        "ece": GaugeMetricFamily("brain_calibration_error_ratio", "Of confirmed cases.", labels=(*WHOSE, "bound")),
        "brier": GaugeMetricFamily("brain_brier_score", "Of confirmed cases.", labels=(*WHOSE, "bound")),
    }
    kappa = GaugeMetricFamily("brain_reader_kappa", "Cohen's, with readers.", labels=(*WHOSE, "read", "bound"))
    for each in models:
        whose = (each.model, each.version)
        if each.seconds.n:
            seconds.add_metric((*whose, "0.5"), each.seconds.median)
            seconds.add_metric((*whose, "0.95"), each.seconds.tail)
        for found in each.shifts:
            if found.shift.psi:
                psi.add_metric((*whose, found.measure), found.shift.psi.value)
                distance.add_metric((*whose, found.measure), found.shift.distance)
        if each.outcome:
            for finding, label, name in _CELLS:
                cells.add_metric((*whose, finding, label), getattr(each.outcome, name))
            for name, family in figures.items():
                _add(family, whose, getattr(each.outcome, name))
        for found in each.agreements:
            _add(kappa, (*whose, "before" if found.blind else "after"), found.kappa)
    return iter((seconds, psi, distance, cells, *figures.values(), kappa))


_CELLS = (
    ("tumor", "tumor", "tp"),
    ("tumor", "no tumor", "fn"),
    ("no tumor", "tumor", "fp"),
    ("no tumor", "no tumor", "tn"),
)


def _add(family: GaugeMetricFamily, labels: tuple[str, ...], estimate: Estimate) -> None:
    for bound in BOUNDS:
        if (value := getattr(estimate, bound)) is not None:
            family.add_metric((*labels, bound), value)
