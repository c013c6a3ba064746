"""Step 3 of the Retrain page: runs as their folders tell of them, and what can be done with each."""

from __future__ import annotations

import os
from dataclasses import replace

import psutil
import pytest

from brain_core.errors import RunError
from brain_core.jobs import control
from brain_core.jobs.index import folders
from brain_core.jobs.record import CANCELLED, DONE, FAILED, QUEUED, RUNNING
from brain_core.ui.retrain import decide
from tests.pages.steps import html, words
from tests.ui.retrain import CNN, again, buttons, make_run, open_retrain, press, said

RESUME, DELETE, CANCEL = "Resume", "Delete this run", "Cancel this run"


@pytest.fixture(autouse=True)
def service(in_service, tmp_path, set_environment):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_HOME=tmp_path / "home")
    return in_service


def alive(number: int, status: str):
    """A run whose process is this one."""
    mine = psutil.Process(os.getpid())
    return make_run(number, status, pid=mine.pid, process_started=mine.create_time())


def labels(page) -> list[str]:
    """Of the runs that have ended."""
    return [each.label.split(" · 20")[0] for each in page.expander if each.label != "Log"]


def test_no_run_yet_leads_to_the_data():
    page = open_retrain(step="runs")
    assert "No model has been retrained on this server yet." in said(page) and buttons(page) == ["Choose the data"]
    assert press(page, "Choose the data").segmented_control(key="retrain_step").value == "data"


@pytest.mark.parametrize(
    ("status", "state", "title", "told", "offered"),
    [
        (DONE, {}, "Done · Custom CNN", "done ·", [DELETE]),
        (FAILED, {"reason": "The disk is <b>full</b>."}, "Failed · Custom CNN", "The disk is", [RESUME, DELETE]),
        (CANCELLED, {"reason": "stopped on request"}, "Cancelled · Custom CNN", "stopped on request", [RESUME, DELETE]),
        (RUNNING, {}, "Interrupted · Custom CNN", "ended without a word: it was killed, or", [RESUME, DELETE]),
    ],
)
def test_a_run_that_has_ended_says_how_and_what_can_be_done(status, state, title, told, offered):
    make_run(1, status, log="first **line**\nlast <b>line</b>\n", **state)
    page = open_retrain(step="runs")
    assert labels(page) == [title] and told in words(page) and buttons(page) == offered
    assert [code.value for code in page.code] == [
        "python -m brain_core train /data --model custom_cnn",
        "first **line**\nlast <b>line</b>",
    ]
    assert "<b>" not in html(page)
    assert "1 going on" not in str(page.segmented_control(key="retrain_step").options)


@pytest.mark.parametrize(
    ("asked", "size", "tail"),
    [
        ((), 4, ["--batch-size", "4"]),
        (("--batch-size", "12", "--seed", "1"), 6, ["--seed", "1", "--batch-size", "6"]),
        (("--batch-size=6", "--backbone", "pretrained"), 3, ["--backbone", "pretrained", "--batch-size", "3"]),
        (("--batch", "4"), 2, ["--batch-size", "2"]),
    ],
)
def test_exhausted_memory_offers_half_the_batch(monkeypatch, asked, size, tail):
    started = []
    monkeypatch.setattr(control, "start", lambda words, **about: started.append((list(words), about)))
    make_run(1, FAILED, words=asked, reason="Memory is exhausted.", memory=True)
    page = open_retrain(step="runs")
    assert buttons(page) == [RESUME, f"Start again with batch size {size}", DELETE]
    press(page, f"Start again with batch size {size}")
    ((words_asked, about),) = started
    assert words_asked == ["train", "/data", "--model", CNN, *tail]
    assert (about["models"], about["data"]) == ((CNN,), "phantoms")


def test_a_batch_of_two_cannot_be_halved():
    make_run(1, FAILED, words=("--batch-size", "2"), reason="Memory is exhausted.", memory=True)
    assert buttons(open_retrain(step="runs")) == [RESUME, DELETE]


def test_resume_resumes_that_run_and_says_why_it_cannot(monkeypatch):
    first, second = make_run(1, FAILED, reason="No."), make_run(2, CANCELLED, reason="stopped on request")
    resumed = []
    monkeypatch.setattr(control, "resume", lambda folder: resumed.append(folder))
    page = open_retrain(step="runs")
    assert labels(page) == ["Cancelled · Custom CNN", "Failed · Custom CNN"]
    page.button(key=f"retrain_resume_{first.id}").click()
    again(page)
    assert resumed == [first]

    def refuse(folder):
        raise RunError("It is of <i>another</i> version.")

    monkeypatch.setattr(control, "resume", refuse)
    page.button(key=f"retrain_resume_{second.id}").click()
    assert "Not resumed. " in words(again(page)) and "&lt;i&gt;another" in html(page)


def test_delete_asks_first():
    kept, gone = make_run(1, DONE), make_run(2, FAILED, reason="No.")
    page = open_retrain(step="runs")
    page.button(key=f"retrain_delete_{gone.id}").click()
    again(page)
    assert "This cannot be undone." in said(page) and folders() == [kept, gone]


def test_a_damaged_run_hides_no_other():
    make_run(1, DONE)
    damaged = make_run(2, DONE)
    (damaged.path / "run.json").write_text('{"format": 1')
    make_run(3, CANCELLED, reason="stopped on request")
    page = open_retrain(step="runs")
    assert labels(page) == ["Cancelled · Custom CNN", f"Damaged · run {damaged.id}", "Done · Custom CNN"]
    assert "is damaged: run.json cannot be read" in words(page)
    assert page.button(key=f"retrain_delete_{damaged.id}").label == DELETE


def test_a_run_that_made_versions_leads_to_the_decision():
    make_run(1, DONE, versions={CNN: "2026-01-01-new"})
    page = open_retrain(step="runs")
    assert "Versions: Custom CNN 2026-01-01-new" in words(page)
    press(page, "Compare and decide")
    assert page.segmented_control(key="retrain_step").value == "decide"
    assert page.segmented_control(key=decide.MODEL).value == CNN


def test_more_than_ten_runs_are_shown_on_request(monkeypatch):
    monkeypatch.setattr("brain_core.ui.retrain.runs.LATEST", 2)
    for number in range(3):
        make_run(number, DONE)
    page = open_retrain(step="runs")
    assert len(labels(page)) == 2
    page.toggle(key="retrain_all_runs").set_value(True)
    assert len(labels(again(page))) == 3


def test_a_run_that_is_going_on_shows_how_far_it_is():
    folder = alive(1, RUNNING)
    make_run(0, DONE)
    folder.log.write_text("custom_cnn phase 2 epoch 1/4\n")
    for epoch in (1, 2):
        folder.add_epoch(CNN, "phase 1", epoch, {"loss": 1 / epoch, "val_loss": 0.5, "auc": 0.9, "val_auc": 0.8})
    about = {"what": "training", "done": 3, "total": 6, "memory": 1_230_000_000, "peak": 2, "left": 150.0}
    folder.write_progress(about | {"model": CNN, "phase": "phase 2", "epoch": 2, "epochs": 4})
    page = open_retrain()
    assert page.segmented_control(key="retrain_step").value == "runs"  # a first visitor is led there
    assert "3 Runs (1 going on)" in page.segmented_control(key="retrain_step").options
    (bar,) = page.get("progress")
    assert bar.proto.text == "Custom CNN, phase 2: epoch 2 of 4, batch 3 of 6"
    assert bar.proto.value == 37  # (1 + 3 / 6) / 4
    shown = {metric.label: metric.value for metric in page.metric}
    assert (shown["Time left, about"], shown["Memory of the process"]) == ("2 minutes", "1.23 GB")
    assert len(page.get("plotly_chart")) == 3
    assert "Last epoch: training 0.500, validation 0.500." in said(page)
    assert "custom_cnn phase 2 epoch 1/4" in [code.value for code in page.code]
    assert page.expander[0].label == "Log" and buttons(page)[0] == CANCEL


@pytest.mark.parametrize(("what", "words_of_it"), [("reading", "Reading: 3 of 6"), ("comparing", "Comparing: 3 of 6")])
def test_what_is_no_training_has_a_bar_too(what, words_of_it):
    alive(1, RUNNING).write_progress({"what": what, "done": 3, "total": 6, "memory": 1_000_000, "peak": 2})
    (bar,) = open_retrain(step="runs").get("progress")
    assert (bar.proto.text, bar.proto.value) == (words_of_it, 50)


def test_a_run_that_waits_says_so():
    alive(1, QUEUED)
    page = open_retrain(step="runs")
    assert "waiting for its turn" in words(page) and "Another run is at work" in words(page)


def test_cancel_asks_the_run_to_stop():
    folder = alive(1, RUNNING)
    page = press(open_retrain(step="runs"), CANCEL)
    assert folder.is_asked_to_stop and "stopping at its next batch" in words(page)
    assert next(each for each in page.button if each.label == CANCEL).disabled


def test_a_run_that_ends_or_begins_is_seen_without_a_click():
    folder = alive(1, RUNNING)
    page = open_retrain(step="runs")
    assert CANCEL in buttons(page)
    folder.write_state(replace(folder.state(), status=DONE))
    assert CANCEL not in buttons(again(page)) and labels(page) == ["Done · Custom CNN"]
