"""From where on the monitor raises an alert."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.settings import values

MOST_SECONDS = 3600.0
MOST_PSI = 100.0


@dataclass(frozen=True)
class MonitorSettings:
    """Limits of alerts.

    Attributes:
        window_days: the latest days that alerts look at (``BRAIN_MONITOR_DAYS``).
        least_n: with fewer predictions (or confirmed cases) a figure raises no alert (``BRAIN_ALERT_LEAST_N``).
        max_error_share: alert above this share of inputs that could not be scored (``BRAIN_ALERT_ERROR_SHARE``).
        max_flag_share: alert above this share of cases that are flagged as not assessed (``BRAIN_ALERT_FLAG_SHARE``).
        max_seconds: alert above it: 95th percentile of the seconds that a prediction takes (``BRAIN_ALERT_SECONDS``).
        max_psi: alert above it: population stability index of scores against held-out scans, and of inputs against
            training scans (``BRAIN_ALERT_PSI``); 0.25 is the usual mark of a major shift.
        min_sensitivity: alert where the sensitivity on confirmed cases lies below, even with the upper end of its 95 %
            interval (``BRAIN_ALERT_SENSITIVITY``).
        max_ece: alert above it: expected calibration error of confirmed cases (``BRAIN_ALERT_ECE``).
    """

    window_days: int = 30
    least_n: int = 50
    max_error_share: float = 0.1
    max_flag_share: float = 0.2
    max_seconds: float = 5.0
    max_psi: float = 0.25
    min_sensitivity: float = 0.9
    max_ece: float = 0.15

    @staticmethod
    def from_environment(environment: values.Environment) -> MonitorSettings:
        """Raises `ConfigError` where a value is not in its range."""
        default = MonitorSettings
        return MonitorSettings(
            window_days=values.positive(environment, "BRAIN_MONITOR_DAYS", default.window_days),
            least_n=values.positive(environment, "BRAIN_ALERT_LEAST_N", default.least_n),
            max_error_share=values.number(environment, "BRAIN_ALERT_ERROR_SHARE", default.max_error_share, 1),
            max_flag_share=values.number(environment, "BRAIN_ALERT_FLAG_SHARE", default.max_flag_share, 1),
            max_seconds=values.number(environment, "BRAIN_ALERT_SECONDS", default.max_seconds, MOST_SECONDS),
            max_psi=values.number(environment, "BRAIN_ALERT_PSI", default.max_psi, MOST_PSI),
            min_sensitivity=values.number(environment, "BRAIN_ALERT_SENSITIVITY", default.min_sensitivity, 1),
            max_ece=values.number(environment, "BRAIN_ALERT_ECE", default.max_ece, 1),
        )
