"""Roles and what each may do; an administrator may do everything."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from brain_core.errors import AccessError


class Role(StrEnum):
    """What a user is to BRAIN; one may be several."""

    READER = "reader"
    ANALYST = "analyst"
    ADMIN = "admin"


class Action(StrEnum):
    """What is checked when it is done, in words that fit after 'may not'."""

    DETECT = "assess scans"
    SEARCH_ARCHIVE = "search the archive"
    STORE_IN_ARCHIVE = "store results in the archive"
    GIVE_FEEDBACK = "confirm or correct results"
    SEE_METRICS = "see metrics"
    SEE_MONITOR = "see the monitor"
    SET_THRESHOLD = "set thresholds"
    RETRAIN = "retrain models"
    PROMOTE = "put a version in service"
    ROLL_BACK = "go back to the version before"
    DELETE = "delete"
    EXPORT = "export data"
    LEARN = "see the teaching pages"


READER = {
    Action.DETECT,
    Action.SEARCH_ARCHIVE,
    Action.STORE_IN_ARCHIVE,
    Action.GIVE_FEEDBACK,
    Action.EXPORT,
    Action.LEARN,
}
ANALYST = {Action.SEE_METRICS, Action.SEE_MONITOR, Action.SET_THRESHOLD, Action.EXPORT, Action.LEARN}
ALLOWED = {
    Role.READER: frozenset(READER),
    Role.ANALYST: frozenset(ANALYST),
    Role.ADMIN: frozenset(Action),
}


@dataclass(frozen=True)
class User:
    """Whoever asks.

    Attributes:
        name: what records know them by: the e-mail address of the identity provider (or its subject), ``"local"``
            where nobody signs in, the operating system's name on the command line.
        roles: what they are; empty for somebody who signed in and is on no list.
        shown: their name for the eye; text from outside, to be escaped.
    """

    name: str
    roles: frozenset[Role]
    shown: str = ""

    def may(self, action: Action) -> bool:
        return any(action in ALLOWED[role] for role in self.roles)

    def check(self, action: Action) -> None:
        """Raises `AccessError` where they may not."""
        if not self.may(action):
            needed = " or ".join(role for role in Role if action in ALLOWED[role])
            raise AccessError(f"{self.name} may not {action}: this takes the role {needed}.")
