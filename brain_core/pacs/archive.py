"""What an archive can do, whichever way it is spoken to, and what it answers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.errors import PacsError

if TYPE_CHECKING:
    from pydicom import Dataset

    from brain_core.pacs.inbox import Inbox
    from brain_core.pacs.settings import PacsSettings

MR = "MR"
_UID = re.compile(r"[0-9]+(\.[0-9]+)*")
LONGEST_UID = 64  # characters (PS3.5, UI)
ShowProgress = Callable[[int, int], None]  # (instances done, of how many)


class LocalError(PacsError):
    """This machine's disk or files are at fault, not the archive and no study."""


@dataclass(frozen=True)
class Query:
    """Which studies to look for.

    Attributes:
        since, until: days of the study, both included; None for no bound.
        patient_id: exactly; it is sent to the archive and nowhere else.
        limit: at most so many studies.
    """

    since: date | None = None
    until: date | None = None
    patient_id: str | None = field(default=None, repr=False)
    modality: str = MR
    limit: int | None = None


@dataclass(frozen=True)
class StudyFound:
    """A study in the archive. UID and patient are in no text of it.

    Attributes:
        study_date: None where the archive does not say.
        series, instances: how many, None where the archive does not count them.
        modalities: empty where the archive does not say.
    """

    uid: str = field(repr=False)
    study_date: date | None
    description: str
    modalities: tuple[str, ...]
    series: int | None
    instances: int | None
    patient_name: str = field(default="", repr=False)
    patient_id: str = field(default="", repr=False)


@dataclass(frozen=True)
class SeriesFound:
    """A series in the archive.

    Attributes:
        instances: how many, None where the archive does not count them.
    """

    uid: str = field(repr=False)
    modality: str
    description: str
    body_part: str
    number: int | None
    instances: int | None


@dataclass(frozen=True)
class StoreOutcome:
    """What became of one object that was to be stored.

    Attributes:
        sop_uid: of the object.
        error: why it is not in the archive, None if it is.
    """

    sop_uid: str
    error: str | None = None

    @property
    def stored(self) -> bool:
        return self.error is None


class Archive(ABC):
    """An archive. Everything raises `PacsError` where it cannot be reached or refuses, in bounded time."""

    @abstractmethod
    def echo(self) -> None:
        """Ask whether it answers."""

    @abstractmethod
    def find_studies(self, query: Query) -> list[StudyFound]:
        """The studies that match, in the archive's order."""

    @abstractmethod
    def find_series(self, study_uid: str) -> list[SeriesFound]:
        """The series of a study."""

    @abstractmethod
    def find_instances(self, study_uid: str, series_uid: str) -> dict[str, str]:
        """SOP class UIDs (empty where the archive does not say) of a series' instances by SOP instance UID."""

    @abstractmethod
    def existing(self, datasets: Sequence[Dataset]) -> set[str]:
        """SOP instance UIDs of those objects that the archive holds."""

    def fetch_study(
        self,
        study_uid: str,
        folder: Path,
        progress: ShowProgress | None = None,
        *,
        series: Collection[str] | None = None,
    ) -> list[Path]:
        """Write a study's instances into a folder, as ``<SOP instance UID>.dcm``, in the archive's transfer syntax.

        Args:
            series: UIDs of the series to fetch, all by default.

        Returns:
            the files: all that the archive lists.

        Raises:
            PacsError: also where it lists an instance and does not give it; then none of the files stays.
        """
        from brain_core.pacs.inbox import receiving

        wanted = [each.uid for each in self.find_series(study_uid)] if series is None else list(series)
        listed = {each: self.find_instances(study_uid, each) for each in wanted}
        everything = {sop: kind for each in listed.values() for sop, kind in each.items()}
        if not everything:
            raise PacsError("The archive lists no instances of this study.")
        with receiving(folder, everything, progress) as inbox:
            self._retrieve(study_uid, listed, inbox)
            return inbox.files()

    def store(self, datasets: Sequence[Dataset]) -> list[StoreOutcome]:
        """Store objects, one after the other; one outcome each, in order."""
        return [self._store(ds) for ds in datasets]

    @abstractmethod
    def _retrieve(self, study_uid: str, listed: Mapping[str, Mapping[str, str]], inbox: Inbox) -> None:
        """Have the instances of the series, as `find_instances` gave them, come into the inbox."""

    @abstractmethod
    def _store(self, ds: Dataset) -> StoreOutcome:
        """Store one object."""


def open_archive(settings: PacsSettings) -> Archive:
    """The archive that settings describe; nothing is sent yet."""
    from brain_core.pacs.settings import Dimse

    if isinstance(settings, Dimse):
        from brain_core.pacs.dimse import DimseArchive

        return DimseArchive(settings)
    from brain_core.pacs.dicomweb import WebArchive

    return WebArchive(settings)


def is_uid(text: object) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_UID and bool(_UID.fullmatch(text))


def checked_uid(text: object, what: str) -> str:
    """A UID from outside, fit for addresses and file names.

    Raises:
        PacsError: it is none; the message does not show it.
    """
    if not is_uid(text):
        raise PacsError(f"{what}: expected a DICOM UID of digits and dots, at most {LONGEST_UID} characters.")
    return text
