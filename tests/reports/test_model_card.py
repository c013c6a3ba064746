"""Model cards: those in docs are what the stored results say; one of other data claims nothing of the brief's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brain_core.models import MODELS
from brain_core.registry import read_card, read_results
from brain_core.reports.model_card import model_card
from brain_core.reports.subgroups import as_they_are
from brain_core.settings import PROJECT

RESULTS = ("cross_validation", "localisation", "input_gate")


@pytest.fixture
def stored(set_environment):
    """The records beside the shipped models."""
    set_environment(BRAIN_MODELS_DIR=PROJECT / "saved_models")
    return [read_results(what) for what in RESULTS]


@pytest.mark.parametrize("name", MODELS)
def test_the_cards_in_docs_are_made_of_the_stored_results(name, stored):
    written = (PROJECT / "docs" / f"model_card_{name}.md").read_text(encoding="utf-8")
    assert model_card(read_card(name), *stored) == written


def test_a_model_of_other_data_is_told_from_the_cross_validation(stored):
    card = read_card("custom_cnn")
    data = {key: value for key, value in card.metadata["data"].items() if key != "extra"}
    data |= {"name": "ours", "fingerprint": "0" * 64, "inherited": 214}
    training = card.metadata["training"] | {"lr_finetune": 0.5}
    point = card.metadata["operating_point"] | {"rule": "Youden's index"}
    changed = {"data": data, "training": training, "operating_point": point}
    said = model_card(replace(card, metadata=card.metadata | changed), *stored)
    assert "**Measured with other settings than the version in service: lr_finetune.**" in said
    assert "**Measured on other data than the version in service was trained on.**" in said
    assert "decides by another rule (Youden's index) than the folds here (best balanced accuracy)" in said
    assert "split by group, 214 scans in the part that they had before" in said and "70/15/15" not in said
    assert "pictures from the web" not in said and "this model learned from some of that collection" not in said


def test_columns_of_other_repeats_are_named(stored):
    record, *others = stored
    fewer = record | {"protocol": record["protocol"] | {"repeats_of": {"custom_cnn": 1, "ensemble": 1}}}
    assert "Repeats of other columns: custom_cnn 1, ensemble 1." in model_card(read_card("resnet50"), fewer, *others)
    assert "Repeats of other columns" not in model_card(read_card("resnet50"), record, *others)


def test_changes_stand_beside_the_scans_as_they_are_one_a_group():
    """The second scan is a copy: of the others, both tumours lie above one of the two others, one above both: 3/4."""
    rows = [(0, 0, 0.2), (0, 0, 0.9), (1, 1, 0.8), (2, 1, 0.4), (3, 0, 0.6)]
    scans = [{"group": group, "label": label, "probability": {"a": [p, 0.0]}} for group, label, p in rows]
    assert as_they_are(scans, "a") == 3 / 4
