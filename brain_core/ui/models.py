"""The models in service, loaded in the background once a server and shared by all sessions.

TensorFlow takes seconds to import; nothing here imports it on the page's own thread.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import BrainError, ModelError
from brain_core.models import MODELS
from brain_core.registry import ModelCard, read_card
from brain_core.settings import settings
from brain_core.ui import background

if TYPE_CHECKING:
    from brain_core.inference import Detector

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Progress:
    """What the thread that loads a model and all sessions share."""

    detector: Detector | None = None
    error: str | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def settle(self, *, detector: Detector | None = None, error: str | None = None) -> None:
        self.detector, self.error = detector, error
        self.done.set()


@dataclass(frozen=True, eq=False)
class Loading:
    """One model on its way: exactly one of ``detector`` and ``error`` is set when it is ``settled``.

    Attributes:
        card: as it stands on disk now, None where it cannot be read. Its operating point may be newer than the
            detector's, which was loaded when the server first saw the file: judge by this one.
    """

    name: str
    card: ModelCard | None
    _progress: _Progress

    @property
    def detector(self) -> Detector | None:
        return self._progress.detector

    @property
    def error(self) -> str | None:
        return self._progress.error

    @property
    def settled(self) -> bool:
        return self._progress.done.is_set()

    @property
    def title(self) -> str:
        return MODELS[self.name].title

    @property
    def id(self) -> tuple[str, str, str]:
        """What a stored prediction is filed under: name, version, checksum."""
        return (self.name, self.card.version, self.card.sha256)

    def wait(self, seconds: float) -> bool:
        """Whether it has settled within ``seconds``."""
        return self._progress.done.wait(seconds)


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
        missing = _Progress()
        missing.settle(error=str(error))
        return Loading(name, None, missing)
    return Loading(name, card, _load(name, str(card.path), card.version, card.sha256, _stamp(card.path), card))


@st.cache_resource(show_spinner=False, max_entries=2 * len(MODELS))
def _load(
    name: str, path: str, version: str, sha256: str, stamp: tuple[int, int] | None, _card: ModelCard
) -> _Progress:
    """Start to load; the arguments are the cache's key, so a file that changes is loaded (and checked) anew."""
    progress = _Progress()
    lock = _one_at_a_time()
    background.start(lambda: _run(_card, progress, lock), f"load-{name}")
    return progress


def _run(card: ModelCard, progress: _Progress, lock: threading.Lock) -> None:
    try:
        with lock, _no_search_for_garbage():
            from brain_core import engines
            from brain_core.inference import Detector

            engines.load_library(card, settings().engine)  # TensorFlow: here, off the page's thread
            keep_kernels()  # before more runs of pages that follow the loading end
            gc.freeze()  # lest a search for garbage hold the loading up
            progress.settle(detector=Detector(card))
            keep_kernels()  # of a library that came with the model
            _settle_memory()
    except BrainError as error:
        progress.settle(error=str(error))
    except Exception as error:  # whatever TensorFlow raises, the other model and the page go on
        log.exception("Loading %s failed", card.name)
        progress.settle(error=f"{card.path.name} cannot be used ({type(error).__name__}: {error}).")


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Python would go through all that a library brings time and again while it is imported: a tenth of a start."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def _settle_memory() -> None:
    """Python looks for garbage now and then: a third of a second through all that TensorFlow has.

    What is there now is left out of it until the next model is loaded, when it is looked through once more.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.collect()  # of what is left, by whose number Python judges when to look again


def keep_kernels() -> None:
    """Streamlit calls Keras' `clear_session` after every run of a page, which empties TensorFlow's cache of kernels.

    It would do so under the passes of other sessions, and each answer would build them again: ten times as slow.
    """
    if "keras" not in sys.modules:  # another engine computes; Streamlit clears nothing that is not loaded
        return
    import keras

    keras.backend.clear_session = _nothing


def _nothing(free_memory: bool = True) -> None:
    """In the place of `clear_session`."""


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
