"""What histories on disk have in common: a JSON list of entries, and texts that people typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from brain_core.errors import ConfigError

Entry = TypeVar("Entry")


def read_entries(path: Path, kind: type[Entry]) -> list[Entry]:
    """Oldest first; none where there is no file.

    Args:
        kind: a dataclass that checks its own values.

    Raises:
        ValueError: the file is damaged; the message says how.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(rows, list):
            raise ValueError(f"expected a list, received {type(rows).__name__}")
        return [kind(**row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, TypeError, RecursionError, ConfigError) as error:
        raise ValueError(str(error)) from error


def check_text(field: str, text: object, longest: int, *, may_be_empty: bool = False) -> None:
    """One line of printable characters: no line break, no escape sequence of a terminal, no text that runs backwards.

    Args:
        field: its name, for the message.
        longest: in characters.

    Raises:
        ConfigError: it is something else.
    """
    what = field.replace("_", " ").capitalize()
    if not isinstance(text, str) or not (may_be_empty or text.strip()):
        raise ConfigError(f"{what}: expected a text. Received: {text!r:.40}.")
    if len(text) > longest:
        raise ConfigError(f"{what}: expected at most {longest} characters. Received: {len(text)}.")
    if not text.isprintable():
        raise ConfigError(f"{what}: expected one line of printable characters. Received: {text!r:.80}.")
