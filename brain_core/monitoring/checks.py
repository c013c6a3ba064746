"""Whether the prediction store can be read and the audit log is whole.

A chain of hashes does not show that its end was cut off. The last entry that was seen is therefore kept in a small file
in `Settings.home`, outside the database, and looked for the next time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from brain_core.files import write_json
from brain_core.monitoring.alerts import AUDIT, STORE, Alert, State
from brain_core.settings import settings

if TYPE_CHECKING:
    from brain_core.audit import Verification

HEAD_FILE = "audit_head.json"
PATIENCE = 5  # seconds to wait for another who looks
HEXADECIMAL = frozenset("0123456789abcdef")
TRIGGERS = {  # of the table `audit`, as `brain_core.store.migrations` makes them
    "sqlite": frozenset({"audit_update", "audit_delete", "audit_insert"}),
    "postgresql": frozenset({"audit_change", "audit_truncate"}),
}
ASKED = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit'::regclass AND tgenabled IN ('O', 'A')",
}
ANOTHER = f"If a backup was restored or another database is used, remove {HEAD_FILE} from BRAIN_HOME."


@dataclass(frozen=True)
class Head:
    """The last entry of the audit log that was seen: ``number`` from 1 on, ``hash`` of 64 hexadecimal digits.

    Raises:
        ValueError: it is something else.
    """

    number: int
    hash: str

    def __post_init__(self):
        if type(self.number) is not int or self.number < 1:
            raise ValueError(f"Expected a number from 1 on. Received: {self.number!r:.40}.")
        if not isinstance(self.hash, str) or len(self.hash) != 64 or not HEXADECIMAL.issuperset(self.hash):
            raise ValueError(f"Expected 64 hexadecimal digits. Received: {self.hash!r:.80}.")


def store(problem: str | None) -> Alert:
    """Of why it cannot be read, or None."""
    return Alert(STORE, State.ON if problem else State.OFF, problem or "the prediction store can be read")


def audit() -> Alert:
    """Goes through the whole chain, which takes some seconds a million entries: keep the answer for a while.

    On where the chain is broken, the last entry seen before is not in it, a trigger that keeps it is missing, or the
    file with the last entry seen was damaged, which is then written anew.

    Raises:
        StoreError: the log cannot be read.
    """
    from brain_core import audit as log

    path = settings().home / HEAD_FILE
    try:
        seen, damage = _read(path), ""
    except ValueError:
        seen = None
        damage = f"The file {HEAD_FILE} was damaged and is replaced: entries seen before may have been cut off."
    found = log.verify(seen.hash if seen else None)
    problems = [each for each in (_problem(found, seen), damage, _unguarded()) if each]
    unkept = _keep(path, found) if found.ok else ""
    told = " ".join(problems) or _whole(found, seen)
    return Alert(AUDIT, State.ON if problems else State.OFF, told + unkept, n=found.entries)


def _whole(found: Verification, seen: Head | None) -> str:
    if seen is None and not found.entries:
        return "there is no entry yet"
    if seen is None:
        return f"the chain of {found.entries} entries is whole up to its last entry, which is looked at the first time"
    return f"the chain of {found.entries} entries is whole, and entry {seen.number}, the last one seen before, is in it"


def _problem(found: Verification, seen: Head | None) -> str:
    """What is wrong with the chain, or with it and what was seen before; empty where nothing is."""
    if found.ok:
        return ""
    if found.first_bad is not None or seen is None:
        return found.problem or ""
    if found.entries < seen.number:
        return f"{seen.number} entries were seen before, {found.entries} are left: the end was cut off. {ANOTHER}"
    return f"Entry {seen.number} is not the one seen before: the end was cut off, or the log written anew. {ANOTHER}"


def _unguarded() -> str:
    """Which triggers are missing, in words; empty where none is."""
    from brain_core.store.engine import reading

    with reading() as connection:
        backend = connection.dialect.name
        missing = TRIGGERS[backend] - set(connection.exec_driver_sql(ASKED[backend]).scalars())
    names = ", ".join(sorted(missing))
    return f"The database does not refuse changes of the log, since triggers are missing: {names}." if missing else ""


def _read(path: Path) -> Head | None:
    """None where there is none; raises `ValueError` where it is damaged."""
    try:
        return Head(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _keep(path: Path, found: Verification) -> str:
    """Write the last entry down, but where another who looked has seen a later one; returns why it is not kept."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            _write(path, Head(found.entries, found.head) if found.entries else None)
    except (OSError, Timeout):
        return f" ({HEAD_FILE} cannot be written in BRAIN_HOME, so that an end cut off later is not found)"
    return ""


def _write(path: Path, head: Head | None) -> None:
    try:
        seen = _read(path)
    except ValueError:
        path.unlink()
        seen = None
    if head and (seen is None or seen.number < head.number):
        write_json(path, asdict(head))
