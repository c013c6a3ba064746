"""Whether an instance came whole: a stream may break off in its last pixels without a sign."""

from __future__ import annotations

from pydicom import Dataset
from pydicom.pixels.utils import get_expected_length

from brain_core.quiet import quiet

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
OF_ROWS = (*PIXELS, "SpectroscopyData")  # one of which an object has that has rows


def is_whole(ds: Dataset) -> bool:
    """Whether an instance's pixels are all there; true where they are compressed, as the reader then sees the end.

    Spectra count as whole wherever they are there at all: their number follows from more than rows and columns.
    """
    with quiet():  # of values that do not keep to the standard
        found = [keyword for keyword in OF_ROWS if ds.get(keyword) is not None]
        syntax = getattr(ds, "file_meta", Dataset()).get("TransferSyntaxUID")
        if not found:
            return "Rows" not in ds
        if found[0] not in PIXELS or syntax is None or syntax.is_compressed:
            return True
        try:
            return len(ds.get(found[0])) >= get_expected_length(ds, unit="bytes")
        except (AttributeError, TypeError, ValueError, LookupError):
            return True  # it does not say how large it is: whoever reads it decides
