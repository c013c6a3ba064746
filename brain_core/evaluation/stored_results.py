"""Predictions stored with the models: labels and probabilities of each scan, ready to be measured anew.

A record of an older version, or none, is no error: what is there is returned, and what is not says why.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from brain_core.errors import ResultsError
from brain_core.metrics import Metrics, compute_repeated
from brain_core.registry import CROSS_VALIDATION as CROSS_VALIDATION_FILE
from brain_core.registry import ModelCard, read_results
from brain_core.scored import Scored, one_a_group
from brain_core.thresholds import DEFAULT, IN_WORDS

CROSS_VALIDATION, VALIDATION, TEST = "cross-validation", "validation", "test"
SPLITS = (CROSS_VALIDATION, VALIDATION, TEST)
ENSEMBLE = "ensemble"  # name of a row of the cross-validation
UNKNOWN = "unknown"  # version
BEST = IN_WORDS["balanced_accuracy"]  # the rule whose thresholds a cross-validation stores with its scans
HOW_TO_MEND = "Restore it (git checkout -- saved_models) or store it anew: {command}."
COMMANDS = {
    CROSS_VALIDATION: "python -m brain_core evaluate DATASET --protocol cv --store",
    VALIDATION: "python -m brain_core train DATASET",
    TEST: "python -m brain_core train DATASET",
}


@dataclass(frozen=True, eq=False)
class StoredResult:
    """What one model, the ensemble or a baseline said of N scans of one split, in R repeats.

    Attributes:
        version: of the model; of a cross-validation, which trains anew in each fold, the day that it was made.
        labels, groups: int (N,).
        probabilities: float64 (R, N), NaN where none is stored.
        thresholds: the operating point in use; of a cross-validation (R, N), those of the folds.
        ids, sha256: of the scans; '' where it is not stored.
        sizes: int (N, 2), width and height in pixels; None where they are not stored.
        notes: in words, what was left out and why.
    """

    name: str
    version: str
    split: str
    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: float | np.ndarray
    groups: np.ndarray
    ids: tuple[str, ...]
    sha256: tuple[str, ...]
    sizes: np.ndarray | None
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.version, self.split

    @cached_property
    def distinct(self) -> int:
        """How many near-duplicate groups."""
        return len(np.unique(self.groups))

    @property
    def scored(self) -> Scored:
        """The scans that lack no prediction."""
        return Scored.of(self.labels, self.probabilities, self.groups, self.thresholds)

    def metrics(self) -> Metrics:
        """Of those, at the operating point in use or at those of the folds."""
        return compute_repeated(self.labels, self.probabilities, self.thresholds, self.groups)

    def one_a_group(self) -> StoredResult:
        """The first scan of each near-duplicate group, as the stored cross-validation counts them."""
        return self.take(one_a_group(self.groups))

    def take(self, chosen: np.ndarray) -> StoredResult:
        """The scans at those positions."""
        several = isinstance(self.thresholds, np.ndarray)
        return StoredResult(
            *self.key,
            self.labels[chosen],
            self.probabilities[:, chosen],
            self.thresholds[:, chosen] if several else self.thresholds,
            self.groups[chosen],
            tuple(self.ids[i] for i in chosen),
            tuple(self.sha256[i] for i in chosen),
            None if self.sizes is None else self.sizes[chosen],
            self.notes,
        )


@dataclass(frozen=True)
class NotStored:
    """A result that could be there and is not; ``reason`` says why and what would store it."""

    name: str
    version: str
    split: str
    reason: str


@dataclass(frozen=True, eq=False)
class StoredResults:
    """All that is stored; ``checksum`` changes with any of it: what a cache is keyed by."""

    found: tuple[StoredResult, ...]
    absent: tuple[NotStored, ...]
    checksum: str

    @property
    def available(self) -> tuple[tuple[str, str, str], ...]:
        """(name, version, split) of each."""
        return tuple(result.key for result in self.found)

    def get(self, name: str, split: str, version: str | None = None) -> StoredResult | NotStored:
        """The first of that name and split, of any version where None is given."""
        for each in (*self.found, *self.absent):
            if (each.name, each.split) == (name, split) and version in (None, each.version):
                return each
        return NotStored(name, version or UNKNOWN, split, "no such result is stored")


def common(first: StoredResult, second: StoredResult) -> tuple[StoredResult, StoredResult]:
    """Both on the scans that both hold, in one order: a scan is known by its file's checksum and its name."""
    places = {scan: i for i, scan in enumerate(zip(second.sha256, second.ids, strict=True))}
    pairs = [(i, places[scan]) for i, scan in enumerate(zip(first.sha256, first.ids, strict=True)) if scan in places]
    chosen = np.array(pairs, int).reshape(-1, 2)
    return first.take(chosen[:, 0]), second.take(chosen[:, 1])


def stored_results(cards: Iterable[ModelCard]) -> StoredResults:
    """Of these models, and of the stored cross-validation with its ensemble and baselines.

    Raises:
        ResultsError: a record is damaged.
    """
    cards = tuple(cards)
    record = read_cross_validation()
    found = [of_card(card, split) for card in cards for split in (VALIDATION, TEST)]
    found += of_cross_validation(record, cards)
    return StoredResults(
        tuple(each for each in found if isinstance(each, StoredResult)),
        tuple(each for each in found if isinstance(each, NotStored)),
        _checksum(cards, record),
    )


def of_card(card: ModelCard, split: str) -> StoredResult | NotStored:
    """A model's own predictions on ``validation`` or ``test``, at the operating point in use.

    Raises:
        ResultsError: they are damaged.
    """
    where = f"{card.name} {card.version}, {split} predictions"
    rows = _expect(dict, card.metadata.get("predictions") or {}, where).get(split)
    if not rows:
        return NotStored(card.name, card.version, split, f"no predictions stored; {COMMANDS[split]} stores them")
    rows = [_expect(dict, row, where) for row in _expect(list, rows, where)]
    probabilities = _probabilities([[row.get("probability")] for row in rows], where)
    point = card.operating_point.threshold
    return _result(card.name, card.version, split, rows, probabilities, point, (), where)


def of_cross_validation(record: dict | None, cards: Iterable[ModelCard] = ()) -> list[StoredResult | NotStored]:
    """Each row of the record, then each of the models that it lacks.

    Raises:
        ResultsError: the record is damaged.
    """
    where, cards = "stored cross-validation", {card.name: card for card in cards}
    record = _expect(dict, record or {}, where)
    scans = [_expect(dict, scan, where) for scan in _expect(list, record.get("scans") or [], where)]
    version = str(record.get("created") or UNKNOWN)[:10]
    names = list(dict.fromkeys(name for scan in scans for name in _expect(dict, scan.get("probability") or {}, where)))
    found: list = [_row(record, scans, name, version, cards.get(name), where) for name in names]
    lack = f"the stored cross-validation has no row for it; {COMMANDS[CROSS_VALIDATION]} makes one"
    lack = lack if scans else f"no cross-validation is stored; {COMMANDS[CROSS_VALIDATION]} stores one"
    return found + [NotStored(name, version, CROSS_VALIDATION, lack) for name in cards if name not in names]


def _row(record: dict, scans: list[dict], name: str, version: str, card: ModelCard | None, where: str) -> StoredResult:
    where = f"{where}, row {name!r}"
    probabilities = _probabilities([(scan.get("probability") or {}).get(name) for scan in scans], where)
    chosen = [_expect(dict, scan.get("threshold") or {}, where).get(name) for scan in scans]
    notes = []
    if all(each is None for each in chosen):
        thresholds: float | np.ndarray = DEFAULT
        notes.append(f"the folds' thresholds are not stored: {DEFAULT} stands in for them")
    else:
        thresholds = _probabilities(chosen, where)
        if thresholds.shape != probabilities.shape:
            raise _damaged(where, f"as many thresholds as probabilities, {len(probabilities)}", len(thresholds))
    notes += differences(record, card) if card else ()
    return _result(name, version, CROSS_VALIDATION, scans, probabilities, thresholds, tuple(notes), where)


def differences(record: dict, card: ModelCard) -> tuple[str, ...]:
    """In words, in what a cross-validation is not of the version in service."""
    notes, point = [], card.metadata.get("operating_point") or {}
    if changed := _changed(record, card):
        notes.append(f"measured with other settings than the version in service: {', '.join(changed)}")
    if _is_of_other_data(record, card):
        notes.append("measured on other data than the version in service was trained on")
    if (rule := point.get("rule", BEST)) != BEST:
        notes.append(f"the version in service decides by another rule ({rule}) than the folds here ({BEST})")
    return tuple(notes)


def _changed(record: dict, card: ModelCard) -> list[str]:
    """Settings of training and preprocessing, known of both, that differ."""
    setup = (record.get("setups") or {}).get(card.name, {})
    return [
        key
        for part in ("training", "preprocessing")
        for key, value in (setup.get(part) or {}).items()
        if key in (known := card.metadata.get(part) or {}) and known[key] != value
    ]


def _is_of_other_data(record: dict, card: ModelCard) -> bool:
    """False where either does not say."""
    known = {(each.get("data") or {}).get("fingerprint") for each in (record, card.metadata)} - {None}
    return len(known) > 1


def _result(name, version, split, rows, probabilities, thresholds, notes, where) -> StoredResult:
    labels = [row.get("label") for row in rows]
    if wrong := [label for label in labels if label not in (0, 1)]:
        raise _damaged(where, "labels 0 or 1", wrong[0])
    notes = list(notes)
    if missing := int(np.isnan(probabilities + thresholds).any(axis=0).sum()):
        notes.append(f"{missing} of {len(rows)} scans lack a prediction and are left out")
    groups = [row.get("group") for row in rows]
    if not all(isinstance(group, int) for group in groups):
        groups = range(len(rows))
        notes.append("near-duplicate groups are not stored: every scan is taken for distinct")
    sizes = [(row.get("width"), row.get("height")) for row in rows]
    known = all(isinstance(side, int) for size in sizes for side in size)
    return StoredResult(
        name,
        version,
        split,
        np.array(labels, int),
        probabilities,
        thresholds,
        np.array(groups, int),
        tuple(str(row.get("id") or "") for row in rows),
        tuple(str(row.get("sha256") or "") for row in rows),
        np.array(sizes, int) if known else None,
        tuple(notes),
    )


def _probabilities(columns: list, where: str) -> np.ndarray:
    """(R, N) of a list a scan over the repeats, None where one is missing."""
    lengths = {len(_expect(list, column, where)) for column in columns if column is not None} or {1}
    if len(lengths) != 1 or 0 in lengths:
        raise _damaged(where, "as many repeats of every scan", f"{sorted(lengths)} repeats")
    (repeats,) = lengths
    filled = [[None] * repeats if column is None else column for column in columns]
    try:
        values = np.array(filled, float).T  # None becomes NaN
    except (TypeError, ValueError) as error:
        raise _damaged(where, "numbers", error) from error
    if wrong := values[(values < 0) | (values > 1)].tolist():
        raise _damaged(where, "values in 0..1", wrong[0])
    return values


def read_cross_validation() -> dict | None:
    """The record, None where there is none.

    Raises:
        ResultsError: it is no JSON.
    """
    try:
        return read_results(CROSS_VALIDATION_FILE)
    except (OSError, ValueError) as error:
        raise _damaged("stored cross-validation", "JSON", error) from error


def _checksum(cards: tuple[ModelCard, ...], record: dict | None) -> str:
    content = [[card.name, card.metadata, asdict(card.operating_point)] for card in cards] + [record]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _expect(kind: type, value, where: str):
    if not isinstance(value, kind):
        raise _damaged(where, f"a {'list' if kind is list else 'table'}", repr(value)[:40])
    return value


def _damaged(where: str, expected: str, received) -> ResultsError:
    split = next(split for split in SPLITS if split in where)
    mend = HOW_TO_MEND.format(command=COMMANDS[split])
    return ResultsError(f"{where} is damaged: expected {expected}. Received: {received}. {mend}")
