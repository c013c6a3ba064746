"""Cases that fail: found in stored results by hand, and among phantoms with the small models."""

from __future__ import annotations

import numpy as np
import pytest

from brain_core.datasets.index import NO_TUMOR, TUMOR
from brain_core.errors import ResultsError
from brain_core.evaluation.stored_results import stored_results
from brain_core.inference import Detector
from brain_core.input_gate import InputGate
from brain_core.models import MODELS
from brain_core.operating import OperatingCurve
from brain_core.registry import read_card
from brain_core.scans.phantom import Lesion, Phantom, draw
from brain_core.teaching import case_scans, case_stored, cases
from brain_core.teaching.case_references import REFERENCES
from tests.ui.service import in_service, service_files, store_predictions

__all__ = ["in_service", "service_files"]


def test_every_lesson_has_its_literature_and_no_figure_written_by_hand():
    known = {reference.key for reference in REFERENCES}
    assert len({lesson.key for lesson in cases.LESSONS}) == len(cases.LESSONS) == 7
    for lesson in cases.LESSONS:
        assert lesson.question.endswith("?") and set(lesson.references) <= known
        assert not any(letter.isdigit() for letter in "".join(lesson.answer))
        assert len(cases.references_of(lesson)) == len(lesson.references) > 0
    assert {key for lesson in cases.LESSONS for key in lesson.references} == known


def test_every_reference_has_an_address():
    for reference in REFERENCES:
        assert reference.link.startswith(("https://doi.org/10.", "https://arxiv.org/abs/"))


@pytest.fixture
def results(in_service):
    """At the threshold 0.4: the CNN misses 0.3 and alarms at 0.7; ResNet50 misses 0.01 and alarms at 0.95 and 0.6."""
    store_predictions(in_service, "custom_cnn", test=((0.9, 0.8, 0.3), (0.7, 0.2, 0.05)))
    store_predictions(in_service, "resnet50", test=((0.99, 0.95, 0.01), (0.95, 0.6, 0.02)))
    return case_stored.of_models(stored_results([read_card(name) for name in MODELS]))


def test_the_farthest_wrong_answers_of_all_models(results):
    missed, alarm = (case_stored.farthest(results, label) for label in (TUMOR, NO_TUMOR))
    assert (missed.model, missed.id, missed.reference, missed.split) == ("resnet50", "1/2.png", "tumor", "test")
    assert missed.distance == pytest.approx(0.39)
    assert (alarm.model, alarm.id, alarm.reference) == ("resnet50", "0/3.png", "no tumor")
    assert alarm.distance == pytest.approx(0.55)
    assert case_stored.farthest(results[:1], TUMOR).probability == 0.3
    assert case_stored.farthest([], TUMOR) is None


def test_of_a_model_that_is_not_in_service_there_is_no_result(results, in_service):
    found = stored_results([read_card(name) for name in MODELS])
    assert [each.name for each in case_stored.of_models(found, {"resnet50"})] == ["resnet50"]
    assert case_stored.of_models(found, set()) == []


def test_how_often_a_model_is_sure_and_wrong(results):
    cnn, resnet = map(case_stored.sure, results)
    assert (cnn.n, cnn.sure, cnn.wrong.value) == (6, 2, 0.0)  # 0.9 and 0.05
    assert (resnet.n, resnet.sure, resnet.wrong.value) == (6, 5, 0.4)  # 0.01 and 0.95 of five
    assert case_stored.sure(results[0], level=0.96).wrong.text() == "not computed: the model is sure of no scan"


def test_predictive_values_by_hand():
    # Sensitivity 4 of 5, specificity 9 of 10.
    curve = OperatingCurve.of([1] * 5 + [0] * 10, [0.9] * 4 + [0.1] + [0.1] * 9 + [0.9])
    rare, some, half = case_stored.at_prevalences(curve, 0.5)
    assert rare.ppv.value == pytest.approx(0.01 * 0.8 / (0.01 * 0.8 + 0.99 * 0.1))  # 0.075
    assert some.ppv.value == pytest.approx(0.08 / (0.08 + 0.09))
    assert half.ppv.value == pytest.approx(0.4 / 0.45)
    assert half.npv.value == pytest.approx(0.45 / 0.55)
    assert (rare.true_alarms.value, rare.false_alarms.value) == pytest.approx((8, 99))


RECORD = {
    "robustness": {"resnet50": [{"change": "mirrored", "mean": 0.1, "worst": 0.5, "relabelled": 0.2}]},
    "rows": {"metadata only": {"at": {"default": {"n": 20, "roc_auc": {"value": 0.7, "low": 0.6, "high": 0.8}}}}},
}


def test_stored_changes_and_baselines():
    (moved,) = case_stored.robustness(RECORD)
    assert (moved.model, moved.change, moved.mean, moved.worst, moved.relabelled) == (
        "resnet50",
        "mirrored",
        0.1,
        0.5,
        0.2,
    )
    n, auc = case_stored.baselines(RECORD)["metadata only"]
    assert (n, auc.text(2)) == (20, "0.70 (0.60 to 0.80)")
    assert case_stored.robustness(None) == [] and case_stored.baselines({}) == {}


@pytest.mark.parametrize(
    ("read", "record"),
    [
        (case_stored.robustness, {"robustness": {"resnet50": [{"change": "mirrored"}]}}),
        (case_stored.robustness, {"robustness": ["mirrored"]}),
        (case_stored.baselines, {"rows": {"resnet50": {"at": {}}}}),
    ],
)
def test_a_damaged_record_is_named(read, record):
    with pytest.raises(ResultsError, match="stored cross-validation is damaged: expected"):
        read(record)


@pytest.fixture(scope="module")
def detector(service_files) -> Detector:
    """Answers to bright regions, wherever they are."""
    return Detector(read_card("custom_cnn", service_files))


def test_maps_are_held_against_the_drawn_lesion(detector):
    found = case_scans.pointing(detector, n=8)
    assert found.n == 8 and 0 < found.called <= 8
    assert found.hits.value is not None
    if found.worst is not None:
        row, column = found.worst.peak
        assert not found.worst.hit and not found.worst.mask[row, column] and found.worst.distance > 0


def test_of_a_model_that_finds_nothing_there_is_no_map(detector):
    found = case_scans.pointing(detector, n=2, threshold=1.0)
    assert (found.called, found.worst) == (0, None)
    assert found.hits.text() == "not computed: the model calls none of the phantoms a tumour"


@pytest.fixture
def stopping(service_files) -> Detector:
    """Its gate stops every picture: the training scans lie on the other side."""
    found = Detector(read_card("resnet50", service_files))
    found.gate = InputGate(-np.full((5, 2), 0.5**0.5, np.float32), 0.5, found.card.sha256, 5)
    return found


def test_what_the_gate_of_one_model_stops_none_is_counted_for(detector, stopping):
    assert case_scans.pointing(detector, n=2, threshold=0.0).called == 2
    found = case_scans.pointing(detector, n=2, threshold=0.0, others=[stopping])
    assert (found.n, found.called, found.worst) == (2, 0, None)


def test_a_mark_counts_only_on_scans_that_are_classified(detector, stopping):
    scans = [draw(Phantom(seed=seed, size=128)) for seed in (1, 2)]
    assert case_scans.most_moved([detector, stopping], scans) == (0, next(iter(case_scans.MARKS)))


def test_the_outline_and_the_peak_are_drawn_on_a_copy():
    rgb, mask = np.zeros((64, 64, 3), np.uint8), np.zeros((64, 64), bool)
    mask[20:30, 20:30] = True
    marked = case_scans.outlined(rgb, mask, (50, 10))
    assert marked[20, 20].tolist() == [0x56, 0xB4, 0xE9] and marked[50, 10].tolist() == [0xF0, 0xE4, 0x42]
    assert not marked[25, 25].any() and not rgb.any()


@pytest.mark.parametrize("mark", list(case_scans.MARKS))
def test_a_mark_leaves_the_inside_of_the_head_as_it_is(mark):
    scan = draw(Phantom(seed=3, lesion=Lesion()))
    marked = case_scans.marked(scan, mark)
    top, left = (marked.height - scan.height) // 2, (marked.width - scan.width) // 2
    inside = marked.pixels[top + 96 : top + 160, left + 96 : left + 160]
    assert np.array_equal(inside, scan.pixels[96:160, 96:160])
    assert marked.sha256 != scan.sha256 and marked.pixels.shape >= scan.pixels.shape
    assert not np.array_equal(marked.pixels, scan.pixels)


def test_all_marks_at_once():
    assert list(case_scans.with_marks(draw(Phantom(seed=1)))) == list(case_scans.MARKS)


def test_the_scan_and_the_mark_that_move_a_model_farthest(detector):
    scans = [draw(Phantom(seed=seed, size=128)) for seed in (1, 2)]
    place, mark = case_scans.most_moved([detector], scans)

    def moved(place: int, mark: str) -> float:
        before, after = detector.predict([scans[place], case_scans.marked(scans[place], mark)])
        return abs(after.probability - before.probability)

    largest = max(moved(i, each) for i in range(2) for each in case_scans.MARKS)
    assert moved(place, mark) == pytest.approx(largest, abs=1e-6)
