"""The models in service, loaded in the background once a server and shared by all sessions.

TensorFlow takes seconds to import; nothing here imports it on the page's own thread.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import BrainError, ModelError
from brain_core.models import MODELS
from brain_core.registry import ModelCard, read_card
from brain_core.settings import settings

if TYPE_CHECKING:
    from brain_core.inference import Detector

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Loading:
    """One model on its way: exactly one of ``detector`` and ``error`` is set when it is ``settled``."""

    name: str
    card: ModelCard | None = None
    detector: Detector | None = None
    error: str | None = None
    _done: threading.Event = field(default_factory=threading.Event)

    @property
    def settled(self) -> bool:
        return self._done.is_set()

    @property
    def title(self) -> str:
        return MODELS[self.name].title

    @property
    def id(self) -> tuple[str, str, str]:
        """What a stored prediction is filed under: name, version, checksum."""
        return (self.name, self.card.version, self.card.sha256)

    def settle(self, *, detector: Detector | None = None, error: str | None = None) -> None:
        self.detector, self.error = detector, error
        self._done.set()

    def wait(self, seconds: float) -> bool:
        """Whether it has settled within ``seconds``."""
        return self._done.wait(seconds)


def current() -> list[Loading]:
    """Every model by name, as it stands on disk now; starts loading what is new. Returns at once."""
    return [_current(name) for name in MODELS]


def ready(loading: list[Loading]) -> list[Loading]:
    """Those that can predict."""
    return [model for model in loading if model.detector is not None]


def _current(name: str) -> Loading:
    try:
        card = read_card(name, settings().models_dir)
    except ModelError as error:
        missing = Loading(name)
        missing.settle(error=str(error))
        return missing
    return _load(name, str(card.path), card.version, card.sha256, _stamp(card.path), card)


@st.cache_resource(show_spinner=False, max_entries=2 * len(MODELS))
def _load(name: str, path: str, version: str, sha256: str, stamp: tuple[int, int] | None, _card: ModelCard) -> Loading:
    """Start to load; the arguments are the cache's key, so a file that changes is loaded (and checked) anew."""
    loading = Loading(name, _card)
    threading.Thread(target=_run, args=(loading, _one_at_a_time()), name=f"load-{name}", daemon=True).start()
    return loading


def _run(loading: Loading, lock: threading.Lock) -> None:
    try:
        with lock:
            from brain_core.inference import Detector  # TensorFlow: here, off the page's thread

            loading.settle(detector=Detector(loading.card))
    except BrainError as error:
        loading.settle(error=str(error))
    except Exception as error:  # whatever TensorFlow raises, the other model and the page go on
        log.exception("Loading %s failed", loading.name)
        loading.settle(error=f"{loading.card.path.name} cannot be used ({type(error).__name__}: {error}).")


@st.cache_resource(show_spinner=False)
def _one_at_a_time() -> threading.Lock:
    return threading.Lock()


def _stamp(path: Path) -> tuple[int, int] | None:
    """Time of change and size, None where there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
