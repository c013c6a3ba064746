"""The score card: the reader alone, each model alone, and the reader after the models."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from brain_core.access import Action
from brain_core.intervals import Estimate
from brain_core.teaching import quiz_score
from brain_core.teaching.quiz_score import RATES, Score, ScoreCard
from brain_core.ui import links, notice, stored
from brain_core.ui.markup import esc
from brain_core.ui.models import Loading
from brain_core.ui.quiz import case_table, chart, state
from brain_core.ui.quiz.sources import WORDS
from brain_core.ui.quiz.state import Quiz

YOU, YOU_AFTER = "You alone", "You after the models"
BIAS = (
    "Automation bias is to follow a machine where one's own answer was right. To read first and commit to an answer, "
    "as here, is one of the ways against it."
)


def show(quiz: Quiz, loading: list[Loading]) -> None:
    """Figures with intervals, what the models did to the reader, every case, and the files to take home."""
    _ended(quiz)
    if quiz.answers:
        card = quiz_score.score_card(quiz.answers)
        _figures(quiz, card)
        _effect(card)
        case_table.show(quiz, loading)
        _downloads(quiz, card)
    st.button("Once more", key="quiz_again", type="primary", on_click=state.once_more, icon=":material/replay:")


def _ended(quiz: Quiz) -> None:
    if not quiz.ended:
        return
    told = f"{len(quiz.answers)} of {len(quiz.questions)} scans were answered to the end"
    told += " and are counted." if quiz.answers else ", so that there is nothing to score."
    begun = " The one that was open is not." if quiz.opinion and quiz.answers else ""
    notice.show("info", told + begun, title="Ended early. ")


def _figures(quiz: Quiz, card: ScoreCard) -> None:
    everyone = {YOU: card.before, **{stored.title(n): s for n, s in card.models.items()}, YOU_AFTER: card.after}
    st.subheader("Score card", anchor=False)
    chart.show(everyone, card, "quiz_chart")
    table = pd.DataFrame([_row(who, score) for who, score in everyone.items()])
    st.dataframe(table, hide_index=True, width="stretch", key="quiz_card")
    tumours = sum(answer.question.reference == "tumor" for answer in quiz.answers)
    st.caption(
        f"n = {card.n} {WORDS[quiz.origin]}, {tumours} with a tumour by the reference standard. 95 % intervals by "
        "Wilson's method. They are as wide as a quiz is short: where two overlap by much, the difference may be chance."
        f"{_silent(card)}"
    )
    st.caption(f"Versions: {'; '.join(versions(quiz))}.")


def _row(who: str, score: Score) -> dict:
    figures = {rate.capitalize(): getattr(score, rate).text(2) for rate in RATES}
    return {"Who": who, "Right": f"{score.right} of {score.n}", **figures}


def versions(quiz: Quiz) -> list[str]:
    """Of each model those that answered, in the order in which they did."""
    said: dict[str, dict[str, None]] = {}
    for verdict in (verdict for answer in quiz.answers for verdict in answer.verdicts):
        said.setdefault(verdict.model, {})[verdict.version] = None
    return [f"{stored.title(name)} {' and '.join(of)}" for name, of in said.items()]


def _silent(card: ScoreCard) -> str:
    """Of models that called a scan unlike their training data, whose counts are smaller for it."""
    told = [f"{stored.title(name)} {card.n - score.n}" for name, score in card.models.items() if score.n < card.n]
    return f" Not classified, and so not counted: {', '.join(told)}." if told else ""


def _effect(card: ScoreCard) -> None:
    st.subheader("What the models did to your answers", anchor=False)
    body = "".join(f"<p>{esc(sentence)}</p>" for sentence in sentences(card))
    st.html(f'<div class="brain-words brain-implications">{body}<p class="brain-quiet">{esc(BIAS)}</p></div>')
    links.to("10_When_it_fails", "More on it in When it fails", "report", Action.LEARN)


def sentences(card: ScoreCard) -> list[str]:
    """Changes, automation bias, help, agreement and confidence, in words."""
    changes = card.changes
    changed = changes.to_right + changes.to_wrong
    told = [
        f"You changed {changed} of {card.n} answers: {changes.to_right} from wrong to right, {changes.to_wrong} from "
        "right to wrong.",
        _share("Where you were right and a model was wrong, you followed it to the wrong answer", changes.misled),
        _share("Where you were wrong and a model was right, you took the right answer", changes.corrected),
    ]
    for name, (before, after) in card.agreement.items():
        if before.value is not None:
            told.append(
                f"You agreed with {stored.title(name)} on {before.value:.0%} of the scans that it classified before "
                f"you had seen its answer, and on {after.value:.0%} after."
            )
    sure = [
        f"{value:.1f} of 5 where you were {word}"
        for value, word in ((card.confidence_right, "right"), (card.confidence_wrong, "wrong"))
        if value is not None
    ]
    return [*told, f"How sure you were before the models, on average: {', '.join(sure)}."]


def _share(what: str, share: Estimate) -> str:
    if share.value is None:
        return f"{what}: there was no such scan."
    return f"{what} in {share.value:.0%} of such scans ({share.low:.0%} to {share.high:.0%})."


def _downloads(quiz: Quiz, card: ScoreCard) -> None:
    files = {
        "Answers (CSV)": (lambda: quiz_score.to_csv(quiz.answers), "brain-quiz-answers.csv", "answers"),
        "Score card (CSV)": (lambda: quiz_score.card_to_csv(card), "brain-quiz-score-card.csv", "card"),
    }
    with st.container(horizontal=True):
        for label, (make, file_name, key) in files.items():
            st.download_button(
                label,
                make,
                file_name,
                "text/csv",
                key=f"quiz_download_{key}",
                on_click="ignore",
                icon=":material/download:",
            )
