"""The comparison of focus: which scans, whose heatmaps, who is right, and the means by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import load_dataset
from brain_core.errors import DatasetError
from brain_core.evaluation.agreement import CHANCE_OVERLAP, head_cells
from brain_core.evaluation.focus import ALL_FLAT, NO_SCAN, Focus, Row, common_test, compare, right_of
from brain_core.inference import Detector
from brain_core.preprocessing import head_box
from brain_core.registry import read_card
from brain_core.scored import TOO_FEW
from tests.ui.service import bright_patch_service

NAMES = ("custom_cnn", "resnet50")
BOTH, FIRST, SECOND, NEITHER = NAMES, NAMES[:1], NAMES[1:], ()


def row(i, right, correlation, overlap, group=None):
    reason = None if correlation is not None else "flat"
    probabilities = dict.fromkeys(NAMES, 0.5)
    return Row(f"yes/{i}", str(i), 1, i if group is None else group, probabilities, right, correlation, overlap, reason)


def focus(rows):
    return Focus("phantoms", dict.fromkeys(NAMES, "1"), {}, dict.fromkeys(NAMES, 0.5), tuple(rows))


def with_part(card, *sha256):
    """The card with these scans in its test part."""
    rows = [{"sha256": each, "label": 1, "probability": 0.5, "group": i} for i, each in enumerate(sha256)]
    return replace(card, metadata=card.metadata | {"predictions": {"test": rows}})


@pytest.fixture(scope="module")
def dataset(phantom_dataset):
    return load_dataset(phantom_dataset)


@pytest.fixture(scope="module")
def detectors(tmp_path_factory):
    """Both models, with an empty test part."""
    models_dir = bright_patch_service(tmp_path_factory.mktemp("service"))
    return [Detector(read_card(name, models_dir)) for name in NAMES]


@pytest.fixture
def with_test(detectors, monkeypatch):
    """``with_test(first, second)``: the detectors with these scans, sha256, in their test parts."""

    def change(*parts):
        for detector, part in zip(detectors, parts, strict=True):
            monkeypatch.setattr(detector, "card", with_part(detector.card, *part))
        return detectors

    return change


def test_subsets_by_hand():
    rows = [
        row(0, BOTH, 0.2, 0.1),
        row(1, BOTH, 0.4, 0.3),
        row(2, BOTH, None, None),
        row(3, FIRST, -0.5, 0.0),
        row(4, SECOND, -0.1, 0.2, group=3),
    ]
    total, right, one, wrong = focus(rows).subsets
    assert [s.name for s in (total, right, one, wrong)] == ["all", "both right", "one wrong", "both wrong"]
    assert [(s.n, s.groups, s.flat) for s in (total, right, one, wrong)] == [(5, 4, 1), (3, 3, 1), (2, 1, 0), (0, 0, 0)]
    assert total.correlation.value == pytest.approx(0)
    assert total.overlap.value == pytest.approx(0.15)
    assert right.correlation.value == pytest.approx(0.3)
    assert one.correlation.value == pytest.approx(-0.3)
    assert one.overlap.value == pytest.approx(0.1)


def test_both_wrong_is_a_subset_of_its_own():
    *_, wrong = focus([row(0, NEITHER, 0.7, 0.6), row(1, FIRST, 0.1, 0.1)]).subsets
    assert (wrong.n, wrong.correlation.value, wrong.overlap.value) == (1, 0.7, 0.6)


def test_what_cannot_be_computed_says_why():
    total, right, _, wrong = focus([row(0, BOTH, None, None), row(1, FIRST, 0.1, 0.2)]).subsets
    assert (total.correlation.value, total.correlation.low, total.correlation.reason) == (0.1, None, TOO_FEW)
    assert (right.correlation.value, right.correlation.reason) == (None, ALL_FLAT)
    assert (wrong.overlap.value, wrong.overlap.reason) == (None, NO_SCAN)


@pytest.mark.parametrize(("groups", "interval"), [(9, False), (10, True)])
def test_an_interval_needs_ten_distinct_scans(groups, interval):
    total = focus([row(i, BOTH, i / 40, i / 30, group=i % groups) for i in range(20)]).subsets[0]
    assert total.correlation.value == pytest.approx(9.5 / 40)
    for estimate in (total.correlation, total.overlap):
        assert (estimate.low is not None) is interval
        assert estimate.reason == (None if interval else TOO_FEW)


def test_scans_with_a_flat_map_do_not_make_up_ten():
    rows = [row(i, BOTH, i / 40, i / 30) for i in range(9)] + [row(9, BOTH, None, None)]
    total = focus(rows).subsets[0]
    assert (total.groups, total.correlation.reason) == (10, TOO_FEW)


def test_copies_of_a_scan_are_drawn_as_one():
    """Ten pictures, each ten times: as wide as of ten scans, and far wider than of a hundred."""
    values = np.linspace(0, 0.9, 10)

    def width(copies, distinct):
        rows = [row(i, BOTH, v, v, group=i if distinct else i // copies) for i, v in enumerate(values.repeat(copies))]
        estimate = focus(rows).subsets[0].correlation
        return estimate.high - estimate.low

    assert width(10, distinct=False) == pytest.approx(width(1, distinct=True))
    assert width(10, distinct=False) > 2 * width(10, distinct=True)


@pytest.mark.parametrize(
    ("label", "probability", "expected"), [(1, 0.5, True), (1, 0.49, False), (0, 0.5, False), (0, 0.49, True)]
)
def test_right_from_the_threshold_on(label, probability, expected):
    assert (right_of(label, {"resnet50": probability}, {"resnet50": 0.5}) == ("resnet50",)) is expected


def test_scans_are_those_in_the_test_part_of_both(dataset, with_test):
    keys = [scan.sha256[:16] for scan in dataset.scans]
    found = compare(dataset, *with_test(keys[2:8], [*keys[5:10], "elsewhere"]))
    assert [r.sha256 for r in found.rows] == keys[5:8]
    assert [r.id for r in found.rows] == [item.id for item in dataset.items[5:8]]


def test_figures_are_of_the_maps_on_the_scan_at_the_operating_points(dataset, detectors, with_test):
    keys, seen = [scan.sha256[:16] for scan in dataset.scans], []
    found = compare(dataset, *with_test(keys, keys), lambda done, total: seen.append((done, total)))
    assert seen == [(8, 24), (16, 24), (24, 24)]
    assert [r.group for r in found.rows] == near_duplicate_groups(dataset.scans).tolist()
    both = [detector.predict(dataset.scans) for detector in detectors]
    for i, (one, two, r) in enumerate(zip(*both, found.rows, strict=True)):
        label, scan = ("no tumor", "tumor")[dataset.labels[i]], dataset.scans[i]
        assert (r.label, r.right) == (dataset.labels[i], tuple(p.model for p in (one, two) if p.label == label))
        assert r.probabilities == pytest.approx({"custom_cnn": one.probability, "resnet50": two.probability})
        cells = [head_cells(p.map_on(scan), head_box(scan.grey)) for p in (one, two)]
        if r.correlation is None:
            assert r.reason.startswith("flat inside the head: the heatmap of")
        else:
            assert r.correlation == pytest.approx(spearmanr(*(each.ravel() for each in cells)).statistic)
    total, right, one_wrong, both_wrong = found.subsets
    assert total.n == 24 == right.n + one_wrong.n + both_wrong.n
    assert right.n > 0 and one_wrong.n > 0
    assert total.correlation.low < total.correlation.value < total.correlation.high


def test_the_operating_point_in_use_decides_who_is_right(dataset, detectors, with_test, monkeypatch):
    keys = [scan.sha256[:16] for scan in dataset.scans]
    with_test(keys, keys)
    for detector in detectors:
        never = replace(detector.card.operating_point, threshold=1.0)
        monkeypatch.setattr(detector, "card", replace(detector.card, operating_point=never))
    found = compare(dataset, *detectors)
    assert found.thresholds == {"custom_cnn": 1.0, "resnet50": 1.0}
    assert [r.right for r in found.rows] == [() if label else NAMES for label in dataset.labels]


def test_one_model_twice_agrees_with_itself(dataset, detectors, with_test, monkeypatch):
    first, second = with_test([dataset.scans[-1].sha256[:16]], [dataset.scans[-1].sha256[:16]])
    monkeypatch.setattr(second, "_explain", first._explain)
    monkeypatch.setattr(second, "card", replace(second.card, preprocessing=first.card.preprocessing))
    (only,) = compare(dataset, first, second).rows
    assert (only.correlation, only.overlap) == (pytest.approx(1), 1)


def test_the_record_is_json_without_nan(dataset, with_test):
    keys = [scan.sha256[:16] for scan in dataset.scans]
    found = compare(dataset, *with_test(keys, keys))
    record = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (record["data"], record["n"]) == (dataset.root.name, 24)
    assert record["versions"] == {"custom_cnn": "test-1", "resnet50": "test-2"}
    assert record["layers"] == {"custom_cnn": "conv3", "resnet50": "conv5_block3_out"}
    assert record["chance_overlap"] == CHANCE_OVERLAP
    assert [s["name"] for s in record["subsets"]] == ["all", "both right", "one wrong", "both wrong"]
    assert set(record["rows"][0]) >= {"id", "sha256", "label", "right", "correlation", "overlap", "reason"}


def test_a_data_set_without_the_common_scans_is_refused(dataset, with_test):
    message = "none of the 2 scans in the test parts of both custom_cnn test-1 and resnet50 test-2 is in it"
    with pytest.raises(DatasetError, match=message):
        compare(dataset, *with_test(["aa", "bb", "cc"], ["bb", "cc", "dd"]))


def test_test_parts_without_a_common_scan_are_refused(detectors):
    first, second = (with_part(d.card, *part) for d, part in zip(detectors, (["aa", ""], ["bb", ""]), strict=True))
    message = "test parts of custom_cnn test-1 and resnet50 test-2 have no scan in common. Train both .* same --seed"
    with pytest.raises(DatasetError, match=message):
        common_test([first, second])


def test_a_model_without_stored_predictions_says_what_stores_them(detectors):
    first, second = with_part(detectors[0].card, "aa"), with_part(detectors[1].card)
    with pytest.raises(DatasetError, match="resnet50 test-2, test part: no predictions stored; .* train DATASET"):
        common_test([first, second])
