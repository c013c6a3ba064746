"""Instances as they arrive: each whole under its name or not there, and all that were listed or none."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from brain_core.errors import PacsError
from brain_core.pacs.archive import LocalError, ShowProgress

SUFFIX = ".dcm"


class Inbox:
    """Takes the instances of a list, from several threads at once."""

    def __init__(self, folder: Path, listed: Mapping[str, str], progress: ShowProgress | None):
        """``listed``: SOP class UIDs by SOP instance UID, both checked; nothing else is let in."""
        self._folder, self._listed, self._progress = folder, dict(listed), progress
        self._saved: dict[str, Path] = {}
        self._lock = threading.Lock()
        self.error: LocalError | None = None

    def lists(self, sop_uid: object) -> bool:
        return sop_uid in self._listed

    def save(self, sop_uid: str, write: Callable[[BinaryIO], object]) -> None:
        """Keep an instance that is listed; one that comes twice is kept once.

        Raises:
            LocalError: it cannot be written; also kept in ``error``, as it may happen in a thread of a library.
        """
        path = self._folder / f"{sop_uid}{SUFFIX}"
        part = path.with_suffix(f".{threading.get_ident()}.part")
        try:
            with part.open("wb") as file:
                write(file)
            os.replace(part, path)
        except OSError as error:
            self.error = _unwritable(error)
            raise self.error from error
        finally:
            part.unlink(missing_ok=True)
        with self._lock:
            self._saved[sop_uid] = path
            if self._progress:
                self._progress(len(self._saved), len(self._listed))

    def leave_out(self, sop_uids: Iterable[str]) -> None:
        """Do without some."""
        for each in sop_uids:
            self._listed.pop(each)

    def missing(self) -> int:
        """How many have not come."""
        return len(self._listed) - len(self._saved)

    def files(self) -> list[Path]:
        """All of them.

        Raises:
            PacsError: one has not come.
        """
        if self.missing():
            raise PacsError(
                f"The archive lists {len(self._listed)} instances of the study and gave {len(self._saved)}: "
                "nothing was kept."
            )
        return [self._saved[uid] for uid in self._listed]

    def discard(self) -> None:
        for path in self._saved.values():
            path.unlink(missing_ok=True)


@contextmanager
def receiving(folder: Path, listed: Mapping[str, str], progress: ShowProgress | None) -> Iterator[Inbox]:
    """An `Inbox` of which nothing stays if the block fails.

    Raises:
        LocalError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(error) from error
    inbox = Inbox(folder, listed, progress)
    try:
        yield inbox
        if inbox.error is not None:
            raise inbox.error
    except BaseException:
        inbox.discard()
        raise


def _unwritable(error: OSError) -> LocalError:
    return LocalError(f"What the archive sends cannot be written: {error.strerror or type(error).__name__}.")
