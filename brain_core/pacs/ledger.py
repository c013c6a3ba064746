"""What `watch` has done, in a small SQLite file: no patient data, studies and series by keyed hashes only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from brain_core.pacs.archive import LocalError

VERSION = 1  # of the schema
BUSY = 10.0  # seconds to wait for another process that writes
SEEN, STABLE, SCORED, STORED, REFUSED, GIVEN_UP = "seen", "stable", "scored", "stored", "refused", "given up"
DONE = (STORED, REFUSED, GIVEN_UP)  # until the study's images change
_SCHEMA = """
CREATE TABLE studies (
    key TEXT PRIMARY KEY, content TEXT NOT NULL, images INTEGER NOT NULL, state TEXT NOT NULL, since REAL NOT NULL,
    total INTEGER, failures INTEGER NOT NULL, next_try REAL NOT NULL, reason TEXT
) WITHOUT ROWID;
CREATE TABLE own_series (study TEXT NOT NULL, series TEXT NOT NULL, PRIMARY KEY (study, series)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Record:
    """How a study stands.

    Attributes:
        key: keyed hash of its UID.
        content: keyed hash of its source series and how many instances each has; empty where the archive never
            gave them, or no longer did when the study was given up.
        images: how many instances these are.
        state: `SEEN` (may still be arriving), `STABLE`, `SCORED` (results may be stored in part), or one of `DONE`.
        since: when this content was first seen, seconds since 1970.
        total: instances of the study, results included, as the archive counted them when this was all looked at.
        failures: in a row, on this content.
        next_try: not before, seconds since 1970.
        reason: of the last failure or refusal, without patient data.
    """

    key: str
    content: str
    images: int
    state: str
    since: float
    total: int | None = None
    failures: int = 0
    next_try: float = 0.0
    reason: str | None = None


class Ledger:
    """The file. Every change is on the disk when a method returns."""

    def __init__(self, path: Path):
        """Open it, or make it.

        Raises:
            LocalError: it is damaged, or of a newer version of the program.
        """
        self._path = path
        with self._telling():
            self._base = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._base.close()
                raise

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_error: object) -> None:
        self._base.close()

    def get(self, key: str) -> Record | None:
        """How a study stands, None if it was never seen."""
        with self._telling():
            row = self._base.execute(f"SELECT {_COLUMNS} FROM studies WHERE key = ?", (key,)).fetchone()
        return Record(*row) if row else None

    def every(self) -> list[Record]:
        """All studies, those seen last first."""
        with self._telling():
            rows = self._base.execute(f"SELECT {_COLUMNS} FROM studies ORDER BY since DESC").fetchall()
        return [Record(*row) for row in rows]

    def put(self, record: Record, own_series: Iterable[str] = ()) -> None:
        """Note how a study stands, and which series in it are results: both or neither."""
        marks = ", ".join("?" * len(fields(Record)))
        with self._telling(), self._base:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute(f"INSERT OR REPLACE INTO studies ({_COLUMNS}) VALUES ({marks})", astuple(record))
            pairs = [(record.key, each) for each in own_series]
            self._base.executemany("INSERT OR IGNORE INTO own_series VALUES (?, ?)", pairs)

    def own_series(self, key: str) -> set[str]:
        """Keyed hashes of the series in a study that are results."""
        with self._telling():
            return {row[0] for row in self._base.execute("SELECT series FROM own_series WHERE study = ?", (key,))}

    def retry(self) -> int:
        """Let studies that were given up or refused be looked at as if new; returns how many.

        Refused ones too: a fault of this machine that is mended by now may have been why.
        """
        with self._telling():
            change = "UPDATE studies SET state = ?, failures = 0, next_try = 0 WHERE state IN (?, ?)"
            return self._base.execute(change, (STABLE, GIVEN_UP, REFUSED)).rowcount

    def forget(self, key: str) -> None:
        """Have a study count as never seen; which of its series are results stays known."""
        with self._telling():
            self._base.execute("DELETE FROM studies WHERE key = ?", (key,))

    def _prepare(self) -> None:
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = FULL")  # in WAL mode only this survives a power cut
        self._base.execute("BEGIN IMMEDIATE")
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in filter(str.strip, _SCHEMA.split(";")):
                self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {VERSION}")
        self._base.execute("COMMIT")
        if version not in (0, VERSION):
            raise LocalError(
                f"{self._path} was made by another version of BRAIN (format {version}, not {VERSION}). Move it away: "
                "studies are then looked at again, and results that the archive holds are not stored twice."
            )

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise LocalError(
                f"{self._path} cannot be used: {error}. If it is damaged, move it away: studies are then looked at "
                "again, and results that the archive holds are not stored twice."
            ) from error


_COLUMNS = ", ".join(each.name for each in fields(Record))
