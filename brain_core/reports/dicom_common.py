"""What BRAIN's DICOM objects share: source headers made fit to copy from, equipment, algorithms, UIDs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from pydicom import Dataset
from pydicom.uid import UID
from pydicom.valuerep import DA, TM

from brain_core import __version__
from brain_core.errors import ScanError
from brain_core.models import MODELS
from brain_core.quiet import quiet as without_warnings
from brain_core.reports.wording import SOFTWARE
from brain_core.scans.deidentify import deidentify

if TYPE_CHECKING:
    from brain_core.scans.series import Series
    from brain_core.study.result import SeriesResult, Summary

MANUFACTURER = "BRAIN project"
UTF_8 = "ISO_IR 192"
NAMESPACE = UUID("5b0f2b54-9f5e-5a0e-8a53-2d0f6c1a7e11")  # of every UID made here; never to change
TYPE_1 = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
SEXES = ("", "M", "F", "O")  # PS3.3 C.7.1.1; highdicom refuses others
MOMENTS = (("PatientBirthDate", DA, "."), ("StudyDate", DA, "."), ("StudyTime", TM, ":"))
MOST_SERIES = 10_000  # source series numbers are told apart up to here


def headers(series: Series, deidentified: bool) -> list[Dataset]:
    """What `header` gives, of every slice in order; slices of a multi-frame file share one data set, read once."""
    known: dict[object, Dataset] = {}
    for index, each in enumerate(series.slices):
        if each.header not in known:
            known[each.header] = header(series, index, deidentified)
    return [known[each.header] for each in series.slices]


def header(series: Series, index: int, deidentified: bool) -> Dataset:
    """The data set of a slice's file without pixels: decoded, and type 2 attributes filled with nothing.

    Args:
        deidentified: whether to go through `scans.deidentify` first, for what leaves the archive.

    Raises:
        ScanError: the series is not of DICOM files, or the file lacks a UID that a reference needs.
    """
    return _fit(_raw(series, index), deidentified, series.pseudonym)


def _raw(series: Series, index: int) -> Dataset:
    read = series.slices[index].header
    if read is None:
        raise ScanError(
            f"This series was read from {series.source}: only DICOM series can be answered in DICOM. Use the PDF."
        )
    with quiet():
        return read()


def _fit(raw: Dataset, deidentified: bool, name: str | None) -> Dataset:
    with quiet():
        return prepared(deidentify(raw, name=name) if deidentified else raw)


def prepared(header: Dataset) -> Dataset:
    """A copy that highdicom takes: text decoded, type 2 attributes there, values outside their defined terms emptied.

    Raises:
        ScanError: a UID that every DICOM object has is missing.
    """
    missing = [keyword for keyword in TYPE_1 if not header.get(keyword)]
    if missing:
        raise ScanError(
            f"The DICOM attribute {missing[0]} is missing: the result cannot be tied to its study. Use the PDF."
        )
    copy = deepcopy(header)
    copy.decode()
    for keyword in TYPE_2:
        if copy.get(keyword) is None:
            setattr(copy, keyword, "")
    if copy.PatientSex not in SEXES:
        copy.PatientSex = ""
    for keyword, kind, separator in MOMENTS:
        setattr(copy, keyword, _moment(str(copy[keyword].value or ""), kind, separator))
    copy.SpecificCharacterSet = UTF_8
    return copy


def _moment(text: str, kind: type, separator: str) -> str:
    """A date or time as it is written today; nothing where it is none."""
    text = text.replace(separator, "")  # as before 1993 (PS3.5 6.2)
    try:
        kind(text)
    except ValueError:
        return ""
    return text


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings and logs of pydicom and highdicom, which quote UIDs and odd values of the source."""
    for name in ("pydicom", "highdicom"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    with without_warnings():
        yield


@contextmanager
def building(what: str) -> Iterator[None]:
    """Around highdicom: its errors quote attributes, so only what failed is told on.

    Raises:
        ScanError: in place of them.
    """
    problem = None
    try:
        with quiet():
            yield
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError) as error:
        problem = type(error).__name__
    if problem:
        raise ScanError(
            f"{what} could not be made: the source's DICOM attributes are unusual ({problem}). Use the PDF."
        ) from None


def uid_of(*parts: object) -> UID:
    """The same UID for the same parts, on every machine (UUID version 5 below 2.25, PS3.5 B.2)."""
    return UID(f"2.25.{uuid5(NAMESPACE, '|'.join(map(str, parts))).int}")


def fingerprint(result: SeriesResult, source: Dataset) -> tuple[str, ...]:
    """All that makes a result another one, for `uid_of`: slices, models, operating points and this program."""
    models = (
        f"{s.model} {s.version} {s.operating_point.threshold!r} {s.operating_point.source}" for s in result.summaries
    )
    return (str(source.SeriesInstanceUID), result.series.key, __version__, *models)


def series_number(series: Series, base: int) -> int:
    """A number for a new series beside its source: far from those that scanners give."""
    return base + abs(series.number or 0) % MOST_SERIES


def equipment(summaries: Sequence[Summary]) -> dict:
    """The General Equipment of objects made of these models, as highdicom's keyword arguments."""
    return {
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": SOFTWARE,
        "device_serial_number": "none",
        "software_versions": [__version__, *(f"{s.model} {s.version}"[:64] for s in summaries)],
    }


def on_clock_of(source: Dataset, made: datetime) -> datetime:
    """``made`` on the clock that the source's dates go by: its offset from UTC, else this machine's (PS3.3 C.12.1)."""
    return made.astimezone(_zone(source))


def _zone(source: Dataset) -> tzinfo | None:
    """Of the source's dates; None where it does not say."""
    try:
        return datetime.strptime(str(source.get("TimezoneOffsetFromUTC") or ""), "%z").tzinfo
    except ValueError:
        return None


def stamp(dataset: Dataset, source: Dataset, made: datetime) -> None:
    """Set every date of making, so that the same result at the same time is the same object.

    Args:
        made: as `on_clock_of` gives it.
    """
    if _zone(source):
        dataset.TimezoneOffsetFromUTC = f"{made:%z}"
    for date, time in (("InstanceCreationDate", "InstanceCreationTime"), ("ContentDate", "ContentTime")):
        setattr(dataset, date, DA(made.date()))
        setattr(dataset, time, TM(made.time().replace(microsecond=0)))
    for item in dataset.get("ContributingEquipmentSequence", ()):
        if item.get("ManufacturerModelName") == "highdicom":
            item.ContributionDateTime = f"{made:%Y%m%d%H%M%S}"


def algorithm_name(model: str) -> str:
    """As reports call it, e.g. ``BRAIN ResNet50``."""
    return f"{SOFTWARE} {MODELS[model].title}"
