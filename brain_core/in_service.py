"""Which version of a model is in service, and all that were before: one small JSON file a model.

``versions/<model name>.json`` below the folder of models is pointer and history at once: entries are only ever added,
and the file is swapped in one step. Without the file the shipped model is in service. A retrained version lies in
``versions/<model name>/<version>/``; the shipped files are never written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from brain_core.errors import ModelError
from brain_core.files import remove_hidden, write_json
from brain_core.history_file import check_text, read_entries

VERSIONS = "versions"
PROMOTE, ROLLBACK = "promote", "rollback"
PATIENCE = 30  # seconds to wait for another who changes the same model's versions; a slow disk copies one in ten
LONGEST = {"reason": 300, "name": 80, "gate": 500}  # characters
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")  # a folder's name on every system, never hidden
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Change:
    """An entry of the history: what holds from then on.

    Attributes:
        action: ``"promote"``, or ``"rollback"`` where the version before came back.
        version, sha256: of the model in service from then on.
        from_version: in service until then; None where its metadata could not be read.
        reason, name: free text of the person who did it; one line each, to be escaped where it is shown as HTML.
        at: ISO 8601, UTC.
        gate: in words, what the comparison with the version before said; empty where nobody asked.

    Raises:
        ConfigError: a text is missing, too long or not one line of printable characters.
        ValueError: an action, version, checksum or time that this program does not write.
    """

    action: str
    version: str
    sha256: str
    from_version: str | None
    reason: str
    name: str
    at: str
    gate: str = ""

    def __post_init__(self):
        if self.action not in (PROMOTE, ROLLBACK):
            raise ValueError(f"Action: expected {PROMOTE} or {ROLLBACK}. Received: {self.action!r:.40}.")
        if not is_version(self.version):
            raise ValueError(f"Version: expected letters, digits and . _ + -. Received: {self.version!r:.80}.")
        if self.from_version is not None and not isinstance(self.from_version, str):
            raise ValueError(f"From version: expected a text or null. Received: {self.from_version!r:.40}.")
        if not isinstance(self.sha256, str) or not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"SHA-256: expected 64 hexadecimal digits. Received: {self.sha256!r:.80}.")
        for field in LONGEST:
            check_text(field, getattr(self, field), LONGEST[field], may_be_empty=field == "gate")
        datetime.fromisoformat(self.at)


def is_version(text: object) -> bool:
    """Whether it can be a version's name, which is its folder's too."""
    return isinstance(text, str) and bool(_VERSION.fullmatch(text))


def folder_of(name: str, version: str, models_dir: Path) -> Path:
    """Where a retrained version lies."""
    return models_dir / VERSIONS / name / version


def history(name: str, models_dir: Path) -> list[Change]:
    """All entries, oldest first.

    Raises:
        ModelError: the file is damaged: better no model than silently another one.
    """
    path = _file(name, models_dir)
    try:
        return read_entries(path, Change)
    except ValueError as error:
        raise ModelError(
            f"{_shown(path)}, which says what version of {name} is in service, is damaged ({error}). "
            "Mend it, or move it away to go back to the shipped version."
        ) from error


def in_force(changes: Iterable[Change]) -> list[Change]:
    """What was promoted and not rolled back since, oldest first; the last one is in service, where none the shipped.

    A rollback may go back further than one step: over versions that were deleted.
    """
    standing: list[Change] = []
    for change in changes:
        if change.action == PROMOTE:
            standing = [*standing, change]
            continue
        standing = standing[:-1]
        while standing and (standing[-1].version, standing[-1].sha256) != (change.version, change.sha256):
            standing = standing[:-1]
    return standing


def current(name: str, models_dir: Path) -> Change | None:
    """What put the version in service there; None where that is the shipped one.

    Raises:
        ModelError: the history is damaged.
    """
    return [None, *in_force(history(name, models_dir))][-1]


@contextmanager
def locked(name: str, models_dir: Path) -> Iterator[None]:
    """Nobody else changes the versions of the model meanwhile.

    Raises:
        ModelError: somebody else has been at it for too long, or the disk refuses.
    """
    path = _file(name, models_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            yield
    except Timeout as error:
        raise ModelError(
            f"The versions of {name} cannot be changed: somebody else has been at it for {PATIENCE} seconds. Try again."
        ) from error
    except OSError as error:
        raise ModelError(f"The versions of {name} cannot be written ({error.strerror or error}).") from error


@contextmanager
def adding_to(name: str, models_dir: Path) -> Iterator[list[Change]]:
    """The entries, to append to while nobody else can; they replace the file in one step when the block ends well.

    Raises:
        ModelError: the history is damaged or cannot be written.
    """
    path = _file(name, models_dir)
    with locked(name, models_dir):
        changes = history(name, models_dir)
        yield changes
        remove_hidden(path.parent, f".{name}-")
        write_json(path, [asdict(change) for change in changes])


def _file(name: str, models_dir: Path) -> Path:
    return models_dir / VERSIONS / f"{name}.json"


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
