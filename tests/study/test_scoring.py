"""Slices through the models: in order, each failure kept to its own slice, flagged ones counted."""

from dataclasses import replace

import numpy as np
import pytest

from brain_core.errors import ScanError
from brain_core.inference import Detector
from brain_core.registry import read_card
from brain_core.scans import Series, SourceFile, collect
from brain_core.study.choice import image_series
from brain_core.study.scoring import ScoredSlice, result, score_slices
from tests.scans.dicom_files import series_datasets, to_bytes


@pytest.fixture(scope="module")
def detectors(models_dir):
    return [Detector(read_card(name, models_dir)) for name in ("custom_cnn", "resnet50")]


@pytest.fixture
def series() -> Series:
    files = [SourceFile.of_bytes(to_bytes(ds), f"{i}.dcm") for i, ds in enumerate(series_datasets(11, size=64))]
    (study,) = collect(files).studies
    return study.series[0]


def judged(detectors) -> list:
    return [(detector.card, detector.card.operating_point) for detector in detectors]


def damaged(series: Series, index: int) -> Series:
    def fail():
        raise ScanError("slice: the pixel data are damaged.")

    slices = list(series.slices)
    slices[index] = replace(slices[index], read=fail)
    return replace(series, slices=tuple(slices))


def test_every_slice_is_scored_as_it_would_be_alone(series, detectors):
    found = list(score_slices(series, detectors, batch=4))
    assert [each.index for each in found] == list(range(11))
    for index in (0, 5, 10):
        alone = [detector.predict([series.scan(index)])[0] for detector in detectors]
        assert [p.model for p in found[index].predictions] == ["custom_cnn", "resnet50"]
        for ours, theirs in zip(found[index].predictions, alone, strict=True):
            assert ours.probability == pytest.approx(theirs.probability, abs=1e-5)
            np.testing.assert_allclose(ours.heatmap, theirs.heatmap, atol=1e-4)


def test_some_slices_only_in_the_order_asked_for(series, detectors):
    assert [each.index for each in score_slices(series, detectors, [7, 2, 9], batch=2)] == [7, 2, 9]


def test_slices_are_decoded_as_they_are_needed(series, detectors):
    read = []

    def remember(index):
        return lambda: read.append(index) or series.slices[index].read()

    slices = tuple(replace(each, read=remember(i)) for i, each in enumerate(series.slices))
    scoring = score_slices(replace(series, slices=slices), detectors, batch=2)
    next(scoring)
    scoring.close()
    assert max(read) <= 3  # the batch that is scored, and the one that comes


def test_an_unreadable_slice_stops_no_other(series, detectors):
    broken = damaged(series, 4)
    found = result(broken, judged(detectors), score_slices(broken, detectors))
    assert list(found.errors) == [4] and "damaged" in found.errors[4]
    assert [p is None for p in found.predictions["resnet50"]] == [i == 4 for i in range(11)]
    assert 4 not in found.summaries[0].slices


def test_without_detectors_readable_slices_have_no_predictions(series):
    assert [each.predictions for each in score_slices(series, [], [0, 1])] == [(), ()]


def test_flagged_slices_are_counted_and_left_out_of_the_summary(series, detectors):
    scored = list(score_slices(series, detectors))
    first = result(series, judged(detectors), scored)
    run = first.summaries[1].slices
    flag = "unlike-training-data"
    marked = [
        replace(each, predictions=(each.predictions[0], replace(each.predictions[1], flags=(flag,))))
        if each.index == run[1]
        else each
        for each in scored
    ]
    second = result(series, judged(detectors), marked)
    assert run[1] in second.flagged
    assert all(run[1] not in summary.slices for summary in second.summaries)
    assert second.predictions["resnet50"][run[1]] is not None


def test_another_operating_point_judges_anew_and_scores_nothing(series, detectors):
    from brain_core.operating_points import OperatingPoint

    scored = list(score_slices(series, detectors))
    for threshold, label in ((0.0, "tumor"), (1.0, "no tumor")):
        points = [(detector.card, OperatingPoint(threshold, "rule", "data")) for detector in detectors]
        found = result(series, points, scored)
        assert {summary.label for summary in found.summaries} == {label}
        assert {p.label for p in found.predictions["custom_cnn"]} == {label}


def test_what_was_not_scored_yet_is_not_counted(series, detectors):
    scored = list(score_slices(series, detectors, [0, 1]))
    found = result(series, judged(detectors), scored)
    assert found.predictions["custom_cnn"][2] is None
    assert found.errors == {}
    assert found.summaries[0].value is None


def test_a_slice_without_result_has_no_error():
    assert ScoredSlice(3).error is None


def test_localisers_and_derived_series_are_not_chosen_by_themselves():
    def study_of(*kinds):
        files = []
        for number, kind in enumerate(kinds, 1):
            uid = {"SeriesInstanceUID": f"1.2.3.{number}", "SeriesNumber": number, "ImageType": kind}
            for i, ds in enumerate(series_datasets(3, size=64, seed=number, **uid | {"StudyInstanceUID": "1.2.3"})):
                files.append(SourceFile.of_bytes(to_bytes(ds), f"{number}-{i}.dcm"))
        return collect(files).studies[0]

    original, derived = ["ORIGINAL", "PRIMARY", "M", "SE"], ["DERIVED", "SECONDARY", "MPR"]
    localiser = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    assert [each.number for each in image_series(study_of(localiser, original, derived, original))] == [2, 4]
    assert image_series(study_of(localiser, derived)) == ()
