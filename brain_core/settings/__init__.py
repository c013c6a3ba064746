"""The program's settings: frozen dataclasses, read once from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from brain_core.settings import values
from brain_core.settings.access import AccessSettings
from brain_core.settings.engine import EngineSettings
from brain_core.settings.monitor import MonitorSettings
from brain_core.settings.store import StoreSettings

PROJECT = Path(__file__).resolve().parents[2]

MEGAPIXEL = 1_000_000
MEGABYTE = 1_000_000
MOST_MARGIN = 0.5


@dataclass(frozen=True)
class Settings:
    """Where things are and what is too large.

    Attributes:
        home: what the program writes at run time: runs, downloaded data, saved operating points, the secret of the
            pseudonyms (``BRAIN_HOME``, default ``var/``).
        models_dir: the models in service (``BRAIN_MODELS_DIR``, default ``saved_models/``).
        data_dir: a folder of real scans to offer as samples and for tests (``BRAIN_DATA_DIR``; default none).
        max_megapixels: a larger picture is refused from its header, before decoding
            (``BRAIN_MAX_MEGAPIXELS``; 40 holds a 6,000 x 6,000 film scan in 120 MB of memory).
        max_file_megabytes: a larger file is refused unread (``BRAIN_MAX_FILE_MEGABYTES``).
        max_files: at most so many files are taken in at once (``BRAIN_MAX_FILES``; 5,000 hold a study of many series).
        max_total_megabytes: at most so much is taken in at once (``BRAIN_MAX_TOTAL_MEGABYTES``; uploads lie in memory).
        data_roots: further folders whose data sets may be chosen in the browser, beside those below ``BRAIN_HOME`` and
            ``BRAIN_DATA_DIR`` (``BRAIN_DATA_ROOTS``, default none).
        gate_margin: by how much a new model may be worse than the one in service, in ROC-AUC and in sensitivity, and
            still take its place (``BRAIN_GATE_MARGIN``; 0.02 is two of a hundred tumours).
        engine, store, access, monitor: see their classes.
    """

    home: Path = PROJECT / "var"
    models_dir: Path = PROJECT / "saved_models"
    data_dir: Path | None = None
    max_megapixels: int = 40
    max_file_megabytes: int = 100
    max_files: int = 5000
    max_total_megabytes: int = 1000
    data_roots: tuple[Path, ...] = ()
    gate_margin: float = 0.02
    engine: EngineSettings = EngineSettings()
    store: StoreSettings = StoreSettings()
    access: AccessSettings = AccessSettings()
    monitor: MonitorSettings = MonitorSettings()

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * MEGAPIXEL

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_megabytes * MEGABYTE

    @property
    def max_total_bytes(self) -> int:
        return self.max_total_megabytes * MEGABYTE

    @staticmethod
    def from_environment(environment: dict[str, str]) -> Settings:
        """Settings from environment variables; an empty variable counts as not set.

        Raises:
            ConfigError: a value is not of its kind or not in its range.
        """
        return Settings(
            home=values.path(environment, "BRAIN_HOME", Settings.home),
            models_dir=values.path(environment, "BRAIN_MODELS_DIR", Settings.models_dir),
            data_dir=values.path(environment, "BRAIN_DATA_DIR", None),
            max_megapixels=values.positive(environment, "BRAIN_MAX_MEGAPIXELS", Settings.max_megapixels),
            max_file_megabytes=values.positive(environment, "BRAIN_MAX_FILE_MEGABYTES", Settings.max_file_megabytes),
            max_files=values.positive(environment, "BRAIN_MAX_FILES", Settings.max_files),
            max_total_megabytes=values.positive(environment, "BRAIN_MAX_TOTAL_MEGABYTES", Settings.max_total_megabytes),
            data_roots=values.paths(environment, "BRAIN_DATA_ROOTS"),
            gate_margin=values.number(environment, "BRAIN_GATE_MARGIN", Settings.gate_margin, MOST_MARGIN),
            engine=EngineSettings.from_environment(environment),
            store=StoreSettings.from_environment(environment),
            access=AccessSettings.from_environment(environment),
            monitor=MonitorSettings.from_environment(environment),
        )


@cache
def settings() -> Settings:
    """The settings of this process, read from the environment on first use."""
    return Settings.from_environment(dict(os.environ))
