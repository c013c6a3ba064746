"""Values out of a DICOM data set that may be damaged: None instead of an error, and text that is fit to keep."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue
from pydicom.tag import Tag

MOST_TEXT = 64  # characters; what the standard allows for descriptions (LO)
MOST_WHOLE = (1 << 32) - 1  # of an unsigned long (UL)
MOST_ITEMS = 300_000  # items of a sequence and of those within; each becomes an object of about a kilobyte
ITEM_TAGS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # as they stand in little and big endian files


def value(ds: Dataset, keyword: str) -> Any:
    """The attribute's value, None where it is missing, empty or cannot be understood."""
    try:
        found = ds.get(keyword)
    except Exception:  # pydicom converts at the first access, and meets any damage with many kinds of errors
        return None
    return None if found is None or (hasattr(found, "__len__") and len(found) == 0) else found


def values(ds: Dataset, keyword: str) -> list[Any]:
    """All values of the attribute, as `value`."""
    found = value(ds, keyword)
    if found is None:
        return []
    return list(found) if isinstance(found, MultiValue | list | tuple) else [found]


def numbers(ds: Dataset, keyword: str) -> tuple[float, ...] | None:
    """All of its values as finite numbers, None where there is none or one is not."""
    try:
        found = tuple(float(x) for x in values(ds, keyword))
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found and all(map(math.isfinite, found)) else None


def number(ds: Dataset, keyword: str) -> float | None:
    """Its first value as a finite number."""
    found = numbers(ds, keyword)
    return found[0] if found else None


def whole(ds: Dataset, keyword: str) -> int | None:
    """Its first value as a whole number, None where it is not one or larger than any that DICOM has room for."""
    found = number(ds, keyword)
    return int(found) if found is not None and found == int(found) and abs(found) <= MOST_WHOLE else None


def text(ds: Dataset, keyword: str, most: int = MOST_TEXT) -> str:
    """Its value for people: one line of at most ``most`` characters, not escaped; empty where there is none."""
    return clean(" ".join(map(str, values(ds, keyword))), most)


def texts(ds: Dataset, keyword: str) -> tuple[str, ...]:
    """Its values, each as `text`."""
    return tuple(clean(str(x)) for x in values(ds, keyword))


def clean(raw: str, most: int = MOST_TEXT) -> str:
    """Text without control characters and line breaks, spaces joined, cut to ``most`` characters."""
    printable = "".join(c if c.isprintable() else " " for c in raw)
    line = re.sub(r" +", " ", printable).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def items(ds: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; none where it is missing, damaged or holds more than memory should."""
    tag = Tag(keyword)
    if tag not in ds:
        return []
    raw = ds.get_item(tag)
    held = raw.value if isinstance(raw, RawDataElement) else None
    if isinstance(held, bytes) and max(held.count(mark) for mark in ITEM_TAGS) > MOST_ITEMS:
        return []
    found = value(ds, keyword)
    if not isinstance(found, Iterable) or isinstance(found, str | bytes):
        return []
    return [item for item in found if isinstance(item, Dataset)]


def first_item(ds: Dataset | None, keyword: str) -> Dataset | None:
    """The first item of a sequence, None where there is none."""
    found = items(ds, keyword) if ds is not None else []
    return found[0] if found else None
