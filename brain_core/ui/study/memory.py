"""What a browser session remembers of the studies that are open; nothing of the patient is in it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

import streamlit as st

from brain_core.scans.scan import Scan
from brain_core.scans.series import Series
from brain_core.scans.volume import other_planes
from brain_core.scans.window import Voi

SCANS_KEPT = 4  # decoded slices; a step back and forth needs no more
KEY = "study_memory"


@dataclass(eq=False)
class Memory:
    """Everything here ends with the browser tab.

    Attributes:
        opened: key of the series that was chosen, None before any was.
        places: index of the slice that was chosen last, by the key of an acquired or cut series.
        planes: the plane that is looked at, by series key; none where it is the acquired one.
        windows: the window that was chosen, by series key; none where slices are shown as the models see them.
        clicks: on charts, by series key.
    """

    opened: str | None = None
    places: dict[str, int] = field(default_factory=dict)
    planes: dict[str, str] = field(default_factory=dict)
    windows: dict[str, Voi] = field(default_factory=dict)
    clicks: dict[str, int] = field(default_factory=dict)
    _scans: OrderedDict[tuple, Scan] = field(default_factory=OrderedDict)
    _cut: tuple[Series, tuple[Series, ...]] | None = None

    def go(self, series: Series, index: int) -> None:
        """Have a slice of the acquired plane opened."""
        self.planes.pop(series.key, None)
        self.places[series.key] = min(max(index, 0), len(series) - 1)

    def scan(self, series: Series, index: int, voi: Voi | None = None) -> Scan:
        """The slice in a window, from memory where it was shown a moment ago; may raise `ScanError`."""
        key = (series.key_at(index), voi)
        if key not in self._scans:
            self._scans[key] = series.scan(index, voi)
        self._scans.move_to_end(key)
        while len(self._scans) > SCANS_KEPT:
            self._scans.popitem(last=False)
        return self._scans[key]

    def cut(self, series: Series) -> tuple[Series, ...]:
        """The other planes; of the series that was asked for last they stay, since they hold a whole volume.

        Raises:
            ScanError: it has none.
        """
        if self._cut is None or self._cut[0] is not series:
            self._cut = (series, other_planes(series))
        return self._cut[1]

    def forget(self) -> None:
        """Let go of decoded slices and volumes, as of studies that are not there any more."""
        self._scans.clear()
        self._cut = None


def current() -> Memory:
    """This browser tab's."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Memory()
    return st.session_state[KEY]
