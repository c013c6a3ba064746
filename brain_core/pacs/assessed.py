"""What an assessment gives for a study, and its way back into the archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from brain_core.errors import PacsError
from brain_core.pacs.archive import Archive

if TYPE_CHECKING:
    from pydicom import Dataset

    from brain_core.study.documents import Documents


class Assessed(Protocol):
    """A study assessed.

    Attributes:
        objects: to store in the study; the same study and models give the same SOP instance UIDs.
        summary: a text, or records for JSON, without patient data.
        refused: why the study was not assessed, None if it was; without patient data.
    """

    objects: Sequence[Dataset]
    summary: Any
    refused: str | None

    def documents(self, *, identity: bool = False) -> Documents:
        """Files for people and DICOM objects, while the study's own files are there; naming the patient if asked to."""


Assess = Callable[[list[Path]], Assessed]


@dataclass(frozen=True)
class Returned:
    """How many objects were stored now, and how many the archive held before."""

    stored: int = 0
    held: int = field(default=0)

    def __str__(self) -> str:
        words = [f"{self.stored} stored"] if self.stored or not self.held else []
        return ", ".join(words + ([f"{self.held} there before"] if self.held else []))


def check_study(objects: Sequence[Dataset], study_uid: str) -> None:
    """Have objects go back to their own study only.

    Raises:
        PacsError: one belongs to another study, or two are one.
    """
    if any(str(each.StudyInstanceUID) != study_uid for each in objects):
        raise PacsError("A result belongs to another study: nothing was stored.")
    if len({str(each.SOPInstanceUID) for each in objects}) != len(objects):
        raise PacsError("Two results have the same SOP Instance UID: nothing was stored.")


def give_back(archive: Archive, objects: Sequence[Dataset]) -> Iterator[Returned]:
    """Store the objects that the archive does not hold yet; gives the count so far after each.

    Raises:
        PacsError: one was not stored. Those before it stay, and are not stored again at a next time.
    """
    held = archive.existing(objects)
    done = Returned(0, len(held))
    yield done
    for ds in objects:
        if str(ds.SOPInstanceUID) in held:
            continue
        (outcome,) = archive.store([ds])
        if outcome.error is not None:
            raise PacsError(outcome.error)
        done = Returned(done.stored + 1, done.held)
        yield done
