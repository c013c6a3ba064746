"""Files of a study in; results and what goes back to its archive out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.errors import ScanError, ShortageError
from brain_core.scans.collect import collect
from brain_core.scans.source_file import SourceFile
from brain_core.study.choice import image_series
from brain_core.study.documents import Documents, archive_objects, documents
from brain_core.study.scoring import result, score_slices

if TYPE_CHECKING:
    from pydicom import Dataset

    from brain_core.inference import Detector
    from brain_core.scans.series import Collection, Series, Study
    from brain_core.study.result import SeriesResult


@dataclass(frozen=True, eq=False)
class Assessed:
    """What became of a study.

    Attributes:
        results: with its study, one a series that was scored.
        objects: to store in the study: of every series the report and each model's most suspicious overlay.
        made: when.
        refused: why there is nothing to store, fit to show; None where there is.
        unanswered: why a series that was scored has no objects, one sentence each.
    """

    results: tuple[tuple[Study, SeriesResult], ...] = ()
    objects: tuple[Dataset, ...] = ()
    made: datetime | None = None
    refused: str | None = None
    unanswered: tuple[str, ...] = ()

    def documents(self, *, identity: bool = False) -> Documents:
        """Files for people and DICOM objects, made anew at every call; the study's own files have to be there still.

        Args:
            identity: have them name the patient; else they go by the pseudonym, de-identified.
        """
        return documents(self.results, made=self.made, identity=identity)

    @property
    def summary(self) -> str:
        """One line for a log; nothing of the patient."""
        if self.refused:
            return self.refused
        return "; ".join([*(_line(found) for _, found in self.results), *self.unanswered])


def assessor(detectors: Sequence[Detector]) -> Callable[[Iterable[Path]], Assessed]:
    """A function from a study's DICOM files to what became of it.

    It raises a `ShortageError` where this machine cannot read all of them now: an answer would stand for a whole study.
    """

    def assess(paths: Iterable[Path]) -> Assessed:
        collection = collect([SourceFile.of_path(path) for path in paths])
        if waits := next((each for each in collection.refused if each.for_now), None):
            raise ShortageError(f"A file of the study: {waits.reason}")
        chosen = [(study, series) for study in collection.studies for series in image_series(study)]
        if not chosen:
            return Assessed(refused=_reason(collection))
        results = tuple((study, score(series, detectors, whole=True)) for study, series in chosen)
        made = datetime.now().astimezone()
        objects, unanswered = [], []
        for _, found in results:
            try:
                objects += archive_objects(found, made=made)
            except ShortageError:
                raise
            except ScanError as error:  # one series must not keep the others' answers back
                unanswered.append(str(error))
        if not objects:
            return Assessed(results, made=made, refused=unanswered[0])
        return Assessed(results, tuple(objects), made, unanswered=tuple(unanswered))

    return assess


def score(
    series: Series,
    detectors: Sequence[Detector],
    progress: Callable[[int, int], None] = lambda done, total: None,
    *,
    whole: bool = False,
) -> SeriesResult:
    """All slices of the series, by each model's operating point.

    Args:
        whole: whether a slice that this machine cannot read now ends it, and is not counted as unreadable.

    Raises:
        ShortageError: ``whole``, and it is not. Names no file.
    """
    models = [(detector.card, detector.card.operating_point) for detector in detectors]
    slices = []
    for each in score_slices(series, detectors):
        if whole and each.error_kind == ShortageError.__name__:
            raise ShortageError(f"A slice of the study: {each.error.rpartition(': ')[2]}")
        slices.append(each)
        progress(len(slices), len(series))
    return result(series, models, slices)


def _line(found: SeriesResult) -> str:
    said = ", ".join(
        f"{each.model} {'no summary' if each.value is None else f'{each.value:.3f} ({each.label})'}"
        for each in found.summaries
    )
    number = "series without a number" if found.series.number is None else f"series {found.series.number}"
    return f"{number}, {len(found.series)} slices, {len(found.flagged)} flagged, {len(found.errors)} unreadable: {said}"


def _reason(collection: Collection) -> str:
    if any(study.series for study in collection.studies):
        return "The study holds localisers and derived series only."
    if len(collection.refused) == 1:
        return collection.refused[0].reason
    return f"The study holds no MR image that can be read ({len(collection.refused)} files refused)."
