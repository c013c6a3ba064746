"""What readers say of a case, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from brain_core.store.records import FeedbackRow

UNSURE, DISAGREEMENT = "unsure", "disagreement"
SECOND_READER = "second reader"
RANKS = {"biopsy": 0, "follow-up": 1, "second reader": 2, "own read": 3}  # the strongest basis first
TIERS = {"biopsy": 0, "follow-up": 1, "second reader": 2, "own read": 2}  # a read does not settle another read
CONFIRMING = frozenset({"biopsy", "follow-up", "second reader"})


@dataclass(frozen=True)
class Verdict:
    """Of the latest feedback of every reader.

    Attributes:
        finding: ``"tumor"``, ``"no tumor"``, ``"unsure"`` where nobody is sure, ``"disagreement"``, or None without
            feedback.
        readers: how many.
        basis: the strongest that the finding (or the disagreement) rests on; None without feedback.
        rows: the latest of every reader, the oldest first.
        confirmed_at: when a finding, this or another, was confirmed first; None where none is confirmed now.
    """

    finding: str | None
    readers: int
    basis: str | None
    rows: tuple[FeedbackRow, ...]
    confirmed_at: datetime | None = None

    @property
    def confirmed(self) -> bool:
        """Whether it may count as reference standard: one finding, by biopsy, follow-up, or two readers who agree."""
        if self.finding not in ("tumor", "no tumor") or self.basis not in CONFIRMING:
            return False
        return self.basis != SECOND_READER or sum(row.finding == self.finding for row in self.rows) > 1


def verdict(rows: Sequence[FeedbackRow]) -> Verdict:
    """Biopsy settles what follow-up says, follow-up what reads say; reads of different readers that differ disagree.

    Args:
        rows: of one case, the oldest first.
    """
    found = _of(rows)
    if not found.confirmed:
        return found
    first = next(row for i, row in enumerate(rows) if _of(rows[: i + 1]).confirmed)
    return replace(found, confirmed_at=first.at)


def _of(rows: Sequence[FeedbackRow]) -> Verdict:
    latest = {}
    for row in rows:
        latest.pop(row.user, None)
        latest[row.user] = row
    counted = tuple(latest.values())
    sure = [row for row in counted if row.finding != UNSURE]
    if not sure:
        return Verdict(UNSURE if counted else None, len(counted), _strongest(counted), counted)
    tier = min(TIERS[row.basis] for row in sure)
    settling = [row for row in sure if TIERS[row.basis] == tier]
    findings = {row.finding for row in settling}
    finding = findings.pop() if len(findings) == 1 else DISAGREEMENT
    return Verdict(finding, len(counted), _strongest(settling), counted)


def _strongest(rows: Sequence[FeedbackRow]) -> str | None:
    return min((row.basis for row in rows), key=RANKS.__getitem__, default=None)
