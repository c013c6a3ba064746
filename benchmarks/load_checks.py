"""What the load benchmark holds against each other: answers on screen, rows in the store, the audit log's chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

SAME = 1e-6  # of a probability; the same picture through the same model
MODELS = 2


@dataclass(frozen=True)
class Picture:
    """A file to upload; ``sha256`` is of its bytes."""

    name: str
    data: bytes
    sha256: str


@dataclass(frozen=True)
class Answer:
    """One picture answered.

    Attributes:
        picture: its index.
        shown: probability by model's title, as written on the page.
        seconds: from the choice of the file to the whole page with both probabilities.
        ended: `time.perf_counter` then.
    """

    picture: int
    shown: Mapping[str, str]
    seconds: float
    ended: float


@dataclass(frozen=True)
class Rows:
    """What stands in the store after it.

    Attributes:
        found, expected: rows.
        lost, doubled: rows, counted by picture and model.
        wrong: groups of one picture and model whose probabilities differ by more than `SAME`.
        unlike_shown: answers whose probabilities, as shown, are not those stored of their picture.
        chain: the audit log's; its problem, or ``"holds"``.
    """

    found: int
    expected: int
    lost: int
    doubled: int
    wrong: int
    unlike_shown: int
    audit_entries: int
    chain: str

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.wrong or self.unlike_shown) and self.chain == "holds"


def references(answers: Iterable[Answer]) -> dict[int, Mapping[str, str]]:
    """What a single session was shown, by picture."""
    return {answer.picture: answer.shown for answer in answers}


def wrong(answers: Iterable[Answer], reference: Mapping[int, Mapping[str, str]]) -> int:
    """Answers that are not those of the single session, at the digits shown."""
    return sum(answer.shown != reference[answer.picture] for answer in answers)


def rows(since: datetime, pictures: Sequence[Picture], answers: Sequence[Answer], failed: Iterable[int] = ()) -> Rows:
    """The store of this process' settings, which are the server's, against what was shown.

    Args:
        failed: pictures whose answers did not reach the client; it may be stored, once each.
    """
    from brain_core import audit
    from brain_core.store import keys, predictions

    found = predictions.read(since=since, samples=True)
    by_scan = {keys.scan_key(picture.sha256): index for index, picture in enumerate(pictures)}
    values: dict[tuple[int, str], list[float]] = {}
    for row in found:
        probability = -1.0 if row.probability is None else row.probability
        values.setdefault((by_scan.get(row.scan, -1), row.model), []).append(probability)
    models = {row.model for row in found}
    expected = Counter((answer.picture, model) for answer in answers for model in models)
    got = Counter({key: len(group) for key, group in values.items()})
    allowed = expected + Counter((picture, model) for picture in failed for model in models)
    verified = audit.verify()
    return Rows(
        found=len(found),
        expected=MODELS * len(answers),
        lost=MODELS * len(answers) - expected.total() + (expected - got).total(),
        doubled=(got - allowed).total() + len(found) - len({row.id for row in found}),
        wrong=sum(max(group) - min(group) > SAME for group in values.values()),
        unlike_shown=sum(_unlike(answer, values, models) for answer in answers),
        audit_entries=verified.entries,
        chain="holds" if verified.ok else f"broken: {verified.problem}",
    )


def _unlike(answer: Answer, values: Mapping[tuple[int, str], list[float]], models: Iterable[str]) -> bool:
    stored = [f"{values.get((answer.picture, model), [-1.0])[0]:.3f}" for model in models]
    return sorted(stored) != sorted(answer.shown.values())
