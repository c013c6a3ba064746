"""Which weights ``pretrained`` stands for, and what the shipped ones claim to be."""

import json

import pytest

from brain_core.models import MODELS, weights
from brain_core.training.backbones import SHIPPED, own_backbone, pretrained_backbone, start_record
from brain_core.training.config import TrainConfig

NAVONEEL = "51e5ab2868ea879905512839fd807bba6b1f206af429afea2b930710dd7f19ae"  # fingerprint of the brief's data set


@pytest.mark.parametrize("name", MODELS)
def test_the_users_own_backbone_comes_before_the_shipped_one(name, set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path)
    assert pretrained_backbone(name) == SHIPPED / name / "backbone.npz"
    own = tmp_path / "backbones" / name / "backbone.npz"
    own.parent.mkdir(parents=True)
    own.touch()
    assert pretrained_backbone(name) == own_backbone(name) == own


@pytest.mark.parametrize("name", MODELS)
def test_shipped_backbones_are_complete_and_saw_no_copy_of_the_briefs_data_set(name):
    path = SHIPPED / name / "backbone.npz"
    missing = weights.load_file(MODELS[name].build(), path, complete=False)
    assert not missing or (name == "custom_cnn" and missing == ["dense1", "dense2", "probability"])
    assert path.stat().st_size < 60e6
    step = json.loads(path.with_name("pretraining.json").read_text())
    while step:
        assert step["excluded"]["fingerprint"] == NAVONEEL
        assert step["excluded"]["n"] > 0
        step = step["init_pretraining"]


def test_the_record_of_a_start_names_checksum_and_pretraining(set_environment, tmp_path):
    set_environment(BRAIN_HOME=tmp_path)
    record = start_record("resnet50", TrainConfig(backbone="pretrained"))
    assert record["source"] == "pretrained" and len(record["sha256"]) == 64
    assert record["pretraining"]["data"]["n"] == 5339
    assert start_record("custom_cnn", TrainConfig()) is None
