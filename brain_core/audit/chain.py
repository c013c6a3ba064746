"""The chain of hashes: whoever changes, removes, inserts or moves an entry breaks it.

It does not show that entries were cut off at the end, or that the whole chain was written anew: for that, keep a head
(the latest hash) elsewhere and compare.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

START = "0" * 64


@dataclass(frozen=True)
class Line:
    """An entry as it is stored; texts are kept as they were hashed."""

    number: int
    at: str
    user: str
    action: str
    details: str
    previous: str
    hash: str


@dataclass(frozen=True)
class Verification:
    """Whether the log is whole.

    Attributes:
        entries: how many there are.
        first_bad: number of the first entry that does not fit; None where all do (the kept head may still be missing).
        problem: what is wrong, in a sentence.
        head: hash of the latest entry; `START` where there is none.
    """

    ok: bool
    entries: int
    first_bad: int | None
    problem: str | None
    head: str


def digest(number: int, at: str, user: str, action: str, details: str, previous: str) -> str:
    """SHA-256, hexadecimal, over these six as a JSON array in ASCII without spaces.

    Args:
        at: ISO 8601 in UTC with microseconds.
        details: a JSON object with sorted keys, in ASCII without spaces, as a string.
    """
    return hashlib.sha256(canonical([number, at, user, action, details, previous]).encode("ascii")).hexdigest()


def canonical(value: object) -> str:
    """JSON in one way only.

    Raises:
        ValueError: it holds NaN or infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def verify(lines: Iterable[Line], kept_head: str | None = None) -> Verification:
    """Go through the log in the order of its numbers.

    Args:
        kept_head: a hash that stood in it once.
    """
    count, head, first_bad, problem, seen = 0, START, None, None, kept_head in (None, START)
    for line in lines:
        count += 1
        if problem is None and (problem := _problem(line, count, head)):
            first_bad = line.number
        head = line.hash
        seen = seen or head == kept_head
    if problem is None and not seen:
        problem = "The kept head is not in the log: entries were cut off at its end, or the log is another one."
    return Verification(problem is None, count, first_bad, problem, head)


def _problem(line: Line, expected: int, head: str) -> str | None:
    if line.number != expected:
        return f"Entry {expected} is missing or has another number: expected {expected}, found {line.number}."
    if line.previous != head:
        return f"Entry {line.number} does not follow the one before: one of them was changed, inserted or moved."
    try:
        found = digest(line.number, line.at, line.user, line.action, line.details, line.previous)
    except (TypeError, ValueError):  # bytes, or text that is none, where SQLite was written by hand
        found = None
    return None if found == line.hash else f"Entry {line.number} was changed: its hash does not fit."
