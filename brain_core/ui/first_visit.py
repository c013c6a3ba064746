"""Where to begin, for whoever has no scan open: a way in three clicks for who reads, who teaches, who measures."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from brain_core.access import Action
from brain_core.ui import access, links
from brain_core.ui.markup import esc

KEY = "detect_first_visit"  # session: whether the ways are shown


@dataclass(frozen=True)
class Way:
    """Three steps for one kind of user; those whose page is not for them are left out.

    Attributes:
        steps: (file in pages/ or empty for this page, words on the link, icon, what it takes).
    """

    title: str
    about: str
    steps: tuple[tuple[str, str, str, Action], ...]


WAYS = (
    Way(
        "I read scans",
        "See what both models say of a sample below, then be asked first.",
        (
            ("5_PACS", "Connect the archive", "dns", Action.SEARCH_ARCHIVE),
            ("11_Quiz", "Read five scans before the models do", "quiz", Action.LEARN),
            ("6_Review", "Confirm or correct what was read", "rate_review", Action.GIVE_FEEDBACK),
        ),
    ),
    Way(
        "I teach",
        "Everything is worked out live, from the models in service.",
        (
            ("8_Explain", "Take Grad-CAM apart, step by step", "layers", Action.LEARN),
            ("9_Playground", "Plant a lesion, watch the answer", "science", Action.LEARN),
            ("10_When_it_fails", "Go through cases that go wrong", "report", Action.LEARN),
        ),
    ),
    Way(
        "I judge models",
        "From stored results, each figure with its interval and the shortcuts beside it.",
        (
            ("2_Metrics", "See what the models are worth", "analytics", Action.SEE_METRICS),
            ("3_Thresholds", "Move a threshold, count patients", "tune", Action.SEE_METRICS),
            ("4_Retrain", "Make a better model of new data", "model_training", Action.RETRAIN),
        ),
    ),
)


def show() -> None:
    """The ways, until they are put away for this session."""
    if not st.session_state.get(KEY, True):
        return
    open_to_user = [(way, [step for step in way.steps if access.may(step[3])]) for way in WAYS]
    shown = [(way, steps) for way, steps in open_to_user if steps]
    if not shown:
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("New here?", anchor=False, width="content")
        st.button("Put this away", key="detect_put_away", type="tertiary", on_click=_put_away)
    for column, (way, steps) in zip(st.columns(len(shown), gap="medium"), shown, strict=True):
        with column.container(border=True, height="stretch", gap="xsmall"):
            st.html(f'<strong>{esc(way.title)}</strong><div class="brain-quiet">{esc(way.about)}</div>')
            for file, words, icon, needs in steps:
                links.to(file, words, icon, needs)


def _put_away() -> None:
    st.session_state[KEY] = False
