"""Alerts in the program's log: a line when one comes on and one when it goes, not at every look.

Which are on is kept in a small file in `Settings.home`, so that page, command and server do not repeat each other.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock, Timeout

from brain_core.files import write_json
from brain_core.monitoring.alerts import STORE, Alert, State
from brain_core.settings import settings

FILE = "alerts.json"
PATIENCE = 5  # seconds to wait for another who looks
_log = logging.getLogger("brain_core")


def note(alerts: Iterable[Alert]) -> None:
    """Compare with the look before; where the file cannot be written, every look logs."""
    alerts = tuple(alerts)
    path = settings().home / FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            _note(alerts, path)
    except (OSError, Timeout):
        for alert in alerts:
            if alert.state == State.ON:
                _told(alert)


def _note(alerts: tuple[Alert, ...], path: Path) -> None:
    before = _read(path)
    looked_at = {alert.key for alert in alerts}
    now = {alert.key for alert in alerts if alert.state == State.ON}
    over = {alert.key for alert in alerts if alert.state == State.OFF} - now  # two versions may differ
    gone = set() if STORE in now else before - looked_at  # of a version that is not used any more
    now |= before - over - gone  # of the others nothing is known: they are as they were
    if now == before:
        return
    for alert in sorted(alerts, key=lambda alert: alert.key):
        if alert.state == State.ON and alert.key not in before:
            _told(alert)
    for key in sorted(before - now):
        _log.info("Alert is over: %s", key)
    write_json(path, sorted(now))


def _told(alert: Alert) -> None:
    _log.warning("ALERT %s: %s", alert.key, alert.told)


def _read(path: Path) -> set[str]:
    """A damaged file counts as none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    return {key for key in found if isinstance(key, str)} if isinstance(found, list) else set()
