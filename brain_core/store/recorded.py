"""From results to rows of the prediction store: one way for the page, the command line and the archive's watch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from brain_core.audit import Event, actions
from brain_core.datasets.known import known_parts, merged
from brain_core.errors import ScanError, StoreError
from brain_core.scans import pseudonym
from brain_core.store import kept
from brain_core.store.keys import case_key, scan_key
from brain_core.store.records import FailureRow, Kind, PredictionRow, Source, new_id, now

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.registry import ModelCard
    from brain_core.scans import Scan
    from brain_core.study.result import SeriesResult

_log = logging.getLogger("brain_core")
ID_LENGTH = 32  # hexadecimal digits, as `new_id` gives


@dataclass(frozen=True)
class By:
    """Who asked, in which way, and which models answered.

    Attributes:
        checksums: sha256 by model's name.
        at: when, UTC.
        steady: whether the same answer gets the same row whenever it is made, so that work that is done again after an
            interruption is recorded once.
    """

    user: str
    source: Source
    checksums: Mapping[str, str]
    at: datetime
    steady: bool = False

    @staticmethod
    def now(user: str, source: Source, cards: Iterable[ModelCard], *, steady: bool = False) -> By:
        return By(user, source, {card.name: card.sha256 for card in cards}, now(), steady)

    def row_id(self, kind: Kind, scan: str, case: str, model: str) -> str:
        """Of a row; random unless ``steady``."""
        if not self.steady:
            return new_id()
        return pseudonym.keyed("row", self.source, kind, scan, case, model, self.checksums[model])[:ID_LENGTH]


def of_scan(predictions: Sequence[Prediction], sha256: str, by: By) -> list[PredictionRow]:
    """One row a model, of a slice that is a case of its own.

    Args:
        sha256: `Scan.sha256`.
    """
    return [_slice(each, scan_key(sha256), case_key(sha256), by) for each in predictions]


def of_slice(predictions: Sequence[Prediction], key: str, series_key: str, by: By) -> list[PredictionRow]:
    """One row a model, of a slice of a series.

    Args:
        key: of the slice, see `brain_core.scans.series.Slice`.
        series_key: `Series.key`.
    """
    return [_slice(each, scan_key(key), case_key(series_key), by) for each in predictions]


def of_series(result: SeriesResult, by: By) -> list[PredictionRow]:
    """One row a model: its summary of the whole series, without the slices."""
    case = case_key(result.series.key)
    return [
        PredictionRow(
            id=by.row_id(Kind.SERIES, case, case, summary.model),
            at=by.at,
            user=by.user,
            scan=case,
            case=case,
            kind=Kind.SERIES,
            source=by.source,
            model=summary.model,
            version=summary.version,
            sha256=by.checksums[summary.model],
            probability=summary.value,
            threshold=summary.operating_point.threshold,
            label=summary.label,
            flags=(),
            seconds=sum(each.seconds for each in result.predictions[summary.model] if each),
        )
        for summary in result.summaries
    ]


def everything(result: SeriesResult, by: By) -> tuple[list[PredictionRow], list[FailureRow]]:
    """All rows of a series that is scored: its slices, its summary, and the slices that could not be read."""
    rows = [
        row
        for column in result.predictions.values()
        for index, prediction in enumerate(column)
        if prediction
        for row in of_slice([prediction], result.series.slices[index].key, result.series.key, by)
    ]
    return rows + of_series(result, by), [
        failure(by, key=f"{result.series.key} {result.series.slices[index].key}") for index in result.errors
    ]


def failure(by: By, kind: str = ScanError.__name__, key: str = "") -> FailureRow:
    """Of an input that could not be scored.

    Args:
        key: of the input, where ``by`` is steady.
    """
    steady = pseudonym.keyed("failure", by.source, key, *sorted(by.checksums.values()))[:ID_LENGTH]
    return FailureRow(steady if by.steady and key else new_id(), by.at, by.user, by.source, kind)


def keep(scans: Iterable[Scan], cards: Iterable[ModelCard]) -> None:
    """The pixels, where the settings say so; that they cannot be kept takes nothing from the result.

    Scans that these models know are left out: a kept file has another checksum, by which training could not tell that
    it has to stay in its part.
    """
    known = merged(known_parts(card.metadata) for card in cards)
    try:
        for scan in scans:
            if scan.key not in known:
                kept.keep(scan_key(scan.sha256), scan)
    except StoreError as error:
        _log.warning("A scan was not kept: %s", error)


def event(by: By, rows: Sequence[PredictionRow], failures: Sequence[FailureRow] = ()) -> Event:
    """What the audit log says of them: how many, by which models, and the case where there is one alone."""
    cases = {row.case for row in rows}
    models = sorted({f"{row.model} {row.version}" for row in rows})
    details = {"source": by.source.value, "rows": len(rows), "failures": len(failures), "models": ", ".join(models)}
    return Event(actions.PREDICTION, by.user, details | ({"case": cases.pop()} if len(cases) == 1 else {}))


def _slice(prediction: Prediction, scan: str, case: str, by: By) -> PredictionRow:
    return PredictionRow(
        id=by.row_id(Kind.SLICE, scan, case, prediction.model),
        at=by.at,
        user=by.user,
        scan=scan,
        case=case,
        kind=Kind.SLICE,
        source=by.source,
        model=prediction.model,
        version=prediction.version,
        sha256=by.checksums[prediction.model],
        probability=prediction.probability,
        threshold=prediction.threshold,
        label=prediction.label,
        flags=prediction.flags,
        seconds=prediction.seconds,
        unlikeness=prediction.unlikeness,
        inputs=prediction.inputs,
    )
