"""Whether this server may serve anybody, and whether they have to sign in."""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st

from brain_core.access import binding, provider
from brain_core.settings import settings

log = logging.getLogger(__name__)
ELSEWHERE = (
    "[auth] is in the file of BRAIN_SECRETS, which Streamlit was not told of: start with 'python -m brain_core serve'."
)


@dataclass(frozen=True)
class SignIn:
    """What the secrets file says of signing in.

    Attributes:
        needed: whether anybody has to; also where it is asked for and cannot work.
        provider: as ``st.login`` takes it.
        problem: why nobody can, fit to show.
    """

    needed: bool = False
    provider: str | None = None
    problem: str | None = None


@cache
def sign_in() -> SignIn:
    """Read once, so that a secrets file that goes away while the server runs lets nobody in."""
    found = _section()
    if isinstance(found, SignIn):
        return found
    if found is None:
        return SignIn()
    if wrong := provider.problem(found):
        return SignIn(needed=True, problem=f"{wrong} Correct it and start the server again.")
    return SignIn(needed=True, provider=provider.name(found))


def problem() -> str | None:
    """Why nobody may use this server, fit to show and logged; None where all is well."""
    found = sign_in().problem or _binding() or _protection()
    if found:
        _log_once(found)
    return found


def _section() -> Mapping | SignIn | None:
    """``[auth]`` as Streamlit reads it, None where there is none. What cannot be read may hold one: nobody gets in."""
    try:
        found = st.secrets.get(provider.SECTION)
    except FileNotFoundError:  # none, or one that cannot be read: Streamlit tells them apart by its message alone
        if there := [path for path in st.get_option("secrets.files") if Path(path).exists()]:
            return SignIn(
                needed=True, problem=f"{Path(there[0]).name} cannot be read: whether [auth] is in it is open."
            )
        found = None
    except (OSError, UnicodeDecodeError):
        return SignIn(needed=True, problem="A secrets file cannot be read: whether [auth] is in it is open.")
    if found is None and _is_elsewhere():
        return SignIn(needed=True, problem=ELSEWHERE)
    return found


def _is_elsewhere() -> bool:
    named = os.environ.get("BRAIN_SECRETS")
    try:
        return bool(named) and provider.SECTION in tomllib.loads(Path(named).expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # no such file, or a damaged one, of which the PACS page tells
        return False


def _binding() -> str | None:
    asked = {"signs_in": sign_in().needed, "open_access": settings().access.open_access}
    address = st.get_option("server.address")
    return binding.refusal(address, **asked) or binding.refusal_of_visit(st.context.headers, **asked)


def _protection() -> str | None:
    """Streamlit's own, which must stay as it is."""
    if st.get_option("server.trustedUserHeaders"):
        return "server.trustedUserHeaders is set: anybody could write a header that names somebody. Remove the setting."
    for name in ("server.enableXsrfProtection", "server.enableCORS"):
        if not st.get_option(name):
            return f"{name} is off: other web sites could use the dashboard in a visitor's name. Remove the setting."
    return None


@cache
def _log_once(text: str) -> None:
    log.error("Nobody is let in: %s", text)
