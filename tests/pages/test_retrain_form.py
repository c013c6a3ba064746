"""Step 2 of the Retrain page: the fields, where they begin, what makes no sense, and the words that Start passes on."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace

import pytest

from brain_core.cli import train
from brain_core.errors import RunError
from brain_core.jobs import control, index, memory
from brain_core.models import MODELS
from brain_core.thresholds import RULES
from brain_core.training.augmentation import Augmentation
from brain_core.training.config import TrainConfig
from brain_core.ui.retrain import chosen
from tests.pages.steps import html, words
from tests.ui.retrain import CNN, again, buttons, choose, open_retrain, open_settings, press, said


@pytest.fixture
def started(in_service, phantom_dataset, tmp_path, set_environment, monkeypatch):
    """Both models in service, the phantoms at hand; what was asked for instead of a run that was started."""
    set_environment(BRAIN_MODELS_DIR=in_service, BRAIN_HOME=tmp_path / "home", BRAIN_DATA_ROOTS=phantom_dataset.parent)
    calls = []
    monkeypatch.setattr(control, "start", lambda words, **about: calls.append((list(words), about)))
    monkeypatch.setattr(memory, "available", lambda: 64_000_000_000)
    return calls


def values(page, generation: int = 0) -> dict:
    """By name of the setting what the fields show."""
    widgets = (*page.number_input, *page.slider, *page.selectbox, *page.toggle)
    found = {w.key.removeprefix("retrain_").removesuffix(f"_{generation}"): w.value for w in widgets if w.key}
    found |= {"measure_statistics": found.pop("measure")}
    assert found.pop("rule") in RULES  # no setting of the training itself
    return found


def expected(config: TrainConfig) -> dict:
    flat = {**asdict(config), **asdict(config.augmentation)}
    return {name: value for name, value in flat.items() if name not in ("augmentation", "start", "init")}


def test_without_data_the_page_leads_to_them(started):
    page = open_retrain(step="settings")
    assert "Choose the data first." in said(page) and buttons(page) == ["Go to the data"]
    assert press(page, "Go to the data").segmented_control(key="retrain_step").value == "data"


def test_the_fields_begin_with_the_briefs_values(started, phantom_dataset):
    page = open_settings(phantom_dataset)
    assert values(page) == expected(TrainConfig())
    assert all(widget.help for widget in (*page.number_input, *page.slider, *page.selectbox))
    assert "24 scans; train 16, validation 4, test 4" in words(page)


def test_start_passes_on_the_defaults(started, phantom_dataset):
    page = press(open_settings(phantom_dataset), "Start training")
    ((asked, about),) = started
    assert asked == ["train", str(phantom_dataset), "--model", "resnet50", "--split", "inherit"]
    assert about == {"models": ["resnet50"], "data": phantom_dataset.name, "who": None}  # whoever runs the server
    assert page.segmented_control(key="retrain_step").value == "runs"


def test_start_passes_on_every_field_as_the_command_line_reads_it(started, phantom_dataset, tmp_path):
    page = choose(open_settings(phantom_dataset, inherit=False), "retrain_model", CNN)
    wanted = TrainConfig(
        epochs_head=2, epochs_finetune=1, lr_head=0.002, lr_finetune=0.0001, unfreeze=12, batch_size=4, seed=3,
        variants=5, init="pretrained", keep="average", schedule="cosine", standardise=True, measure_statistics=True,
        augmentation=Augmentation(
            rotation=5.0, shift=0.1, flip=0.0, zoom=(0.9, 1.2), brightness=(0.8, 1.0), strong=True
        ),
    )  # fmt: skip
    flat = {**asdict(wanted), **asdict(wanted.augmentation), "rule": "youden"}
    for widget in (*page.number_input, *page.slider, *page.selectbox):
        name = widget.key.removeprefix("retrain_").removesuffix("_0")
        widget.set_value(flat[name])
    for toggle in page.toggle:
        toggle.set_value(True)
    press(again(page), "Start training")
    ((asked, _),) = started
    assert asked[:4] == ["train", str(phantom_dataset), "--model", CNN] and asked[-2:] == ["--split", "fresh"]
    read = parsed(asked)
    assert train.config_from(read) == wanted
    assert (read.split, read.leave_out, read.masks, read.operating_point) == ("fresh", [], None, "youden")


def parsed(words_asked: list[str]):
    parser = argparse.ArgumentParser()
    train.add(parser.add_subparsers())
    return parser.parse_args(words_asked)


def test_scans_to_be_left_out_and_outlined_tumours_are_passed_on(started, phantom_dataset, tmp_path, set_environment):
    (tmp_path / "scans" / "localisation" / "masks").mkdir(parents=True)
    set_environment(
        BRAIN_DATA_ROOTS=phantom_dataset.parent, BRAIN_DATA_DIR=tmp_path / "scans", BRAIN_HOME=tmp_path / "home"
    )
    page = open_settings(phantom_dataset)
    kept = page.session_state[chosen.KEY]
    page.session_state[chosen.KEY] = replace(kept, left_out=("no/**1** <b>.png", "-yes/2.png"))
    press(choose(page, "retrain_model", "both"), "Start training")
    ((asked, about),) = started
    assert asked[2:] == [
        "--model", "both", "--split", "inherit", "--leave-out=no/**1** <b>.png", "--leave-out=-yes/2.png",
        "--masks", str(tmp_path / "scans" / "localisation"),
    ]  # fmt: skip
    assert about["models"] == ["custom_cnn", "resnet50"] and parsed(asked).leave_out == [
        "no/**1** <b>.png",
        "-yes/2.png",
    ]


def test_to_go_on_from_the_model_in_service(started, phantom_dataset):
    page = choose(open_settings(phantom_dataset), "retrain_start", "service")
    assert all("Backbone" not in box.label for box in page.selectbox)
    press(page, "Start training")
    ((asked, _),) = started
    assert asked[2:] == ["--model", "resnet50", "--start", "service", "--split", "inherit"]


def test_to_go_on_from_it_with_a_new_split_is_refused(started, phantom_dataset):
    page = choose(open_settings(phantom_dataset, inherit=False), "retrain_start", "service")
    assert "keep its split (step 1), so that none of them is tested on" in words(page)
    assert "Start training" not in buttons(page)


def test_no_epoch_at_all_is_refused(started, phantom_dataset):
    page = open_settings(phantom_dataset)
    for name in ("epochs_head", "epochs_finetune"):
        page.number_input(key=f"retrain_{name}_0").set_value(0)
    again(page)
    assert "at least one epoch is needed" in words(page) and "Start training" not in buttons(page)
    page.number_input(key="retrain_epochs_head_0").set_value(1)
    assert "Start training" in buttons(again(page))


def test_reset_brings_the_briefs_values_back(started, phantom_dataset):
    page = open_settings(phantom_dataset)
    page.number_input(key="retrain_seed_0").set_value(7)
    page.slider(key="retrain_zoom_0").set_value((0.8, 1.3))
    assert values(again(page))["zoom"] == (0.8, 1.3)
    assert values(press(page, "Reset to the brief's values"), 1) == expected(TrainConfig())


def test_the_fields_survive_a_look_at_another_step(started, phantom_dataset):
    page = choose(open_settings(phantom_dataset), "retrain_model", CNN)
    page.number_input(key="retrain_epochs_head_0").set_value(3)
    again(page)
    choose(choose(page, "retrain_step", "runs"), "retrain_step", "settings")
    assert page.number_input(key="retrain_epochs_head_0").value == 3
    assert page.segmented_control(key="retrain_model").value == CNN


def store_training(models_dir, name: str, record) -> None:
    path = (models_dir / MODELS[name].file_name).with_suffix(".json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"training": record}))


def test_as_the_model_in_service_was_trained(started, phantom_dataset, in_service):
    trained = TrainConfig(
        epochs_head=900, epochs_finetune=0, batch_size=128, lr_head=0.2, backbone="pretrained", keep="last",
        standardise=True, augmentation=Augmentation(rotation=3.0, zoom=(0.4, 1.1)),
    )  # fmt: skip
    store_training(in_service, "resnet50", json.loads(json.dumps(asdict(replace(trained, start="model.keras")))))
    page = press(open_settings(phantom_dataset), "As the model in service was trained")
    assert values(page, 1) == expected(trained)
    press(page, "Start training")
    assert train.config_from(parsed(started[0][0])) == trained


def test_further_scans_that_are_not_at_hand_are_told(started, phantom_dataset, in_service):
    record = json.loads(json.dumps(asdict(TrainConfig(extra="**other** <b>", extra_scans=20))))
    store_training(in_service, "resnet50", record)
    page = press(open_settings(phantom_dataset), "As the model in service was trained")
    assert "It learned from **other** &lt;b&gt; as well, which is not at hand: left out." in html(page)
    assert (values(page, 1)["extra"], values(page, 1)["extra_scans"]) == ("", 0)


@pytest.mark.parametrize("record", [{}, {"augmentation": None}, {"augmentation": {}, "no_such": 1}, ["<b>"]])
def test_a_record_of_training_that_cannot_be_read_is_told(started, phantom_dataset, in_service, record):
    store_training(in_service, "resnet50", record)
    page = press(open_settings(phantom_dataset), "As the model in service was trained")
    assert "How the model in service was trained is not stored" in words(page)
    assert values(page) == expected(TrainConfig())


def test_further_scans_need_a_number(started, phantom_dataset):
    page = open_settings(phantom_dataset)
    page.number_input(key="retrain_extra_scans_0").set_value(5)
    again(page)
    assert "expected a collection and how many of it, or neither" in words(page)
    assert "Start training" not in buttons(page)
    page.selectbox(key="retrain_extra_0").set_value(str(phantom_dataset))
    press(again(page), "Start training")
    assert started[0][0][4:8] == ["--extra", str(phantom_dataset), "--extra-scans", "5"]


def test_a_weights_file_lies_where_data_sets_may(started, phantom_dataset, tmp_path, in_service):
    page = open_settings(phantom_dataset)
    page.selectbox(key="retrain_backbone_0").set_value("file")
    again(page)
    assert "Weights file: expected a path." in words(page) and "Start training" not in buttons(page)
    for path, told in (("/etc/passwd", "outside the folders"), (phantom_dataset / "<b>.npz", "no such file")):
        page.text_input(key="retrain_file_0").set_value(str(path))
        again(page)
        assert told in words(page) and "<b>" not in html(page) and "Start training" not in buttons(page)
    inside = phantom_dataset.parent / "weights.npz"
    inside.write_bytes(b"")
    page.text_input(key="retrain_file_0").set_value(str(inside))
    press(again(page), "Start training")
    assert started[0][0][4:6] == ["--backbone", str(inside)]


def test_memory_that_will_not_do_is_told_before(started, phantom_dataset, monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1_000_000_000)
    page = open_settings(phantom_dataset)
    assert "GB are free. A batch size of 4 needs less." in words(page) and "Start training" in buttons(page)


def test_a_run_that_cannot_be_started_is_told(started, phantom_dataset, monkeypatch):
    def full(words, **about):
        raise RunError("Run <b>1</b> cannot be made: the disk is full.")

    monkeypatch.setattr(control, "start", full)
    page = press(open_settings(phantom_dataset), "Start training")
    assert "Nothing was started. " in words(page) and "Run &lt;b&gt;1&lt;/b&gt; cannot be made" in html(page)
    assert page.segmented_control(key="retrain_step").value == "settings" and index.folders() == []


def test_the_name_of_a_data_set_is_shown_literally(started, phantom_dataset):
    page = open_settings(phantom_dataset)
    kept = page.session_state[chosen.KEY]
    page.session_state[chosen.KEY] = replace(kept, folder=phantom_dataset.parent / "**x** <b>y")
    again(page)
    assert "<strong>**x** &lt;b&gt;y</strong>" in html(page)


def test_the_rule_for_the_operating_point_is_passed_on_and_taken_over(started, phantom_dataset, in_service):
    page = open_settings(phantom_dataset)
    page.selectbox(key="retrain_rule").set_value("sensitivity_95")
    press(again(page), "Start training")
    assert parsed(started[0][0]).operating_point == "sensitivity_95"
    store_training(in_service, "resnet50", json.loads(json.dumps(asdict(TrainConfig(backbone="pretrained")))))
    path = (in_service / MODELS["resnet50"].file_name).with_suffix(".json")
    own = {"threshold": 0.5, "rule": "default", "fitted_on": "not fitted"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"operating_point": own}))
    page = press(open_settings(phantom_dataset), "As the model in service was trained")
    assert page.selectbox(key="retrain_rule").value == "default"
