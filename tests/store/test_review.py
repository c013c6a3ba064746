"""The review list and its orders."""

import pytest

from brain_core.errors import ConfigError
from brain_core.store import feedback, kept, predictions, review
from brain_core.store.records import Kind, Source
from tests.store.sample_rows import at, key, prediction
from tests.store.sample_rows import feedback as said


@pytest.mark.parametrize(
    ("probability", "threshold", "expected"),
    [
        (0.5, 0.5, 1.0),
        (0.0, 0.5, 0.0),
        (1.0, 0.5, 0.0),
        (0.25, 0.5, 0.5),
        (0.75, 0.5, 0.5),
        (0.1, 0.2, 0.5),
        (0.6, 0.2, 0.5),
        (0.0, 0.0, 1.0),
        (0.5, 0.0, 0.5),
        (1.0, 1.0, 1.0),
        (0.5, 1.0, 0.5),
    ],
)
def test_uncertainty_is_one_at_the_threshold_and_falls_to_nothing(probability, threshold, expected):
    assert review.uncertainty(probability, threshold) == pytest.approx(expected)


def both(scan: str, cnn: float, resnet: float, minute: float = 0, **values) -> list:
    """Both models, at a threshold of 0.5 and 0.4."""
    answers = (("custom_cnn", cnn, 0.5), ("resnet50", resnet, 0.4))
    return [
        prediction(
            scan,
            at=at(minute),
            model=model,
            probability=probability,
            threshold=threshold,
            label="tumor" if probability >= threshold else "no tumor",
            **values,
        )
        for model, probability, threshold in answers
    ]


def order(found: list) -> list[str]:
    names = {key(name): name for name in ("near", "apart", "far apart", "sure", "new", "scan")}
    return [names[case.case] for case in found]


@pytest.fixture
def four(database) -> None:
    predictions.add(
        both("near", 0.55, 0.45, 1)  # uncertainty (0.9 + 0.9167) / 2, disagreement 0
        + both("apart", 0.45, 0.41, 2)  # (0.9 + 0.9833) / 2; labels differ; 0.06
        + both("far apart", 0.95, 0.45, 3)  # (0.1 + 0.9167) / 2; the same label; 0.4
        + both("sure", 0.0, 0.0, 4)  # 0; 0.1
    )


def test_the_orders(four):
    assert order(review.queue("uncertainty")) == ["apart", "near", "far apart", "sure"]
    assert order(review.queue("disagreement")) == ["apart", "far apart", "sure", "near"]
    assert order(review.queue("newest")) == ["sure", "far apart", "apart", "near"]
    assert order(review.queue("newest", limit=2)) == ["sure", "far apart"]


def test_an_unknown_order_is_refused():
    with pytest.raises(ConfigError, match="Order: expected one of uncertainty, disagreement, newest. Received: 'old'"):
        review.queue("old")


def test_a_case_holds_what_is_known(four):
    row = said("apart")
    feedback.add(row)
    (found,) = [case for case in review.queue("newest", unconfirmed_only=False) if case.case == key("apart")]
    assert [each.model for each in found.predictions] == ["custom_cnn", "resnet50"]
    assert [each.probability for each in found.predictions] == [0.45, 0.41]
    assert found.feedback == (row,)
    assert found.verdict.confirmed
    assert (found.at, found.source, found.kind, found.kept) == (at(2), Source.UPLOAD, Kind.SLICE, False)
    assert found.uncertainty == pytest.approx((0.9 + 0.59 / 0.6) / 2)
    assert found.disagreement == pytest.approx(0.06)


def test_confirmed_cases_are_done_and_others_are_not(four):
    feedback.add(said("near", basis="biopsy"))
    feedback.add(said("apart", basis="own read"))
    feedback.add(said("sure", finding="unsure", basis="follow-up"))
    assert order(review.queue("newest")) == ["sure", "far apart", "apart"]
    assert order(review.queue("newest", unconfirmed_only=False)) == ["sure", "far apart", "apart", "near"]


def test_the_latest_prediction_of_each_model_counts(database):
    predictions.add(both("scan", 0.1, 0.1, 1))
    predictions.add([prediction("scan", at=at(2), probability=0.5, source=Source.WATCH, version="2")])
    (found,) = review.queue("newest")
    assert [(each.model, each.probability) for each in found.predictions] == [("custom_cnn", 0.5), ("resnet50", 0.1)]
    assert (found.at, found.source) == (at(2), Source.WATCH)


def test_of_a_series_its_summary_counts(database):
    series = key("series")
    summary = {"kind": Kind.SERIES, "case": series, "scan": series, "inputs": None}
    predictions.add([prediction(probability=0.6, **summary), prediction("slice", case=series, at=at(5))])
    (found,) = review.queue("uncertainty")
    assert (found.case, found.kind, found.at) == (series, Kind.SERIES, at(0))
    assert [each.probability for each in found.predictions] == [0.6]


def test_what_was_not_assessed_comes_last(database):
    predictions.add([prediction("scan", probability=None, label=None, at=at(9)), *both("near", 0.9, 0.9)])
    for how in ("uncertainty", "disagreement"):
        assert order(review.queue(how)) == ["near", "scan"]
    assert [case.uncertainty for case in review.queue("newest")][0] == 0.0


def test_samples_are_left_out_unless_asked_for(sqlite):
    predictions.add([prediction("scan", source=Source.SAMPLE), prediction("near")])
    assert order(review.queue("newest")) == ["near"]
    assert len(review.queue("newest", samples=True)) == 2


def test_kept_scans_are_told(sqlite, set_environment, normal_scan):
    set_environment(BRAIN_KEEP_SCANS="yes")
    predictions.add([prediction("scan"), prediction("near")])
    kept.keep(key("scan"), normal_scan)
    assert {case.case: case.kept for case in review.queue("newest")} == {key("scan"): True, key("near"): False}


def test_thousands_of_cases_take_no_longer_than_a_blink(sqlite):
    predictions.add([row for number in range(3000) for row in both(f"{number}", number / 3000, 0.4, number)])
    found = review.queue("uncertainty", limit=3000)
    assert len(found) == 3000
    assert [case.uncertainty for case in found] == sorted((case.uncertainty for case in found), reverse=True)
