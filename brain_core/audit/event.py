"""What goes into the audit log, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Value = str | int | float | bool


@dataclass(frozen=True)
class Event:
    """Something that somebody did.

    Attributes:
        action: one of `brain_core.audit.actions`.
        user: see `brain_core.access.User.name`.
        details: numbers, codes and keys; no patient data, no file names, no free texts.
    """

    action: str
    user: str
    details: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An event as it stands in the log.

    Attributes:
        number: 1, 2, 3, ... without a gap.
        at: UTC.
        previous: hash of the entry before; of the first, `brain_core.audit.chain.START`.
        hash: see `brain_core.audit.chain.digest`.
    """

    number: int
    at: datetime
    user: str
    action: str
    details: Mapping[str, Value]
    previous: str
    hash: str
