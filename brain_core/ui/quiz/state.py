"""A quiz as one browser session remembers it; nothing of it is written to disk."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import streamlit as st

from brain_core.scans import Scan
from brain_core.teaching.quiz import Answer, Question, Verdict
from brain_core.ui.models import Loading

KEY = "quiz_current"
SET_KEY = "quiz_set"
FIRST_SET, LAST_SET = 1, 9999
ModelId = tuple[str, str, str]  # name, version, checksum


@dataclass(frozen=True)
class Opinion:
    """The reader's own, before the models' answers: one of `quiz.LABELS`, one of `quiz.CONFIDENCES`."""

    label: str
    confidence: int
    seconds: float


@dataclass(eq=False)
class Quiz:
    """Where the reader stands.

    Attributes:
        scans: by the id of the question.
        origin: of the scans, in words.
        number: of the set.
        models: `Loading.id` of those that it was drawn for.
        opinion: on the question that is open; None until it is given.
        since: when that question came on screen first, of `time.monotonic`.
        ended: before its last question.
    """

    questions: tuple[Question, ...]
    scans: dict[str, Scan]
    origin: str
    number: int
    models: tuple[ModelId, ...]
    answers: list[Answer] = field(default_factory=list)
    opinion: Opinion | None = None
    since: float | None = None
    ended: bool = False

    @property
    def place(self) -> int:
        """Of the question that is open, from 0."""
        return len(self.answers)

    @property
    def over(self) -> bool:
        return self.ended or self.place == len(self.questions)

    @property
    def question(self) -> Question:
        return self.questions[self.place]

    @property
    def scan(self) -> Scan:
        return self.scans[self.question.id]

    def is_of(self, loading: list[Loading]) -> bool:
        """Whether these models are the ones that it was drawn for."""
        return self.models == tuple(model.id for model in loading)

    def begin_to_read(self) -> None:
        """Start the clock, once a question."""
        if self.since is None:
            self.since = time.monotonic()

    def say(self, label: str, confidence: int) -> None:
        """The reader's own opinion of the open question, which is final."""
        if self.opinion is None:
            self.opinion = Opinion(label, confidence, time.monotonic() - (self.since or time.monotonic()))

    def decide(self, place: int, label: str, verdicts: tuple[Verdict, ...]) -> None:
        """The last word on the question at ``place``; a second click on one that is answered counts for nothing."""
        if self.opinion is None or place != self.place or self.over:
            return
        said = self.opinion
        self.answers.append(Answer(self.question, said.label, said.confidence, label, verdicts, said.seconds))
        self.opinion = self.since = None

    def end(self) -> None:
        """Before its last question."""
        self.ended = True


def current() -> Quiz | None:
    """This browser tab's, None before the first."""
    return st.session_state.get(KEY)


def begin(quiz: Quiz) -> None:
    st.session_state[KEY] = quiz


def once_more() -> None:
    """Back to the start, with the number of the next set."""
    quiz = st.session_state.pop(KEY, None)
    if quiz is not None:
        st.session_state[SET_KEY] = min(quiz.number + 1, LAST_SET)
