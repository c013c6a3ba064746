"""A challenger against the champion: which scans, figures by hand, the gate, and the record on disk."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from brain_core import metrics
from brain_core.comparison import NO_VARIANCE, DeLong, McNemar, paired_difference
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import load_dataset
from brain_core.errors import Cancelled, ResultsError
from brain_core.evaluation.challenge import NO_MASKS, NOT_FITTED, NOTHING_LEFT, compare, spread
from brain_core.evaluation.challenge_parts import Count
from brain_core.evaluation.challenge_record import FILE_NAME, Comparison, read, write
from brain_core.evaluation.challenge_scans import choose
from brain_core.evaluation.erasure import erase
from brain_core.evaluation.gate import closed, gate
from brain_core.evaluation.localisation import Masked, localise
from brain_core.evaluation.robustness import CHANGES
from brain_core.evaluation.shortcuts import MAJORITY, METADATA, THUMBNAILS, baseline_scorers
from brain_core.inference import Detector
from brain_core.intervals import Estimate
from brain_core.models import MODELS
from brain_core.operating_points import OperatingPoint
from brain_core.registry import ModelCard, read_card
from brain_core.scans.phantom import Lesion, Phantom, draw, lesion_mask
from brain_core.scored import ONE_CLASS, TOO_FEW
from brain_core.training.cross_validation import Fold
from tests.ui.service import bright_patch_service

# Six scans, three with a tumour, as the two models score them.
TUMOURS = ((0.9, 0.8, 0.4), (0.9, 0.15, 0.6))
OTHERS = ((0.1, 0.2, 0.5), (0.2, 0.4, 0.1))
THRESHOLDS = (0.4, 0.35)
REASONS = ("challenger learned from it", "challenger was fitted on it") + (
    "champion learned from it",
    "champion was fitted on it",
)


@pytest.fixture(scope="module")
def everything(phantom_dataset):
    """Positions 0 to 11 without a tumour, 12 to 23 with one, all distinct."""
    dataset = load_dataset(phantom_dataset)
    assert dataset.labels == [0] * 12 + [1] * 12
    assert len(set(near_duplicate_groups(dataset.scans))) == 24
    return dataset


@pytest.fixture(scope="module")
def six(everything):
    """Scans 0 to 2 without a tumour, 3 to 5 with one."""
    return everything.subset([0, 1, 2, 12, 13, 14])


def keys_of(dataset, *positions):
    return [dataset.scans[i].sha256[:16] for i in positions]


def rows(keys):
    return [{"sha256": key, "label": 1, "probability": 0.5, "group": i} for i, key in enumerate(keys)]


def card(version, *, test=(), validation=(), train=(), threshold=0.5, **data):
    return ModelCard(
        name="custom_cnn",
        version=version,
        path=Path("none.keras"),
        sha256=version * 32,
        preprocessing=MODELS["custom_cnn"].preprocessing,
        gradcam_layer="conv3",
        operating_point=OperatingPoint(threshold, "rule", "validation, n = 9"),
        metadata={
            "predictions": {"test": rows(test), "validation": rows(validation or ["elsewhere"])},
            "data": {"train_sha256": list(train), **data},
        },
    )


class Told:
    """A model that says of each scan what it was told, and ``moved`` more of one that was changed."""

    def __init__(self, its_card, dataset, probabilities, moved=0.0):
        self.card, self.moved = its_card, moved
        known = zip(dataset.scans, probabilities, strict=True)
        self.known = {scan.sha256: (scan.pixels, p) for scan, p in known}

    def predict(self, scans):
        return [SimpleNamespace(probability=self.probability(scan)) for scan in scans]

    def probability(self, scan):
        pixels, p = self.known[scan.sha256]
        return p if scan.pixels is pixels else p + self.moved


def told(dataset, first, second, moved=(0.0, 0.0)):
    """What loads the two models, by version '1' and '2'; ``.loaded`` lists the versions."""
    probabilities = {"1": (first, moved[0]), "2": (second, moved[1])}

    def load(its_card):
        load.loaded.append(its_card.version)
        return Told(its_card, dataset, *probabilities[its_card.version])

    load.loaded = []
    return load


def of_six(dataset, first=None, second=None, **options):
    """Compare on the six scans."""
    first = first or card("1", test=keys_of(dataset, *range(6)), threshold=THRESHOLDS[0])
    second = second or card("2", threshold=THRESHOLDS[1])
    scores = [OTHERS[i] + TUMOURS[i] for i in (0, 1)]
    options = {"detector_of": told(dataset, *scores)} | options
    return compare(first, second, dataset, **options)


def test_figures_by_hand(six):
    """Pairs in order 8 and 7 of 9; at 0.4 and 0.35 found 3 and 2 of 3, cleared 2 and 2 of 3."""
    found = of_six(six)
    assert (found.n, found.groups, found.tumours) == (6, 6, 3)
    one, two = found.models.challenger, found.models.champion
    assert (one.metrics.roc_auc.value, two.metrics.roc_auc.value) == pytest.approx((8 / 9, 7 / 9))
    assert (one.metrics.recall.value, two.metrics.recall.value) == pytest.approx((1, 2 / 3))
    assert (one.metrics.specificity.value, two.metrics.specificity.value) == pytest.approx((2 / 3, 2 / 3))
    assert one.metrics.brier == pytest.approx((0.01 + 0.04 + 0.36 + 0.01 + 0.04 + 0.25) / 6)
    assert two.metrics.brier == pytest.approx((0.01 + 0.7225 + 0.16 + 0.04 + 0.16 + 0.01) / 6)
    assert (one.threshold, two.threshold, one.threshold_source) == (*THRESHOLDS, "rule, validation, n = 9")
    tests = found.tests
    assert (tests.delong.first, tests.delong.second) == pytest.approx((8 / 9, 7 / 9))
    right = tests.mcnemar
    assert (right.both_right, right.only_first, right.only_second, right.both_wrong) == (3, 2, 1, 0)
    assert (tests.sensitivity.both_right, tests.sensitivity.only_first, tests.sensitivity.n) == (2, 1, 3)
    assert tests.differences["roc_auc"].value == pytest.approx(1 / 9)
    assert tests.differences["recall"].value == pytest.approx(1 / 3)
    assert tests.sentence.startswith("On the same 6 scans (3 with a tumour), the challenger reaches a ROC-AUC of 0.889")
    assert [(r.id, r.label, r.challenger, r.champion) for r in found.predictions[2:4]] == [
        (six.items[2].id, 0, 0.5, 0.1),
        (six.items[3].id, 1, 0.9, 0.9),
    ]
    assert [r.sha256 for r in found.predictions] == keys_of(six, *range(6))


def test_the_gate_holds_the_figures_of_both_against_each_other(six):
    auc, sensitivity = of_six(six).gate.checks
    assert (auc.challenger, auc.champion, auc.difference.value) == pytest.approx((8 / 9, 7 / 9, 1 / 9))
    assert (sensitivity.challenger, sensitivity.champion) == pytest.approx((1, 2 / 3))
    assert sensitivity.difference == paired_difference(2, 1, 0, 0)
    assert (auc.n, sensitivity.n) == (6, 3)
    swapped = of_six(six, detector_of=told(six, OTHERS[1] + TUMOURS[1], OTHERS[0] + TUMOURS[0]))
    assert not swapped.gate.passed
    assert swapped.gate.checks[0].difference.value == pytest.approx(-1 / 9)
    assert of_six(six, margin=0.2).gate.margin == 0.2


@pytest.mark.parametrize("reason", REASONS)
def test_a_group_that_a_model_has_seen_is_left_out(six, reason):
    """The test part holds an altered copy of scan 0; the model has seen scan 0 itself."""
    copied = with_copy_of(six, 0)
    seen = {"train" if "learned" in reason else "validation": keys_of(six, 0)}
    test = keys_of(copied, 1, 2, 3, 4, 5, 6)
    first = card("1", test=test, **(seen if reason.startswith("challenger") else {}))
    second = card("2", **(seen if reason.startswith("champion") else {}))
    found = compare(first, second, copied, detector_of=told(copied, [0.5] * 7, [0.5] * 7))
    assert [r.sha256 for r in found.predictions] == keys_of(copied, 1, 2, 3, 4, 5)
    assert (found.left_out.scans, found.left_out.groups) == (1, 1)
    assert found.left_out.reasons == dict.fromkeys(REASONS, Count(0, 0)) | {reason: Count(1, 1)}


def with_copy_of(dataset, i):
    """The data set with a scan more at its end: scan ``i``, a little brighter."""
    scan = dataset.scans[i]
    copy = replace(scan, pixels=np.where(scan.pixels < 250, scan.pixels + 1, scan.pixels), sha256="c" * 64)
    return replace(dataset, items=(*dataset.items, dataset.items[i]), scans=(*dataset.scans, copy))


def test_a_group_seen_for_several_reasons_counts_once_in_all(six):
    copied, keys = with_copy_of(six, 0), keys_of(six, 0, 1)
    first = card("1", test=keys_of(copied, *range(7)), validation=keys[:1])
    found = compare(first, card("2", train=keys), copied, detector_of=told(copied, [0.5] * 7, [0.5] * 7))
    assert (found.left_out.scans, found.left_out.groups, found.n) == (3, 2, 4)
    counts = [found.left_out.reasons[reason] for reason in REASONS]
    assert counts == [Count(0, 0), Count(2, 1), Count(3, 2), Count(0, 0)]


def test_copies_are_one_scan_to_the_gate(six):
    copied = with_copy_of(six, 5)
    scores = [OTHERS[i] + TUMOURS[i] + TUMOURS[i][2:] for i in (0, 1)]
    first = card("1", test=keys_of(copied, *range(7)), threshold=THRESHOLDS[0])
    found = compare(first, card("2", threshold=THRESHOLDS[1]), copied, detector_of=told(copied, *scores))
    assert (found.n, found.groups, found.tumours) == (7, 6, 4)
    assert [check.n for check in found.gate.checks] == [6, 3]
    assert found.models.champion.metrics.recall.value == 3 / 4
    assert found.gate.checks[1].champion == pytest.approx(2 / 3)


def test_scans_of_the_test_part_that_are_not_here_are_counted(six):
    found = of_six(six, card("1", test=[*keys_of(six, 0, 1, 3), "x", "y"]))
    assert (found.n, found.left_out.absent) == (3, 2)


def test_what_metadata_do_not_say_is_a_note(six):
    first, second = (card(version, test=keys_of(six, *range(6))) for version in "12")
    del second.metadata["data"]["train_sha256"], second.metadata["predictions"]["validation"]
    listed, *others = of_six(six, first, second).notes
    assert listed.startswith("The metadata of the champion custom_cnn 2 do not list the scans that it learned from")
    assert others == ["The metadata of the champion custom_cnn 2 list no scans of its validation part.", NO_MASKS]
    second.metadata["data"] = None
    assert of_six(six, first, second).notes[0] == listed


def test_training_scans_that_are_elsewhere_or_not_listed_are_notes(six):
    extra = {"name": "more", "n": 77, "excluded": {"fingerprint": "another"}}
    second = card("2", train=["x", "y", *keys_of(six, 0)], extra=extra)
    notes = of_six(six, second=second).notes
    assert notes[0].startswith("The champion custom_cnn 2 learned from 77 further scans of more as well")
    assert notes[1].startswith("2 of the 3 scans that the champion custom_cnn 2 learned from are not in this data set")
    extra["excluded"]["fingerprint"] = six.fingerprint  # no copy of this very data set is among them
    assert not any("further" in note for note in of_six(six, second=second).notes)


def test_changes_of_the_scan_move_the_probability(six):
    """All six by 0.05: of the challenger's, the 0.4 falls below its threshold; of the champion's none passes 0.35."""
    scores = [OTHERS[i] + TUMOURS[i] for i in (0, 1)]
    found = of_six(six, detector_of=told(six, *scores, moved=(-0.05, 0.05))).robustness
    assert found.n == 6
    assert [shift.change for shift in found.champion] == list(CHANGES)
    for one, two in zip(found.challenger, found.champion, strict=True):
        assert (one.mean, one.worst, two.mean) == pytest.approx((0.05, 0.05, 0.05))
        assert (one.relabelled, two.relabelled) == pytest.approx((1 / 6, 0))
        assert (one.roc_auc, two.roc_auc) == pytest.approx((8 / 9, 7 / 9))


def test_at_most_so_many_scans_are_changed_from_all_over_the_set():
    assert spread(5, 200).tolist() == [0, 1, 2, 3, 4]
    assert spread(11, 3).tolist() == [0, 5, 10]
    assert spread(0, 200).tolist() == []
    assert len(spread(4567, 200)) == 200


def test_baselines_are_fitted_on_the_challengers_training_scans_alone(everything):
    """As the scorers themselves say with these training scans; a model of none of them says nothing."""
    train, test = [*range(2, 11), *range(14, 23)], [0, 1, 11, 12, 13, 23]
    first = card("1", test=keys_of(everything, *test), train=keys_of(everything, *train))
    load = told(everything, [0.5] * 24, [0.5] * 24)
    found = {each.name: each for each in compare(first, card("2"), everything, detector_of=load).baselines}
    for name, scorer in baseline_scorers(everything).items():
        scores = scorer(Fold(0, np.array(train), np.array(test), np.array(test))).test
        expected = metrics.roc_auc(np.array(everything.labels)[test], scores)
        assert (found[name].roc_auc.value, found[name].fitted_on) == (pytest.approx(expected), 18)
    assert (found[MAJORITY].roc_auc.value, found[MAJORITY].fitted_on) == (0.5, 0)
    first = card("1", test=keys_of(everything, *test), train=keys_of(everything, 2, 3))
    found = {each.name: each for each in compare(first, card("2"), everything, detector_of=load).baselines}
    for name in (METADATA, THUMBNAILS):
        assert (found[name].roc_auc, found[name].fitted_on) == (Estimate(None, reason=NOT_FITTED), 0)


def test_of_the_same_bytes_under_both_labels_the_one_that_was_decided_counts(six):
    """Scan 3, a tumour in the challenger's test part, stands here under 'no tumour' as well."""
    twice = replace(
        six,
        items=(replace(six.items[3], label=0, kind="no"), *six.items),
        scans=(six.scans[3], *six.scans),
    )
    challenger, champion = card("1", test=keys_of(six, *range(6)), validation=["v"]), card("2", validation=["v"])
    assert choose(challenger, champion, twice).positions.tolist() == [1, 2, 3, 4, 5, 6]


def test_one_class_left_is_no_pass(six):
    found = of_six(six, card("1", test=keys_of(six, 3, 4, 5)))
    assert (found.n, found.tumours, found.gate.passed) == (3, 3, False)
    assert f"ROC-AUC: not compared: {ONE_CLASS}." in found.gate.text
    found = of_six(six, card("1", test=keys_of(six, 0, 1)))
    assert "Sensitivity (n = 0): not compared: no scan with a tumour." in found.gate.text
    assert not any(check.passed for check in found.gate.checks)


@pytest.mark.parametrize("test", [["x"], []])
def test_nothing_left_is_no_pass_and_loads_no_model(six, test):
    load = told(six, [], [])
    found = of_six(six, card("1", test=test), detector_of=load)
    assert load.loaded == []
    assert (found.n, found.groups, found.tumours, found.predictions) == (0, 0, 0, ())
    assert (found.models.challenger.metrics, found.tests, found.robustness) == (None, None, None)
    assert found.gate == closed(NOTHING_LEFT, 0.02)
    assert not found.gate.passed
    assert NOTHING_LEFT in found.gate.text
    assert Comparison.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_each_model_is_loaded_once_and_progress_counts_all_passes(everything):
    load, seen = told(everything, [0.5] * 24, [0.5] * 24), []
    first = card("1", test=keys_of(everything, *range(10)))
    compare(first, card("2"), everything, detector_of=load, progress=lambda *step: seen.append(step))
    assert load.loaded == ["1", "2"]
    total = 2 * 10 * (1 + len(CHANGES))
    assert seen[:4] == [(8, total), (10, total), (18, total), (20, total)]
    assert seen == sorted(set(seen))
    assert seen[-1] == (total, total)


def test_progress_may_stop_it(everything):
    load = told(everything, [0.5] * 24, [0.5] * 24)

    def stop(done, total):
        if done > 10:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled, match="stopped"):
        compare(card("1", test=keys_of(everything, *range(10))), card("2"), everything, detector_of=load, progress=stop)
    assert load.loaded == ["1"]


def case_of(seed):
    phantom = Phantom(seed=seed, size=128, lesion=Lesion((0.68, 0.45), 0.2, 0.6))
    return Masked(str(seed), draw(phantom), lesion_mask(phantom))


def test_real_models_are_scored_anew_and_point_at_unseen_tumours(everything, tmp_path):
    bright_patch_service(tmp_path)
    cards = [read_card(name, tmp_path) for name in ("custom_cnn", "resnet50")]
    cases = [case_of(seed) for seed in range(3)]
    first, second = cards
    first.metadata["predictions"]["test"] = rows(keys_of(everything, 1, 2, 20, 21))
    second.metadata["data"]["train_sha256"] = [cases[0].scan.sha256[:16]]
    seen = []
    found = compare(first, second, everything, masked=cases, progress=lambda *step: seen.append(step))
    scans = [everything.scans[i] for i in (1, 2, 20, 21)]
    for its_card, column, pointing in (
        (first, "challenger", found.pointing.challenger),
        (second, "champion", found.pointing.champion),
    ):
        detector = Detector(its_card)
        scores = [p.probability for p in detector.predict(scans)]
        assert [getattr(row, column) for row in found.predictions] == pytest.approx(scores, abs=1e-6)
        where, without = localise(cases[1:], detector), erase(cases[1:], detector)
        assert (pointing.n, pointing.flat, pointing.hits.value) == (2, where.flat, where.pointing.value)
        assert pointing.energy.value == pytest.approx(where.energy.value, abs=1e-6)
        assert (pointing.erasable, pointing.found) == (without.n, without.found)
        assert pointing.change.value == pytest.approx(without.change.value, abs=1e-6)
    assert [row.challenger for row in found.predictions] != [row.champion for row in found.predictions]
    assert found.notes[-1] == "1 of 3 scans with outlined tumours are left out: a model has seen them."
    assert seen[-1] == (60, 60)  # 4 scans, each in 6 versions, and 2 outlined ones in 3, by two models
    assert Comparison.from_json(json.loads(json.dumps(found.to_json()))) == found


# The gate on its own.


def auc(value, low=None, high=None, reason=None, n=40):
    return DeLong(n, 20, 0.9 + value, 0.9, Estimate(value, low, high, reason), None)


def found(both=18, only_first=1, only_second=1, neither=0):
    cells = both, only_first, only_second, neither
    return McNemar(*cells, paired_difference(*cells), 1.0)


@pytest.mark.parametrize(
    ("value", "passed"), [(0.9 - 0.92, True), (-0.02, True), (-0.0201, False), (0.0, True), (0.3, True)]
)
def test_exactly_the_margin_passes(value, passed):
    assert gate(auc(value), found(), 0.02).checks[0].passed is passed
    assert gate(auc(value), found(), 0.02).passed is passed


def test_sensitivity_has_to_pass_as_well():
    """One of twenty found less: -0.05."""
    assert not gate(auc(0.1), found(only_first=0, only_second=1, both=19), 0.02).passed
    assert gate(auc(0.1), found(only_first=0, only_second=1, both=19), 0.05).passed


def test_a_handful_of_scans_opens_no_gate():
    assert gate(auc(0.3, n=10), found(), 0.02).passed
    closed = gate(auc(0.3, n=9), found(), 0.02)
    assert not closed.passed and "Gate not passed: fewer than 10 distinct scans (margin" in closed.text


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        ((0.01, -0.019, 0.05), "within the margin, the interval wholly above -0.02: non-inferiority is shown."),
        ((0.01, -0.02, 0.05), "the interval not wholly above -0.02: non-inferiority is not shown, only not contra"),
        ((0.01, -0.3, 0.32), "the interval not wholly above -0.02: non-inferiority is not shown, only not contra"),
        ((0.0, None, None, NO_VARIANCE), "within the margin: non-inferiority is not shown, only not contradicted."),
        ((-0.1, -0.3, 0.1), "worse by more than the margin; the interval reaches -0.02: a smaller loss is not ruled"),
        ((-0.1, -0.15, -0.03), "worse by more than the margin, the interval wholly below -0.02: these scans show it."),
        ((-0.1, None, None, TOO_FEW), "worse by more than the margin on these scans."),
    ],
)
def test_the_text_says_what_the_interval_shows(difference, words):
    text = gate(auc(*difference), found(), 0.02).text
    sentence = text.split("ROC-AUC")[1].split("Sensitivity")[0]
    assert words in sentence
    assert f"difference {Estimate(*difference).text(signed=True)}, " in sentence
    assert "(margin 0.02, n = 40 distinct scans, 20 with a tumour)" in text
    assert len(text) < 500 and text.isprintable()
    assert not any(word in text.lower() for word in ("equal", "equivalent", "same", "as good", "p ="))


def test_all_tumours_found_by_both_do_not_show_non_inferiority():
    """Eleven of eleven twice: no scan speaks for either, and Newcombe's interval is as wide as eleven scans make it."""
    (_, sensitivity) = gate(auc(0.0), found(11, 0, 0, 0), 0.02).checks
    assert sensitivity.passed and sensitivity.difference.value == 0
    assert sensitivity.difference.low < -0.2
    assert "non-inferiority is not shown" in sensitivity.reason


# The record.


@pytest.fixture
def stored(six, tmp_path):
    write(of_six(six), tmp_path)
    return tmp_path


def test_what_is_written_is_read(six, tmp_path):
    assert read(tmp_path) is None
    comparison = of_six(six)
    write(comparison, tmp_path)
    assert read(tmp_path) == comparison
    record = json.loads((tmp_path / FILE_NAME).read_text())
    first, *others = record
    assert (first, others[-1], len(record)) == ("format", "created", 17)
    assert {"n", "groups", "tumours", "models", "tests", "robustness", "baselines", "pointing"} < set(others)
    assert record["format"] == 1
    assert record["champion"] == {"name": "custom_cnn", "version": "2", "sha256": "2" * 32}
    assert record["data"] == {"name": six.root.name, "fingerprint": six.fingerprint}
    assert {key: record["gate"][key] for key in ("passed", "margin", "champion")} == {
        "passed": False,  # six scans
        "margin": 0.02,
        "champion": "2",
    }
    assert [check["name"] for check in record["gate"]["checks"]] == ["ROC-AUC", "sensitivity"]
    assert record["gate"]["text"] == comparison.gate.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "expected a record of format 1. Received: 2. Compare anew: .* models compare VERSION DATASET"),
        ({"format": None}, "expected a record of format 1. Received: None. Compare anew"),
        ({"n": "many"}, r"damaged: record.n: expected a whole number. Received: 'many'. Compare anew"),
        ({"n": True}, "damaged: record.n: expected a whole number. Received: True"),
        ({"notes": [1]}, r"damaged: record.notes\[0\]: expected a text. Received: 1"),
        ({"gate": {"passed": 1}}, "damaged: record.gate.passed: expected true or false. Received: 1"),
        ({"gate": {"passed": True}}, "damaged: record.gate.margin is missing"),
        ({"gate": {"passed": True, "margin": float("nan")}}, "record.gate.margin: expected a number. Received: nan"),
        ({"models": {"challenger": None}}, "damaged: record.models.challenger: expected a table. Received: None"),
    ],
)
def test_a_damaged_record_says_what_to_do(stored, change, message):
    path = stored / FILE_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ResultsError, match=message):
        read(stored)


@pytest.mark.parametrize(
    ("text", "message"), [("{", "damaged .Expecting"), ("[]", "damaged: expected a table"), ("", "")]
)
def test_half_a_record_is_damaged(stored, text, message):
    (stored / FILE_NAME).write_text(text)
    with pytest.raises(ResultsError, match=f"{FILE_NAME} is {message}"):
        read(stored)
    (stored / FILE_NAME).unlink()
    assert read(stored) is None
