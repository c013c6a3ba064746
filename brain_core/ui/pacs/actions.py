"""What can be done with a study: open it in Detect, or score it and store the results beside its images."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.access import Action
from brain_core.errors import AccessError
from brain_core.pacs.settings import PacsSettings
from brain_core.settings import settings as program_settings
from brain_core.ui import access, models, notice
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading
from brain_core.ui.pacs import fetching, handover, progress, storing, study_list, work
from brain_core.ui.pacs.search import Listed
from brain_core.ui.pacs.storing import Outcome
from brain_core.ui.pacs.work import Work

JOB = "pacs_job"  # session: what goes on, or went on last
DETECT = "pages/1_Detect.py"


@dataclass(frozen=True, eq=False)
class _Job:
    """Work on a study.

    Attributes:
        name: the study's pseudonym.
        opens: whether it goes to Detect; else results are stored.
    """

    name: str
    opens: bool
    work: Work


def show(settings: PacsSettings, listed: Listed | None) -> None:
    """The study with its buttons; what goes on, and what became of it."""
    job: _Job | None = st.session_state.get(JOB)
    busy = job is not None and not job.work.settled.is_set()
    if listed is not None:
        with st.container(border=True):
            study_list.heading(listed)
            _buttons(settings, listed, busy)
    if job is not None:
        with st.container(border=True):
            _show_job(job)


def _buttons(settings: PacsSettings, listed: Listed, busy: bool) -> None:
    loading = models.current()
    with st.container(horizontal=True):
        opens = st.button("Open in Detect", key="pacs_open", type="primary", icon=":material/radiology:", disabled=busy)
        may = access.may(Action.STORE_IN_ARCHIVE)
        stores = may and st.button(
            "Score and store back", key="pacs_store", icon=":material/cloud_upload:", disabled=busy
        )
    if opens and access.allowed(Action.SEARCH_ARCHIVE) and access.allowed(Action.DETECT):
        now = program_settings()
        most, uid = fetching.FACTOR * now.max_file_bytes, listed.study.uid
        begun = work.start(
            lambda job: fetching.load(job, settings, uid, home=now.home, most_bytes=most), fetching.FETCH, fetching.OPEN
        )
        _begin(_Job(listed.name, True, begun))
    if stores:
        _confirm(settings, listed, loading)


@st.dialog("Score and store back?")
def _confirm(settings: PacsSettings, listed: Listed, loading: list[Loading]) -> None:
    host = settings.address[0]
    names = [f"{m.title} {m.card.version}" for m in loading if m.card and not m.error]
    lacking = [f"{m.title} takes no part: {m.error}" for m in loading if m.error]
    st.html(
        f'<div class="brain-words">For every series of <b>{esc(listed.name)}</b> that is scored, {esc(host)} receives, '
        "in the same study:<ul><li>one structured report (TID 1500) with what the models say,</li>"
        "<li>of each model with a summary the overlay of its most suspicious slice, as a secondary capture.</li></ul>"
        f"Models: {esc(', '.join(names) or 'none in service')}. Everything is marked as made by an algorithm, for "
        "research only. What is there already is not stored again. BRAIN cannot take it back: only the archive can "
        "delete it.</div>"
    )
    if lacking:
        notice.show("warning", *lacking)
    with st.container(horizontal=True):
        if st.button("Score and store", key="pacs_store_confirmed", type="primary", disabled=not names):
            _score_and_store(settings, listed, loading)
        if st.button("Leave it", key="pacs_store_left"):
            st.rerun()


def _score_and_store(settings: PacsSettings, listed: Listed, loading: list[Loading]) -> None:
    try:
        user = access.check(Action.STORE_IN_ARCHIVE)
    except AccessError as error:
        notice.show("error", str(error), title="Not done. ")
        return
    home, uid = program_settings().home, listed.study.uid
    begun = work.start(
        lambda job: storing.score_and_store(job, settings, uid, loading, home, user=user.name), *storing.STEPS
    )
    _begin(_Job(listed.name, False, begun))


def _begin(job: _Job) -> None:
    job.work.followed = job.work.settled.is_set()
    st.session_state[JOB] = job
    st.rerun()


def _show_job(job: _Job) -> None:
    done = job.work
    title = f"{'Opening' if job.opens else 'Scoring and storing'} {job.name}"
    st.html(f'<div class="brain-column" role="heading" aria-level="3">{esc(title)}</div>')
    if not done.settled.is_set():
        progress.follow(done, "pacs_job_cancel")
        return
    progress.show(done.rows, title)
    if done.stop.is_set() and (job.opens or (done.cancelled and not _store_began(done))):
        notice.show("info", "Cancelled. Nothing was kept here, and nothing was stored in the archive.")
    elif done.error:
        notice.show("error", done.error, title="Not opened. " if job.opens else "Not done. ")
    elif job.opens:
        _hand_over(done)
        return
    else:
        _outcome(done.result)
    st.button("Close", key="pacs_job_close", icon=":material/close:", on_click=_forget)


def _store_began(done: Work) -> bool:
    """Whether objects may be in the archive."""
    return any(row.name == storing.STORE and row.began for row in done.rows)


def _hand_over(done: Work) -> None:
    """To Detect: at once for who has waited here, at a click for who was elsewhere."""
    if done.followed or st.button("Open in Detect now", key="pacs_open_now", type="primary"):
        handover.offer(done.result)
        _forget()
        st.switch_page(DETECT)


def _outcome(outcome: Outcome) -> None:
    if outcome.returned is None:
        notice.show("warning", *outcome.lines, title="Not scored, and nothing stored. ")
    elif outcome.stopped:
        told = f"Cancelled: {outcome.returned} of {outcome.wanted}; the rest follows when you do it again."
        notice.show("info", told, *outcome.lines)
    else:
        notice.show("info", f"Results in the archive: {outcome.returned}.", *outcome.lines)
    if outcome.lacking:
        notice.show("warning", *outcome.lacking, title="Without: ")


def _forget() -> None:
    st.session_state.pop(JOB, None)
