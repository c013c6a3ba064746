"""Labels and probabilities side by side, what is missing left out: where every figure starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FEWEST = 10  # distinct scans; below, neither a normal approximation nor a bootstrap has much to say
TOO_FEW = f"fewer than {FEWEST} distinct scans"
ONE_CLASS = "only one class"
NOTHING_SCORED = "no scan has a prediction"


@dataclass(frozen=True, eq=False)
class Scored:
    """N scans, all scored in each of R repeats.

    Attributes:
        labels: int (N,), 0 or 1.
        probabilities, thresholds: float64 (R, N).
        groups: (N,), near-duplicates share one.
        kept: bool, of the scans given, which are among the N; the others lack a prediction.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: np.ndarray
    groups: np.ndarray
    kept: np.ndarray

    @classmethod
    def of(cls, labels, probabilities, groups=None, thresholds=0.5) -> Scored:
        """Leave out repeats without any prediction, then scans that lack one in any of the others.

        Args:
            labels: (N,) 0 or 1.
            probabilities: (N,) or (R, N) in 0..1, NaN where missing.
            groups: (N,); None takes every scan for a group of its own.
            thresholds: one number, or as ``probabilities``.

        Raises:
            ValueError: no scan, or lengths differ.
        """
        labels, probabilities = np.asarray(labels, int), np.atleast_2d(np.asarray(probabilities, float))
        groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
        if not len(labels) or not len(labels) == probabilities.shape[1] == len(groups):
            raise ValueError(
                "Metrics: expected as many labels, probabilities and groups, at least one. "
                f"Received: {len(labels)}, {probabilities.shape[1]}, {len(groups)}."
            )
        thresholds = np.broadcast_to(np.asarray(thresholds, float), probabilities.shape)
        known = ~np.isnan(probabilities + thresholds)
        repeats = known.any(axis=1)
        kept = known[repeats].all(axis=0) & repeats.any()
        scored = probabilities[repeats][:, kept], thresholds[repeats][:, kept]
        return cls(labels[kept], *scored, groups[kept], kept)

    def only(self, chosen: np.ndarray) -> Scored:
        """Those of the N scans where ``chosen``, bool (N,)."""
        kept = self.kept.copy()
        kept[kept] = chosen
        scored = self.probabilities[:, chosen], self.thresholds[:, chosen]
        return Scored(self.labels[chosen], *scored, self.groups[chosen], kept)

    def one_a_group(self) -> Scored:
        """The first scan of each group."""
        chosen = np.zeros(self.n, bool)
        chosen[one_a_group(self.groups)] = True
        return self.only(chosen)

    @property
    def n(self) -> int:
        return len(self.labels)

    @property
    def positive(self) -> np.ndarray:
        """bool (N,)."""
        return self.labels == 1

    @property
    def distinct(self) -> int:
        """How many groups."""
        return len(np.unique(self.groups))

    @property
    def flaw(self) -> str | None:
        """Why nothing that needs both classes can be computed, in words; None where it can."""
        if not self.n:
            return NOTHING_SCORED
        return ONE_CLASS if self.positive.all() or not self.positive.any() else None

    @property
    def few(self) -> str | None:
        """Why an interval would mislead, in words."""
        return TOO_FEW if self.distinct < FEWEST else None


def one_a_group(groups) -> np.ndarray:
    """Positions of the first scan of each group, ascending."""
    return np.sort(np.unique(np.asarray(groups), return_index=True)[1])
