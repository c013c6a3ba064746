"""Step 3: what is going on, and what became of earlier runs. All of it is read from the runs' own folders."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager

import streamlit as st

from brain_core.access import Action, User
from brain_core.audit import actions
from brain_core.errors import BrainError
from brain_core.evaluation.history import History
from brain_core.jobs import control, estimate, memory, watch
from brain_core.jobs.record import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from brain_core.jobs.watch import DAMAGED, INTERRUPTED, STOPPING, Seen
from brain_core.models import MODELS
from brain_core.training.config import TrainConfig
from brain_core.ui import access, curve_charts, notice, theme
from brain_core.ui.markup import esc
from brain_core.ui.retrain import decide, steps

POLL, IDLE = 1.0, 5.0  # seconds between two looks, while a run is going on and while none is
LOG_HEIGHT = 280  # pixels
LATEST = 10  # ended runs that are shown at first
WORDS = {
    QUEUED: "waiting for its turn",
    RUNNING: "going on",
    STOPPING: "stopping at its next batch",
    DONE: "done",
    FAILED: "failed",
    CANCELLED: "cancelled",
    INTERRUPTED: "interrupted",
    DAMAGED: "damaged",
}
COLORS = {DONE: theme.READY, FAILED: theme.ERROR, INTERRUPTED: theme.ERROR, DAMAGED: theme.ERROR}
CURVES = {"loss": "Loss (cross-entropy)", "auc": "ROC-AUC", "accuracy": "Accuracy at 0.5"}


def show() -> None:
    """Runs that are going on, alive; the ended ones below."""
    seen = watch.every()
    active = [each for each in reversed(seen) if each.is_going_on]
    st.fragment(_follow, run_every=POLL if active else IDLE)(_standing(seen))
    if not seen:
        st.caption("No model has been retrained on this server yet.")
        if st.button("Choose the data", key="retrain_first"):
            steps.go_to(steps.DATA)
        return
    ended = [each for each in seen if not each.is_going_on]
    if ended:
        st.subheader("Earlier runs", anchor=False)
    everything = len(ended) <= LATEST or st.toggle(f"All {len(ended)}", key="retrain_all_runs")
    for position, each in enumerate(ended if everything else ended[:LATEST]):
        _ended(each, is_first=position == 0)


def _standing(seen: list[Seen]) -> list[tuple[str, bool]]:
    """Which runs there are, and whether they are going on."""
    return [(each.folder.id, each.is_going_on) for each in seen]


def _follow(known: list[tuple[str, bool]]) -> None:
    """The runs that are going on; the whole page anew when one comes, begins, ends or goes."""
    seen = watch.every()
    if _standing(seen) != known:
        st.rerun()
    for each in reversed(seen):
        if each.is_going_on:
            with st.container(border=True):
                _active(each)


def _active(seen: Seen) -> None:
    run, progress = seen.folder.id, seen.folder.progress() or {}
    _head(seen)
    if seen.status == QUEUED or not progress:
        st.html('<div class="brain-quiet" role="status">Another run is at work, or this one is just starting.</div>')
    else:
        _progress(progress)
    _curves(seen)
    if st.button("Cancel this run", key=f"retrain_cancel_{run}", disabled=seen.status == STOPPING):
        stopping = access.acting(Action.RETRAIN, actions.CANCEL_RUN, anyway=True, run=run)
        _act(stopping, lambda _: control.cancel(seen.folder), "Not cancelled. ")
    with st.expander("Log", expanded=False):
        _log(seen)


def _head(seen: Seen) -> None:
    color, words = COLORS.get(seen.status, theme.NEUTRAL), WORDS[seen.status]
    request = seen.request
    title = f"{' and '.join(_title(m) for m in request.models)} on {request.data}" if request else seen.folder.id
    told = f"{request.created[:16].replace('T', ' ')} UTC, by {request.who}" if request else ""
    st.html(
        f'<div class="brain-name" role="heading" aria-level="3">{esc(title)}</div><div class="brain-quiet">'
        f'<i class="brain-dot" style="background:{color}"></i>{esc(words)} · {esc(told)} · run '
        f"{esc(seen.folder.id)}</div>"
    )


def _progress(progress: dict) -> None:
    done, total = progress.get("done", 0), max(1, progress.get("total", 1))
    if "phase" in progress:
        share = (progress["epoch"] - 1 + done / total) / max(1, progress["epochs"])
        text = (
            f"{_title(progress['model'])}, {progress['phase']}: epoch {progress['epoch']} of {progress['epochs']}, "
            f"batch {done} of {total}"
        )
    else:
        share, text = done / total, f"{progress['what'].capitalize()}: {done} of {total}"
    st.progress(min(1.0, share), text)
    columns = st.columns(3)
    left = progress.get("left")
    columns[0].metric("Time left, about", "–" if left is None else estimate.in_words(left))
    columns[1].metric("Memory of the process", f"{progress['memory'] / 1e9:.2f} GB")
    columns[2].metric("Memory that is free", f"{memory.available() / 1e9:.1f} GB")


def _curves(seen: Seen) -> None:
    for model, phases in seen.folder.epochs().items():
        rows = [row for phase in phases.values() for row in phase]
        ends, count = {}, 0
        for phase, epochs in phases.items():
            count += len(epochs)
            ends[phase] = count
        history = History(tuple(rows), ends)
        for column, (name, title) in zip(st.columns(len(CURVES)), CURVES.items(), strict=True):
            with column:
                key = f"retrain_curve_{seen.folder.id}_{model}_{name}"
                curve_charts.history(history, name, title, model, key=key, of=_title(model))


def _ended(seen: Seen, *, is_first: bool) -> None:
    run = seen.folder.id
    what = " and ".join(_title(m) for m in seen.request.models) if seen.request else f"run {run}"
    words = f"{WORDS[seen.status]} · {what}"
    when = f" · {seen.request.created[:16].replace('T', ' ')}" if seen.request else ""
    opened = st.expander(
        f"{words[:1].upper()}{words[1:]}{when}", expanded=is_first, key=f"retrain_ended_{run}", on_change="rerun"
    )
    with opened:
        _head(seen)
        if seen.reason:
            notice.show("info" if seen.status == CANCELLED else "error", seen.reason)
        if seen.state and seen.state.versions:
            made = ", ".join(f"{_title(model)} {version}" for model, version in seen.state.versions.items())
            st.html(f"<div>Versions: {esc(made)}</div>")
            if st.button(
                "Compare and decide", type="primary" if is_first else "secondary", key=f"retrain_decide_{run}"
            ):
                st.session_state[decide.MODEL] = list(seen.state.versions)[-1]
                steps.go_to(steps.DECIDE)
        with st.container(horizontal=True):
            if seen.may_resume:
                _resume(seen)
            if seen.memory and seen.request:
                _smaller(seen)
            if st.button("Delete this run", key=f"retrain_delete_{run}", icon=":material/delete:"):
                _confirm_delete(seen)
        if seen.request:
            st.code(shlex.join(["python", "-m", "brain_core", *seen.request.words]), language="sh", wrap_lines=True)
        if opened.open:
            _curves(seen)
        _log(seen)


def _resume(seen: Seen) -> None:
    told = "It goes on from its last epoch, and ends as it would have without the break."
    if st.button("Resume", key=f"retrain_resume_{seen.folder.id}", icon=":material/play_arrow:", help=told):
        going_on = access.acting(Action.RETRAIN, actions.RETRAIN, what="resume", run=seen.folder.id)
        _act(going_on, lambda _: control.resume(seen.folder), "Not resumed. ")


def _smaller(seen: Seen) -> None:
    """Memory was exhausted: the same with half the batch."""
    words, size = _halved(seen.request.words)
    if size and st.button(f"Start again with batch size {size}", key=f"retrain_smaller_{seen.folder.id}"):
        request = seen.request
        again = {"models": request.models, "data": request.data, "cwd": request.cwd}
        models = ", ".join(request.models)
        starting = access.acting(Action.RETRAIN, actions.RETRAIN, what="start", models=models, batch_size=size)
        _act(starting, lambda user: control.start(words, who=access.signature(user), **again), "Not started. ")


def _halved(words: tuple[str, ...]) -> tuple[list[str], int]:
    """The command with half its batch size, and that; 0 where it cannot be smaller."""
    parser = argparse.ArgumentParser(add_help=False)  # `--batch-size=2` and `--batch 2` are ways to say it too
    parser.add_argument("--batch-size", type=int, default=TrainConfig.batch_size)
    asked, others = parser.parse_known_args(words)
    size = asked.batch_size // 2
    return [*others, "--batch-size", str(size)], size if size >= 2 else 0


@st.dialog("Delete this run?")
def _confirm_delete(seen: Seen) -> None:
    st.markdown("Its log, curves and checkpoint go; versions that it made stay. This cannot be undone.")
    if st.button("Delete", type="primary", key="retrain_delete_confirmed"):
        deleting = access.acting(Action.DELETE, actions.DELETE, what="run", run=seen.folder.id)
        _act(deleting, lambda _: control.delete(seen.folder), "Not deleted. ")


def _act(audited: AbstractContextManager[User], action: Callable[[User], object], title: str) -> None:
    try:
        with audited as user:
            action(user)
    except BrainError as error:
        notice.show("error", str(error), title=title)
    else:
        st.rerun()


def _log(seen: Seen) -> None:
    lines = seen.folder.log_tail()
    with st.container(height=LOG_HEIGHT if lines else "content", border=False, autoscroll=True):
        st.code("\n".join(lines) if lines else "Nothing was said yet.", language=None, wrap_lines=True)


def _title(model: str) -> str:
    return MODELS[model].title if model in MODELS else model
