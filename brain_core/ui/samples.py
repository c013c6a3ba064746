"""Sample scans: phantoms always; real ones where a data set is at hand."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from brain_core.datasets.index import CLASS_NAMES, Item, list_items
from brain_core.datasets.kaggle import download_folder
from brain_core.errors import DatasetError, ScanError
from brain_core.scans import Scan, read_file
from brain_core.scans.phantom import SAMPLES, draw
from brain_core.settings import settings
from brain_core.ui.entries import Entry

SYNTHETIC, REAL = "synthetic phantom", "real sample"
REAL_PER_CLASS = 3
SEED = 20  # which real scans, and in which order, so that the order does not tell the class


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample with its picture in memory.

    ``name`` tells nothing that the reader should find out; a phantom's ``caption`` says what was drawn.
    """

    id: str
    name: str
    caption: str
    scan: Scan
    origin: str
    reference: str | None = None

    @property
    def entry(self) -> Entry:
        return Entry(self.id, self.scan.sha256, self.name, lambda: self.scan, self.origin, self.reference)


@st.cache_resource(show_spinner=False)
def phantoms() -> tuple[Sample, ...]:
    """The project's synthetic heads."""
    return tuple(
        Sample(
            f"phantom-{number}",
            f"Phantom {number}",
            caption,
            draw(phantom),
            SYNTHETIC,
            "tumor" if phantom.lesion else "no tumor",
        )
        for number, (caption, phantom) in enumerate(SAMPLES.items(), 1)
    )


def real() -> tuple[Sample, ...]:
    """A few scans of each class from ``BRAIN_DATA_DIR`` or a downloaded data set; none where there is neither."""
    given = settings().data_dir
    places = (given / "navoneel", given, download_folder()) if given else (download_folder(),)
    for place in places:
        if found := _real(str(place)):
            return found
    return ()


@st.cache_resource(show_spinner=False, ttl=600)
def _real(place: str) -> tuple[Sample, ...]:
    try:
        items = list_items(Path(place))
    except (DatasetError, OSError):
        return ()
    rng = random.Random(SEED)
    chosen: list[tuple[Item, Scan]] = []
    for label in CLASS_NAMES:
        of_class = [item for item in items if item.label == label]
        rng.shuffle(of_class)
        chosen += _first_readable(of_class, REAL_PER_CLASS)
    rng.shuffle(chosen)
    return tuple(
        Sample(f"real-{number}", f"Real scan {number}", f"Real scan {number}", scan, REAL, CLASS_NAMES[item.label])
        for number, (item, scan) in enumerate(chosen, 1)
    )


def _first_readable(items: list[Item], n: int) -> list[tuple[Item, Scan]]:
    found = []
    for item in items:
        if len(found) == n:
            break
        try:
            found.append((item, read_file(item.path)))
        except ScanError:
            continue
    return found
