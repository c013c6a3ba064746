"""The scans that a challenger and the champion are compared on: those that neither of them has seen, in any copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.datasets.known import learned_from
from brain_core.evaluation.challenge_parts import CHALLENGER, CHAMPION, Count, LeftOut
from brain_core.evaluation.stored_results import TEST, VALIDATION, NotStored, of_card
from brain_core.registry import ModelCard

LEARNED, FITTED = "learned from it", "was fitted on it"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Scans of a data set.

    Attributes:
        positions: int (N,), ascending; to compare on.
        groups: int (N,), near-duplicates share one.
        training: int (M,), of the challenger's training part; no copy of it is among ``positions``.
        seen: scans that either model learned from or was fitted on, by `Scan.key`.
        left_out: what of the challenger's test part was not taken.
        notes: in words, what cannot be known.
    """

    positions: np.ndarray
    groups: np.ndarray
    training: np.ndarray
    seen: frozenset[str]
    left_out: LeftOut
    notes: tuple[str, ...]


def choose(challenger: ModelCard, champion: ModelCard, dataset: Dataset) -> Chosen:
    """The challenger's test part, as far as it is here, less every group that either model has seen a scan of.

    Groups are those of the data set at hand. A scan that the metadata do not list, or of which the data set holds no
    copy of the same bytes, cannot be recognised; the notes say so.

    Raises:
        ResultsError: stored predictions are damaged.
    """
    keys = np.array([scan.key for scan in dataset.scans])
    groups = near_duplicate_groups(dataset.scans)
    test, notes = _part(challenger, CHALLENGER, TEST)
    candidate = np.isin(keys, list(test)) & ~_contradicting(challenger, dataset)
    lists: dict[str, set[str]] = {}
    for role, card in ((CHALLENGER, challenger), (CHAMPION, champion)):
        lists[f"{role} {LEARNED}"], told = _learned_from(card, role, dataset)
        lists[f"{role} {FITTED}"], told_too = _part(card, role, VALIDATION)
        notes += told + told_too + _elsewhere(card, role, lists[f"{role} {LEARNED}"], keys)
    here = {reason: np.isin(keys, list(listed)) for reason, listed in lists.items()}
    seen = {reason: candidate & np.isin(groups, groups[where]) for reason, where in here.items()}
    out = np.any(list(seen.values()), axis=0)
    positions = np.flatnonzero(candidate & ~out)
    return Chosen(
        positions=positions,
        groups=groups[positions],
        training=np.flatnonzero(here[f"{CHALLENGER} {LEARNED}"]),
        seen=frozenset().union(*lists.values()),
        left_out=LeftOut(
            absent=len(test - set(keys.tolist())),
            scans=int(out.sum()),
            groups=_distinct(groups[out]),
            reasons={reason: Count(int(where.sum()), _distinct(groups[where])) for reason, where in seen.items()},
        ),
        notes=tuple(notes),
    )


def _contradicting(challenger: ModelCard, dataset: Dataset) -> np.ndarray:
    """bool (N,): scans whose bytes the data set holds under both labels, under the one that was left out."""
    found = of_card(challenger, TEST)
    if isinstance(found, NotStored):
        return np.zeros(len(dataset.scans), bool)
    here = [(scan.key, label) for scan, label in zip(dataset.scans, dataset.labels, strict=True)]
    there = set(here)
    twofold = {key for key, label in here if (key, 1 - label) in there}
    known = set(zip(found.sha256, found.labels.tolist(), strict=True))
    return np.array([key in twofold and (key, label) not in known for key, label in here])


def _learned_from(card: ModelCard, role: str, dataset: Dataset) -> tuple[set[str], list[str]]:
    """Scans of the training part, by `Scan.key`, and in words what the metadata do not list."""
    data = card.metadata.get("data") or {}
    if "train_sha256" not in data:
        return set(), [
            f"The metadata of {_named(card, role)} do not list the scans that it learned from: "
            "some of those compared on may be among them."
        ]
    extra, notes = data.get("extra"), []
    if extra and (extra.get("excluded") or {}).get("fingerprint") != dataset.fingerprint:
        notes.append(
            f"{_named(card, role, 'The')} learned from {extra.get('n', 'some')} further scans of "
            f"{extra.get('name', 'another collection')} as well, which its metadata do not list: "
            "copies of these among the scans compared on are not recognised."
        )
    if pretrained := _other_pretraining(card, dataset):
        notes.append(
            f"{_named(card, role, 'The')} began with layers pretrained on {', '.join(pretrained)}, labels included, "
            "of which no copies of this data set were left out: scans of these among those compared on are not "
            "recognised."
        )
    return learned_from(card.metadata), notes


def _other_pretraining(card: ModelCard, dataset: Dataset) -> list[str]:
    """Collections of its pretraining, step by step, that were not freed of this data set's scans."""
    found, step = [], (card.metadata.get("backbone") or {}).get("pretraining")
    while isinstance(step, dict):
        if (step.get("excluded") or {}).get("fingerprint") != dataset.fingerprint:
            found.append(str((step.get("data") or {}).get("name", "another collection")))
        step = step.get("init_pretraining")
    return sorted(set(found))


def _part(card: ModelCard, role: str, part: str) -> tuple[set[str], list[str]]:
    found = of_card(card, part)
    if isinstance(found, NotStored):
        return set(), [f"The metadata of {_named(card, role)} list no scans of its {part} part."]
    return set(found.sha256) - {""}, []


def _elsewhere(card: ModelCard, role: str, learned: set[str], keys: np.ndarray) -> list[str]:
    absent = len(learned - set(keys.tolist()))
    if not absent:
        return []
    return [
        f"{absent} of the {len(learned)} scans that {_named(card, role)} learned from are not in this data set: "
        "altered copies of them among the scans compared on are not recognised."
    ]


def _named(card: ModelCard, role: str, article: str = "the") -> str:
    return f"{article} {role} {card.name} {card.version}"


def _distinct(groups: np.ndarray) -> int:
    return len(np.unique(groups))
