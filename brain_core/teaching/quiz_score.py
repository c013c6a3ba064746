"""What a quiz shows: the reader alone, the models alone, the reader after the reveal; and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brain_core.intervals import Estimate, proportion
from brain_core.reports.study_records import harmless
from brain_core.teaching.quiz import LABELS, Answer, other_label

READER_ALONE, READER_AFTER = "reader alone", "reader after the models"
RATES = ("accuracy", "sensitivity", "specificity")
FIELDS = ("question", "scan", "reference", "reader_before", "confidence", "reader_after", "seconds_before")
MODEL_FIELDS = ("version", "label", "probability", "threshold")
NOTHING_ANSWERED = "no scan was answered"
NOTHING_CLASSIFIED = "no scan was classified"
NO_TUMOUR, NO_OTHER = "no scan with a tumour", "no scan without a tumour"
NEVER_MISLEADING = "on every scan that the reader had right the models were right too"
NEVER_HELPFUL = "on no scan that the reader had wrong was a model right"


@dataclass(frozen=True)
class Score:
    """Right answers of a reader among the ``n`` given, or of a model among the ``n`` classified; Wilson's intervals."""

    n: int
    right: int
    accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate


@dataclass(frozen=True)
class Changes:
    """What the models' answers did to the reader's.

    Attributes:
        to_right, to_wrong: scans on which the reader changed from wrong to right, and from right to wrong.
        corrected: among scans that the reader had wrong and a model right, the share changed to right.
        misled: among scans that the reader had right and a model wrong, the share changed to wrong: automation bias.
    """

    to_right: int
    to_wrong: int
    corrected: Estimate
    misled: Estimate


@dataclass(frozen=True)
class ScoreCard:
    """Reader alone, each model alone, and the reader after the reveal; each model over those that it classified.

    Attributes:
        n: answers.
        models: by name.
        agreement: by name of the model, with the reader before and after its answer was shown.
        confidence_right, confidence_wrong: mean of the reader's confidence where right and where wrong; None without.
    """

    n: int
    before: Score
    models: dict[str, Score]
    after: Score
    changes: Changes
    agreement: dict[str, tuple[Estimate, Estimate]]
    confidence_right: float | None
    confidence_wrong: float | None


def score_card(answers: Sequence[Answer]) -> ScoreCard:
    """Everything that the answers tell; what cannot be computed of them says why."""
    names = list(dict.fromkeys(verdict.model for answer in answers for verdict in answer.verdicts))
    said = {name: [(a, v.label) for a in answers for v in a.verdicts if v.model == name and v.label] for name in names}
    return ScoreCard(
        n=len(answers),
        before=_score([(a.question.reference, a.before) for a in answers], NOTHING_ANSWERED),
        models={n: _score([(a.question.reference, s) for a, s in said[n]], NOTHING_CLASSIFIED) for n in names},
        after=_score([(a.question.reference, a.after) for a in answers], NOTHING_ANSWERED),
        changes=_changes(answers),
        agreement={
            name: (
                _share(said[name], lambda pair: pair[0].before == pair[1], NOTHING_CLASSIFIED),
                _share(said[name], lambda pair: pair[0].after == pair[1], NOTHING_CLASSIFIED),
            )
            for name in names
        },
        confidence_right=_mean([a.confidence for a in answers if a.right_before]),
        confidence_wrong=_mean([a.confidence for a in answers if not a.right_before]),
    )


def to_csv(answers: Sequence[Answer]) -> str:
    """A line an answer, in the order of the quiz; the models' columns begin with their names."""
    names = list(dict.fromkeys(verdict.model for answer in answers for verdict in answer.verdicts))
    fields = [*FIELDS, *(f"{name}_{field}" for name in names for field in MODEL_FIELDS)]
    return _csv(fields, [_row(place, answer) for place, answer in enumerate(answers, 1)])


def card_to_csv(card: ScoreCard) -> str:
    """A line a reader or model of the score card, each figure with the limits of its 95 % interval."""
    everyone = {READER_ALONE: card.before, **card.models, READER_AFTER: card.after}
    fields = ["who", "n", "right", *(f"{rate}{end}" for rate in RATES for end in ("", "_low", "_high"))]
    rows = []
    for who, score in everyone.items():
        row: dict = {"who": who, "n": score.n, "right": score.right}
        for rate in RATES:
            found: Estimate = getattr(score, rate)
            row |= {rate: found.value, f"{rate}_low": found.low, f"{rate}_high": found.high}
        rows.append(row)
    return _csv(fields, rows)


def _row(place: int, answer: Answer) -> dict:
    row = {
        "question": place,
        "scan": answer.question.id,
        "reference": answer.question.reference,
        "reader_before": answer.before,
        "confidence": answer.confidence,
        "reader_after": answer.after,
        "seconds_before": None if answer.seconds is None else round(answer.seconds, 1),
    }
    for verdict in answer.verdicts:
        row |= {f"{verdict.model}_{field}": getattr(verdict, field) for field in MODEL_FIELDS}
    return row


def _csv(fields: Sequence[str], rows: Sequence[dict]) -> str:
    """A cell that a spreadsheet would take for a formula is quoted."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: harmless(cell) if isinstance(cell, str) else cell for key, cell in row.items()})
    return text.getvalue()


def _score(pairs: list[tuple[str, str]], nothing: str) -> Score:
    """Of (reference standard, answer)."""
    right = sum(reference == said for reference, said in pairs)
    tumours, others = ([pair for pair in pairs if pair[0] == label] for label in LABELS)

    def is_right(pair: tuple[str, str]) -> bool:
        return pair[0] == pair[1]

    return Score(
        len(pairs),
        right,
        _share(pairs, is_right, nothing),
        _share(tumours, is_right, NO_TUMOUR if pairs else nothing),
        _share(others, is_right, NO_OTHER if pairs else nothing),
    )


def _changes(answers: Sequence[Answer]) -> Changes:
    helped = [a for a in answers if not a.right_before and a.a_model_said(a.question.reference)]
    tempted = [a for a in answers if a.right_before and a.a_model_said(other_label(a.question.reference))]
    return Changes(
        to_right=sum(a.right_after and not a.right_before for a in answers),
        to_wrong=sum(a.right_before and not a.right_after for a in answers),
        corrected=_share(helped, lambda a: a.right_after, NEVER_HELPFUL if answers else NOTHING_ANSWERED),
        misled=_share(tempted, lambda a: not a.right_after, NEVER_MISLEADING if answers else NOTHING_ANSWERED),
    )


def _share(of: Sequence, counts: Callable[..., bool], reason: str) -> Estimate:
    return proportion(sum(map(counts, of)), len(of), reason)


def _mean(values: list[int]) -> float | None:
    return sum(values) / len(values) if values else None
