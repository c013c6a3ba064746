"""The table of what choices in training are worth: results that do not belong together are refused."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).parents[1] / "benchmarks" / "ablation.py"
SPEC = importlib.util.spec_from_file_location("benchmark_ablation", FILE)
ablation = sys.modules["benchmark_ablation"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ablation)

STORED = json.loads(ablation.RESULTS.read_text())
ARMS = json.loads((FILE.parent / "ablation_arms.json").read_text())
NAME = "Custom CNN, the brief's values"
DATA = STORED[NAME]["protocol"]["data"]["fingerprint"]
WANTED = {"repeats": 1, "split_seed": 1, "data": DATA}


def test_the_stored_arms_belong_in_one_table():
    assert ablation.mismatches(STORED, ARMS, WANTED) == []


def test_an_arm_that_is_not_wanted_now_or_not_measured_yet_is_no_mismatch():
    record = {NAME: STORED[NAME]}
    assert ablation.mismatches(record, {"new": ["--model", "custom_cnn"]}, WANTED) == []
    assert ablation.mismatches({}, ARMS, WANTED) == []


@pytest.mark.parametrize(
    ("arms", "wanted", "told"),
    [
        (
            {NAME: ["--model", "custom_cnn", "--epochs-head", "9"]},
            {},
            "expected options ['--model', 'custom_cnn'], as stored. "
            "Received: ['--model', 'custom_cnn', '--epochs-head', '9'].",
        ),
        ({}, {"repeats": 5}, "expected repeats 1, as stored. Received: 5."),
        ({}, {"split_seed": 0}, "expected split_seed 1, as stored. Received: 0."),
        ({}, {"data": "00ff"}, f"expected data {DATA}, as stored. Received: 00ff."),
    ],
)
def test_other_options_repeats_splits_or_data_are_named(arms, wanted, told):
    found = ablation.mismatches({NAME: STORED[NAME]}, ARMS | arms, WANTED | wanted)
    assert found == [f"{NAME!r}: {told}"]


@pytest.fixture
def results(phantom_dataset, tmp_path, monkeypatch):
    """A file of one arm of the phantoms; returns it and what calls the program with further arguments."""
    arms, path = tmp_path / "arms.json", tmp_path / "results.json"
    arms.write_text(json.dumps({NAME: ARMS[NAME]}))

    def call(*arguments: str) -> None:
        given = ["ablation.py", str(phantom_dataset), "--arms", str(arms), "--results", str(path), *arguments]
        monkeypatch.setattr(sys, "argv", given)
        ablation.main()

    seen = ablation.development_part(ablation.argparse.Namespace(dataset=str(phantom_dataset), split_seed=1))
    data = {"name": "under another name", "fingerprint": seen.fingerprint, "n": len(seen.items)}
    path.write_text(json.dumps({NAME: STORED[NAME] | {"protocol": STORED[NAME]["protocol"] | {"data": data}}}))
    return path, call


def test_nothing_is_measured_beside_results_of_another_protocol(results, capsys):
    path, call = results
    before = path.read_bytes()
    for argument, told in (
        (("--repeats", "2"), "expected repeats 1"),
        (("--split-seed", "2"), "expected split_seed 1"),
    ):
        with pytest.raises(SystemExit) as stopped:
            call(*argument)
        assert stopped.value.code == 2
        assert f"results.json cannot be added to:\n{NAME!r}: {told}" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_arms_that_are_measured_are_shown_and_not_measured_again(results, capsys):
    path, call = results
    before = path.read_bytes()
    call()
    assert path.read_bytes() == before
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"| {NAME} | 0.")
