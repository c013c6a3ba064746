"""Acts that the audit log must know of: it is told before they are done, and again where they failed.

Before, since an act that nobody can account for must not happen: where the log cannot be written, nothing is done. The
exception are acts that only take something back, such as a rollback to the version before: they must work when all
else is broken.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from brain_core.errors import StoreError

Details = Mapping[str, str | int | float | bool]
_log = logging.getLogger("brain_core")


@contextmanager
def acting(event: str, user: str, details: Details, *, anyway: bool = False) -> Iterator:
    """Around an act.

    Args:
        event: one of `brain_core.audit.actions`.
        details: numbers, codes and keys; no file names, no free texts.
        anyway: whether it is done even where the log cannot be written; the program's own log says so then.

    Raises:
        StoreError: the log cannot be written, and nothing was done.
    """
    from brain_core import audit  # brings SQLAlchemy

    try:
        audit.record(audit.Event(event, user, _plain(details)))
    except StoreError as error:
        if not anyway:
            raise StoreError(f"{error} Nothing was done, since it would not stand in the audit log.") from error
        _log.error("Not in the audit log: %s by %s. %s", event, user, error)
    try:
        yield
    except Exception as error:
        note(event, user, {**details, "failed": type(error).__name__})
        raise


def note(event: str, user: str, details: Details) -> bool:
    """Record what happens in any case; where the audit log cannot be written, the program's own says so.

    Returns whether it was recorded.
    """
    from brain_core import audit  # brings SQLAlchemy

    try:
        audit.record(audit.Event(event, user, _plain(details)))
    except StoreError as error:
        _log.error("Not in the audit log: %s by %s. %s", event, user, error)
        return False
    return True


def _plain(details: Details) -> Details:
    """What was typed in may be no number at all, and is refused only when it is done."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in details.items()
    }
