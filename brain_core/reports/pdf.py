"""Reports for print and for the record: one scan or one series on one or two A4 pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.scans import Scan
    from brain_core.scans.series import Identity
    from brain_core.study.result import SeriesResult


@dataclass(frozen=True)
class Opinion:
    """The reader's own: ``"tumor"``, ``"no tumor"`` or ``"unsure"``; ``blind`` if no result had been on screen."""

    label: str
    blind: bool


@dataclass(frozen=True)
class Heading:
    """What stands at the top of a report.

    Attributes:
        made: when, with its time zone; the report is the same, byte for byte, for the same content and ``made``.
        pseudonym: of the patient, None where there is none.
        identity: given, the report names the patient and the series by its description, which may name one too.
        opinion: the reader's, None where none was asked.
    """

    made: datetime
    pseudonym: str | None = None
    identity: Identity | None = None
    opinion: Opinion | None = None


def of_scan(scan: Scan, predictions: Sequence[Prediction], heading: Heading, *, name: str | None = None) -> bytes:
    """The report of a single scan, as a PDF file.

    Args:
        predictions: one a model.
        name: what to call the scan, as its file's name, which may name the patient; None leaves it out.

    Raises:
        ScanError: there is no prediction.
    """
    from brain_core.reports.pdf_pages import scan_pages

    return scan_pages(scan, predictions, heading, name)


def of_series(result: SeriesResult, heading: Heading) -> bytes:
    """The report of a series, as a PDF file; its most suspicious slices are decoded for it.

    Raises:
        ScanError: there is no model's summary.
    """
    from brain_core.reports.pdf_pages import series_pages

    return series_pages(result, heading)
