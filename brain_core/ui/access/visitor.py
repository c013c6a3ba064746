"""Who is at the page: whom the identity provider's token names, or, without sign-in, whoever sits at this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from brain_core.access import Role, User, signed_in, user_of
from brain_core.errors import AccessError
from brain_core.settings import settings
from brain_core.ui.access import server

LOCAL = User("local", frozenset({Role.ADMIN}))
NOBODY = "Nobody is signed in here. Load the page again."


@dataclass(frozen=True)
class Visitor:
    """Who asks.

    Attributes:
        user: None where nobody is signed in, or their sign-in does not count.
        problem: why it does not count, fit to show.
        name: of whoever is or was signed in, for the records.
    """

    user: User | None
    problem: str | None = None
    name: str = "nobody"


def claims() -> Mapping | None:
    """What the ID token says, which Streamlit checked and signed into its cookie; None where nobody is signed in."""
    found = st.user.to_dict()
    return found if found.get("is_logged_in") is True else None


def look() -> Visitor:
    """At this run of the page; to be called on the page's own thread."""
    if server.problem():
        return Visitor(None, server.problem())
    if not server.sign_in().needed:
        return Visitor(LOCAL)
    found = claims()
    if found is None:
        return Visitor(None)
    try:
        user = user_of(found, settings().access)
    except AccessError as error:
        return Visitor(None, str(error))
    if problem := signed_in.problem(found, datetime.now(UTC)):
        return Visitor(None, problem, user.name)
    return Visitor(user, name=user.name)


def current() -> User:
    """The user at the page, who may have no role.

    Raises:
        AccessError: nobody is signed in, or not any more.
    """
    visitor = look()
    if visitor.user is None:
        raise AccessError(visitor.problem or NOBODY)
    return visitor.user
