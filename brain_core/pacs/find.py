"""Which of the archive's studies are of the brain: by words in the description or body part of study or series."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from brain_core.errors import PacsError
from brain_core.pacs.archive import MR, Archive, Query, SeriesFound, StudyFound
from brain_core.pacs.attributes import without_uids

_log = logging.getLogger("brain_core")


def find(archive: Archive, query: Query, words: Sequence[str]) -> Iterator[StudyFound]:
    """The studies that match and are of the brain, the latest first; series are asked for only where needed.

    A study whose series the archive does not give is taken all the same: rather one too many than one lost.

    Args:
        words: one of which must be there, in any case; none takes every study.

    Raises:
        PacsError: the archive does not answer.
    """
    found = 0
    studies = archive.find_studies(replace(query, limit=None))
    for study in sorted(studies, key=lambda each: str(each.study_date or ""), reverse=True):
        if query.limit is not None and found >= query.limit:
            return
        if not words or has_word([study.description], words) or _may_match(archive, study, words):
            found += 1
            yield study


def _may_match(archive: Archive, study: StudyFound, words: Sequence[str]) -> bool:
    try:
        return series_match(archive.find_series(study.uid), words)
    except PacsError as error:
        try:
            archive.echo()
        except PacsError:
            raise error from None
        _log.warning("The series of a study cannot be listed; it is taken all the same. %s", without_uids(str(error)))
        return True


def series_match(series: Iterable[SeriesFound], words: Sequence[str]) -> bool:
    """Whether an MR series is of the brain."""
    return any(has_word([each.description, each.body_part], words) for each in series if each.modality == MR)


def has_word(texts: Iterable[str], words: Sequence[str]) -> bool:
    return any(word.casefold() in text.casefold() for text in texts for word in words)
