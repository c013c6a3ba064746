"""How far a reader's first opinion and a model's label agree, before and after the reader saw any result.

Cohen's kappa (1960, Educational and Psychological Measurement 20:37) with the standard error of Fleiss, Cohen and
Everitt 1969, Psychological Bulletin 72:323; 0 is what chance gives, 1 is perfect. Kappa falls where nearly all cases
are of one kind, so that the plain share stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain_core.intervals import Estimate, Z, proportion
from brain_core.monitoring.columns import Columns
from brain_core.scored import FEWEST

NO_OPINION = "no case with an opinion"
ONE_ANSWER = "reader and model give only one and the same answer"
ALL_AGREE = "no interval where all agree, or all differ"
TOO_FEW = f"fewer than {FEWEST} cases"


@dataclass(frozen=True)
class Agreement:
    """Of one version of a model with the readers, one row a case.

    Attributes:
        blind: whether the opinions were given before any result was on screen.
        both, only_model, only_reader, neither: cases by who says 'tumour'.
        unsure: cases whose reader is not sure; they are left out.
    """

    model: str
    version: str
    blind: bool
    both: int
    only_model: int
    only_reader: int
    neither: int
    unsure: int
    share: Estimate
    kappa: Estimate

    @property
    def n(self) -> int:
        return self.both + self.only_model + self.only_reader + self.neither


def agreements(predictions: Columns) -> tuple[Agreement, ...]:
    """Of every version of a model that a reader's opinion stands beside, the blind ones first."""
    first = predictions.take(predictions.opinion != "").one_a_case(first=True)
    first = first.take(first.assessed)
    found = []
    for model, version in first.streams():
        rows = first.of_stream(model, version)
        for blind in (True, False):
            if (rows.blind == blind).any():
                found.append(_agreement(model, version, blind, rows.take(rows.blind == blind)))
    return tuple(found)


def _agreement(model: str, version: str, blind: bool, rows: Columns) -> Agreement:
    sure = rows.opinion != "unsure"
    reader, alarm = rows.opinion[sure] == "tumor", rows.label[sure] == 1
    cells = [int(np.sum((alarm == a) & (reader == b))) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    share = proportion(cells[0] + cells[3], sum(cells), NO_OPINION)
    return Agreement(model, version, blind, *cells, int(np.sum(~sure)), share, kappa(*cells))


def kappa(both: int, only_first: int, only_second: int, neither: int) -> Estimate:
    """Cohen's kappa of two raters of a 2 x 2 table, with its 95 % interval."""
    n = both + only_first + only_second + neither
    if not n:
        return Estimate(None, reason=NO_OPINION)
    p = np.array([[both, only_first], [only_second, neither]]) / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, chance = np.trace(p), rows @ columns
    if chance == 1:
        return Estimate(None, reason=ONE_ANSWER)
    value = float((observed - chance) / (1 - chance))
    if n < FEWEST:
        return Estimate(value, reason=TOO_FEW)
    same = sum(p[i, i] * (1 - (rows[i] + columns[i]) * (1 - value)) ** 2 for i in (0, 1))
    other = (1 - value) ** 2 * sum(p[i, j] * (columns[i] + rows[j]) ** 2 for i, j in ((0, 1), (1, 0)))
    variance = (same + other - (value - chance * (1 - value)) ** 2) / (n * (1 - chance) ** 2)
    half = Z * float(np.sqrt(max(0.0, variance)))
    if half == 0:
        return Estimate(value, reason=ALL_AGREE)
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half))
