"""The overview, or one lesson: the question first, the case, and the answer for whoever opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from brain_core.teaching import cases
from brain_core.teaching.cases import LESSONS, Lesson
from brain_core.ui import address, notice
from brain_core.ui.failures import bias, border, maps, material, prevalence, thresholds, unlike, wrong
from brain_core.ui.failures.material import Material
from brain_core.ui.markup import esc

KEY, OVERVIEW = "failures_lesson", "overview"
ORDER = (OVERVIEW, *(lesson.key for lesson in LESSONS))
INTRODUCTION = (
    "Seven cases that go wrong, or right for the wrong reason, to go through with a class. Every figure and every "
    "picture comes from the stored results of the models in service, or is worked out by them now."
)


@dataclass(frozen=True)
class Shown:
    """What a lesson shows before the answer, and the figures that belong to the answer."""

    case: Callable[[Material], None]
    answer: Callable[[Material], None]


SHOWN = {
    cases.WRONG: Shown(wrong.show, wrong.answer),
    cases.MAP: Shown(maps.show, maps.answer),
    cases.BORDER: Shown(border.show, border.answer),
    cases.THRESHOLD: Shown(thresholds.show, thresholds.answer),
    cases.PREVALENCE: Shown(prevalence.show, prevalence.answer),
    cases.BIAS: Shown(bias.show, bias.answer),
    cases.UNLIKE: Shown(unlike.show, unlike.answer),
}


def show() -> None:
    """The page."""
    if KEY not in st.session_state:
        st.session_state[KEY] = address.choice("lesson", ORDER, OVERVIEW)
    chosen = _navigation()
    address.keep("lesson", chosen, OVERVIEW)
    if chosen == OVERVIEW:
        _overview()
        return
    _lesson(cases.lesson(chosen), material.gather())


def _navigation() -> str:
    place = ORDER.index(st.session_state[KEY])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("Case", ORDER, format_func=_named, key=KEY, width=420)
        with st.container(horizontal=True, width="content"):
            _step("Previous", place - 1, "arrow_back")
            _step("Next", place + 1, "arrow_forward")
    return chosen


def _step(label: str, to: int, icon: str) -> None:
    there = 0 <= to < len(ORDER)
    st.button(
        label,
        key=f"failures_{label.lower()}",
        disabled=not there,
        on_click=_go,
        args=(ORDER[to] if there else OVERVIEW,),
        icon=f":material/{icon}:",
    )


def _go(key: str) -> None:
    st.session_state[KEY] = key


def _named(key: str) -> str:
    if key == OVERVIEW:
        return "Overview"
    return f"{ORDER.index(key)}. {cases.lesson(key).title}"


def _overview() -> None:
    st.html(f'<div class="brain-words">{esc(INTRODUCTION)}</div>')
    for lesson in LESSONS:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.html(
                f'<div class="brain-words"><strong>{esc(_named(lesson.key))}</strong>'
                f'<div class="brain-quiet">{esc(lesson.question)}</div></div>'
            )
            st.button(
                f"Open case {ORDER.index(lesson.key)}",
                key=f"failures_open_{lesson.key}",
                on_click=_go,
                args=(lesson.key,),
            )
    _references(cases.REFERENCES)


def _lesson(lesson: Lesson, found: Material) -> None:
    st.subheader(_named(lesson.key), anchor=False)
    for problem in found.problems:
        notice.show("error", problem)
    notice.show("info", lesson.question, title="Ask the class. ")
    SHOWN[lesson.key].case(found)
    with st.expander("The answer", key=f"failures_answer_{lesson.key}", icon=":material/lightbulb:"):
        body = "".join(f"<p>{esc(paragraph)}</p>" for paragraph in lesson.answer)
        st.html(f'<div class="brain-words brain-implications">{body}</div>')
        SHOWN[lesson.key].answer(found)
        _references(cases.references_of(lesson))


def _references(listed: tuple[cases.Reference, ...]) -> None:
    items = "".join(
        f'<li>{esc(each.text)} <a href="{esc(each.link)}" target="_blank" rel="noopener noreferrer">'
        f"{esc(each.link.removeprefix('https://'))}</a></li>"
        for each in listed
    )
    st.html(
        f'<section aria-label="References" class="brain-implications"><strong>References</strong>'
        f'<ul class="brain-quiet">{items}</ul></section>'
    )
