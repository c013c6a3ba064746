"""One slice as it is stored: values in their own units, before any window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.scans import window
from brain_core.scans.window import Voi


@dataclass(frozen=True, eq=False)
class Frame:
    """A decoded slice.

    Attributes:
        values: float32 (height, width) in the modality's units (after rescale slope and intercept), finite where
            ``padding`` is not set; or uint8 (height, width, 3) RGB, of which windows change nothing.
        padding: bool (height, width), where there is no picture (Pixel Padding, NaN); None where it is everywhere.
        inverted: whether small values are bright (MONOCHROME1).
        windows: what the file offers, the first is its default; empty where it has none.
        notes: what the reader decided on the way, one sentence each; no text of the patient.
    """

    values: np.ndarray
    padding: np.ndarray | None = None
    inverted: bool = False
    windows: tuple[Voi, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_colour(self) -> bool:
        return self.values.ndim == 3

    def default_window(self) -> Voi:
        """The file's first window, else one of the slice's percentiles; of a grey slice only."""
        return self.windows[0] if self.windows else window.of_percentiles(self.values, self.padding)

    def levels(self, voi: Voi | None = None) -> np.ndarray:
        """The slice as a screen shows it; padding is black, whether inverted or not.

        Args:
            voi: in place of `default_window`; changes nothing of a colour slice.

        Returns:
            uint8, (height, width) grey or (height, width, 3) RGB, 0..255.
        """
        if self.is_colour:
            return self.values
        grey = window.apply(self.values, voi or self.default_window(), self.inverted)
        if self.padding is not None:
            grey[self.padding] = 0
        return grey
