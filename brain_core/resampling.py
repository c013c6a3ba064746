"""The bootstrap over near-duplicate groups: groups are drawn with replacement, their scans with them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from brain_core.figures import Figure
from brain_core.intervals import CONFIDENCE, Estimate

REPLICATES = 1000
# Weights worked on at once: they stay in cache, and their product with the ten bins of the ECE stays below the 2**18
# multiplications from which OpenBLAS wakes threads, which on a busy machine takes longer than the product.
CHUNK = 26_000


def bootstrap(figure: Figure, groups, *, seed: int = 0, reason: str | None = None) -> Estimate:
    """A figure of one's own, (B,), with its interval.

    Args:
        figure: see `Figure`.
        groups: (N,) what is drawn as one.
        reason: why there is no value, should there be none.
    """
    value, replicates = resample(figure, groups, seed=seed)
    return _estimate(value, *interval(replicates), reason)


def estimates(figure: Figure, groups, *, seed: int = 0) -> list[Estimate]:
    """Of a figure (B, K), as `bootstrap`: K estimates from the same draws."""
    value, replicates = resample(figure, groups, seed=seed)
    return [_estimate(*each, None) for each in zip(value, *interval(replicates), strict=True)]


def resample(figure: Figure, groups, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A figure (B, ...) of all scans, (...), and of each draw of groups with replacement, (REPLICATES, ...)."""
    groups = np.asarray(groups)
    value = figure(np.ones((1, len(groups))))[0]
    return value, np.concatenate([figure(weights) for weights in _bootstrap_weights(groups, seed)])


def interval(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles over the first axis at the ends of `CONFIDENCE`, NaN left out; NaN where nothing else is there."""
    ascending = np.sort(replicates.reshape(len(replicates), -1).T)  # NaN last
    last = np.maximum(np.sum(~np.isnan(ascending), axis=1) - 1, 0)
    ends = []
    for share in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2):
        below = np.floor(share * last).astype(int)
        near, far = (
            np.take_along_axis(ascending, i[:, None], axis=1)[:, 0] for i in (below, np.minimum(below + 1, last))
        )
        ends.append((near + (far - near) * (share * last - below)).reshape(replicates.shape[1:]))
    return tuple(ends)


def _estimate(value: float, low: float, high: float, reason: str | None) -> Estimate:
    if np.isnan(value):
        return Estimate(None, reason=reason)
    return Estimate(float(value)) if np.isnan(low) else Estimate(float(value), float(low), float(high))


def _bootstrap_weights(groups: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """(b, N) at a time, REPLICATES in all: how often each scan is drawn when groups are drawn with replacement."""
    _, position = np.unique(groups, return_inverse=True)
    draws = _draws(int(position.max()) + 1, seed)
    for part in np.array_split(draws, -(-len(draws) * len(groups) // CHUNK)):
        if len(part):
            yield part[:, position].astype(float)


@lru_cache(maxsize=4)
def _draws(count: int, seed: int) -> np.ndarray:
    """uint8 (REPLICATES, count): how often each of ``count`` groups is drawn. Kept: drawing takes longer than using."""
    rng, even = np.random.default_rng(seed), np.full(count, 1 / count)
    draws = np.empty((REPLICATES, count), np.uint8)
    for row in draws:
        row[:] = rng.multinomial(count, even)
    draws.setflags(write=False)
    return draws
