"""Frames out of a DICOM file, one at a time: decoded by pydicom and its plugins, then brought to units or to RGB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels import apply_color_lut, as_pixel_options, get_decoder
from pydicom.uid import UID, RLELossless

from brain_core.errors import ScanError
from brain_core.scans.dicom.codestream import claimed_size, is_complete
from brain_core.scans.dicom.decoders import BY_IMAGECODECS, PLUGINS, decode_jpeg
from brain_core.scans.dicom.display import Display
from brain_core.scans.dicom.file import Metered, PixelElement, opened, refusing
from brain_core.scans.dicom.values import number, whole
from brain_core.scans.frame import Frame
from brain_core.scans.raster import base_name
from brain_core.scans.source_file import SourceFile
from brain_core.settings import settings

GREY = ("MONOCHROME1", "MONOCHROME2")
PALETTE = "PALETTE COLOR"
# What a decoder leaves as RGB: pydicom converts YBR_FULL and _422, and the JPEG 2000 codecs their own two.
COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT")
COMPRESSED_ONLY = COLOUR[3:]  # between a codec and its picture, never stored as such
MOST_COMPONENTS = 4


@dataclass(frozen=True, eq=False)
class PixelSource:
    """The pixels of a file, checked as far as a header can be; nothing of the patient.

    Attributes:
        module: the Image Pixel module and what else group 0028 says.
        displays: one for all frames, or one a frame.
    """

    file: SourceFile
    syntax: UID
    element: PixelElement
    module: Dataset
    rows: int
    columns: int
    photometric: str
    frame_count: int
    displays: tuple[Display, ...]
    notes: tuple[str, ...] = ()

    def frame(self, frame_number: int = 1) -> Frame:
        """Decode one frame, from 1.

        Raises:
            ScanError: there is no such frame, its pixels are damaged, or no decoder for them is installed.
        """
        name = base_name(self.file.name)
        if not 1 <= frame_number <= self.frame_count:
            raise ScanError(f"{name}: expected a frame from 1 to {self.frame_count}. Received: {frame_number}.")
        display = self.displays[min(frame_number, len(self.displays)) - 1]
        with refusing(name, f"the pixels of frame {frame_number} are damaged ({self.syntax.name})."):
            stored, photometric = self._stored(frame_number - 1, name)
            if photometric == PALETTE:
                return Frame(_eight_bits(*_from_palette(stored, self.module)), notes=self.notes)
            if stored.ndim == 3:
                return Frame(_eight_bits(stored, int(self.module.BitsStored)), notes=self.notes)
            return self._grey(stored, display)

    def _grey(self, stored: np.ndarray, display: Display) -> Frame:
        values = display.units(stored)
        padding = _padding(stored, self.module)
        finite = np.isfinite(values)
        if not finite.all():
            padding = ~finite if padding is None else padding | ~finite
            values = np.where(finite, values, values[finite].min() if finite.any() else 0).astype(np.float32)
        return Frame(
            values,
            padding if padding is not None and padding.any() else None,
            self.photometric == "MONOCHROME1",
            display.windows,
            self.notes + display.notes,
        )

    def _stored(self, index: int, name: str) -> tuple[np.ndarray, str]:
        """Stored values (rows, columns) or (rows, columns, 3), and the photometric interpretation they have now."""
        options = as_pixel_options(self.module, pixel_keyword=self.element.keyword)
        if self.element.vr:
            options["pixel_vr"] = self.element.vr
        with opened(self.file) as content:
            content.seek(self.element.offset)
            if not self.syntax.is_encapsulated:
                return self._decoded(content, index, options)
            codestream = self._codestream(content, index, name, options)
        if self.syntax in BY_IMAGECODECS:
            array = decode_jpeg(codestream, self.module)
            return array, "RGB" if array.ndim == 3 else self.photometric
        options.pop("extended_offsets", None)
        return self._decoded(encapsulate([codestream], has_bot=False), 0, options | {"number_of_frames": 1})

    def _decoded(self, source: BinaryIO | bytes, index: int, options: dict) -> tuple[np.ndarray, str]:
        plugin = PLUGINS.get(self.syntax, "")
        array, now = get_decoder(self.syntax).as_array(source, index=index, decoding_plugin=plugin, **options)
        return array, str(now["photometric_interpretation"])

    def _codestream(self, content: BinaryIO, index: int, name: str, options: dict) -> bytes:
        """The compressed frame, its own header checked against the file's."""
        metered = Metered(content, name, settings().max_file_bytes)
        metered.seek(self.element.offset)
        data = get_frame(
            metered,
            index,
            extended_offsets=options.get("extended_offsets"),
            number_of_frames=self.frame_count,
        )
        if self.syntax == RLELossless:
            return data
        if not is_complete(data):
            raise ScanError(f"{name}: the compressed picture has no end; the file is truncated ({self.syntax.name}).")
        claimed = claimed_size(data)
        if claimed is None:
            raise ScanError(f"{name}: the compressed picture has no header ({self.syntax.name}).")
        rows, columns, components = claimed
        if (rows, columns) != (self.rows, self.columns) or components > MOST_COMPONENTS:
            raise ScanError(
                f"{name}: the compressed picture is of {columns} x {rows} pixels, the header says "
                f"{self.columns} x {self.rows}."
            )
        return data


def _from_palette(stored: np.ndarray, module: Dataset) -> tuple[np.ndarray, int]:
    """RGB (rows, columns, 3) of the palette's own depth, and that depth in bits."""
    rgb = apply_color_lut(stored, module)[..., :3]
    return rgb, 8 * rgb.dtype.itemsize


def _eight_bits(colour: np.ndarray, bits: int) -> np.ndarray:
    """uint8 RGB (rows, columns, 3)."""
    if colour.dtype == np.uint8 and bits == 8:
        return np.ascontiguousarray(colour)
    return np.round(np.clip(colour / float((1 << bits) - 1), 0, 1) * 255).astype(np.uint8)


def _padding(stored: np.ndarray, module: Dataset) -> np.ndarray | None:
    """Where stored values are Pixel Padding (PS3.3 C.7.5.1.1.2), None where the file has none."""
    keywords = ("FloatPixelPaddingValue", "DoubleFloatPixelPaddingValue")
    if stored.dtype.kind == "f":
        start = next((x for x in (number(module, keyword) for keyword in keywords) if x is not None), None)
        stop = number(module, keywords[0].replace("Value", "RangeLimit"))
    else:
        start, stop = (
            _as_stored(whole(module, keyword), stored.dtype)
            for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
        )
    if start is None:
        return None
    low, high = sorted((start, start if stop is None else stop))
    return (stored >= low) & (stored <= high)


def _as_stored(padding: int | None, dtype: np.dtype) -> int | None:
    """A padding value in the pixels' own sign, which files get wrong."""
    if padding is None:
        return None
    limits = np.iinfo(dtype)
    span = int(limits.max) - int(limits.min) + 1
    if padding > limits.max:
        return padding - span
    return padding + span if padding < limits.min else padding
