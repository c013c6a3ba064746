"""Whether an instance came whole: a stream may break off in its last pixels without a sign."""

from __future__ import annotations

import warnings

from pydicom import Dataset
from pydicom.pixels.utils import get_expected_length


def is_whole(ds: Dataset) -> bool:
    """Whether an instance's pixels are all there; true where they are compressed, as the reader then sees the end."""
    data = ds.get("PixelData")
    syntax = getattr(ds, "file_meta", Dataset()).get("TransferSyntaxUID")
    if data is None:
        return "Rows" not in ds
    if syntax is None or syntax.is_compressed:
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of values that do not keep to the standard
        try:
            return len(data) >= get_expected_length(ds, unit="bytes")
        except (AttributeError, TypeError, ValueError, LookupError):
            return True  # it does not say how large it is: whoever reads it decides
