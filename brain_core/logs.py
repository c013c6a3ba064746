"""What is logged, by this program and by libraries: without passwords, and without what steers a terminal."""

from __future__ import annotations

import logging
import os
import re
import tomllib
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from brain_core.settings import PROJECT

HIDDEN = "***"
URL_WITH_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*):[^\s/'\"]+@")
NAMED = re.compile(
    r"""((?:password|passwd|client_secret|cookie_secret|secret|api_key|access_token|id_token|refresh_token)["']?\s*[=:]\s*)"""
    r"""(?:"[^"]*"|'[^']*'|[^\s,;&)}\]]+)""",
    re.IGNORECASE,
)
BEARER = re.compile(r"\b(Bearer|Basic)\s+(?=\S*[0-9=])[A-Za-z0-9._~+/=-]{8,}")
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\n\t"}
BIDI = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}  # turn text round
SURROGATES = {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}  # bytes of a file's name that are no UTF-8
WRITTEN_OUT = CONTROLS | BIDI | SURROGATES
SECRET_VARIABLES = re.compile("PASSWORD|SECRET|TOKEN|KAGGLE_KEY", re.IGNORECASE)
SHORTEST = 4  # characters; hiding a shorter one would tell it, since its places are those of a common word

_made_before = logging.LogRecord  # what `protect` builds upon


def plain(text: str) -> str:
    """Text from outside as a terminal shows it and does not obey it: control characters are written out."""
    return text.translate(WRITTEN_OUT)


def printable(path: str) -> str:
    """A path that may be written anywhere: bytes that are no UTF-8, which Python reads as surrogates, are escaped."""
    return path.encode("utf-8", "backslashreplace").decode()


def redacted(text: str, secrets: tuple[str, ...] = ()) -> str:
    """Text without the passwords of URLs, what follows words such as ``password=``, and ``secrets`` wherever."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    text = URL_WITH_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = NAMED.sub(rf"\1{HIDDEN}", text)
    return BEARER.sub(rf"\1 {HIDDEN}", text)


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Values that must not be logged: the database's password, and variables that are named as secrets are."""
    found = [value for name, value in environment.items() if SECRET_VARIABLES.search(name)]
    with suppress(ValueError):  # no URL
        found.append(unquote(urlsplit(environment.get("BRAIN_DATABASE_URL", "")).password or ""))
    return tuple(sorted({each for each in found if len(each) >= SHORTEST}, key=len, reverse=True))


def secrets_in(files: Iterable[Path]) -> tuple[str, ...]:
    """Likewise the values in TOML files, such as Streamlit's secrets; what cannot be read is passed over."""
    found: set[str] = set()
    for file in files:
        with suppress(OSError, ValueError):
            found |= _named_secret(tomllib.loads(file.read_text(encoding="utf-8")))
    return tuple(found)


def protect() -> None:
    """Have every record of this process made so, whatever logger it comes from; a second call does nothing."""
    if not getattr(logging.getLogRecordFactory(), "protects", False):
        files = [folder / ".streamlit" / "secrets.toml" for folder in (Path.home(), Path.cwd(), PROJECT)]
        files += [Path(os.environ["BRAIN_SECRETS"]).expanduser()] if os.environ.get("BRAIN_SECRETS") else []
        known = {*secrets_of(os.environ), *secrets_in(files)}
        logging.setLogRecordFactory(factory(tuple(sorted(known, key=len, reverse=True))))


def _named_secret(table: Mapping) -> set[str]:
    found: set[str] = set()
    for name, value in table.items():
        if isinstance(value, Mapping):
            found |= _named_secret(value)
        elif isinstance(value, str) and len(value) >= SHORTEST and SECRET_VARIABLES.search(name):
            found.add(value)
    return found


def factory(secrets: tuple[str, ...]) -> Callable[..., logging.LogRecord]:
    """What makes a record of which the message and the traceback are `redacted` and `plain`."""

    def clean(text: str) -> str:
        return plain(redacted(text, secrets))

    def make(*arguments, **options) -> logging.LogRecord:
        record = _made_before(*arguments, **options)
        try:
            told = record.getMessage()
        except Exception as error:  # a library's message and its arguments do not fit
            record.msg, record.args = f"{record.msg} ({type(error).__name__} in its arguments)", ()
            told = record.msg
        if clean(told) != told:  # others keep their arguments: some formatters look at them one by one
            record.msg, record.args = clean(told), ()
        if record.exc_info and record.exc_info[1] is not None:
            lines = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            record.exc_text = clean(lines)  # formatters take it in place of their own
        return record

    make.protects = True
    return make


def places(error: BaseException) -> str:
    """Where an error comes from, without its own words, which may name a file or a patient."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(each.filename).name}:{each.lineno} {each.name}" for each in reversed(frames))
