"""Environment variables to values; an empty variable counts as not set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from brain_core.errors import ConfigError

YES, NO = ("yes", "true", "1", "on"), ("no", "false", "0", "off")
Environment = Mapping[str, str]


def path(environment: Environment, name: str, default: Path | None) -> Path | None:
    """A path, resolved."""
    return Path(environment[name]).expanduser().resolve() if environment.get(name) else default


def paths(environment: Environment, name: str) -> tuple[Path, ...]:
    """Paths, resolved, separated as in ``PATH``."""
    parts = environment.get(name, "").split(os.pathsep)
    return tuple(Path(part).expanduser().resolve() for part in parts if part)


def positive(environment: Environment, name: str, default: int | None) -> int | None:
    """A whole number from 1 on.

    Raises:
        ConfigError: it is something else.
    """
    text = environment.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"{name}: expected a positive whole number. Received: {text!r}.")
    return int(text)


def number(environment: Environment, name: str, default: float, most: float) -> float:
    """A number from 0 to ``most``.

    Raises:
        ConfigError: it is something else.
    """
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:  # NaN is in no range
        raise ConfigError(f"{name}: expected a number from 0 to {most:g}. Received: {text!r}.")
    return value


def switch(environment: Environment, name: str, default: bool) -> bool:
    """Yes or no.

    Raises:
        ConfigError: it is neither.
    """
    text = environment.get(name, "").strip().lower()
    if not text:
        return default
    if text not in YES + NO:
        raise ConfigError(f"{name}: expected yes or no. Received: {environment[name]!r}.")
    return text in YES


def names(environment: Environment, name: str) -> frozenset[str]:
    """Names separated by commas, in lower case, since e-mail addresses are compared so."""
    parts = environment.get(name, "").split(",")
    return frozenset(part.strip().lower() for part in parts if part.strip())
