"""The door: signing in, who is not entitled, who is in, and signing out."""

from __future__ import annotations

import time

import streamlit as st

from brain_core.access import User, signed_in
from brain_core.audit import actions
from brain_core.cli import audited
from brain_core.ui import notice
from brain_core.ui.access import server, visitor
from brain_core.ui.markup import esc

RECORDED = "access_recorded"  # session: as whom the visitor was recorded
AGAIN = "access_record_again"  # session: when to try once more, in seconds of the clock that only runs forward
PATIENCE = 60.0  # seconds between two tries where the audit log cannot be written: a click is not to wait for each


def user() -> User | None:
    """Who is in, and recorded once a session; None where nobody is, see `show`. They may have no role."""
    found = visitor.look().user
    if found is not None and server.sign_in().needed:
        _record(found)
    return found


def show() -> None:
    """In place of a page: how to sign in, or why there is nothing to be seen."""
    found = visitor.look()
    with st.container(key="access_gate", width=560, gap="medium"):
        st.title("BRAIN", anchor=False)
        if found.user is not None:
            _not_entitled(found.user)
        elif server.problem():
            notice.show("error", found.problem, title="Nobody is let in. ")
        else:
            _sign_in(found.problem)


def show_user() -> None:
    """In the sidebar: who is signed in, as what, and the way out. Nothing where nobody has to sign in."""
    found = visitor.look().user
    if found is None or not server.sign_in().needed:
        return
    with st.sidebar:
        st.html(f'<div class="brain-quiet" role="note">{_who(found)}<br>{esc(", ".join(sorted(found.roles)))}</div>')
        _sign_out_button()


def _sign_in(problem: str | None) -> None:
    if problem:
        notice.show("warning", problem)
    st.html('<div class="brain-words">Sign in with your organisation\'s account to go on.</div>')
    if st.button("Sign in", key="access_sign_in", type="primary", icon=":material/login:"):
        st.login(server.sign_in().provider)


def _not_entitled(found: User) -> None:
    notice.show(
        "warning",
        "You are signed in, but on no list of this dashboard's users, and your account has no role in it. Whoever "
        "runs it can add you; then sign out and in again.",
        title="You are not entitled to use BRAIN. ",
    )
    st.html(f'<div class="brain-quiet" role="note">Signed in as {_who(found)}</div>')
    _sign_out_button()


def _who(found: User) -> str:
    return f"<strong>{esc(found.shown)}</strong><br>{esc(found.name)}" if found.shown else esc(found.name)


def _sign_out_button() -> None:
    st.button("Sign out", key="access_sign_out", icon=":material/logout:", on_click=_sign_out)


def _sign_out() -> None:
    audited.note(actions.SIGN_OUT, visitor.look().name, {})
    st.logout()


def _record(found: User) -> None:
    """A sign-in, or that somebody was sent away; never in the way of the visit."""
    since = signed_in.since(visitor.claims() or {})
    as_whom = (found.name, since)
    if st.session_state.get(RECORDED) == as_whom or time.monotonic() < st.session_state.get(AGAIN, 0.0):
        return
    if found.roles:
        told = audited.note(actions.SIGN_IN, found.name, {"roles": ", ".join(sorted(found.roles)), "since": str(since)})
    else:
        told = audited.note(actions.REFUSED, found.name, {"action": "enter"})
    if told:
        st.session_state[RECORDED] = as_whom
    else:
        st.session_state[AGAIN] = time.monotonic() + PATIENCE
