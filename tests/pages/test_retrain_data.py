"""Step 1 of the Retrain page: what is wrong with the data, conflicts, the split, and what goes on to step 2."""

from __future__ import annotations

import shutil
import threading

import pytest

from brain_core.jobs import control
from brain_core.ui.retrain import checking, chosen
from tests.pages.steps import html, words
from tests.ui.retrain import (
    KNOWN_TEST,
    KNOWN_TRAIN,
    again,
    buttons,
    choose,
    know,
    metrics,
    open_data,
    open_retrain,
    press,
    said,
    service,
    with_conflict,
)

__all__ = ["service"]
LEAVE_OUT, SHOWS_TUMOUR, SHOWS_NONE = "leave out", 1, 0


@pytest.fixture
def conflict(service, phantom_dataset, tmp_path):
    """2 x 12 phantoms, two of yes/ once more in no/: its folder."""
    return with_conflict(phantom_dataset, tmp_path / "sets" / "odd", copies=2)


def split(page) -> dict[str, tuple[int, int]]:
    """By part, scans with and without a tumour."""
    (table,) = (frame.value for frame in page.dataframe if "Part" in frame.value)
    return {row["Part"]: (row["Tumour"], row["No tumour"]) for _, row in table.iterrows()}


def test_nothing_chosen_is_nothing_to_start(service):
    page = open_retrain()
    assert page.segmented_control(key="retrain_step").value == "data"
    assert buttons(page) == [] and not page.metric


def test_while_it_is_read_the_page_shows_how_far_and_cancel_stops_it(service, phantom_dataset, monkeypatch):
    read, go_on = threading.Event(), threading.Event()

    def slow(folder, progress):
        progress(7, 24)
        read.set()
        assert go_on.wait(30)
        progress(8, 24)

    monkeypatch.setattr(checking, "load_dataset", slow)
    checking.forget()
    page = open_retrain(folder=phantom_dataset)
    assert read.wait(30)
    again(page)
    (bar,) = page.get("progress")
    assert "7 of 24 files read" in bar.proto.text
    press(page, "Cancel")
    go_on.set()
    assert checking.of(phantom_dataset, inherit=True).settled.wait(30)
    again(page)
    assert "The check was cancelled; nothing was changed." in words(page) and buttons(page) == ["Check again"]
    monkeypatch.undo()


def test_a_reader_that_fails_is_an_error_and_can_be_tried_again(service, phantom_dataset, monkeypatch):
    def broken(folder, progress):
        raise RuntimeError("<b>disk</b>")

    with monkeypatch.context() as patch:
        patch.setattr(checking, "load_dataset", broken)
        checking.forget()
        page = open_data(phantom_dataset)
        assert f"{phantom_dataset.name} cannot be checked (RuntimeError: &lt;b&gt;disk&lt;/b&gt;)." in html(page)
    press(page, "Check again")
    assert checking.of(phantom_dataset, inherit=True).settled.wait(60)
    assert metrics(again(page))["Scans that can be read"] == "24"


def test_the_report_counts_splits_and_leads_to_the_settings(service, phantom_dataset):
    page = open_data(phantom_dataset)
    assert metrics(page) == {
        "Scans that can be read": "24",
        "Distinct pictures": "24",
        "Byte-identical copies": "0",
        "Further near-copies": "0",
    }
    found = split(page)
    assert found["all"] == (12, 12) == tuple(sum(found[p][i] for p in ("train", "validation", "test")) for i in (0, 1))
    assert "all 128 x 128 pixels" in said(page) and "Known to the models in service none" in words(page)
    press(page, "Use these data")
    assert page.segmented_control(key="retrain_step").value == "settings"
    kept = page.session_state[chosen.KEY]
    assert (kept.folder, kept.scans, kept.inherit, kept.left_out) == (phantom_dataset, 24, True, ())
    assert kept.sizes == {part: sum(found[part]) for part in ("train", "validation", "test")}


def test_what_cannot_be_read_and_what_is_there_twice_is_named(service, phantom_dataset, tmp_path):
    folder = tmp_path / "sets" / "bad"
    shutil.copytree(phantom_dataset, folder)
    (folder / "yes" / "bad**x** <i>.png").write_bytes(b"no picture")
    first = sorted((folder / "no").iterdir())[0]
    shutil.copyfile(first, folder / "no" / "again.png")
    page = open_data(folder)
    labels = [expander.label for expander in page.expander]
    assert labels[0] == "Files that cannot be read and are left out: 1"
    assert any(text.value.startswith("bad**x** <i>.png: not a picture") for text in page.text)
    assert labels[1:] == ["Byte-identical groups: 1", "Near-duplicate groups: 1"]
    assert f"no/again.png, no/{first.name}" in [text.value for text in page.text]
    assert metrics(page)["Byte-identical copies"] == "1" and split(page)["all"] == (12, 13)


def test_too_few_scans_cannot_be_trained_on(service, phantom_dataset, tmp_path):
    folder = tmp_path / "sets" / "few"
    shutil.copytree(phantom_dataset, folder)
    for path in sorted((folder / "yes").iterdir())[5:]:
        path.unlink()
    page = open_data(folder)
    assert "These data cannot be trained on. Class &#x27;tumor&#x27;: 5 distinct" in words(page)
    assert "Use these data" not in buttons(page)


def test_a_model_in_service_keeps_its_split(service, phantom_dataset):
    know(service, phantom_dataset)
    page = open_data(phantom_dataset)
    overlap = f"train {len(KNOWN_TRAIN)}, test {len(KNOWN_TEST)} (byte for byte)"
    assert overlap in words(page)
    assert "may be tested on" not in words(page)


def test_a_new_split_of_known_scans_is_warned_of(service, phantom_dataset):
    know(service, phantom_dataset)
    page = open_data(phantom_dataset)
    assert checking.of(phantom_dataset, inherit=False).settled.wait(60)
    page.toggle(key="retrain_inherit").set_value(False)
    again(page)
    assert f"With a new split {len(KNOWN_TRAIN)} groups that the models in service learned from may be" in words(page)
    press(page, "Use these data")
    assert page.session_state[chosen.KEY].inherit is False


def test_an_undecided_conflict_stands_in_the_way(conflict):
    page = open_data(conflict)
    assert "2 near-duplicate groups hold both classes." in words(page)
    assert "2 of these groups are undecided" in words(page)
    assert "Use these data" not in buttons(page) and all("Part" not in frame.value for frame in page.dataframe)
    assert html(page).count("<img src=") == 4
    assert 'alt="no/zz**0** &lt;b&gt;.png, filed as No tumour"' in html(page) and "<b>" not in html(page)


def test_all_conflicts_left_out(conflict):
    page = open_data(conflict)
    page.checkbox[0].check()
    again(page)
    assert split(page)["all"] == (10, 12)
    press(page, "Use these data")
    kept = page.session_state[chosen.KEY]
    first, second = (path.name for path in sorted((conflict / "yes").iterdir())[:2])
    assert set(kept.left_out) == {f"yes/{first}", f"yes/{second}", "no/zz**0** <b>.png", "no/zz**1** <b>.png"}
    assert (kept.scans, sum(kept.sizes.values())) == (22, 22)


def test_a_decision_leaves_out_what_contradicts_it(conflict):
    page = open_data(conflict)
    for control_, decision in zip(page.segmented_control[2:], (SHOWS_TUMOUR, SHOWS_NONE), strict=True):
        control_.set_value(decision)
    again(page)
    assert split(page)["all"] == (11, 13)
    press(page, "Use these data")
    second = sorted((conflict / "yes").iterdir())[1].name
    assert set(page.session_state[chosen.KEY].left_out) == {"no/zz**0** <b>.png", f"yes/{second}"}


def test_one_decision_of_two_is_not_enough_and_survives_a_look_at_another_step(conflict):
    page = open_data(conflict)
    page.segmented_control[2].set_value(SHOWS_TUMOUR)
    assert "1 of these groups are undecided" in words(again(page))
    choose(choose(page, "retrain_step", "runs"), "retrain_step", "data")
    assert "1 of these groups are undecided" in words(page)
    page.segmented_control[3].set_value(LEAVE_OUT)
    assert "Use these data" in buttons(again(page))


def test_a_decision_that_leaves_too_few_is_refused_before_a_run(service, phantom_dataset, tmp_path):
    folder = with_conflict(phantom_dataset, tmp_path / "sets" / "few", copies=6)
    page = open_data(folder)
    page.checkbox[0].check()
    again(page)
    assert "These data cannot be trained on. Class &#x27;tumor&#x27;: 6 distinct" in words(page)
    assert "Use these data" not in buttons(page)


def test_looking_at_data_starts_no_run(service, phantom_dataset, monkeypatch):
    monkeypatch.setattr(control, "start", lambda *a, **k: pytest.fail("a run was started"))
    press(open_data(phantom_dataset), "Use these data")
