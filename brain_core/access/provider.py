"""Section ``[auth]`` of the secrets file: the identity provider. Checked whole, for half of it would let nobody in.

A message names the key and never shows a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from brain_core.access.binding import is_local

SECTION = "auth"
CALLBACK = "/oauth2callback"  # Streamlit's
SHORTEST_SECRET = 32  # characters; whoever guesses it can write themselves a cookie that names anybody
KEYS = ("client_id", "client_secret", "server_metadata_url")
OPTIONS = "client_kwargs"  # a table in [auth] that is no provider


def problem(section: object) -> str | None:
    """What is wrong with it, fit to show; None where it is whole."""
    if not isinstance(section, Mapping):
        return f"[{SECTION}]: expected a table. Received: {type(section).__name__}."
    secret, redirect = section.get("cookie_secret"), section.get("redirect_uri")
    if not isinstance(secret, str) or len(secret) < SHORTEST_SECRET:
        return _wrong("cookie_secret", f"{SHORTEST_SECRET} random characters or more")
    if not _is_safe(redirect) or not redirect.endswith(CALLBACK):
        return _wrong("redirect_uri", f"the dashboard's own address, https unless it is localhost, with {CALLBACK}")
    named = _named(section)
    if bool(named) + ("client_id" in section) > 1 or len(named) > 1:
        return f"[{SECTION}]: expected one identity provider. Received several: their users could pass for each other."
    if any("_" in name for name in named):
        return f"[{SECTION}.…]: expected a name without an underscore (Streamlit's rule)."
    where, keys = (f"{SECTION}.{named[0]}", section[named[0]]) if named else (SECTION, section)
    for key in KEYS:
        if not isinstance(keys.get(key), str) or not keys[key].strip():
            return _wrong(key, "a text", where)
    if not _is_safe(keys["server_metadata_url"]):
        return _wrong("server_metadata_url", "an https address, which nobody on the way can change", where)
    return None


def name(section: Mapping) -> str | None:
    """Of the provider, as ``st.login`` takes it; None for the one that stands in ``[auth]`` itself."""
    return next(iter(_named(section)), None)


def _named(section: Mapping) -> list[str]:
    return [key for key, value in section.items() if isinstance(value, Mapping) and key != OPTIONS]


def _is_safe(address: object) -> bool:
    if not isinstance(address, str):
        return False
    try:
        parts = urlsplit(address.replace("{port}", "1"))  # Streamlit puts its own there
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_local(host)))


def _wrong(key: str, expected: str, where: str = SECTION) -> str:
    return f"[{where}] {key}: expected {expected}. It is missing or something else."
