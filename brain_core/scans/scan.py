"""A scan in memory: pixels and what must be known about them, and nothing about the patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import cv2
import numpy as np

Found = TypeVar("Found")


@dataclass(frozen=True, eq=False)
class Scan:
    """One slice, decoded.

    Attributes:
        pixels: uint8, (height, width) grey or (height, width, 3) RGB, 0..255, read-only.
        name: the file's own name, without folders; text from outside, to be escaped wherever it is shown.
        source: where the pixels came from: ``"JPEG"``, ``"PNG"``, ..., ``"synthetic"``.
        sha256: of the file's bytes (of the pixels where there is no file).
        modality: as in DICOM (0008,0060), None where the format does not say.
        spacing: millimetres between pixel centres (row, column), None where the format does not say.
        notes: what the reader decided on the way, one sentence each.
    """

    pixels: np.ndarray
    name: str
    source: str
    sha256: str
    modality: str | None = None
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    _known: dict[str, object] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.pixels.setflags(write=False)

    def once(self, name: str, work: Callable[[], Found]) -> Found:
        """What ``work`` finds in the pixels, which never change: worked out at the first call, kept with the scan."""
        if name not in self._known:
            self._known[name] = work()
        return self._known[name]

    @property
    def key(self) -> str:
        """The first 16 hexadecimal digits of ``sha256``: what records of models and results know the scan by."""
        return self.sha256[:16]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def grey(self) -> np.ndarray:
        """Luma (ITU-R BT.601), uint8 (height, width)."""
        return self.pixels if self.pixels.ndim == 2 else cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY)

    @property
    def rgb(self) -> np.ndarray:
        """uint8 (height, width, 3)."""
        return self.pixels if self.pixels.ndim == 3 else cv2.cvtColor(self.pixels, cv2.COLOR_GRAY2RGB)
