"""Which studies ``pacs find`` takes, in which order, and what it asks of the archive for it."""

from __future__ import annotations

from datetime import date

import pytest

from brain_core.errors import PacsError
from brain_core.pacs.archive import Query, SeriesFound, StudyFound
from brain_core.pacs.find import find


class FakeArchive:
    """Studies by (UID, day, description) in the archive's own order; remembers whose series were asked for."""

    def __init__(
        self, *studies: tuple[str, date | None, str], series: dict[str, tuple[SeriesFound, ...]] | None = None
    ):
        self.studies = [StudyFound(uid, day, words, ("MR",), None, None) for uid, day, words in studies]
        self.series, self.asked, self.query = series or {}, [], None

    def find_studies(self, query: Query) -> list[StudyFound]:
        self.query = query
        return self.studies

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        self.asked.append(study_uid)
        return list(self.series.get(study_uid, ()))


def one(modality: str = "MR", description: str = "", body_part: str = "") -> tuple[SeriesFound, ...]:
    return (SeriesFound("1.2", modality, description, body_part, 1, None),)


def uids(archive: FakeArchive, *words: str, **query) -> list[str]:
    return [each.uid for each in find(archive, Query(**query), words)]


@pytest.fixture
def mixed() -> FakeArchive:
    return FakeArchive(
        ("old", date(2025, 12, 31), "MRI brain"),
        ("undated", None, "MRI brain"),
        ("new", date(2026, 2, 1), "MRI brain"),
        ("between", date(2026, 1, 9), "MRI brain"),
        ("same day", date(2026, 1, 9), "MRI brain"),
    )


def test_the_latest_comes_first_and_one_without_a_date_last(mixed):
    assert uids(mixed) == ["new", "between", "same day", "old", "undated"]


def test_a_limit_keeps_the_latest_and_does_not_reach_the_archive(mixed):
    assert uids(mixed, limit=2) == ["new", "between"]
    assert mixed.query.limit is None  # the archive would cut off before the order is known
    assert uids(mixed, limit=0) == []


def test_the_limit_counts_what_has_the_words():
    archive = FakeArchive(
        ("knee", date(2026, 2, 2), "Knee"), ("head", date(2026, 2, 1), "Head"), ("late", date(2026, 1, 1), "head")
    )
    assert uids(archive, "HEAD", limit=2) == ["head", "late"]


def test_series_are_asked_for_only_where_the_study_does_not_say():
    archive = FakeArchive(
        ("told", date(2026, 2, 3), "MRI brain"),
        ("by body part", date(2026, 2, 2), ""),
        ("by series", date(2026, 2, 1), "Follow-up"),
        ("of another kind", date(2026, 1, 1), "Report"),
        series={
            "by body part": one(body_part="BRAIN"),
            "by series": one(description="T1 Brain axial"),
            "of another kind": one("SR", "Brain report"),
        },
    )
    assert uids(archive, "brain") == ["told", "by body part", "by series"]
    assert archive.asked == ["by body part", "by series", "of another kind"]


def test_without_words_every_study_counts_and_no_series_is_asked_for():
    archive = FakeArchive(("a", date(2026, 2, 3), "Knee"))
    assert uids(archive) == ["a"] and archive.asked == []


class Closed(FakeArchive):
    """Does not give the series of the studies in ``closed``; answers otherwise, unless it is ``down``."""

    closed, down = ("closed",), False

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        if study_uid in self.closed:
            raise PacsError("The archive refuses: HTTP 500 for 1.2.840.99.1.")
        return super().find_series(study_uid)

    def echo(self) -> None:
        if self.down:
            raise PacsError("nobody there")


def test_a_study_whose_series_cannot_be_listed_is_rather_taken_than_lost(caplog):
    days = date(2026, 2, 3), date(2026, 2, 2), date(2026, 2, 1)
    archive = Closed(
        ("knee", days[0], "Knee"),
        ("closed", days[1], "Muster"),
        ("late", days[2], ""),
        series={"late": one("MR", "brain")},
    )
    assert uids(archive, "brain") == ["closed", "late"]
    assert "cannot be listed; it is taken all the same. The archive refuses: HTTP 500 for (UID)." in caplog.text
    assert "Muster" not in caplog.text and "1.2.840" not in caplog.text


def test_an_archive_that_is_down_is_said_so():
    archive = Closed(("closed", date(2026, 2, 3), ""))
    archive.down = True
    with pytest.raises(PacsError, match="The archive refuses: HTTP 500"):
        uids(archive, "brain")
