"""Further scans to learn from: which are drawn, that no copy of the data set is among them, and what is recorded."""

from dataclasses import replace

import cv2
import keras
import numpy as np
import pytest

from brain_core.datasets.index import load_dataset
from brain_core.errors import ConfigError
from brain_core.evaluation.protocol import Setup, cross_validate
from brain_core.models import MODELS
from brain_core.preprocessing import PreprocessingSpec
from brain_core.training.batches import AugmentedBatches, Pictures, Variants
from brain_core.training.config import TrainConfig
from brain_core.training.extra import Extra, chance, load_extra
from brain_core.training.run import train_model
from brain_core.training.two_phase import Trainer
from tests.helpers import textured

SPEC = MODELS["custom_cnn"].preprocessing
SHORT = TrainConfig(epochs_head=0, epochs_finetune=1, extra_scans=4, measure_statistics=True)


def write(root, **kinds):
    """A folder a kind with textured pictures of these seeds."""
    for kind, seeds in kinds.items():
        (root / kind).mkdir(parents=True)
        for seed in seeds:
            cv2.imwrite(str(root / kind / f"{seed}.png"), textured(seed))
    return root


@pytest.fixture
def collection(tmp_path):
    """Four gliomas, two meningiomas and two without a tumour."""
    return write(tmp_path / "collection", glioma=range(4), meningioma=(4, 5), notumor=(6, 7))


def extra_of(labels, count: int) -> Extra:
    squares = np.zeros((len(labels), 8, 8), np.uint8)
    pictures = Pictures(squares, np.array(labels, np.float32), np.arange(len(labels)) + 100)
    return Extra(pictures, np.full(len(labels), 1 / len(labels)), count, {})


def test_classes_are_drawn_alike_and_kinds_within_a_class(collection):
    found = chance(load_dataset(collection))
    # Half of the draws show no tumour, a quarter a glioma, a quarter a meningioma.
    assert found.tolist() == pytest.approx([1 / 16] * 4 + [1 / 8] * 2 + [1 / 4] * 2)


def test_seed_and_epoch_fix_what_is_drawn():
    extra = extra_of([0] * 40, 20)
    assert extra.draw(1, 2).tolist() == extra.draw(1, 2).tolist()
    assert len({tuple(extra.draw(seed, epoch)) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_an_epoch_holds_its_own_scans_once_and_as_many_others_as_asked():
    own = Pictures(np.zeros((5, 8, 8), np.uint8), np.array([0, 1, 1, 1, 1], np.float32), np.arange(5))
    config = TrainConfig(batch_size=4)
    batches = AugmentedBatches(own, Variants("unit", config), config, extra_of([0] * 9, 6))
    assert len(batches) == 3
    for _ in range(2):
        labels = np.concatenate([batches[i][1][:, 0] for i in range(len(batches))])
        assert (len(labels), labels.sum()) == (11, 4)  # all four tumours are the set's own
        assert sorted(labels) == sorted(batches.labels)
        batches.on_epoch_end()


def test_copies_of_the_data_set_are_left_out(collection, tmp_path):
    own = write(tmp_path / "own", yes=(20, 21), no=(22,))
    cv2.imwrite(str(own / "no" / "copy.png"), textured(6)[:, ::-1])
    extra = load_extra(replace(SHORT, extra=str(collection)), load_dataset(own), SPEC)
    assert extra.record["n"] == 7 and extra.record["excluded"]["n"] == 1
    assert extra.pictures.labels.tolist() == [1] * 6 + [0]
    assert extra.pictures.ids.min() >= 4  # the data set's own end at 3
    assert extra.chance.sum() == pytest.approx(1)


def test_nothing_is_added_unless_both_are_given(collection, prepared):
    assert load_extra(replace(SHORT, extra=""), prepared.dataset, SPEC) is None
    assert load_extra(replace(SHORT, extra=str(collection), extra_scans=0), prepared.dataset, SPEC) is None


def test_a_folder_that_is_not_there_is_asked_for(prepared):
    with pytest.raises(ConfigError, match="no such folder: collection. Name it with --extra FOLDER"):
        load_extra(replace(SHORT, extra="collection"), prepared.dataset, SPEC)


def test_a_folder_of_copies_alone_is_refused(tmp_path):
    own = load_dataset(write(tmp_path / "own", yes=(0,), no=(1,)))
    with pytest.raises(ConfigError, match="own holds nothing but copies of own"):
        load_extra(replace(SHORT, extra=str(tmp_path / "own")), own, SPEC)


def test_training_records_what_it_learned_from_as_well(prepared, collection, tmp_path):
    card = train_model("custom_cnn", prepared, tmp_path / "run", replace(SHORT, extra=str(collection)))
    assert card.metadata["training"]["extra"] == "collection"
    record = card.metadata["data"]["extra"]
    assert (record["name"], record["n"], record["excluded"]["copies_of"]) == ("collection", 8, "phantoms0")


def test_cross_validation_records_it_and_trains_every_fold_with_it(prepared, collection, monkeypatch):
    given = []
    monkeypatch.setattr(Trainer, "fit", lambda self, train, validation, report, extra: given.append(extra))
    setup = Setup(SPEC, replace(SHORT, extra=str(collection)))
    record = cross_validate(prepared.dataset, {"custom_cnn": setup}, repeats=1)
    assert [len(extra.pictures.ids) for extra in given] == [8] * 5
    assert record["setups"]["custom_cnn"]["extra"]["n"] == 8
    assert record["setups"]["custom_cnn"]["training"]["extra"] == "collection"


@pytest.mark.parametrize("phase", ["epochs_head", "epochs_finetune"])
def test_either_phase_learns_from_it(phase):
    """The further scans are white and show no tumour; black ones of the data set say nothing about white."""
    own = Pictures(np.zeros((4, 32, 32), np.uint8), np.array([0, 1, 1, 1], np.float32), np.arange(4))
    white = Pictures(np.full((4, 32, 32), 255, np.uint8), np.zeros(4, np.float32), np.arange(4) + 4)
    epochs = {"epochs_head": 0, "epochs_finetune": 0} | {phase: 5}
    config = TrainConfig(**epochs, lr_head=1e-2, lr_finetune=1e-2, keep="last")

    def trained(extra):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
        model.layers[-1].set_weights([np.zeros((3072, 1)), np.zeros(1)])
        trainer = Trainer(model, PreprocessingSpec("unit"), config)
        trainer.fit(own, own, extra=extra)
        return trainer.predict(white)

    assert trained(None) == pytest.approx(trained(None))
    assert (trained(Extra(white, np.full(4, 1 / 4), 8, {})) < 0.1).all()
    assert (trained(None) > 0.3).all()
