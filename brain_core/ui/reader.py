"""'My read first': the reader commits to an opinion before any model is shown."""

from __future__ import annotations

from typing import Protocol

import streamlit as st

from brain_core.ui import recording
from brain_core.ui.session import Opinion, Session

SWITCH = "detect_read_first"
CHOICES = {"tumor": "Tumour", "no tumor": "No tumour", "unsure": "Unsure"}


class Keyed(Protocol):
    """A scan or a series: what opinions are kept by."""

    @property
    def key(self) -> str: ...


def switch() -> None:
    """The switch, off by default."""
    st.toggle(
        "My read first",
        key=SWITCH,
        help="Asks for your own opinion of each scan before anything from the models is shown. "
        "Both then stand in the downloads.",
    )


def is_on() -> bool:
    return bool(st.session_state.get(SWITCH))


def must_ask(of: Keyed, session: Session) -> bool:
    """Whether the models stay hidden for now."""
    return is_on() and of.key not in session.opinions


def ask(of: Keyed, session: Session, what: str = "this scan") -> None:
    """The question; the answer is final, since what follows it is not blind."""
    blind = of.key not in session.shown and not recording.was_shown(of.key)
    with st.form(f"detect_opinion_form_{of.key[:16]}", border=True):
        answer = st.radio(
            "What do you see?",
            list(CHOICES),
            format_func=CHOICES.get,
            index=None,
            key=f"detect_opinion_{of.key[:16]}",
        )
        if not blind:
            st.caption(f"The models' results for {what} were on screen before; the downloads will say so.")
        if st.form_submit_button("Record my read and show the models", type="primary", key="detect_opinion_submit"):
            if answer is None:
                st.caption("Choose one of the three first.")
            else:
                session.opinions[of.key] = Opinion(answer, blind)
                recording.opinion(of.key, session.opinions[of.key])
                st.rerun()


def sentence(opinion: Opinion) -> str:
    """What was recorded, to show."""
    when = "before the models were shown" if opinion.blind else "after the models had been shown"
    return f"Your read: {CHOICES[opinion.label].lower()}, recorded {when}."
