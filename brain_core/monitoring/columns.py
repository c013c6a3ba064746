"""Predictions column by column: a hundred thousand rows are looked at in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from brain_core.input_gate import NOT_ASSESSED
from brain_core.store.records import FailureRow, Kind, PredictionRow

FIELDS = (  # of a prediction, as the database has them
    *("at", "case", "alone", "kind", "model", "version", "probability", "threshold", "label", "flags"),
    *("seconds", "unlikeness", "width", "height", "mean", "deviation", "opinion", "opinion_blind"),
)
ALONE = "alone"  # not a column of its own: whether the scan is the case
INPUTS = ("width", "height", "mean", "deviation")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, eq=False)
class Columns:
    """N predictions, the oldest first; arrays are (N,) and not to be written to.

    Attributes:
        at: datetime64[us], UTC.
        case: int, a position in ``cases``.
        single: bool, of a slice that is a case of its own.
        series: bool, of the summary of a series; neither is a slice of a series.
        model, version: texts.
        probability: NaN where there is none.
        label: 1 for 'tumor', 0 for 'no tumor', -1 for none.
        flags: codes with a space between.
        seconds, threshold: float64.
        unlikeness, width, height, mean, deviation: float64, NaN where not known.
        opinion: ``"tumor"``, ``"no tumor"``, ``"unsure"`` or ''.
        blind: bool, whether the opinion was given before any result was on screen.
        cases: the keys of all cases.
    """

    at: np.ndarray
    case: np.ndarray
    single: np.ndarray
    series: np.ndarray
    model: np.ndarray
    version: np.ndarray
    probability: np.ndarray
    threshold: np.ndarray
    label: np.ndarray
    flags: np.ndarray
    seconds: np.ndarray
    unlikeness: np.ndarray
    width: np.ndarray
    height: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    opinion: np.ndarray
    blind: np.ndarray
    cases: tuple[str, ...]

    @classmethod
    def of(cls, rows: Iterable[PredictionRow]) -> Columns:
        """Of rows of the store, the oldest first."""

        def values(row: PredictionRow) -> tuple:
            own = {name: getattr(row, name) for name in FIELDS if name not in (*INPUTS, ALONE, "flags")}
            own |= {"kind": row.kind.value, "flags": " ".join(row.flags)}
            own |= {ALONE: row.scan == row.case}
            own |= {name: getattr(row.inputs, name) if row.inputs else None for name in INPUTS}
            return tuple(own[name] for name in FIELDS)

        found = [values(row) for row in rows]
        return cls.of_values({name: [each[i] for each in found] for i, name in enumerate(FIELDS)})

    @classmethod
    def of_values(cls, found: Mapping[str, Sequence]) -> Columns:
        """Of N values of each of `FIELDS`, in any order; times as `moments` takes them."""
        case, cases = _coded(found["case"])
        kind, label = _texts(found["kind"]), _texts(found["label"])
        numbers = ("probability", "threshold", "seconds", "unlikeness", *INPUTS)
        columns = cls(
            at=moments(found["at"]),
            case=case,
            single=(kind == Kind.SLICE.value) & np.array(found[ALONE], bool),
            series=kind == Kind.SERIES.value,
            label=np.select([label == "tumor", label == "no tumor"], [1, 0], -1),
            blind=np.array(found["opinion_blind"], bool),  # None becomes False
            cases=cases,
            **{name: _texts(found[name]) for name in ("model", "version", "flags", "opinion")},
            **{name: np.array(found[name], np.float64) for name in numbers},  # None becomes NaN
        )
        ascending = np.argsort(columns.at, kind="stable")
        return columns if np.array_equal(ascending, np.arange(len(columns))) else columns.take(ascending)

    def __len__(self) -> int:
        return len(self.at)

    def take(self, chosen: np.ndarray | slice) -> Columns:
        """Some rows, by a bool (N,) or ascending positions."""
        kept = {field.name: getattr(self, field.name)[chosen] for field in fields(self) if field.name != "cases"}
        return Columns(**kept, cases=self.cases)

    def since(self, start: datetime) -> Columns:
        """The rows from that time on."""
        position = int(np.searchsorted(self.at, moment(start)))
        return self.take(slice(position, None)) if position else self

    @cached_property
    def slices(self) -> np.ndarray:
        """bool: what a model looked at, alone or in a series."""
        return ~self.series

    @cached_property
    def standing(self) -> np.ndarray:
        """bool: rows that stand for a case: single slices, and series by their summary, as their slices are alike."""
        return self.single | self.series

    @cached_property
    def assessed(self) -> np.ndarray:
        """bool: rows whose label means anything."""
        return (self.label >= 0) & ~np.isnan(self.probability) & ~self.flagged_as(*NOT_ASSESSED)

    def flagged_as(self, *codes: str) -> np.ndarray:
        """bool: rows with any of these flags."""
        kinds, which = np.unique(self.flags, return_inverse=True)
        return np.array([any(code in kind.split() for code in codes) for kind in kinds], bool)[which]

    def streams(self) -> list[tuple[str, str]]:
        """Model and version of every row, each once: by model, the one that was used last at the end."""
        pairs = np.char.add(np.char.add(self.model, "\n"), self.version) if len(self) else np.zeros(0, "U1")
        _, last = np.unique(pairs[::-1], return_index=True)
        found = [(str(self.model[i]), str(self.version[i])) for i in sorted(len(self) - 1 - last)]
        return sorted(found, key=lambda pair: pair[0])  # stable

    def of_stream(self, model: str, version: str) -> Columns:
        return self.take((self.model == model) & (self.version == version))

    def one_a_case(self, *, first: bool = False) -> Columns:
        """Of the rows that stand for a case the latest (or first) of every case, model and version."""
        rows = np.flatnonzero(self.standing)[:: 1 if first else -1]
        stream = _codes_of(self.model[rows], self.version[rows])
        key = stream * max(1, len(self.cases)) + self.case[rows]
        return self.take(np.sort(rows[np.unique(key, return_index=True)[1]]))


@dataclass(frozen=True, eq=False)
class Failures:
    """M inputs that could not be scored, the oldest first: ``at`` datetime64[us] (M,), ``kind`` texts (M,)."""

    at: np.ndarray
    kind: np.ndarray

    @classmethod
    def of(cls, rows: Sequence[FailureRow]) -> Failures:
        return cls(moments([row.at for row in rows]), _texts([row.kind for row in rows]))

    def __len__(self) -> int:
        return len(self.at)

    def since(self, start: datetime) -> Failures:
        position = int(np.searchsorted(self.at, moment(start)))
        return Failures(self.at[position:], self.kind[position:])


def moment(at: datetime) -> np.datetime64:
    """To the microsecond, in UTC."""
    return np.datetime64((at - EPOCH) // timedelta(microseconds=1), "us")


def moments(times: Sequence[datetime] | Sequence[str]) -> np.ndarray:
    """datetime64[us] (N,) of aware datetimes, or of texts in UTC as SQLite has them."""
    if times and isinstance(times[0], str):
        return np.array(times, "datetime64[us]")
    unit = timedelta(microseconds=1)
    return np.fromiter(((at - EPOCH) // unit for at in times), np.int64, len(times)).astype("datetime64[us]")


def _texts(values: Sequence[str | None]) -> np.ndarray:
    """Of few different ones; None becomes ''."""
    codes, known = _coded(values)
    return np.array(["" if value is None else value for value in known] or [""], str)[codes]


def _coded(values: Sequence) -> tuple[np.ndarray, tuple]:
    """Positions (N,) in what is returned with them: every value once."""
    known = tuple(dict.fromkeys(values))
    position = {value: i for i, value in enumerate(known)}
    return np.fromiter(map(position.__getitem__, values), np.int64, len(values)), known


def _codes_of(*columns: np.ndarray) -> np.ndarray:
    """int64 (N,): equal where all columns are."""
    found = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        names, codes = np.unique(column, return_inverse=True)
        found = found * max(1, len(names)) + codes
    return found
