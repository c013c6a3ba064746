"""A figure with its 95 % interval, and intervals in closed form."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import norm

CONFIDENCE = 0.95
Z = float(norm.ppf((1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; None for 'not computed' (one class only, an empty denominator).

    Attributes:
        reason: in words, why there is no value or, beside a value, no interval.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    def text(self, digits: int = 3, *, signed: bool = False) -> str:
        """As a screen shows it: '0.850 (0.700 to 0.930)', or 'not computed: only one class'."""
        if self.value is None:
            return f"not computed: {self.reason}" if self.reason else "not computed"
        form = f"{'+' if signed else ''}.{digits}f"
        if self.low is None or self.high is None:
            return f"{self.value:{form}} (interval not computed{f': {self.reason}' if self.reason else ''})"
        return f"{self.value:{form}} ({self.low:{form}} to {self.high:{form}})"

    def scaled(self, factor: float, offset: float = 0.0) -> Estimate:
        """``offset + factor * figure``; a negative factor swaps the ends of the interval."""
        if self.value is None or self.low is None:
            return replace(self, value=None if self.value is None else offset + factor * self.value)
        ends = sorted(offset + factor * end for end in (self.low, self.high))
        return Estimate(offset + factor * self.value, *ends)


def wilson(hits, n) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's (1927) score interval of a proportion, in 0..1; Newcombe 1998, Stat Med 17:857, method 3.

    Args:
        hits: (K,) or one number, 0..n; a fraction where repeats are averaged.
        n: likewise, above 0.
    """
    n = np.asarray(n, float)
    share = np.asarray(hits, float) / n
    centre = share + Z**2 / (2 * n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    low, high = ((centre + sign * half) / (1 + Z**2 / n) for sign in (-1, 1))
    # At 0 and 1 the limit is the share itself; rounding may miss it.
    return np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)


def proportion(hits: float, n: float, reason: str) -> Estimate:
    """A proportion with Wilson's interval; ``reason`` says what an ``n`` of 0 means."""
    if not n > 0:
        return Estimate(None, reason=reason)
    low, high = wilson(hits, n)
    return Estimate(hits / n, float(low), float(high))


def sum_of(first: Estimate, second: Estimate) -> Estimate:
    """The sum of two independent figures by 'square and add': Zou and Donner 2008, Stat Med 27:1693."""
    for each in (first, second):
        if each.value is None:
            return each
    value = first.value + second.value
    below = np.hypot(first.value - first.low, second.value - second.low)
    above = np.hypot(first.high - first.value, second.high - second.value)
    return Estimate(value, float(value - below), float(value + above))


def ratio_limits(above: Estimate, below: Estimate) -> tuple[float, float]:
    """Limits of ``above / below``, two independent proportions that are not both 0, in 0..inf.

    MOVER-R: Donner and Zou 2012, Stat Methods Med Res 21:347; Newcombe 2016, Stat Methods Med Res 25:1774. A lower
    limit of 0 below makes the upper one infinite.
    """
    product = above.value * below.value
    low = above.low * (2 * above.value - above.low)
    high = above.high * (2 * above.value - above.high)
    smallest = below.low * (2 * below.value - below.low)
    largest = below.high * (2 * below.value - below.high)
    # The lower limit is the published one with its root moved below the line, where nothing can become 0.
    lower = low / (product + _root(product**2 - low * largest)) if low > 0 else 0.0
    upper = (product + _root(product**2 - high * smallest)) / smallest if smallest > 0 else np.inf
    return lower, upper


def _root(square: float) -> float:
    return float(np.sqrt(max(0.0, square)))
