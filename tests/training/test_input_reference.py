"""What a model's scans look like: one of each group of near-copies, from the data set, and kept with the model."""

import numpy as np
import pytest

from brain_core.errors import ResultsError
from brain_core.registry import read_card
from brain_core.scans import statistics
from brain_core.settings import PROJECT
from brain_core.training import input_reference
from brain_core.training.gate_fit import write_gate
from brain_core.training.input_reference import DIGITS, MOST, learn, of_metadata
from tests.helpers import put_in_service


@pytest.fixture(scope="module")
def card(prepared, tmp_path_factory):
    """A model with an input gate, whose features are as good as any."""
    folder = tmp_path_factory.mktemp("service")
    put_in_service(folder, "custom_cnn")
    card = read_card("custom_cnn", folder)
    write_gate(card, prepared.dataset, prepared.groups, prepared.split.train, prepared.split.validation)
    return card


@pytest.fixture(scope="module")
def found(card, prepared):
    held_out = [*prepared.split.validation, *prepared.split.test]
    return learn(card, prepared.dataset, prepared.groups, prepared.split.train, held_out)


def test_inputs_are_those_that_were_learned_from(found, prepared):
    chosen = {prepared.groups[i]: i for i in reversed(prepared.split.train)}.values()
    means = sorted(round(statistics.of(prepared.dataset.scans[i]).mean, 1) for i in chosen)
    assert found.values["mean"] == pytest.approx(means) and found.n == len(chosen)
    assert set(found.values["width"]) == {128.0} and set(found.values["aspect"]) == {1.0}


def test_unlikeness_is_that_of_held_out_scans(found, prepared):
    held_out = [*prepared.split.validation, *prepared.split.test]
    assert found.held_out == len({prepared.groups[i] for i in held_out}) == len(found.values["unlikeness"])
    assert min(found.values["unlikeness"]) > 0  # no scan is its own neighbour


def test_near_copies_count_once(card, prepared):
    groups = np.zeros(len(prepared.groups), int)
    groups[prepared.split.train[-1]] = 1
    found = learn(card, prepared.dataset, groups, prepared.split.train, prepared.split.test)
    assert (found.n, found.held_out) == (2, 1) and len(found.values["mean"]) == 2


def test_of_many_values_evenly_spaced_ones_stand_for_all():
    values = np.random.default_rng(0).permutation(np.arange(5001.0))
    kept = input_reference._kept(values)
    assert len(kept) == MOST and (kept[0], kept[-1]) == (0, 5000) and list(kept) == sorted(kept)
    assert np.median(kept) == pytest.approx(2500, abs=3)
    assert input_reference._kept(np.array([np.nan, 2.0, np.inf, 1.0])) == (1.0, 2.0)


def test_damage_is_named_with_the_command_that_mends_it():
    with pytest.raises(ResultsError, match="input statistics are damaged .*monitor --reference DATASET"):
        of_metadata({"inputs": {"n": "three"}})
    assert of_metadata({}) is None


@pytest.mark.parametrize("name", ["custom_cnn", "resnet50"])
def test_the_shipped_models_have_theirs(name, data_dir):
    card = read_card(name, PROJECT / "saved_models")
    found = of_metadata(card.metadata)
    assert 100 <= found.n <= len(card.metadata["data"]["train_sha256"])
    assert set(found.values) == set(DIGITS) - (set() if name == "custom_cnn" else {"unlikeness"})
    assert all(list(values) == sorted(values) for values in found.values.values())
