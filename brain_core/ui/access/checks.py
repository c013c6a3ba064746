"""May they? Asked by every page, and again where something is done: a page may be older than what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import streamlit as st

from brain_core.access import Action, User
from brain_core.audit import actions
from brain_core.cli import audited
from brain_core.errors import AccessError
from brain_core.ui import notice, router
from brain_core.ui.access import gate, visitor

REFUSED_PAGES = "access_refused"  # session: what was recorded, since a page is run again at every click
Made = TypeVar("Made")


def enter(action: Action) -> User:
    """To be called first by every page: who may not ``action`` sees that, and nothing else."""
    router.enter()
    user = gate.user()
    if user is None or not user.roles:
        gate.show()
        st.stop()
    if not user.may(action):
        if action not in (told := st.session_state.setdefault(REFUSED_PAGES, [])):
            told.append(action)
            audited.note(actions.REFUSED, user.name, {"action": action.value, "where": "page"})
        _refuse(user, action)
        st.stop()
    return user


def may(action: Action) -> bool:
    """Whether to offer it; `check` still asks when it is done."""
    try:
        return visitor.current().may(action)
    except AccessError:
        return False


def check(action: Action) -> User:
    """Whoever does it.

    Raises:
        AccessError: they may not; the audit log is told.
    """
    try:
        user = visitor.current()
        user.check(action)
    except AccessError:
        audited.note(actions.REFUSED, visitor.look().name, {"action": action.value})
        raise
    return user


def allowed(action: Action) -> bool:
    """`check` for a button that is not in a ``try``: who may not is told on the page."""
    try:
        check(action)
    except AccessError as error:
        notice.show("error", str(error))
        return False
    return True


@contextmanager
def acting(action: Action, event: str, *, anyway: bool = False, **details: str | int | float | bool) -> Iterator[User]:
    """Around what ``action`` names: checked, then in the audit log, then done (see `brain_core.cli.audited`).

    Args:
        event: one of `brain_core.audit.actions`.
        anyway: whether it is done even where the audit log cannot be written.
        details: numbers, codes and keys; no file names, no free texts.

    Raises:
        AccessError: they may not.
        StoreError: the audit log cannot be written, and nothing was done.
    """
    user = check(action)
    with audited.acting(event, user.name, details, anyway=anyway):
        yield user


def exported(make: Callable[[], Made], what: str, **details: str | int | float | bool) -> Callable[[], Made]:
    """``make`` as ``st.download_button`` takes it: at the click, which is outside of any page, the log is told first.

    Where it cannot be told the program's own log is: these are results that the reader has on screen.

    Args:
        what: is given out, such as ``"csv"``.
    """
    user = check(Action.EXPORT)

    def recorded() -> Made:
        audited.note(actions.EXPORT, user.name, {"what": what, **details})
        return make()

    return recorded


def _refuse(user: User, action: Action) -> None:
    try:
        user.check(action)
    except AccessError as error:
        notice.show("error", str(error), title="This page is not for you. ")
