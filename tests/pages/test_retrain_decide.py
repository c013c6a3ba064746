"""Step 4 of the Retrain page: challenger and champion, the gate, and who puts what in service."""

from __future__ import annotations

import json

import pytest

from brain_core import operating_points, versions
from brain_core.datasets.index import load_dataset
from brain_core.evaluation import challenge, challenge_record
from brain_core.jobs import task
from brain_core.models import MODELS
from brain_core.registry import read_card
from tests.helpers import put_in_service
from tests.pages.steps import html, words
from tests.ui.retrain import CNN, add_version, again, buttons, choose, open_retrain, press, said, write_gate
from tests.ui.service import bright_patch_network

NEW, FILE = "2026-01-02-new", MODELS[CNN].file_name
NAME = "A. <b>Reader</b> **x**"


@pytest.fixture
def service(in_service, tmp_path, set_environment, phantom_dataset):
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_HOME=tmp_path / "home", BRAIN_DATA_ROOTS=phantom_dataset.parent)
    return in_service


@pytest.fixture
def new(service, tmp_path):
    """A version that was not compared."""
    return add_version(NEW, tmp_path)


@pytest.fixture
def passed(new):
    """A version that has passed the gate."""
    write_gate(new, passed=True, text="Gate passed (margin 0.02).", champion="test-1")
    return new


def open_decide(model: str = CNN, **parameters):
    return open_retrain(step="decide", model=model, **parameters)


def table(page):
    return page.dataframe[0].value.set_index("Version")["Is"].to_dict()


def promote(page, name: str = "A. Reader", reason: str = "", version: str = NEW):
    page.text_input(key="retrain_promote_name").set_value(name)
    page.text_input(key=f"retrain_promote_reason_{version}").set_value(reason)
    return press(page, "Promote")


def roll_back(page, name: str = "B. Reader", reason: str = "worse"):
    page.text_input(key="retrain_rollback_name").set_value(name)
    page.text_input(key="retrain_rollback_reason").set_value(reason)
    return press(page, "Roll back")


def in_service_now() -> str:
    return read_card(CNN).version


def test_without_another_version_there_is_nothing_to_decide(service):
    page = open_decide()
    assert table(page) == {"test-1": "in service, shipped"}
    assert "No other version yet: a run that ends well adds one." in said(page) and buttons(page) == []
    assert "The shipped version has been in service from the start." in said(page)


def test_a_version_that_was_not_compared_says_so_and_needs_a_reason(new):
    page = open_decide()
    assert table(page) == {"test-1": "in service, shipped", NEW: "retrained"}
    assert "It was not compared with the version that is in service now." in said(page)
    assert "Gate not passed: it was not compared with test-1, which is in service." in words(page)
    assert "A reason is needed." in words(promote(page)) and in_service_now() == "test-1"
    assert "Your name is needed." in words(promote(page, " ", "an audit")) and in_service_now() == "test-1"
    promote(page, reason="an audit")
    assert f"Custom CNN {NEW} is in service now." in words(page) and in_service_now() == NEW
    assert table(page) == {"test-1": "before it, shipped", NEW: "in service"}


def test_a_gate_stands_for_the_operating_points_that_it_was_passed_at(passed):
    operating_points.save(read_card(CNN), 0.9, rule="by hand", fitted_on="nothing", reason="a try", name="A. Reader")
    page = open_decide()
    told = "Gate not passed: since it was compared, the operating point of the champion changed: compare it anew."
    assert told in words(page)
    assert "A reason is needed." in words(promote(page)) and in_service_now() == "test-1"


def test_a_damaged_champion_does_not_stand_in_the_way_of_rolling_back(new, tmp_path):
    versions.promote(CNN, NEW, who="A. Reader", reason="a try")
    newer = add_version("2026-01-03-newer", tmp_path / "newer")
    write_gate(newer, passed=True, text="Gate passed.", champion=NEW)
    read_card(CNN).path.unlink()
    page = open_decide()
    assert f"Gate not passed: whether it still holds cannot be told ({FILE} is missing." in words(page)
    roll_back(page)
    assert in_service_now() == "test-1"


def test_a_passed_gate_is_reason_enough(passed):
    page = open_decide()
    assert "Gate passed (margin 0.02)." in words(page) and "Gate: Gate" not in words(page)
    promote(page)
    (change,) = versions.history(CNN)
    assert (change.name, change.reason, change.gate) == ("A. Reader", "passed the gate", "Gate passed (margin 0.02).")
    assert "A reason" not in words(again(page))


def test_a_comparison_with_another_version_opens_no_gate(new):
    write_gate(new, passed=True, text="Gate passed.", champion="an-older-one")
    page = open_decide()
    assert "it was compared with an-older-one, not with test-1, which is in service" in words(page)
    assert "A reason is needed." in words(promote(page))


def test_a_damaged_comparison_is_told_and_opens_no_gate(new):
    gate = {"passed": True, "text": "Gate passed.", "champion": "test-1"}
    (new.folder / versions.COMPARISON).write_text(json.dumps({"gate": gate}))
    page = open_decide()
    assert "comparison.json: expected a record of format 1. Received: None. Compare anew" in words(page)
    assert "A reason is needed." in words(promote(page)) and in_service_now() == "test-1"


def test_roll_back_and_the_history_of_both(passed):
    page = roll_back(promote(open_decide(), NAME, "better"), NAME, "worse <i>")
    assert "Custom CNN test-1 is in service again." in words(page) and in_service_now() == "test-1"
    shown = page.dataframe[-1].value
    assert list(shown["What"]) == ["rollback", "promote"] and list(shown["Who"]) == [NAME, NAME]
    assert list(shown["To"]) == ["test-1", NEW] and list(shown["Why"]) == ["worse <i>", "better"]
    assert "History: 2 changes" in [each.label for each in page.expander]
    assert "<b>" not in html(page) and "<i>" not in html(page).replace('<i class="brain-dot"', "")
    assert "Roll back" not in buttons(page)


def test_roll_back_needs_a_name_and_a_reason(passed):
    page = promote(open_decide(), reason="better")
    assert "Your name is needed." in words(roll_back(page, "", "worse"))
    assert "A reason is needed." in words(roll_back(page, "B. Reader", " "))
    assert in_service_now() == NEW


def test_somebody_else_promoted_meanwhile(passed, tmp_path):
    other = add_version("2026-01-03-other", tmp_path)
    page = open_decide(version=NEW)
    versions.promote(CNN, other.version, who="B. Reader", reason="faster")
    promote(page, reason="better")
    assert "Nothing was changed. " in words(page) and "has changed meanwhile: expected test-1" in words(page)
    assert in_service_now() == other.version and len(versions.history(CNN)) == 1
    assert table(again(page))[other.version] == "in service"


def test_the_other_version_was_promoted_by_somebody_else_meanwhile(passed, tmp_path):
    other = add_version("2026-01-03-other", tmp_path)
    page = open_decide(version=NEW)
    versions.promote(CNN, NEW, who="B. Reader", reason="faster")
    promote(page, reason="better")
    assert f"The versions have changed meanwhile: {NEW} stood on the page, now it is {other.version}." in words(page)
    assert in_service_now() == NEW and len(versions.history(CNN)) == 1


def test_roll_back_is_refused_when_somebody_else_promoted_meanwhile(passed, tmp_path):
    other = add_version("2026-01-03-other", tmp_path)
    page = promote(open_decide(version=NEW), reason="better")
    versions.promote(CNN, other.version, who="B. Reader", reason="faster")
    roll_back(page)
    assert "Nothing was changed. " in words(page) and "have changed meanwhile: test-1 stood on the page" in words(page)
    assert in_service_now() == other.version


def test_of_two_who_roll_back_at_once_one_goes_back_one_step(passed, tmp_path):
    other = add_version("2026-01-03-other", tmp_path)
    versions.promote(CNN, NEW, who="A. Reader", reason="better")
    versions.promote(CNN, other.version, who="A. Reader", reason="better")
    page = open_decide()
    versions.rollback(CNN, who="B. Reader", reason="faster")
    roll_back(page)
    assert "Nothing was changed. " in words(page) and in_service_now() == NEW


def test_delete_asks_first(passed, tmp_path):
    spare = add_version("2026-01-03-spare", tmp_path)
    page = press(open_decide(version=spare.version), "Delete this version")
    assert f"{spare.version} goes for good; the history keeps its name" in said(page) and spare.folder.is_dir()


def test_the_predecessor_has_no_button_to_delete_it(passed, tmp_path):
    later = add_version("2026-01-03-later", tmp_path)
    promote(open_decide(version=NEW), reason="better")
    versions.promote(CNN, later.version, who="B. Reader", reason="faster")
    page = open_decide(version=NEW)
    assert table(page)[NEW] == "before it" and "Delete this version" not in buttons(page)


def test_a_damaged_version_cannot_be_promoted(new):
    (new.folder / FILE).unlink()
    page = open_decide()
    assert "It cannot be used. " in words(page) and buttons(page) == ["Delete this version"]


def test_shipped_metadata_that_cannot_be_read_do_not_stand_in_the_way(new, service):
    (service / FILE).with_suffix(".json").write_text("{")
    promote(open_decide(), reason="to have one again")
    assert in_service_now() == NEW


def test_a_damaged_history_puts_the_model_out_of_service(passed, service):
    promote(open_decide(), reason="better")
    (service / "versions" / f"{CNN}.json").write_text("{")
    page = open_decide()
    assert "Custom CNN is out of service. " in words(page) and buttons(page) == []
    assert table(choose(page, "retrain_decide_model", "resnet50")) == {"test-2": "in service, shipped"}


def test_the_shipped_version_is_what_the_second_model_shows(service):
    page = choose(open_decide(), "retrain_decide_model", "resnet50")
    assert table(page) == {"test-2": "in service, shipped"} and page.query_params.get("model") is None


def test_a_real_comparison_is_shown(service, phantom_dataset, tmp_path, monkeypatch, set_environment):
    set_environment(BRAIN_GATE_MARGIN="0.5")
    data = load_dataset(phantom_dataset)
    rows = [{"sha256": data.scans[i].key, "label": 1, "probability": 0.5, "group": i} for i in range(24)]
    network = bright_patch_network(CNN, level=0.6, gain=120, offset=2)
    put_in_service(tmp_path / "run", CNN, network, version=NEW, predictions={"validation": [], "test": rows})
    version = versions.add(CNN, tmp_path / "run")
    found = challenge.compare(version.card(), read_card(CNN), data, margin=0.5)
    challenge_record.write(found, version.folder)
    path = version.folder / versions.COMPARISON
    record = json.loads(path.read_text())
    record["data"]["name"], record["notes"] = "**set** <b>", ["a **note** <i>x</i>"]
    path.write_text(json.dumps(record))
    page = open_decide()
    assert "24 scans of **set** &lt;b&gt; are left to compare on: 24 distinct, 12 with a tumour." in html(page)
    assert "A **note** &lt;i&gt;x&lt;/i&gt;." in html(page)
    assert found.tests.sentence in words(page).replace("&#x27;", "'")
    figures = next(frame.value for frame in page.dataframe if "Challenger less champion" in frame.value)
    auc = found.models.challenger.metrics.roc_auc
    assert figures.iloc[0]["Challenger"] == f"{auc.value:.3f} ({auc.low:.3f} to {auc.high:.3f})"
    assert len(figures) == 9 and figures.iloc[-1]["Champion"] == "0.400"
    shortcuts = next(frame.value for frame in page.dataframe if "Change" in frame.value)
    assert len(shortcuts) == len(found.robustness.champion)
    assert found.gate.text in words(page)


def test_comparing_anew_is_a_task_in_the_background(new, phantom_dataset, monkeypatch):
    started, seen = [], []
    monkeypatch.setattr(task, "start", lambda name, words: started.append((name, words)))
    page = open_decide()
    assert next(each for each in page.button if each.label == "Compare").disabled
    page.selectbox(key="retrain_compare_folder").set_value(str(phantom_dataset))
    press(again(page), "Compare")
    ((name, asked),) = started
    assert asked == ["models", "compare", NEW, str(phantom_dataset), "--model", CNN, "--format", "json"]
    assert name == f"compare {NEW} test-1"
    monkeypatch.setattr(task, "look", lambda name: task.Task(name, True, True, ()))
    again(page)
    assert "Both models score the same scans" in words(page) and "Compare" not in buttons(page)
    monkeypatch.setattr(task, "stop", seen.append)
    page.button(key="retrain_compare_cancel").click()
    again(page)
    assert seen == [name]
    monkeypatch.setattr(task, "look", lambda name: task.Task(name, True, False, ("error: No <b>scan</b>.",)))
    assert "Not compared. No &lt;b&gt;scan&lt;/b&gt;." in html(again(page)).replace("</strong><div>", "")
