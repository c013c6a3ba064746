"""What the training tests share."""

import keras
import pytest

from brain_core.datasets.index import load_dataset
from brain_core.models import MODELS, weights
from brain_core.training.run import prepare_run


@pytest.fixture(scope="session")
def prepared(phantom_dataset):
    return prepare_run(load_dataset(phantom_dataset), seed=0)


@pytest.fixture(scope="session")
def backbone(tmp_path_factory):
    keras.utils.set_random_seed(0)
    path = tmp_path_factory.mktemp("backbone") / "backbone.npz"
    weights.save_npz(MODELS["resnet50"].build(), path)
    return path
