"""What one browser session remembers: results by scan and model, decoded scans, the reader's opinions."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from brain_core.scans import Scan
from brain_core.ui import pictures
from brain_core.ui.entries import Entry
from brain_core.ui.models import Loading

if TYPE_CHECKING:
    from brain_core.batch import Scored
    from brain_core.inference import Prediction

SCANS_KEPT = 4  # decoded; a large one takes 120 MB, so the others are decoded again when they are opened
KEY = "detect_session"


@dataclass(eq=False)
class Session:
    """Everything here survives a rerun and ends with the browser tab; nothing of it is written to disk.

    Attributes:
        predictions: by (scan sha256, model's name, version and checksum), as scored; `cases` judges them anew.
        failures: message by entry id.
        thumbnails: data URL by scan sha256.
        opinions: the reader's, by scan sha256.
        shown: scans whose results have been on screen.
    """

    predictions: dict[tuple[str, tuple[str, str, str]], Prediction] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    thumbnails: dict[str, str] = field(default_factory=dict)
    opinions: dict[str, Opinion] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    _scans: OrderedDict[str, Scan] = field(default_factory=OrderedDict)

    def is_done(self, entry: Entry, models: list[Loading]) -> bool:
        """Whether there is nothing left to do for ``entry`` with these models."""
        known = entry.key in self.thumbnails and all((entry.key, model.id) in self.predictions for model in models)
        return known or entry.id in self.failures

    def keep(self, entry: Entry, row: Scored, models: list[Loading]) -> None:
        """File the result of one entry."""
        if row.error is not None:
            self.failures[entry.id] = row.error
            return
        self.thumbnails[entry.key] = pictures.thumbnail(row.scan)
        for model, prediction in zip(models, row.predictions, strict=True):
            self.predictions[entry.key, model.id] = prediction

    def scan(self, entry: Entry) -> Scan:
        """The decoded scan, from memory where it was opened a moment ago."""
        if entry.key not in self._scans:
            self._scans[entry.key] = entry.read()
        self._scans.move_to_end(entry.key)
        while len(self._scans) > SCANS_KEPT:
            self._scans.popitem(last=False)
        return self._scans[entry.key]

    def let_go(self) -> None:
        """Forget what is to be had again by scoring; what the reader said and has seen stays."""
        for kept in (self.predictions, self.failures, self.thumbnails, self._scans):
            kept.clear()


@dataclass(frozen=True)
class Opinion:
    """The reader's own: ``label`` is a code of `reader.CHOICES`; ``blind`` if no result had been on screen."""

    label: str
    blind: bool


def current() -> Session:
    """This browser tab's."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Session()
    return st.session_state[KEY]
