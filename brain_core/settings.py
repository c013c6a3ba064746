"""The program's settings: one frozen dataclass, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from brain_core.errors import ConfigError

PROJECT = Path(__file__).resolve().parent.parent

MEGAPIXEL = 1_000_000
MEGABYTE = 1_000_000
MOST_MARGIN = 0.5


@dataclass(frozen=True)
class Settings:
    """Where things are and what is too large.

    Attributes:
        home: what the program writes at run time (``BRAIN_HOME``, default ``var/``).
        models_dir: the models in service (``BRAIN_MODELS_DIR``, default ``saved_models/``).
        data_dir: a folder of real scans to offer as samples and for tests, or None (``BRAIN_DATA_DIR``).
        max_megapixels: a larger picture is refused from its header, before decoding
            (``BRAIN_MAX_MEGAPIXELS``; 40 holds a 6,000 x 6,000 film scan in 120 MB of memory).
        max_file_megabytes: a larger file is refused unread (``BRAIN_MAX_FILE_MEGABYTES``).
        data_roots: further folders whose data sets may be chosen in the browser, beside those below ``home`` and
            ``data_dir`` (``BRAIN_DATA_ROOTS``, separated as in ``PATH``; default none).
        gate_margin: by how much a new model may be worse than the one in service, in ROC-AUC and in sensitivity, and
            still take its place (``BRAIN_GATE_MARGIN``, 0 to 0.5; 0.02 is two of a hundred tumours).
    """

    home: Path = PROJECT / "var"
    models_dir: Path = PROJECT / "saved_models"
    data_dir: Path | None = None
    max_megapixels: int = 40
    max_file_megabytes: int = 100
    data_roots: tuple[Path, ...] = ()
    gate_margin: float = 0.02

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * MEGAPIXEL

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_megabytes * MEGABYTE

    @staticmethod
    def from_environment(environment: dict[str, str]) -> Settings:
        """Settings from environment variables; an empty variable counts as not set.

        Raises:
            ConfigError: a number is not a positive whole number, or the margin is not in its range.
        """

        def path(name: str, default: Path | None) -> Path | None:
            return Path(environment[name]).expanduser().resolve() if environment.get(name) else default

        return Settings(
            home=path("BRAIN_HOME", Settings.home),
            models_dir=path("BRAIN_MODELS_DIR", Settings.models_dir),
            data_dir=path("BRAIN_DATA_DIR", None),
            max_megapixels=_positive(environment, "BRAIN_MAX_MEGAPIXELS", Settings.max_megapixels),
            max_file_megabytes=_positive(environment, "BRAIN_MAX_FILE_MEGABYTES", Settings.max_file_megabytes),
            data_roots=_paths(environment, "BRAIN_DATA_ROOTS"),
            gate_margin=_share(environment, "BRAIN_GATE_MARGIN", Settings.gate_margin, MOST_MARGIN),
        )


def _paths(environment: dict[str, str], name: str) -> tuple[Path, ...]:
    parts = environment.get(name, "").split(os.pathsep)
    return tuple(Path(part).expanduser().resolve() for part in parts if part)


def _positive(environment: dict[str, str], name: str, default: int) -> int:
    text = environment.get(name)
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"{name}: expected a positive whole number. Received: {text!r}.")
    return int(text)


def _share(environment: dict[str, str], name: str, default: float, most: float) -> float:
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


@cache
def settings() -> Settings:
    """The settings of this process, read from the environment on first use."""
    return Settings.from_environment(dict(os.environ))
