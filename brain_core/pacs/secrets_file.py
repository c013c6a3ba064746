"""Section ``[pacs]`` of the secrets file, checked once: a message names the key, and shows no value of a secret."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from urllib.parse import urlsplit

from brain_core.errors import ConfigError
from brain_core.pacs.settings import DICOMWEB, DIMSE, GET, MOVE, DicomWeb, Dimse, PacsSettings
from brain_core.settings import PROJECT

SECTION = "pacs"
DEFAULT_SECRETS = PROJECT / ".streamlit" / "secrets.toml"
LONGEST_AET = 16  # characters (PS3.5, AE)
HIGHEST_PORT = 65535
MOST_SECONDS = 3600
SECRET = ("username", "password", "token", "proxy")
KINDS: dict[str, type[DicomWeb] | type[Dimse]] = {DICOMWEB: DicomWeb, DIMSE: Dimse}


def secrets_path(environment: Mapping[str, str]) -> Path:
    """Where the secrets are: ``BRAIN_SECRETS``, else ``.streamlit/secrets.toml`` of the project."""
    named = environment.get("BRAIN_SECRETS")
    return Path(named).expanduser().resolve() if named else DEFAULT_SECRETS


def read(path: Path) -> PacsSettings | None:
    """The archive that a secrets file describes; None where there is no such file or no ``[pacs]`` in it.

    Raises:
        ConfigError: it is not TOML, or a key is missing, unknown or wrong; the message shows no value of a secret.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path.name} cannot be read: {getattr(error, 'strerror', None) or 'no UTF-8'}.") from error
    try:
        whole = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:  # its message shows a character, no value
        raise ConfigError(f"{path.name} is not valid TOML: {error}.") from error
    return None if SECTION not in whole else from_table(whole[SECTION])


def from_table(table: object) -> PacsSettings:
    """The settings in a ``[pacs]`` table.

    Raises:
        ConfigError: as `read`.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"[{SECTION}]: expected a table. Received: {type(table).__name__}.")
    kind = KINDS.get(table.get("kind", "")) if isinstance(table.get("kind", ""), str) else None
    if kind is None:
        raise _wrong("kind", f'"{DICOMWEB}" or "{DIMSE}"', table.get("kind"))
    known = {each.name: each for each in fields(kind)}
    if unknown := [key for key in table if key not in known and key != "kind"]:
        near = difflib.get_close_matches(unknown[0], known, 1)
        raise ConfigError(f"[{SECTION}] {unknown[0]}: no such key.{f' Did you mean {near[0]}?' if near else ''}")
    for each in known.values():
        if each.default is MISSING and each.name not in table:
            raise ConfigError(f'[{SECTION}] {each.name} is missing: kind "{table["kind"]}" needs it.')
    given = {key: _READ[known[key].type](key, value) for key, value in table.items() if key != "kind"}
    found = kind(**given)
    _check_common(found)
    _check_web(found) if isinstance(found, DicomWeb) else _check_dimse(found)
    return found


def _check_common(found: PacsSettings) -> None:
    for key in ("ca_bundle", "client_certificate", "client_key"):
        path = getattr(found, key)
        if path is not None and not path.is_file():
            raise ConfigError(f"[{SECTION}] {key}: there is no such file as {path}.")
    if found.client_key and not found.client_certificate:
        raise ConfigError(f"[{SECTION}] client_key: expected client_certificate as well.")
    for key in ("connect_timeout", "timeout"):
        if not 0 < getattr(found, key) <= MOST_SECONDS:
            raise _wrong(key, f"seconds, more than 0 and at most {MOST_SECONDS}", getattr(found, key))


def _check_web(found: DicomWeb) -> None:
    try:
        parts = urlsplit(found.url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound:
        raise ConfigError(f"[{SECTION}] url: expected an address like https://pacs.example.org/dicom-web.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigError(
            f"[{SECTION}] url: expected an address without user, password and question mark; "
            "username, password and token are keys of their own."
        )
    if ":" in parts.hostname:
        raise ConfigError(f"[{SECTION}] url: expected a host name or an IPv4 address; dicomweb-client knows no others.")
    if (found.username is None) != (found.password is None):
        raise ConfigError(f"[{SECTION}] {'password' if found.username else 'username'} is missing: they go together.")
    if found.token is not None and found.username is not None:
        raise ConfigError(f"[{SECTION}] token: expected either token or username and password, not both.")
    if found.token is not None and not found.token.isascii():
        raise ConfigError(f"[{SECTION}] token: expected ASCII characters only.")


def _check_dimse(found: Dimse) -> None:
    for key in ("port", "store_port"):
        value = getattr(found, key)
        if value is not None and not 1 <= value <= HIGHEST_PORT:
            raise _wrong(key, f"a port, 1 to {HIGHEST_PORT}", value)
    for key in ("called_aet", "calling_aet", "move_aet"):
        value = getattr(found, key)
        if value is not None and not _is_aet(value):
            raise _wrong(key, f"an AE title: 1 to {LONGEST_AET} ASCII characters without backslash", value)
    if found.retrieve not in (GET, MOVE):
        raise _wrong("retrieve", f'"{GET}" or "{MOVE}"', found.retrieve)
    if found.retrieve == MOVE:
        for key in ("move_aet", "store_port"):
            if getattr(found, key) is None:
                raise ConfigError(f'[{SECTION}] {key} is missing: retrieve = "{MOVE}" needs it.')


def _is_aet(value: str) -> bool:
    return len(value) <= LONGEST_AET and bool(value.strip()) and bool(re.fullmatch(r"[ -\[\]-~]+", value))


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or (not value.strip() and key != "store_address"):
        raise _wrong(key, "a text", value)
    return value.rstrip("/") if key == "url" else value.strip("/") if key.endswith("_prefix") else value


def _optional_text(key: str, value: object) -> str | None:
    empty = value == "" and (key.endswith("_prefix") or key == "proxy")
    return None if empty else _text(key, value)


def _whole(key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(key, "a whole number", value)
    return value


def _number(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(key, "a number", value)
    return float(value)


def _switch(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _path(key: str, value: object) -> Path:
    return Path(_text(key, value)).expanduser()


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise _wrong(key, "a list of texts", value)
    return tuple(each.strip().casefold() for each in value)


def _wrong(key: str, expected: str, value: object) -> ConfigError:
    """The message; of what a secret key received it says the type only."""
    secret = key in SECRET
    return ConfigError(
        f"[{SECTION}] {key}: expected {expected}. Received: {type(value).__name__ if secret else repr(value)[:60]}."
    )


_READ = {  # by the annotation of the field
    "str": _text,
    "str | None": _optional_text,
    "int": _whole,
    "int | None": _whole,
    "float": _number,
    "bool": _switch,
    "Path | None": _path,
    "tuple[str, ...]": _texts,
}
