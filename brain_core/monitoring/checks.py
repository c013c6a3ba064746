"""Whether the prediction store can be read and the audit log is whole."""

from __future__ import annotations

from brain_core.monitoring.alerts import AUDIT, STORE, Alert, State


def store(problem: str | None) -> Alert:
    """Of why it cannot be read, or None."""
    return Alert(STORE, State.ON if problem else State.OFF, problem or "the prediction store can be read")


def audit() -> Alert:
    """Goes through the whole chain, which takes some seconds a million entries: keep the answer for a while.

    Raises:
        StoreError: the log cannot be read.
    """
    from brain_core import audit as log

    found = log.verify()
    told = found.problem or f"the chain of {found.entries} entries is whole"
    return Alert(AUDIT, State.OFF if found.ok else State.ON, told, n=found.entries)
