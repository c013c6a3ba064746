"""DICOM files by study and series; the patient is looked at only to keep patients apart and to make a pseudonym."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from brain_core.errors import ScanError
from brain_core.scans import pseudonym
from brain_core.scans.dicom import digest, header_dataset, read_identity, read_with_identity, slice_key
from brain_core.scans.dicom.instance import Instance
from brain_core.scans.dicom.last_content import LastContent
from brain_core.scans.dicom.series import series_of
from brain_core.scans.dicom.values import text
from brain_core.scans.raster import base_name
from brain_core.scans.series import DERIVED, IMAGE, LOCALIZER, Identity, Series, Study
from brain_core.scans.source_file import SourceFile
from brain_core.scans.stacks import Cut
from brain_core.settings import settings

ROLES = (IMAGE, DERIVED, LOCALIZER)  # in the order in which they are listed
MIXED = (
    "Files of {} patients carry the same study UID: each patient has a study of their own here. Find out whose they "
    "are before you use them."
)


@dataclass(frozen=True)
class _Place:
    """What a file belongs to.

    Attributes:
        patient: a keyed hash, so that no identity is held.
    """

    study: str
    patient: str
    series: str


class DicomFiles:
    """Takes files one by one."""

    def __init__(self) -> None:
        self._cuts: dict[_Place, list[Cut]] = defaultdict(list)
        self._known: dict[str, _Place] = {}
        self._copies: dict[_Place, int] = defaultdict(int)
        self._last = LastContent()

    def add(self, file: SourceFile) -> None:
        """Read a file's header; a copy of a file that is known is counted and passed over.

        Raises:
            ScanError: as `dicom.read_header`.
        """
        at_hand = _at_hand(file)
        checksum = digest(at_hand)
        if checksum in self._known:
            self._copies[self._known[checksum]] += 1
            return
        instance, who = read_with_identity(at_hand)
        place = _place(instance, who)
        if at_hand is not file:
            file = self._last.file(file) if instance.is_multi_frame else file
            instance = replace(instance, file=file, pixels=replace(instance.pixels, file=file))
        for info in instance.frames:
            key = slice_key(checksum, info.number if instance.is_multi_frame else None)
            self._cuts[place].append(Cut(instance, info, key))
        self._known[checksum] = place

    def studies(self) -> list[Study]:
        """One a study and patient, in the order in which they came; files that name no study are one of its patient."""
        by_study: dict[tuple[str, str], list[_Place]] = {}
        patients: dict[str, set[str]] = defaultdict(set)
        for place in self._cuts:
            by_study.setdefault((place.study, place.patient), []).append(place)
            patients[place.study].add(place.patient)
        return [self._study(places, len(patients[uid]) if uid else 1) for (uid, _), places in by_study.items()]

    def _study(self, places: Sequence[_Place], patients: int) -> Study:
        notes = (MIXED.format(patients),) if patients > 1 else ()
        series = [each for place in places for each in series_of(self._cuts[place], [*notes, *self._copied(place)])]
        first = self._cuts[places[0]][0]
        uid = places[0].study or first.key
        if patients > 1:
            uid = f"{uid} {places[0].patient}"
        name = _pseudonym(first.instance.file, uid)
        return Study(
            pseudonym.study_key(uid),
            name,
            tuple(replace(each, pseudonym=name) for each in sorted(series, key=_rank)),
            partial(read_identity, first.instance.file),
            notes,
        )

    def _copied(self, place: _Place) -> list[str]:
        count = self._copies[place]
        if not count:
            return []
        return [f"{count} file{'s' * (count > 1)} came more than once; one copy was kept."]


def _at_hand(file: SourceFile) -> SourceFile:
    """The file itself where it lies on disk, else its content in memory: an archive unpacks anew at every opening.

    Raises:
        ScanError: too large.
    """
    most = settings().max_file_bytes
    if file.path is not None:
        return file
    name = base_name(file.name)
    if file.size > most:
        raise ScanError(
            f"{name}: {file.size / 1e6:.0f} MB; files of up to {settings().max_file_megabytes} MB are read."
        )
    with file.open() as content:
        return SourceFile.of_bytes(content.read(most + 1), file.name)


def _place(instance: Instance, who: Identity) -> _Place:
    # Without an ID, name and date of birth tell patients apart: one study UID may have been given to several.
    patient = who.patient_id or f"{who.name} {who.birth_date}"
    series = instance.series_uid or f"{instance.series_number} {instance.series_description}"
    return _Place(instance.study_uid, pseudonym.study_key(f"patient {patient}"), series)


def _pseudonym(file: SourceFile, study_uid: str) -> str:
    header = header_dataset(file)
    return pseudonym.of_patient(text(header, "PatientID"), text(header, "IssuerOfPatientID"), study_uid=study_uid)


def _rank(series: Series) -> tuple:
    return ROLES.index(series.role), series.number is None, series.number or 0
