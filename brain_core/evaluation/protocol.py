"""The cross-validation protocol as one record: models, ensemble, baselines, robustness, out-of-fold predictions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from brain_core import metrics
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.errors import ConfigError
from brain_core.evaluation.cross_validated import OutOfFold, ensemble, measure, out_of_fold
from brain_core.evaluation.kept_folds import KeptFolds
from brain_core.evaluation.robustness import CHANGES, shift
from brain_core.evaluation.shortcuts import MAJORITY, baseline_scorers, majority
from brain_core.evaluation.stored_results import ENSEMBLE
from brain_core.preprocessing import PreprocessingSpec, square
from brain_core.registry import ModelCard
from brain_core.scored import one_a_group
from brain_core.training.backbones import start_record
from brain_core.training.batches import Memory, Pictures
from brain_core.training.config import TrainConfig
from brain_core.training.cross_validation import FOLDS, REPEATS, Fold, FoldScores, NetworkScorer, folds
from brain_core.training.progress import Report, silent

DIGITS = 9  # of stored probabilities: so many that no two scans change places


@dataclass(frozen=True)
class Setup:
    """How a model is trained in each fold.

    Attributes:
        memory: as `NetworkScorer` takes it.
        repeats: of the folds, the first so many, for a model that takes long to train; None for all.
    """

    spec: PreprocessingSpec
    config: TrainConfig
    memory: Memory | None = None
    repeats: int | None = None


def setup_of(card: ModelCard, **changes: str | None) -> Setup:
    """How a model in service was trained; ``changes`` replace settings of `TrainConfig` that it has, None none."""
    config = TrainConfig.from_json(card.metadata["training"])
    taken = {name: value for name, value in changes.items() if value is not None and getattr(config, name)}
    return Setup(card.preprocessing, replace(config, **taken))


def cross_validate(
    dataset: Dataset,
    setups: dict[str, Setup],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    report: Callable[[str], Report] = lambda name: silent,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    keep: Path | None = None,
) -> dict:
    """Run the protocol.

    Args:
        setups: by name of `MODELS`.
        seed: of the folds.
        report: for a model's name, what hears of its training.
        progress: called with (name, folds done, folds).
        keep: folder for finished folds; with the same one, an interrupted run of the same settings goes on.

    Returns:
        The record that `evaluate --protocol cv` stores.

    Raises:
        DatasetError: no honest split exists. Cancelled: a report asked to stop.
        ConfigError: a model is to go on from a trained one.
    """
    _check_start(setups)
    labels = np.array(dataset.labels)
    groups = near_duplicate_groups(dataset.scans)
    plan = folds(labels, groups, repeats=repeats, seed=seed)
    data = {"name": dataset.root.name, "fingerprint": dataset.fingerprint, "n": len(labels)}
    scores, moved, described = {}, {}, {}
    for name, setup in setups.items():
        own = [fold for fold in plan if setup.repeats is None or fold.repeat < setup.repeats]
        scorer = NetworkScorer(name, dataset, setup.spec, setup.config, report(name), setup.memory)
        changed = _Changed(dataset, setup.spec, scorer)
        described[name] = _described(name, setup, scorer)
        asked = {"setup": described[name], "seed": seed, "data": data, "plan": _fingerprint(dataset, groups, plan)}
        kept = KeptFolds.of(keep, name, asked)
        scores[name] = []
        for number, fold in enumerate(own):
            scores[name].append(_score(number, fold, scorer, changed, kept))
            progress(name, number + 1, len(own))
        moved[name] = changed.shifts(out_of_fold(labels, own, scores[name]), labels, one_a_group(groups))
    if len(setups) > 1:
        common = min(map(len, scores.values()))
        scores[ENSEMBLE] = ensemble(labels, plan[:common], [each[:common] for each in scores.values()])
    for name, scorer in baseline_scorers(dataset).items():
        scores[name] = [scorer(fold) for fold in plan]
    rows = {name: out_of_fold(labels, plan[: len(each)], each) for name, each in scores.items()}
    rows[MAJORITY] = majority(labels, repeats)
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "protocol": _protocol(repeats, seed, {name: len(each) // FOLDS for name, each in scores.items()}),
        "data": data,
        "setups": described,
        "rows": {name: measure(labels, groups, found) for name, found in rows.items()},
        "robustness": moved,
        "scans": [_scan(dataset, groups, rows, i) for i in range(len(labels))],
    }


def _check_start(setups: dict[str, Setup]) -> None:
    for name, setup in setups.items():
        if setup.config.start:
            raise ConfigError(
                f"{name}: it went on from a trained model, which has learned from scans that a fold tests on. Expected "
                f"training from a backbone. Received: --start {setup.config.start}."
            )


def _fingerprint(dataset: Dataset, groups: np.ndarray, plan: list[Fold]) -> str:
    """Of the scans in their order and of the folds: what is kept by position means nothing in another order.

    The first repeat stands for all, so that more repeats go on from fewer.
    """
    first = [fold for fold in plan if fold.repeat == 0]
    parts = [[part.tolist() for part in (fold.train, fold.validation, fold.test)] for fold in first]
    said = [[scan.key for scan in dataset.scans], groups.tolist(), parts]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _protocol(repeats: int, seed: int, done: dict[str, int]) -> dict:
    """``done``: repeats by row; those with fewer than the others are named."""
    fewer = {name: count for name, count in done.items() if count < repeats}
    plan = {"repeats": repeats, "folds": FOLDS, "seed": seed, "by": "near-duplicate group"}
    return plan | ({"repeats_of": fewer} if fewer else {})


def _score(number: int, fold: Fold, scorer: NetworkScorer, changed: _Changed, kept: KeptFolds) -> FoldScores:
    """Of one fold, as it was kept or else trained now; ``changed`` receives its changed scans in the first repeat."""
    arrays = kept.load(number)
    if arrays is None:
        score = scorer(fold, number)
        arrays = {"validation": score.validation, "test": score.test}
        arrays |= changed.scores(fold) if fold.repeat == 0 else {}
        kept.save(number, arrays)
    if fold.repeat == 0:
        changed.add(fold, arrays)
    return FoldScores(arrays["validation"], arrays["test"])


class _Changed:
    """The scans of the first repeat's test parts, changed, as the fold's own model scores them."""

    def __init__(self, dataset: Dataset, spec: PreprocessingSpec, scorer: NetworkScorer):
        labels, ids = np.array(dataset.labels, np.float32), np.arange(len(dataset.items))
        self._scorer = scorer
        self._versions = {
            name: Pictures(np.stack([square(change(scan.grey), spec) for scan in dataset.scans]), labels, ids, name)
            for name, change in CHANGES.items()
        }
        self._raw = {name: np.full(len(ids), np.nan) for name in CHANGES}

    def scores(self, fold: Fold) -> dict[str, np.ndarray]:
        """By change, raw probabilities of the fold's changed test scans by the model that was trained last."""
        return {name: self._scorer.predict(version.take(fold.test)) for name, version in self._versions.items()}

    def add(self, fold: Fold, scores: dict[str, np.ndarray]) -> None:
        for name, raw in self._raw.items():
            raw[fold.test] = scores[name]

    def shifts(self, found: OutOfFold, labels: np.ndarray, one: np.ndarray) -> list[dict]:
        """Of the scans at the positions ``one``."""
        chosen = found.thresholds["balanced_accuracy"][0, one]
        after = {name: found.recalibrated(raw, repeat=0)[one] for name, raw in self._raw.items()}
        return [
            shift(name, found.calibrated[0, one], p, chosen, metrics.roc_auc(labels[one], p)).to_json()
            for name, p in after.items()
        ]


def _described(name: str, setup: Setup, scorer: NetworkScorer) -> dict:
    config = setup.config
    return ({"extra": scorer.extra} if scorer.extra else {}) | {
        "training": asdict(config.portable()),
        "preprocessing": setup.spec.to_json(),
        "start": start_record(name, config),
        "trained_in_each_fold": scorer.trained,
    }


def _scan(dataset: Dataset, groups: np.ndarray, rows: dict[str, OutOfFold], i: int) -> dict:
    item, scan = dataset.items[i], dataset.scans[i]
    return {
        "id": item.id,
        "sha256": scan.key,
        "group": int(groups[i]),
        "label": item.label,
        "width": scan.width,
        "height": scan.height,
        "format": item.path.suffix.lower().lstrip("."),
        "probability": {name: found.calibrated[:, i].round(DIGITS).tolist() for name, found in rows.items()},
        "threshold": {
            name: found.thresholds["balanced_accuracy"][:, i].round(DIGITS).tolist() for name, found in rows.items()
        },
    }
