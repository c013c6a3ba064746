"""Saved operating points: who set which threshold for a model, when and why, with all that was set before.

One JSON file a model below ``BRAIN_HOME``; entries are only ever added. An entry holds for the very version of the
model (version and checksum) that it was chosen for; any other version goes by its own. The shipped files are never
written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from brain_core.errors import ConfigError, OperatingPointError
from brain_core.files import write_json
from brain_core.history_file import check_text, read_entries
from brain_core.settings import settings

if TYPE_CHECKING:
    from brain_core.registry import ModelCard

SET, REVERT = "set", "revert"
NOT_STATED = "not stated"
PATIENCE = 10  # seconds to wait for another who adds to the same history, which takes milliseconds
LONGEST = {"name": 80, "reason": 300, "rule": 120, "fitted_on": 120, "version": 80, "sha256": 64}  # characters


@dataclass(frozen=True)
class OperatingPoint:
    """The threshold in use and its pedigree: name of the rule, and the data that it was fitted on."""

    threshold: float
    rule: str
    fitted_on: str

    @property
    def source(self) -> str:
        return f"{self.rule}, {self.fitted_on}"


@dataclass(frozen=True)
class SavedPoint(OperatingPoint):
    """An entry of the history: what held from then on.

    Attributes:
        threshold: 0..1. At 0 every scan is called a tumour, at 1 only one whose probability is 1.
        action: ``"set"``, or ``"revert"`` where the point before it came back.
        reason, name: free text of the reader who did it; one line each, to be escaped where it is shown as HTML.
        at: ISO 8601, UTC.
        version, sha256: of the model that it holds for.

    Raises:
        ConfigError: a value is out of range, or a text is empty, too long or not one line of printable characters.
    """

    action: str
    reason: str
    name: str
    at: str
    version: str
    sha256: str

    def __post_init__(self):
        number = isinstance(self.threshold, int | float) and not isinstance(self.threshold, bool)
        if not number or not 0 <= self.threshold <= 1:
            raise ConfigError(f"Threshold: expected a number from 0 to 1. Received: {self.threshold!r:.40}.")
        if self.action not in (SET, REVERT):
            raise ConfigError(f"Action: expected {SET} or {REVERT}. Received: {self.action!r:.40}.")
        for field, longest in LONGEST.items():
            check_text(field, getattr(self, field), longest)
        datetime.fromisoformat(self.at)

    @property
    def source(self) -> str:
        return f"set by {self.name} on {self.at[:10]}: {self.reason}; {self.rule}, {self.fitted_on}"

    def is_for(self, card: ModelCard) -> bool:
        """Whether it was chosen for this very version."""
        return (self.version, self.sha256) == (card.version, card.sha256)


@dataclass(frozen=True)
class Standing:
    """Where a model's operating point stands.

    Attributes:
        own: the model's own, as fitted in training.
        in_use: a `SavedPoint`, or ``own``.
        history: every entry, oldest first, those of other versions too (see `SavedPoint.is_for`).
        problem: why the history cannot be read, fit to show; ``own`` is in use then. None where all is well.
    """

    own: OperatingPoint
    in_use: OperatingPoint
    history: tuple[SavedPoint, ...] = ()
    problem: str | None = None


def read(card: ModelCard) -> Standing:
    """How it stands on disk now, for the version of ``card``; never fails over a damaged history."""
    own = card.own_operating_point
    try:
        history = _entries(_file(card))
    except OperatingPointError as error:
        return Standing(own, own, problem=f"{error} {card.title} goes by its own operating point.")
    return Standing(own, [own, *_in_force(history, card)][-1], tuple(history))


def save(
    card: ModelCard, threshold: float, *, rule: str, fitted_on: str, reason: str, name: str, at: datetime | None = None
) -> SavedPoint:
    """Set the operating point of this version of a model from now on.

    Args:
        threshold: 0..1.
        rule, fitted_on: in words, as in ``sensitivity at least 0.95`` and ``validation, n = 39``.
        name: the reader's.
        at: default now.

    Raises:
        ConfigError: a value is out of range, or a text is empty, too long or not one line (see `SavedPoint`).
        OperatingPointError: the history is damaged or cannot be written.
    """
    point = _entry(card, OperatingPoint(float(threshold), rule, fitted_on), SET, reason, name, at)
    with _adding_to(card) as history:
        history.append(point)
    return point


def revert(
    card: ModelCard,
    *,
    in_use: OperatingPoint | None = None,
    name: str = NOT_STATED,
    reason: str = NOT_STATED,
    at: datetime | None = None,
) -> OperatingPoint:
    """Go back one step: to the point that was set before, in the end to the model's own; returns what holds then.

    Args:
        in_use: what the reader wants to go back from, so that two who do so at once go back one step and not two;
            None for whatever is in use.

    Raises:
        ConfigError: a text is empty, too long or not one line.
        OperatingPointError: nothing was saved for this version, another point than ``in_use`` is in use, or the
            history is damaged or cannot be written.
    """
    with _adding_to(card) as history:
        saved = _in_force(history, card)
        *_, before, found = [None, card.own_operating_point, *saved]
        if in_use not in (None, found):
            raise OperatingPointError(
                f"The operating point of {card.title} {card.version} has changed meanwhile: expected "
                f"{in_use.threshold:.3f} ({in_use.source}). In use: {found.threshold:.3f} ({found.source})."
            )
        if before is None:
            raise OperatingPointError(f"{card.title} {card.version} goes by its own operating point already.")
        history.append(_entry(card, before, REVERT, reason, name, at))
    return before


def _entry(
    card: ModelCard, point: OperatingPoint, action: str, reason: str, name: str, at: datetime | None
) -> SavedPoint:
    return SavedPoint(
        threshold=point.threshold,
        rule=point.rule.strip(),
        fitted_on=point.fitted_on.strip(),
        action=action,
        reason=reason.strip(),
        name=name.strip(),
        at=(at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds"),
        version=card.version,
        sha256=card.sha256,
    )


def _in_force(history: Iterable[SavedPoint], card: ModelCard) -> list[SavedPoint]:
    """What was set for this version and not reverted since, oldest first; the last one is in use."""
    saved: list[SavedPoint] = []
    for entry in history:
        if entry.is_for(card):
            saved = [*saved, entry] if entry.action == SET else saved[:-1]
    return saved


@contextmanager
def _adding_to(card: ModelCard) -> Iterator[list[SavedPoint]]:
    """The entries, to append to while nobody else can; they replace the file in one step when the block ends well."""
    path = _file(card)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            history = _entries(path)
            yield history
            write_json(path, [asdict(entry) for entry in history])
    except Timeout as error:
        raise OperatingPointError(
            f"{_shown(path)} cannot be written: somebody else has been at it for {PATIENCE} seconds. Try again."
        ) from error
    except OSError as error:
        raise OperatingPointError(f"{_shown(path)} cannot be written ({error.strerror}).") from error


def _entries(path: Path) -> list[SavedPoint]:
    try:
        return read_entries(path, SavedPoint)
    except ValueError as error:
        raise OperatingPointError(
            f"{_shown(path)} is damaged ({error}). Mend it, or move it away to start a new history."
        ) from error


def _file(card: ModelCard) -> Path:
    return settings().home / "operating_points" / f"{card.name}.json"


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name} in BRAIN_HOME"
