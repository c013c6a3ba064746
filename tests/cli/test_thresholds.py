"""``thresholds show|set|revert``, and the saved point in the commands that score."""

import json

import pytest

from brain_core.cli import main
from tests.helpers import put_in_service

STORED = {"default": 0.5, "balanced_accuracy": 0.4, "youden": 0.4, "sensitivity_95": 0.25}
WHO = ["--name", "A. Reader", "--reason", "screening"]


@pytest.fixture
def service(tmp_path, set_environment):
    """Both models; ResNet50 without stored thresholds, as an older version might be."""
    set_environment(BRAIN_MODELS_DIR=tmp_path)
    put_in_service(tmp_path, "custom_cnn", thresholds=STORED)
    put_in_service(tmp_path, "resnet50")
    return tmp_path


@pytest.fixture
def scan(phantom_dataset):
    return str(next((phantom_dataset / "yes").iterdir()))


def predicted(capsys, *arguments) -> list[dict]:
    assert main(["predict", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def shown(capsys, status: int = 0) -> dict:
    assert main(["thresholds", "show", "--format", "json"]) == status
    return json.loads(capsys.readouterr().out)


def test_show_set_and_revert_one_after_the_other(service, capsys):
    assert shown(capsys)["custom_cnn"] == {
        "version": "test-custom_cnn",
        "threshold": 0.4,
        "source": "best balanced accuracy, validation, n = 9",
        "own": {"threshold": 0.4, "rule": "best balanced accuracy", "fitted_on": "validation, n = 9"},
        "history": [],
        "problem": None,
    }
    assert main(["thresholds", "set", "custom_cnn", "0.3", *WHO]) == 0
    assert "threshold 0.300 (set by A. Reader on " in capsys.readouterr().out
    assert main(["thresholds", "set", "custom_cnn", "sensitivity_95", *WHO]) == 0
    assert "screening; sensitivity at least 0.95, validation, n = 9)" in capsys.readouterr().out
    assert main(["thresholds", "revert", "custom_cnn", "--name", "B. Reader", "--reason", "too many alarms"]) == 0
    assert "threshold 0.300 (set by A. Reader" in capsys.readouterr().out
    found = shown(capsys)
    assert (found["custom_cnn"]["threshold"], found["resnet50"]["threshold"]) == (0.3, 0.4)
    assert [entry["action"] for entry in found["custom_cnn"]["history"]] == ["set", "set", "revert"]
    assert main(["thresholds", "revert", "custom_cnn"]) == 0
    assert "threshold 0.400 (best balanced accuracy, validation, n = 9)" in capsys.readouterr().out
    assert main(["thresholds", "revert", "custom_cnn"]) == 1
    assert "goes by its own operating point already" in capsys.readouterr().err


def test_the_table_shows_what_is_in_use_the_models_own_and_the_history(service, capsys):
    for threshold in ("default", "0.3"):
        assert main(["thresholds", "set", "custom_cnn", threshold, *WHO]) == 0
    assert main(["thresholds", "revert", "custom_cnn"]) == 0
    capsys.readouterr()
    assert main(["thresholds", "show", "--model", "custom_cnn"]) == 0
    first, own, *history = capsys.readouterr().out.splitlines()
    assert first.startswith("custom_cnn  test-custom_cnn  threshold 0.500 (set by A. Reader on ")
    assert own == "  the model's own: 0.400 (best balanced accuracy, validation, n = 9)"
    assert [line.split("UTC  ")[1] for line in history] == [
        "set     0.500 (default, not fitted on data) by A. Reader: screening",
        "set     0.300 (chosen by hand, not fitted on data) by A. Reader: screening",
        "back to 0.500 (default, not fitted on data) by not stated: not stated",
    ]


def test_predict_goes_by_the_saved_point_and_says_so(service, scan, capsys, caplog):
    caplog.set_level("INFO")
    (before, _) = predicted(capsys, scan)
    assert before["threshold"] == 0.4
    assert "custom_cnn: threshold 0.400 (best balanced accuracy, validation, n = 9)" in caplog.text
    moved = 0.0 if before["label"] == "no tumor" else 1.0
    assert main(["thresholds", "set", "custom_cnn", str(moved), *WHO]) == 0
    capsys.readouterr()
    caplog.clear()
    after, other = predicted(capsys, scan)
    assert (after["threshold"], other["threshold"]) == (moved, 0.4)
    assert after["label"] != before["label"] and after["probability"] == before["probability"]
    assert f"custom_cnn: threshold {moved:.3f} (set by A. Reader on " in caplog.text


def test_a_threshold_on_the_command_line_wins_and_says_so(service, scan, capsys, caplog):
    caplog.set_level("INFO")
    assert main(["thresholds", "set", "custom_cnn", "0.9", *WHO]) == 0
    capsys.readouterr()
    assert [record["threshold"] for record in predicted(capsys, scan, "--threshold", "0.7")] == [0.7, 0.7]
    assert "custom_cnn: threshold 0.700 (chosen by the user, not fitted on data)" in caplog.text
    assert "A. Reader" not in caplog.text


def test_evaluate_goes_by_the_saved_point_and_says_so(service, phantom_dataset, capsys):
    assert main(["thresholds", "set", "custom_cnn", "0", *WHO]) == 0
    capsys.readouterr()
    evaluate = ["evaluate", str(phantom_dataset), "--model", "custom_cnn", "--split", "all"]
    assert main([*evaluate, "--format", "json"]) == 0
    result = json.loads(capsys.readouterr().out)["custom_cnn"]
    assert (result["threshold"], result["recall"]["value"], result["specificity"]["value"]) == (0, 1, 0)
    assert result["threshold_source"].startswith("set by A. Reader on ")
    assert main(evaluate) == 0
    assert "threshold    0.000  (set by A. Reader on " in capsys.readouterr().out


def test_models_list_names_the_saved_point(service, capsys):
    assert main(["thresholds", "set", "resnet50", "0.35", *WHO]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    assert "threshold 0.350 (set by A. Reader on " in capsys.readouterr().out.splitlines()[1]


def test_a_point_of_another_version_does_not_apply_and_show_says_so(service, capsys):
    assert main(["thresholds", "set", "custom_cnn", "0.3", *WHO]) == 0
    put_in_service(service, "custom_cnn", version="retrained")
    capsys.readouterr()
    assert main(["thresholds", "show", "--model", "custom_cnn"]) == 0
    first, _, entry = capsys.readouterr().out.splitlines()
    assert first == "custom_cnn  retrained  threshold 0.400 (best balanced accuracy, validation, n = 9)"
    assert entry.endswith("by A. Reader: screening; of version test-custom_cnn, does not apply")
    assert not shown(capsys)["custom_cnn"]["history"][0]["of_this_version"]


def test_a_damaged_history_is_shown_with_status_1_and_predict_goes_on(service, settings, scan, capsys, caplog):
    file = settings.home / "operating_points" / "custom_cnn.json"
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert main(["thresholds", "show"]) == 1
    assert "error: operating_points/custom_cnn.json in BRAIN_HOME is damaged" in capsys.readouterr().out
    found = shown(capsys, status=1)
    assert (found["custom_cnn"]["threshold"], found["resnet50"]["problem"]) == (0.4, None)
    assert predicted(capsys, scan)[0]["threshold"] == 0.4
    assert "Custom CNN goes by its own operating point." in caplog.text
    assert main(["thresholds", "set", "custom_cnn", "0.3", *WHO]) == 1
    assert "move it away to start a new history" in capsys.readouterr().err


def test_a_model_that_is_not_in_service_is_named_and_the_other_is_shown(service, capsys):
    (service / "custom_cnn_fixed.json").unlink()
    found = shown(capsys, status=1)
    assert "custom_cnn_fixed.json is missing" in found["custom_cnn"]["error"]
    assert found["resnet50"]["threshold"] == 0.4
    assert main(["thresholds", "show"]) == 1
    assert "custom_cnn  error: custom_cnn_fixed.json is missing" in capsys.readouterr().out
    assert main(["thresholds", "set", "custom_cnn", "0.3", *WHO]) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["set", "custom_cnn", "1.5", *WHO], "Threshold: expected a number from 0 to 1. Received: 1.5."),
        (["set", "custom_cnn", "-0.1", *WHO], "Threshold: expected a number from 0 to 1. Received: -0.1."),
        (["set", "custom_cnn", "nan", *WHO], "Threshold: expected a number from 0 to 1. Received: nan."),
        (["set", "custom_cnn", "half", *WHO], "THRESHOLD: expected a number from 0 to 1, or default, balanced_"),
        (["set", "resnet50", "youden", *WHO], "THRESHOLD: youden is not stored with this model"),
        (["set", "custom_cnn", "0.3", "--name", " ", "--reason", "x"], "Name: expected a text."),
        (["set", "custom_cnn", "0.3", "--name", "x", "--reason", "a\nb"], "Reason: expected one line"),
        (["set", "custom_cnn", "0.3", "--name", "x"], "required: --reason"),
        (["set", "vgg", "0.3", *WHO], "invalid choice: 'vgg'"),
        (["revert"], "required: MODEL"),
        ([], "required: show|set|revert"),
    ],
)
def test_bad_usage_is_status_2_and_saves_nothing(service, settings, arguments, message, capsys):
    try:
        status = main(["thresholds", *arguments])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert (status, out) == (2, "") and message in err
    assert not list(settings.home.glob("operating_points/*.json"))
