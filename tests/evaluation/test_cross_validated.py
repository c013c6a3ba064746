"""Out-of-fold figures by hand, and the whole protocol on phantoms."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.special import expit, logit

from brain_core import thresholds
from brain_core.datasets.index import load_dataset
from brain_core.errors import Cancelled, ConfigError
from brain_core.evaluation import protocol
from brain_core.evaluation.cross_validated import OutOfFold, ensemble, measure, out_of_fold
from brain_core.evaluation.kept_folds import KeptFolds
from brain_core.evaluation.protocol import Setup, cross_validate, setup_of
from brain_core.evaluation.robustness import CHANGES, shift
from brain_core.evaluation.shortcuts import MAJORITY, METADATA, THUMBNAILS, baseline_scorers, majority
from brain_core.evaluation.stored_results import ENSEMBLE, of_cross_validation
from brain_core.models import MODELS, Architecture
from brain_core.registry import read_card
from brain_core.training.config import TrainConfig
from brain_core.training.cross_validation import Fold, FoldScores, NetworkScorer
from tests.jobs.tiny_brain import BUILD

LABELS = np.array([0, 1, 0, 1, 0, 1, 0, 1])
GROUPS = np.array([0, 1, 2, 3, 4, 5, 6, 7])


def fold(test, validation, repeat=0):
    others = [i for i in range(8) if i not in (*test, *validation)]
    return Fold(repeat, np.array(others), np.array(validation), np.array(test))


@pytest.fixture
def halves():
    """Two folds: 0-3 are tested with the thresholds of 4, 5, and 4-7 with those of 0, 1."""
    return [fold((0, 1, 2, 3), (4, 5)), fold((4, 5, 6, 7), (0, 1))]


def scores(validation, test):
    return FoldScores(np.array(validation), np.array(test))


def test_every_scan_is_scored_by_its_own_folds_model_map_and_thresholds(halves):
    given = [scores([0.2, 0.4], [0.1, 0.35, 0.3, 0.6]), scores([0.6, 0.9], [0.5, 0.8, 0.7, 0.95])]
    found = out_of_fold(LABELS, halves, given)
    assert found.raw.tolist() == [[0.1, 0.35, 0.3, 0.6, 0.5, 0.8, 0.7, 0.95]]
    assert found.thresholds["default"].tolist() == [[0.5] * 8]
    for where, validation in ((slice(0, 4), [0.2, 0.4]), (slice(4, 8), [0.6, 0.9])):
        slope, intercept = found.slopes[0, where], found.intercepts[0, where]
        assert len(set(slope)) == len(set(intercept)) == 1 and abs(intercept[0]) > 0.1
        assert found.calibrated[0, where] == pytest.approx(expit(slope * logit(found.raw[0, where]) + intercept))
        middle = expit(slope[0] * logit(validation) + intercept[0]).mean()
        assert found.thresholds["balanced_accuracy"][0, where] == pytest.approx([middle] * 4)
    assert found.recalibrated(found.raw[0], 0) == pytest.approx(found.calibrated[0])


def test_repeats_are_kept_apart_and_their_figures_averaged(halves):
    """AUC 1 in the first repeat, 1/2 in the second, where tumours and others get the same."""
    again = [fold((0, 1, 2, 3), (4, 5), repeat=1), fold((4, 5, 6, 7), (0, 1), repeat=1)]
    good, flat = scores([0.2, 0.8], [0.2, 0.8, 0.2, 0.8]), scores([0.2, 0.8], [0.3, 0.3, 0.3, 0.3])
    found = out_of_fold(LABELS, [*halves, *again], [good, good, flat, flat])
    assert found.raw.shape == (2, 8)
    assert found.raw[1].tolist() == [0.3] * 8
    assert measure(LABELS, GROUPS, found)["at"]["default"]["roc_auc"]["value"] == pytest.approx(3 / 4)


def test_a_test_scan_changes_neither_map_nor_threshold_of_its_fold(halves):
    """No leak: what the test scans get has no say in how they are judged."""
    one = out_of_fold(LABELS, halves, [scores([0.2, 0.4], [0.1] * 4), scores([0.6, 0.9], [0.5] * 4)])
    two = out_of_fold(LABELS, halves, [scores([0.2, 0.4], [0.9] * 4), scores([0.6, 0.9], [0.2] * 4)])
    assert np.array_equal(one.slopes, two.slopes) and np.array_equal(one.intercepts, two.intercepts)
    for rule in one.thresholds:
        assert np.array_equal(one.thresholds[rule], two.thresholds[rule])


def test_ensemble_of_a_model_with_itself_is_its_calibrated_self(halves):
    given = [scores([0.2, 0.4], [0.1, 0.35, 0.3, 0.6]), scores([0.6, 0.9], [0.5, 0.8, 0.7, 0.95])]
    alone = out_of_fold(LABELS, halves, given)
    combined = ensemble(LABELS, halves, [given, given])
    assert combined[0].test == pytest.approx(alone.calibrated[0, :4])
    assert combined[1].test == pytest.approx(alone.calibrated[0, 4:])


def test_measure_counts_one_scan_a_group_and_gives_the_gain_by_hand():
    """Both classes lie below 0.5 in the first half (balanced accuracy 1/2 there) and above it in the second.

    The optimised thresholds lie between the classes everywhere. Scan 7 copies scan 5 and does not count:
    at 0.5 all of scans 1, 3 are missed, 5 is found; 0, 2 are cleared, 4, 6 alarm: (1/3 + 1/2) / 2.
    """
    p, between = np.array([[0.1, 0.45, 0.1, 0.45, 0.6, 0.9, 0.6, 0.9]]), np.array([[0.3] * 4 + [0.75] * 4])
    chosen = dict.fromkeys(thresholds.RULES, between) | {"default": np.full((1, 8), 0.5)}
    found = OutOfFold(p, p, np.ones((1, 8)), np.zeros((1, 8)), chosen)
    groups = np.array([0, 1, 2, 3, 4, 5, 6, 5])
    row = measure(LABELS, groups, found)
    default, best = row["at"]["default"], row["at"]["balanced_accuracy"]
    assert (default["n"], default["positives"]) == (7, 3)
    assert default["balanced_accuracy"]["value"] == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert best["balanced_accuracy"]["value"] == 1
    gain = row["optimised_against_default"]["balanced_accuracy"]
    assert gain["value"] == pytest.approx(1 - 5 / 12)
    assert 0 <= gain["low"] <= gain["value"] <= gain["high"] <= 1
    raw = np.array([0.1, 0.45, 0.1, 0.45, 0.6, 0.9, 0.6])
    assert row["brier_uncalibrated"] == pytest.approx(np.mean((raw - LABELS[:7]) ** 2))


def test_shift_by_hand():
    found = shift("any", [0.1, 0.6, 0.9], [0.3, 0.4, 0.9], [0.5, 0.5, 0.95], 0.7)
    assert (found.mean, found.worst, found.relabelled) == pytest.approx((0.4 / 3, 0.2, 1 / 3))
    assert found.roc_auc == 0.7


def test_changes_do_what_they_are_called():
    grey = np.random.default_rng(0).integers(0, 250, (100, 80), dtype=np.uint8)
    changed = {name: change(grey) for name, change in CHANGES.items()}
    assert changed["wider by 20%"].shape == (100, 96)
    assert np.array_equal(changed["brighter by 30 of 255"], np.minimum(grey.astype(int) + 30, 255))
    assert np.array_equal(changed["mirrored"], np.fliplr(grey))
    bordered = changed["white border of 6%"]
    assert bordered.shape == (110, 90)
    assert (bordered[:5] == 255).all()
    assert np.array_equal(bordered[5:-5, 5:-5], grey)
    compressed = changed["JPEG at quality 30"]
    assert compressed.shape == grey.shape
    assert not np.array_equal(compressed, grey)


def test_metadata_alone_tell_classes_apart_that_differ_in_size(tmp_path):
    """Twelve large pictures against twelve small ones; the thumbnails are noise."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for label, side in (("no", 60), ("yes", 90)):
        (tmp_path / label).mkdir()
        for number in range(12):
            picture = rng.integers(0, 256, (side + number, side, 3), dtype=np.uint8)
            Image.fromarray(picture).save(tmp_path / label / f"{number}.png")
    scorers = baseline_scorers(load_dataset(tmp_path))
    part = Fold(0, np.r_[0:8, 12:20], np.r_[8:10, 20:22], np.r_[10:12, 22:24])
    test = scorers[METADATA](part).test
    assert test[:2].max() < 0.5 < test[2:].min()
    assert scorers[THUMBNAILS](part).validation.shape == (4,)


@pytest.fixture(scope="module")
def record(phantom_dataset):
    """The protocol on phantoms; one epoch of a small network, which need not learn."""
    config = TrainConfig(epochs_head=0, epochs_finetune=1, batch_size=16, lr_finetune=1e-3)
    setup = Setup(MODELS["custom_cnn"].preprocessing, config)
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Architecture, "build", BUILD)
        found = cross_validate(
            load_dataset(phantom_dataset),
            {"custom_cnn": setup},
            repeats=1,
            progress=lambda name, done, total: told.append((name, done, total)),
        )
    return found | {"told": told}


def test_protocol_scores_every_scan_of_the_folds(record):
    assert record["told"] == [("custom_cnn", number, 5) for number in range(1, 6)]
    assert list(record["rows"]) == ["custom_cnn", METADATA, THUMBNAILS, MAJORITY]
    assert len(record["scans"]) == 24
    for scan in record["scans"]:
        assert all(len(values) == 1 for values in scan["probability"].values())
        assert all(0 <= p <= 1 for values in scan["probability"].values() for p in values)


def test_protocol_says_what_it_did(record):
    assert record["protocol"] == {"repeats": 1, "folds": 5, "seed": 0, "by": "near-duplicate group"}
    assert record["setups"]["custom_cnn"]["trained_in_each_fold"] == "all layers"
    assert record["setups"]["custom_cnn"]["training"]["lr_finetune"] == 1e-3
    assert [change["change"] for change in record["robustness"]["custom_cnn"]] == list(CHANGES)
    assert ENSEMBLE not in record["rows"]


class Guess:
    """Stands in for `NetworkScorer`: scores by chance, but the same in the same fold."""

    trained, extra = "nothing", None

    def __init__(self, *_):
        pass

    def __call__(self, fold, number):
        random = np.random.default_rng(number)
        return FoldScores(random.random(len(fold.validation)), random.random(len(fold.test)))

    def predict(self, part):
        return np.full(len(part.ids), 0.5)


def test_a_model_with_fewer_repeats_has_the_first_ones_and_so_has_the_ensemble(phantom_dataset, monkeypatch):
    monkeypatch.setattr(protocol, "NetworkScorer", Guess)
    spec, told = MODELS["custom_cnn"].preprocessing, []
    setups = {"custom_cnn": Setup(spec, TrainConfig(), repeats=1), "resnet50": Setup(spec, TrainConfig())}
    found = cross_validate(
        load_dataset(phantom_dataset), setups, repeats=2, progress=lambda *progress: told.append(progress)
    )
    assert [each for each in told if each[1] == each[2]] == [("custom_cnn", 5, 5), ("resnet50", 10, 10)]
    assert found["protocol"]["repeats_of"] == {"custom_cnn": 1, ENSEMBLE: 1}
    for scan in found["scans"]:
        lengths = {name: len(values) for name, values in scan["probability"].items()}
        assert lengths == {"custom_cnn": 1, "resnet50": 2, ENSEMBLE: 1, METADATA: 2, THUMBNAILS: 2, MAJORITY: 2}
    rows = {row.name: row for row in of_cross_validation(found)}
    # The guesses of the first repeat are the same, and so is the mean of their logits.
    assert rows["custom_cnn"].probabilities[0] == pytest.approx(rows["resnet50"].probabilities[0])


def test_how_far_changes_move_an_answer_counts_no_copies(phantom_dataset, monkeypatch):
    """Only the answer to the copy of another scan moves, so that none does of those that count."""
    dataset = load_dataset(phantom_dataset)
    groups = np.arange(24)
    groups[23] = 22
    raw = np.linspace(0.1, 0.4, 24)

    class Told(Guess):
        def __call__(self, fold, number):
            return FoldScores(raw[fold.validation], raw[fold.test])

        def predict(self, part):
            return np.where(part.ids == 23, 1 - raw[part.ids], raw[part.ids])

    monkeypatch.setattr(protocol, "NetworkScorer", Told)
    monkeypatch.setattr(protocol, "near_duplicate_groups", lambda scans: groups)
    setups = {"custom_cnn": Setup(MODELS["custom_cnn"].preprocessing, TrainConfig())}
    found = cross_validate(dataset, setups, repeats=1)["robustness"]["custom_cnn"]
    assert [change["worst"] for change in found] == pytest.approx([0] * len(CHANGES))


def test_where_things_lie_replaces_what_was_recorded_and_adds_nothing(models_dir):
    """A path given for both models counts for the one that learned from there."""
    card = read_card("custom_cnn", models_dir)
    training = asdict(TrainConfig(init="pretrained", extra="collection", extra_scans=4))
    learned = replace(card, metadata=card.metadata | {"training": training})
    alone = replace(card, metadata=card.metadata | {"training": asdict(TrainConfig())})
    assert setup_of(learned, init=None, extra="/data/collection").config.extra == "/data/collection"
    assert setup_of(learned, init=None, extra="/data/collection").config.init == "pretrained"
    assert setup_of(alone, extra="/data/collection").config.extra == ""


def test_an_interrupted_protocol_goes_on_and_ends_alike(record, phantom_dataset, tmp_path, monkeypatch):
    """Stopped after two of five folds: the third run trains none, and all three agree with the run in one go."""
    config = TrainConfig(epochs_head=0, epochs_finetune=1, batch_size=16, lr_finetune=1e-3)
    setup = Setup(MODELS["custom_cnn"].preprocessing, config)
    monkeypatch.setattr(Architecture, "build", BUILD)
    dataset, trained = load_dataset(phantom_dataset), []
    fit = NetworkScorer.__call__
    monkeypatch.setattr(
        NetworkScorer, "__call__", lambda self, fold, number: trained.append(number) or fit(self, fold, number)
    )

    def stop(name, done, total):
        if done == 2:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        cross_validate(dataset, {"custom_cnn": setup}, repeats=1, keep=tmp_path, progress=stop)
    for _ in range(2):
        found = cross_validate(dataset, {"custom_cnn": setup}, repeats=1, keep=tmp_path)
        for one, other in zip(found["scans"], record["scans"], strict=True):
            assert one["probability"]["custom_cnn"] == pytest.approx(other["probability"]["custom_cnn"], abs=1e-4)
    assert trained == [0, 1, 2, 3, 4]
    shift, expected = (r["robustness"]["custom_cnn"][0]["mean"] for r in (found, record))
    assert shift == pytest.approx(expected, abs=1e-4)


def test_folds_of_other_settings_are_never_met(tmp_path):
    one, other = (KeptFolds.of(tmp_path, "custom_cnn", {"epochs": n}) for n in (1, 2))
    one.save(3, {"test": np.array([0.25])})
    assert KeptFolds.of(tmp_path, "custom_cnn", {"epochs": 1}).load(3)["test"].tolist() == [0.25]
    assert one.load(2) is None and other.load(3) is None
    nowhere = KeptFolds.of(None, "custom_cnn", {})
    nowhere.save(0, {"test": np.zeros(1)})
    assert nowhere.load(0) is None


def test_folds_are_kept_for_these_scans_in_this_order(phantom_dataset, tmp_path, monkeypatch):
    """The same files under other names come in another order, and what is kept goes by place."""
    asked = []
    monkeypatch.setattr(KeptFolds, "of", staticmethod(lambda parent, name, settings: asked.append(settings) or 1 / 0))
    dataset, config = load_dataset(phantom_dataset), TrainConfig(epochs_head=1, epochs_finetune=0)
    setups = {"custom_cnn": Setup(MODELS["custom_cnn"].preprocessing, config)}
    turned = dataset.subset(np.arange(len(dataset.items))[::-1])
    for each, repeats in ((dataset, 1), (turned, 1), (dataset, 1), (dataset, 2)):
        with pytest.raises(ZeroDivisionError):
            cross_validate(each, setups, repeats=repeats, keep=tmp_path)
    first, other, again, more = asked
    assert first["data"]["fingerprint"] == other["data"]["fingerprint"] and first["plan"] != other["plan"]
    assert first == again == more  # more repeats go on from fewer


def test_a_model_that_went_on_from_a_trained_one_cannot_be_cross_validated(phantom_dataset):
    setup = Setup(MODELS["custom_cnn"].preprocessing, TrainConfig(start="service"))
    with pytest.raises(ConfigError, match="custom_cnn: it went on from a trained model.*Received: --start service"):
        cross_validate(load_dataset(phantom_dataset), {"custom_cnn": setup})


def test_shifts_count_one_scan_a_group():
    """The second scan is a copy of the first and would move by 1: only the first counts, which does not move."""
    changed = object.__new__(protocol._Changed)
    changed._raw = {"mirrored": np.array([0.2, 1.0, 0.8])}
    found = out_of_fold(
        np.array([0, 0, 1]),
        [Fold(0, np.array([0]), np.array([0, 2]), np.array([0, 1, 2]))],
        [FoldScores(np.array([0.2, 0.8]), np.array([0.2, 0.0, 0.8]))],
    )
    (moved,) = changed.shifts(found, np.array([0, 0, 1]), np.array([0, 2]))
    assert (moved["mean"], moved["worst"], moved["relabelled"], moved["roc_auc"]) == (0, 0, 0, 1)


def test_the_majority_class_by_hand():
    """Five tumours of eight: accuracy 5/8, every tumour found, no healthy scan cleared."""
    labels = np.array([1, 1, 1, 1, 1, 0, 0, 0])
    row = measure(labels, GROUPS, majority(labels, 2))["at"]["balanced_accuracy"]
    figures = [row[key]["value"] for key in ("accuracy", "recall", "specificity", "balanced_accuracy", "roc_auc")]
    assert figures == [5 / 8, 1, 0, 1 / 2, 1 / 2]
    assert row["brier"] == 3 / 8
    other = measure(1 - labels, GROUPS, majority(1 - labels, 2))["at"]["default"]
    assert (other["accuracy"]["value"], other["recall"]["value"]) == (5 / 8, 0)


def test_stored_predictions_repeat_the_stored_figure(record):
    from sklearn.metrics import roc_auc_score

    labels = [scan["label"] for scan in record["scans"]]
    by_repeat = np.array([scan["probability"]["custom_cnn"] for scan in record["scans"]]).T
    expected = np.mean([roc_auc_score(labels, p) for p in by_repeat])
    assert record["rows"]["custom_cnn"]["at"]["default"]["roc_auc"]["value"] == pytest.approx(expected, abs=1e-6)
