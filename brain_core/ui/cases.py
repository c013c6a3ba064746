"""Inputs with what is known of them: the rows of a worklist, the records of a download."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brain_core import batch
from brain_core.batch import Scored
from brain_core.errors import ScanError
from brain_core.ui import reader
from brain_core.ui.entries import Entry
from brain_core.ui.models import Loading
from brain_core.ui.session import Opinion, Session

if TYPE_CHECKING:
    from brain_core.inference import Prediction


@dataclass(frozen=True, eq=False)
class Case:
    """One input as it stands.

    Attributes:
        scored: its result, without the scan (see `Session.scan`).
        thumbnail: data URL, None where it could not be read.
        hidden: whether the reader has yet to give an opinion, and nothing of the models may be shown.
        done: False where scoring was cancelled before it.
    """

    entry: Entry
    scored: Scored
    thumbnail: str | None
    opinion: Opinion | None
    hidden: bool
    done: bool

    @property
    def flags(self) -> tuple[str, ...]:
        """Codes, of the scan and of every model, each once."""
        return tuple(dict.fromkeys(flag for p in self.scored.predictions for flag in p.flags))


def of(entries: list[Entry], models: list[Loading], session: Session) -> list[Case]:
    """One case an entry: most suspicious first; as given while the reader has yet to read any of them."""
    cases = [_case(entry, models, session) for entry in entries]
    if any(case.hidden for case in cases):
        return cases  # the order would tell
    return sorted(cases, key=lambda case: (case.done, case.scored.suspicion), reverse=True)


def records(cases: list[Case]) -> list[dict]:
    """The rows of `batch.to_records`, with the reader's opinion where one was asked; hidden cases stay out."""
    shown = [case for case in cases if case.done and not case.hidden]
    asked = any(case.opinion for case in shown)
    rows = []
    for case in shown:
        opinion = case.opinion
        extra = {
            "reader_opinion": opinion.label if opinion else None,
            "reader_blind": opinion.blind if opinion else None,
        }
        rows += [{**record, **(extra if asked else {})} for record in batch.to_records(case.scored)]
    return rows


def with_scans(cases: list[Case]) -> Iterator[Scored]:
    """Results together with their scans, decoded one at a time, so that memory stays bounded."""
    for case in cases:
        if case.scored.predictions and not case.hidden:
            try:
                yield replace(case.scored, scan=case.entry.read())
            except ScanError:  # an upload that the browser has taken back
                continue


def _case(entry: Entry, models: list[Loading], session: Session) -> Case:
    error = session.failures.get(entry.id)
    found = [_prediction(entry, model, session) for model in models] if error is None else []
    return Case(
        entry,
        Scored(entry.name, predictions=tuple(p for p in found if p is not None), error=error),
        session.thumbnails.get(entry.key),
        session.opinions.get(entry.key),
        hidden=error is None and reader.must_ask(entry, session),
        done=session.is_done(entry, models),
    )


def _prediction(entry: Entry, model: Loading, session: Session) -> Prediction | None:
    """As it was scored, judged by the operating point in use now."""
    kept = session.predictions.get((entry.key, model.id))
    return kept.at(model.card.operating_point) if kept else None
