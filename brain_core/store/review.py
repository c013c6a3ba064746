"""The review list: cases with what models and readers say of them, the most instructive first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from sqlalchemy import Connection, Select, func, or_, select

from brain_core.errors import ConfigError
from brain_core.input_gate import NOT_ASSESSED
from brain_core.store import kept
from brain_core.store import rows as convert
from brain_core.store.engine import reading
from brain_core.store.predictions import in_parts
from brain_core.store.records import FeedbackRow, Kind, PredictionRow, Source
from brain_core.store.tables import feedback as feedback_table
from brain_core.store.tables import predictions as table
from brain_core.store.verdict import Verdict, verdict

UNCERTAINTY, DISAGREEMENT, NEWEST = "uncertainty", "disagreement", "newest"
ORDERS = (UNCERTAINTY, DISAGREEMENT, NEWEST)


@dataclass(frozen=True)
class Case:
    """What feedback is given on.

    Attributes:
        case: its key.
        at: of its latest prediction.
        source: of its latest prediction.
        kind: a single slice, or a series.
        predictions: the latest of each model; of a series, of its summary.
        feedback: all of it, the oldest first.
        kept: whether its pixels were kept.
        uncertainty: see `uncertainty`, mean over models; 0 where none was sure of anything to assess.
        disagreement: the largest difference between two models' probability minus threshold, 0..2.
    """

    case: str
    at: datetime
    source: Source
    kind: Kind
    predictions: tuple[PredictionRow, ...]
    feedback: tuple[FeedbackRow, ...]
    verdict: Verdict
    kept: bool
    uncertainty: float
    disagreement: float


@dataclass(frozen=True)
class _Answer:
    """The little that the order depends on."""

    id: str
    at: datetime
    probability: float | None
    threshold: float
    label: str | None
    flags: str | tuple[str, ...]


def queue(order: str, *, limit: int = 200, unconfirmed_only: bool = True, samples: bool = False) -> list[Case]:
    """Cases of single slices and series, the newest first where the order leaves a choice.

    Args:
        order: ``"uncertainty"``: nearest to the thresholds first; ``"disagreement"``: different labels first, then the
            largest difference; ``"newest"``.
        unconfirmed_only: without those that have a finding confirmed by more than own reads.
        samples: whether those of samples count.

    Raises:
        ConfigError: there is no such order.
        StoreError: the store cannot be read.
    """
    if order not in ORDERS:
        raise ConfigError(f"Order: expected one of {', '.join(ORDERS)}. Received: {order!r:.40}.")
    with reading() as connection:
        answers = _answers(connection, samples)
        feedback = _feedback(connection)
        done = {case for case, rows in feedback.items() if unconfirmed_only and verdict(rows).confirmed}
        waiting = [case for case in answers if case not in done]
        waiting.sort(key=lambda case: _rank(order, answers[case]), reverse=True)
        chosen = waiting[:limit]
        predictions = _full(connection, [answer.id for case in chosen for answer in answers[case]])
    return [_case(case, [predictions[answer.id] for answer in answers[case]], feedback[case]) for case in chosen]


def uncertainty(probability: float, threshold: float) -> float:
    """1 at the threshold, falling in a straight line to 0 at probabilities of 0 and 1."""
    if probability < threshold:
        return probability / threshold
    return 1.0 if threshold == 1 else (1 - probability) / (1 - threshold)


def latest(samples: bool) -> Select:
    """The latest prediction of each case and model, slices of a series left out."""
    newest_first = (table.c.at.desc(), table.c.id.desc())
    number = func.row_number().over(partition_by=(table.c.case, table.c.model), order_by=newest_first)
    query = select(table, number.label("number")).where(
        or_(table.c.kind == Kind.SERIES.value, table.c.scan == table.c.case)
    )
    if not samples:
        query = query.where(table.c.source != Source.SAMPLE.value)
    found = query.subquery()
    return select(found).where(found.c.number == 1).order_by(found.c.model)


def _answers(connection: Connection, samples: bool) -> dict[str, list[_Answer]]:
    source, found = latest(samples), defaultdict(list)
    names = source.selected_columns
    query = source.with_only_columns(
        names.case,
        names.id,
        names.at,
        names.probability,
        names.threshold,
        names.label,
        names.flags,
        maintain_column_froms=True,
    )
    for case, *answer in connection.execute(query):
        found[case].append(_Answer(*answer))
    return found


def _feedback(connection: Connection) -> defaultdict[str, list[FeedbackRow]]:
    found = defaultdict(list)
    for row in connection.execute(select(feedback_table).order_by(feedback_table.c.at, feedback_table.c.id)):
        found[row.case].append(convert.to_feedback(row))
    return found


def _full(connection: Connection, ids: Sequence[str]) -> dict[str, PredictionRow]:
    return {
        row.id: convert.to_prediction(row)
        for part in in_parts(ids)
        for row in connection.execute(select(table).where(table.c.id.in_(part)))
    }


def _rank(order: str, answers: Iterable[_Answer]) -> tuple:
    newest = max(answer.at for answer in answers)
    if order == UNCERTAINTY:
        return _uncertainty(answers), newest
    if order == DISAGREEMENT:
        labels = {answer.label for answer in answers if _is_assessed(answer)}
        return len(labels) > 1, _disagreement(answers), newest
    return (newest,)


def _uncertainty(answers: Iterable[_Answer | PredictionRow]) -> float:
    found = [uncertainty(each.probability, each.threshold) for each in answers if _is_assessed(each)]
    return fmean(found) if found else 0.0


def _disagreement(answers: Iterable[_Answer | PredictionRow]) -> float:
    found = [each.probability - each.threshold for each in answers if _is_assessed(each)]
    return max(found) - min(found) if found else 0.0


def _is_assessed(answer: _Answer | PredictionRow) -> bool:
    """Not where there is no probability, or one that means nothing."""
    flags = answer.flags.split() if isinstance(answer.flags, str) else answer.flags
    return answer.probability is not None and not any(flag in NOT_ASSESSED for flag in flags)


def _case(case: str, predictions: list[PredictionRow], feedback: list[FeedbackRow]) -> Case:
    newest = max(predictions, key=lambda row: row.at)
    return Case(
        case=case,
        at=newest.at,
        source=newest.source,
        kind=newest.kind,
        predictions=tuple(predictions),
        feedback=tuple(feedback),
        verdict=verdict(feedback),
        kept=newest.kind == Kind.SLICE and kept.path(case) is not None,
        uncertainty=_uncertainty(predictions),
        disagreement=_disagreement(predictions),
    )
