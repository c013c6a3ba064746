"""Which studies to look for, and the looking: in the background, and to be cancelled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import streamlit as st

from brain_core.access import Action
from brain_core.errors import ConfigError
from brain_core.pacs.archive import Archive, Query, SeriesFound, StudyFound, open_archive
from brain_core.pacs.find import find
from brain_core.pacs.settings import PacsSettings
from brain_core.scans import pseudonym
from brain_core.ui import access, notice
from brain_core.ui.pacs import progress, work
from brain_core.ui.pacs.work import Work

SEARCH = "pacs_search"  # session: the last search
RECENT = 30  # days
SHOWN, MOST = 50, 500  # studies
EARLIEST = date(1970, 1, 1)  # of MR there is none before
STEP = "Search"


@dataclass(frozen=True)
class Listed:
    """A study as the page lists it.

    Attributes:
        name: its pseudonym.
    """

    study: StudyFound = field(repr=False)
    name: str


@dataclass(frozen=True)
class Found:
    """What a search gave.

    Attributes:
        studies: the latest first.
        more: whether there are more than these.
    """

    studies: tuple[Listed, ...]
    more: bool


def show(settings: PacsSettings) -> Found | None:
    """The form, and how the search stands; returns what it gave."""
    st.subheader("Studies", anchor=False)
    with st.form("pacs_form"):
        days, others = st.columns(2)
        today = date.today()
        with days.container(horizontal=True):
            bounds = {"min_value": EARLIEST, "max_value": today + timedelta(1), "format": "YYYY-MM-DD"}
            since = st.date_input("From", today - timedelta(RECENT), key="pacs_since", **bounds)
            until = st.date_input("To", None, key="pacs_until", help="Both days are included; empty: any.", **bounds)
        with others.container(horizontal=True):
            patient = st.text_input("Patient ID", key="pacs_patient", placeholder="any", autocomplete="off")
            limit = st.number_input("At most", 1, MOST, SHOWN, key="pacs_limit")
        words = st.text_input(
            "Words in the description or body part, of which one must be there",
            ", ".join(settings.words),
            key="pacs_words",
            placeholder="any",
            help="Separated by commas; empty takes every MR study. Series are asked where the study does not say.",
        )
        if st.form_submit_button("Find", type="primary", icon=":material/search:", key="pacs_find"):
            _begin(settings, Query(since, until, patient.strip() or None, limit=int(limit)), words)
    return _outcome()


def look(search: Work, settings: PacsSettings, query: Query, words: Iterable[str]) -> Found:
    """Ask the archive; one more than the limit, to see whether there are more."""
    search.begin(STEP)
    archive = _Watched(open_archive(settings), search)
    listed: list[Listed] = []
    asked = Query(query.since, query.until, query.patient_id, query.modality, query.limit + 1)
    for study in find(archive, asked, tuple(words)):
        search.check()
        listed.append(Listed(study, pseudonym.of_study(study.uid)))
    kept = sorted(listed[: query.limit], key=lambda each: each.study.study_date or date.min, reverse=True)
    return Found(tuple(kept), len(listed) > query.limit)


@dataclass
class _Watched:
    """The part of an archive that a search uses, with progress, and an end between two questions."""

    archive: Archive
    search: Work
    asked: int = 0

    def echo(self) -> None:
        self.archive.echo()

    def find_studies(self, query: Query) -> list[StudyFound]:
        self.search.tell("Asking for studies…")
        found = self.archive.find_studies(query)
        self.search.tell(f"{len(found)} MR studies; looking which are of interest…")
        return found

    def find_series(self, study_uid: str) -> list[SeriesFound]:
        self.search.check()
        self.asked += 1
        self.search.tell(f"Looking into the series: study {self.asked}…")
        return self.archive.find_series(study_uid)


def _begin(settings: PacsSettings, query: Query, words: str) -> None:
    if not access.allowed(Action.SEARCH_ARCHIVE):
        return
    if (going_on := st.session_state.pop(SEARCH, None)) is not None:
        going_on.stop.set()
    try:
        if query.since and query.until and query.since > query.until:
            raise ConfigError(f"Expected the earlier day first. Received: {query.since} to {query.until}.")
    except ConfigError as error:
        notice.show("error", str(error))
        return
    chosen = [word.strip() for word in words.split(",") if word.strip()]
    st.session_state[SEARCH] = work.start(lambda search: look(search, settings, query, chosen), STEP)


def _outcome() -> Found | None:
    search: Work | None = st.session_state.get(SEARCH)
    if search is None:
        return None
    if search.stop.is_set():
        notice.show("info", "The search was cancelled.")
        st.session_state.pop(SEARCH)
    elif not search.settled.is_set():
        progress.follow(search, "pacs_find_cancel", waits=False)
    elif search.error:
        notice.show("error", search.error, title="The search failed. ")
    return search.result if search.settled.is_set() and not search.stop.is_set() else None
