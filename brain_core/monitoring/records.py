"""A report as JSON and as text for a terminal."""

from __future__ import annotations

from dataclasses import asdict

from brain_core.monitoring.report import Report, Watched


def to_json(report: Report) -> dict:
    """Everything; a figure is ``{"value", "low", "high", "reason"}``, with null for what is not computed."""
    return asdict(report) | {"at": report.at.isoformat(timespec="seconds"), "alerts_on": len(report.on)}


def health(report: Report) -> dict:
    """In short: whether an alert is on, and which."""
    return {
        "status": "alert" if report.on else "ok",
        "at": report.at.isoformat(timespec="seconds"),
        "days": report.days,
        "alerts": [{"name": alert.key, "version": alert.version, "told": alert.told} for alert in report.on],
    }


def to_table(report: Report) -> str:
    """The latest days in figures, then every alert, those that are on first."""
    lines = [f"{report.days} days to {report.at:%Y-%m-%d %H:%M} UTC"]
    if report.usage:
        found = report.usage
        lines += [
            f"inputs         {found.inputs} scored, {found.failures} failed: {found.errors.text()}",
            f"not assessed   of {found.cases} cases {found.flagged.text()}",
        ]
    for each in report.models:
        lines += _model(each)
    ordered = sorted(report.alerts, key=lambda alert: alert not in report.on)
    lines += [f"{alert.state.upper():9}  {alert.key:32}  {alert.told}" for alert in ordered]
    return "\n".join(lines) + "\n"


def _model(found: Watched) -> list[str]:
    lines = [f"{found.model} {found.version}, {found.predictions} predictions"]
    if found.seconds.n:
        lines.append(f"  seconds      median {found.seconds.median:.3f}, 95 of 100 within {found.seconds.tail:.3f}")
    for each in found.shifts:
        if each.shift.psi:
            lines.append(
                f"  {each.measure:12} PSI {each.shift.psi.value:.3f} (without a shift {each.shift.psi.expected:.3f}), "
                f"KS {each.shift.distance:.3f}, p {each.shift.p:.2g}, n {each.shift.n} against {each.shift.reference_n}"
            )
    if found.outcome:
        judged = found.outcome
        lines.append(
            f"  confirmed    n {judged.n}, sensitivity {judged.sensitivity.text()}, specificity "
            f"{judged.specificity.text()}, missed {judged.fn}"
        )
    for each in found.agreements:
        when = "before" if each.blind else "after"
        lines.append(f"  readers      {when} reveal: kappa {each.kappa.text()}, n {each.n}")
    return lines
