"""What models, their ensemble and the shortcut baselines are worth, by repeated cross-validation by group."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy.special import expit

from brain_core import metrics, thresholds
from brain_core.calibration import fit_platt, logits
from brain_core.training.cross_validation import Fold, FoldScores


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What models that never saw a scan or its copies say of it, in R repeats; all arrays float64 (R, N).

    Attributes:
        raw, calibrated: probabilities before and after Platt's map of the fold's validation scans.
        slopes, intercepts: of that map, on the logit.
        thresholds: by rule, of the fold's validation scans after calibration.
    """

    raw: np.ndarray
    calibrated: np.ndarray
    slopes: np.ndarray
    intercepts: np.ndarray
    thresholds: dict[str, np.ndarray]

    def recalibrated(self, raw: np.ndarray, repeat: int) -> np.ndarray:
        """Other raw probabilities (N,) of the same scans by the models of one repeat, through the same maps."""
        return expit(self.slopes[repeat] * logits(raw) + self.intercepts[repeat])


def out_of_fold(labels, folds: list[Fold], scores: list[FoldScores]) -> OutOfFold:
    """Calibrate each fold and choose its thresholds on its validation scans; gather its test scans."""
    labels = np.asarray(labels)
    shape = (1 + max(fold.repeat for fold in folds), len(labels))
    raw, calibrated, slopes, intercepts = (np.full(shape, np.nan) for _ in range(4))
    chosen = {rule: np.full(shape, np.nan) for rule in thresholds.RULES}
    for fold, score in zip(folds, scores, strict=True):
        known = labels[fold.validation]
        calibration = fit_platt(known, score.validation)
        where = fold.repeat, fold.test
        raw[where], calibrated[where] = score.test, calibration.apply(score.test)
        slopes[where], intercepts[where] = calibration.slope, calibration.intercept
        for rule, fit in thresholds.RULES.items():
            chosen[rule][where] = fit(known, calibration.apply(score.validation))
    return OutOfFold(raw, calibrated, slopes, intercepts, chosen)


def ensemble(labels, folds: list[Fold], members: list[list[FoldScores]]) -> list[FoldScores]:
    """The mean of the members' calibrated logits, fold by fold."""
    labels = np.asarray(labels)
    combined = []
    for fold, *scores in zip(folds, *members, strict=True):
        maps = [fit_platt(labels[fold.validation], score.validation) for score in scores]
        combined.append(
            FoldScores(
                _mean_logit([m.apply(score.validation) for m, score in zip(maps, scores, strict=True)]),
                _mean_logit([m.apply(score.test) for m, score in zip(maps, scores, strict=True)]),
            )
        )
    return combined


def _mean_logit(probabilities: list[np.ndarray]) -> np.ndarray:
    return expit(np.mean([logits(p) for p in probabilities], axis=0))


def measure(labels, groups, found: OutOfFold) -> dict:
    """Figures on one scan a near-duplicate group (its first), as JSON: at each rule's thresholds, and calibration."""
    one = np.unique(np.asarray(groups), return_index=True)[1]
    labels, groups = np.asarray(labels)[one], np.asarray(groups)[one]
    before, after = found.raw[:, one], found.calibrated[:, one]
    at = {
        rule: metrics.compute_repeated(labels, after, values[:, one], groups).to_json()
        for rule, values in found.thresholds.items()
    }
    return {
        "at": at,
        "optimised_against_default": _gain(labels, after, found.thresholds["balanced_accuracy"][:, one], groups),
        "brier_uncalibrated": float(np.mean((before - labels) ** 2)),
        "ece_uncalibrated": float(np.mean([metrics.expected_calibration_error(labels, p) for p in before])),
    }


def _gain(labels, probabilities, optimised, groups) -> dict:
    """Balanced accuracy at the optimised thresholds less that at 0.5, paired, with its interval."""

    def balanced(at, weights):
        each = [metrics.balanced_accuracy(labels, p >= t, weights) for p, t in zip(probabilities, at, strict=True)]
        return np.mean(each, axis=0)

    default = np.full_like(optimised, thresholds.DEFAULT)

    def difference(weights):
        return balanced(optimised, weights) - balanced(default, weights)

    return {"balanced_accuracy": asdict(metrics.bootstrap(difference, groups))}
