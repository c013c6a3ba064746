"""Folds that leak nothing, and a trainer whose shortcuts change nothing."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from brain_core.datasets.index import load_dataset
from brain_core.errors import DatasetError
from brain_core.models import MODELS, custom_cnn, resnet50, weights
from brain_core.preprocessing import PreprocessingSpec, scale
from brain_core.training import batches
from brain_core.training.augmentation import Augmentation
from brain_core.training.batches import AugmentedBatches, Memory, Pictures, Variants, pictures_of
from brain_core.training.config import TrainConfig
from brain_core.training.cross_validation import NetworkScorer, folds
from brain_core.training.two_phase import Trainer

CAFFE = PreprocessingSpec("caffe")


@pytest.fixture(scope="module")
def labelled():
    """60 scans in 40 groups: every second group has two scans; the class goes by group."""
    groups = np.repeat(np.arange(40), [1, 2] * 20)
    return (groups % 3 > 0).astype(int), groups


def test_each_scan_is_tested_once_a_repeat_and_no_group_has_two_sides(labelled):
    labels, groups = labelled
    plan = folds(labels, groups, repeats=2, count=4, seed=3)
    assert [fold.repeat for fold in plan] == [0] * 4 + [1] * 4
    for repeat in range(2):
        tested = np.concatenate([fold.test for fold in plan if fold.repeat == repeat])
        assert sorted(tested) == list(range(len(labels)))
    for fold in plan:
        parts = [fold.train, fold.validation, fold.test]
        assert sorted(np.concatenate(parts)) == list(range(len(labels)))
        sides = [set(groups[part]) for part in parts]
        assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
        assert all(len(set(labels[part])) == 2 for part in parts)


def test_seed_fixes_the_folds_and_repeats_differ(labelled):
    first, again = (folds(*labelled, repeats=2) for _ in range(2))
    assert all((a.test == b.test).all() for a, b in zip(first, again, strict=True))
    assert any(
        len(a.test) != len(b.test) or (a.test != b.test).any() for a, b in zip(first[:5], first[5:], strict=True)
    )


def test_a_group_with_both_classes_has_no_honest_folds():
    with pytest.raises(DatasetError, match="hold both classes"):
        folds([0, 1] * 10, np.repeat(np.arange(10), 2))


def first_divisions(labels, groups, repeats: int):
    """Folds whose validation part is the first sixth of what is not tested, whatever it holds."""
    for repeat in range(repeats):
        outer, inner = (StratifiedGroupKFold(count, shuffle=True, random_state=repeat) for count in (5, 6))
        for rest, test in outer.split(labels, labels, groups):
            train, validation = next(inner.split(rest, labels[rest], groups[rest]))
            yield rest[train], rest[validation], test


# scikit-learn warns of the sixth that cannot hold one of five groups
@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
@pytest.mark.parametrize(
    ("no_tumor", "tumor", "one_class"),
    [(7, 7, 0), (7, 12, 4), (7, 18, 2), (8, 7, 0), (8, 30, 0), (9, 7, 1), (9, 40, 0), (18, 7, 0), (20, 30, 0)],
)
def test_each_fold_trains_and_validates_on_both_classes_and_is_the_first_that_does(no_tumor, tumor, one_class):
    """``one_class``: folds of 25 whose first division gives a part of one class; all others are that division."""
    labels, groups = np.repeat([0, 1], [no_tumor, tumor]), np.arange(no_tumor + tumor)
    plan, first = folds(labels, groups), list(first_divisions(labels, groups, repeats=5))
    assert all(len(set(labels[part])) == 2 for fold in plan for part in (fold.train, fold.validation))
    other = 0
    for fold, (train, validation, test) in zip(plan, first, strict=True):
        assert np.array_equal(fold.test, test)
        assert sorted([*fold.train, *fold.validation]) == sorted([*train, *validation])
        if len(set(labels[train])) == len(set(labels[validation])) == 2:
            assert np.array_equal(fold.train, train) and np.array_equal(fold.validation, validation)
        else:
            other += 1
    assert other == one_class


@pytest.mark.filterwarnings("ignore:The least populated class:UserWarning")
@pytest.mark.parametrize(
    ("copies", "left"),
    [
        ([1] * 14, "4 of class 'tumor' and 3 of class 'no tumor'"),  # fewer scans of each class than sixths
        ([3, 2, 2, 2, 3, 2, 1, 3, 1, 1, 3, 2, 1, 1], "3 of class 'tumor' and 3 of class 'no tumor'"),
    ],
)
def test_folds_that_leave_too_few_groups_to_validate_on_are_refused(copies, left):
    groups = np.repeat(np.arange(14), copies)
    with pytest.raises(
        DatasetError, match=f"expected both classes in each fold's .*Received a fold with {left} beside"
    ):
        folds((groups >= 7).astype(int), groups, count=2)


@pytest.fixture
def part():
    squares = np.random.default_rng(0).integers(0, 256, (6, 32, 32), np.uint8)
    return Pictures(squares, np.array([0, 1] * 3, np.float32), np.arange(6))


def test_a_variant_goes_by_scan_and_epoch_and_not_by_the_part_it_is_in(part):
    variants = Variants("unit", TrainConfig())
    whole = variants.batch(part, np.arange(6), 2)
    some = part.take(np.array([4, 1]))
    assert (variants.batch(some, np.array([0, 1]), 2) == whole[[4, 1]]).all()
    assert (variants.batch(part, np.arange(6), 3) != whole).any(axis=(1, 2, 3)).all()


def test_variants_come_round_again(part):
    variants = Variants("unit", TrainConfig(variants=3))
    first, second, again = (variants.batch(part, np.arange(6), epoch) for epoch in (1, 2, 4))
    assert (first == again).all() and (first != second).any(axis=(1, 2, 3)).all()


def test_strong_variants_are_others(part):
    strong = TrainConfig(augmentation=Augmentation(strong=True))
    one, other = (Variants("unit", c).batch(part, np.arange(6), 0) for c in (TrainConfig(), strong))
    assert one.shape == other.shape and (one != other).any()


def test_the_memory_asks_once_and_gives_what_it_was_given():
    asked = []

    def compute(which):
        asked.append(which.tolist())
        return np.array([[10.5, ids[n]] for n in which])

    memory, ids = Memory(), np.array([7, 3])
    assert memory.rows("a", ids, compute).tolist() == [[10.5, 7], [10.5, 3]]
    ids = np.array([3, 9])
    assert memory.rows("a", ids, compute).tolist() == [[10.5, 3], [10.5, 9]]
    memory.rows("b", ids, compute)
    assert asked == [[0, 1], [1], [0, 1]]


def test_batches_hold_every_scan_once_an_epoch(part):
    config = TrainConfig(batch_size=5)  # a last batch of one joins the one before
    fed = AugmentedBatches(part, Variants("unit", config), config)
    assert [len(fed[i][1]) for i in range(len(fed))] == [6]


@pytest.mark.parametrize(
    ("unfreeze", "cut"), [(0, "conv5_block3_out"), (30, "conv4_block6_out"), (32, "conv4_block6_out"),
                          (33, "conv4_block5_out"), (175, "scan")]
)  # fmt: skip
def test_the_cut_is_the_last_block_output_below_what_is_trained(unfreeze, cut):
    assert resnet50.cut_below(MODELS["resnet50"].build(), unfreeze) == cut


@pytest.mark.parametrize(
    ("unfreeze", "cut"), [(0, "dropout3"), (3, "dropout2"), (4, "dropout2"), (7, "dropout1"), (8, "dropout1"),
                          (9, None), (12, None), (30, None)]
)  # fmt: skip
def test_the_custom_cnn_is_cut_between_its_blocks_or_not_at_all(unfreeze, cut):
    assert custom_cnn.cut_below(MODELS["custom_cnn"].build(), unfreeze) == cut


def test_blocks_of_the_custom_cnn_below_the_cut_stay_as_they_were():
    squares = np.random.default_rng(2).integers(0, 256, (4, 224, 224), np.uint8)
    part = Pictures(squares, np.array([0, 1] * 2, np.float32), np.arange(4))
    config = TrainConfig(epochs_head=1, epochs_finetune=2, lr_finetune=1e-3, unfreeze=4, batch_size=4, keep="last")
    model = MODELS["custom_cnn"].build()
    before = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    Trainer(model, PreprocessingSpec("unit"), config).fit(part, part)
    moved = {
        name for name, values in before.items()
        if any(not np.array_equal(a, b) for a, b in zip(values, model.get_layer(name).get_weights(), strict=True))
    }  # fmt: skip
    assert moved == {"conv3", "dense1", "dense2", "probability"}


def test_fine_tuning_above_the_frozen_trunk_is_what_the_plain_loop_does(backbone, monkeypatch):
    """Phase 2 on the trunk's maps against the whole model; see the test of cached features for SGD and no dropout."""
    monkeypatch.setattr(batches, "vary", lambda picture, *_: picture)  # Keras may look at an epoch before it runs
    monkeypatch.setattr(keras.optimizers, "Adam", keras.optimizers.SGD)
    monkeypatch.setattr(keras.layers.Dropout, "call", lambda self, inputs, training=False: inputs)
    squares = np.random.default_rng(0).integers(0, 256, (4, 224, 224), np.uint8)
    part = Pictures(squares, np.array([0, 1] * 2, np.float32), np.arange(4))
    config = TrainConfig(epochs_head=0, epochs_finetune=2, lr_finetune=0.001, batch_size=4, keep="last")
    plain, short = MODELS["resnet50"].build(), MODELS["resnet50"].build()
    for model in (plain, short):
        weights.load_file(model, backbone)
    short.set_weights(plain.get_weights())
    Trainer(short, CAFFE, config).fit(part, part)

    names = ("conv5_block1_2_conv", "conv5_block2_2_conv", "branch1", "probability")
    start = {name: plain.get_layer(name).get_weights()[0] for name in names}
    for position, layer in enumerate(plain.layers):
        in_backbone = position < len(resnet50.backbone_layers(plain))
        frozen = in_backbone and position < len(resnet50.backbone_layers(plain)) - 30
        layer.trainable = not frozen and not isinstance(layer, keras.layers.BatchNormalization)
    plain.compile(keras.optimizers.SGD(0.001), "binary_crossentropy")
    for _ in range(2):
        plain.train_on_batch(scale(squares, "caffe"), part.labels[:, None])
    for name in names:
        moved, wanted = (m.get_layer(name).get_weights()[0] - start[name] for m in (short, plain))
        assert np.linalg.norm(wanted) > 0
        assert np.linalg.norm(moved - wanted) < 0.02 * np.linalg.norm(wanted), name


def test_the_average_of_weights_lies_between_start_and_end(part):
    def trained(keep):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(1, "sigmoid")])
        model.layers[-1].set_weights([np.zeros((3072, 1)), np.zeros(1)])
        config = TrainConfig(epochs_head=0, epochs_finetune=3, lr_finetune=1e-3, keep=keep)
        Trainer(model, PreprocessingSpec("unit"), config).fit(part, part)
        return model.get_weights()[0]

    last, average = trained("last"), trained("average")
    assert 0 < np.linalg.norm(average) < np.linalg.norm(last)
    assert np.corrcoef(average.ravel(), last.ravel())[0, 1] > 0.5


def test_folds_of_a_network_start_alike_and_do_not_see_each_other(phantom_dataset):
    dataset = load_dataset(phantom_dataset)
    labels = np.array(dataset.labels)
    config = TrainConfig(epochs_head=1, epochs_finetune=0)
    scorer = NetworkScorer("custom_cnn", dataset, MODELS["custom_cnn"].preprocessing, config)
    before = scorer.predict(pictures_of(dataset, np.arange(4), MODELS["custom_cnn"].preprocessing))
    plan = folds(labels, np.arange(len(labels)), repeats=1, count=3)
    score = scorer(plan[0])
    assert (len(score.validation), len(score.test)) == (len(plan[0].validation), len(plan[0].test))
    assert ((score.test > 0) & (score.test < 1)).all()
    scorer._trainer.reset()
    assert scorer.predict(pictures_of(dataset, np.arange(4), MODELS["custom_cnn"].preprocessing)) == pytest.approx(
        before
    )


def test_remembered_maps_score_as_the_whole_model_does(backbone):
    squares = np.random.default_rng(1).integers(0, 256, (3, 224, 224), np.uint8)
    part = Pictures(squares, np.array([0, 1, 1], np.float32), np.arange(3))
    model = MODELS["resnet50"].build()
    weights.load_file(model, backbone)
    trainer = Trainer(model, CAFFE, replace(TrainConfig(), backbone=str(backbone)), Memory())
    whole = model.predict(scale(squares, "caffe"), verbose=0)[:, 0]
    for _ in range(2):  # computed, then remembered
        assert trainer.predict(part) == pytest.approx(whole, abs=2e-3)
