"""Whom an address lets in: without sign-in the dashboard is for the machine that it runs on, and for nobody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from brain_core.settings.access import OPEN_WORDS

LOCALHOST = "localhost"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")  # what a proxy adds
WAYS = (
    "Configure sign-in: a section [auth] in .streamlit/secrets.toml, see .streamlit/secrets.example.toml. "
    f'Or set BRAIN_OPEN_ACCESS to exactly "{OPEN_WORDS}".'
)


def is_local(address: str | None) -> bool:
    """Whether only this machine reaches an address: localhost, 127.0.0.1, ::1. None and an empty one mean all."""
    text = (address or "").strip().lower().rstrip(".").removeprefix("[").removesuffix("]")
    if text == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def refusal(address: str | None, *, signs_in: bool, open_access: bool) -> str | None:
    """Why nobody may be served at ``address``, and what to do; None where it is safe.

    Args:
        signs_in: whether visitors have to sign in.
        open_access: whether the operator said that anyone may do everything.
    """
    if signs_in or open_access or is_local(address):
        return None
    shown = f"{address} is not localhost" if address else "Without an address all of this machine's networks are served"
    return f"{shown}, and nobody would have to sign in. Use localhost. {WAYS}"


def refusal_of_visit(headers: Mapping[str, str], *, signs_in: bool, open_access: bool) -> str | None:
    """Likewise of a browser's request to localhost that comes from elsewhere: through a proxy, or by another name.

    The other name may be a web site's that points to this machine, so that its pages may read ours (DNS rebinding).
    """
    if signs_in or open_access:
        return None
    if any(headers.get(name) for name in FORWARDED):
        return f"This visit came through a proxy, and nobody would have to sign in. {WAYS}"
    host = headers.get("Host")
    if host and not is_local(_name(host)):
        return f"This visit asked for another name than localhost, and nobody would have to sign in. {WAYS}"
    return None


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
