import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.metrics import roc_auc_score

from brain_core import figures, metrics
from brain_core.intervals import Estimate
from brain_core.scored import NOTHING_SCORED, TOO_FEW

LABELS = [1, 1, 1, 0, 0]
SCORES = [0.9, 0.6, 0.3, 0.4, 0.1]


def test_hand_computed_figures():
    """At 0.5: TP 2, FN 1, FP 0, TN 2. AUC: 5 of 6 pairs in order (0.3 lies under 0.4)."""
    m = metrics.compute(LABELS, SCORES, 0.5)
    assert (m.n, m.groups, m.positives) == (5, 5, 3)
    assert m.accuracy.value == pytest.approx(4 / 5)
    assert m.precision.value == 1
    assert m.recall.value == pytest.approx(2 / 3)
    assert m.specificity.value == 1
    assert m.f1.value == pytest.approx(4 / 5)
    assert m.roc_auc.value == pytest.approx(5 / 6)
    assert m.brier == pytest.approx((0.01 + 0.16 + 0.49 + 0.16 + 0.01) / 5)


def test_expected_calibration_error_by_hand():
    """Bins [0.1, 0.2): one scan, gap 0.1; [0.9, 1]: two scans at 0.95, one of them positive, gap 0.45."""
    assert metrics.expected_calibration_error([0, 1, 0], [0.1, 0.95, 0.95]) == pytest.approx((0.1 + 2 * 0.45) / 3)
    assert metrics.expected_calibration_error([1, 0], [1.0, 0.0]) == 0


def test_score_equal_to_the_threshold_counts_as_tumor():
    assert metrics.compute([1, 0], [0.5, 0.49], 0.5).accuracy.value == 1


def test_auc_with_ties_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 60), rng.integers(0, 5, 60) / 4
    assert metrics.roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_figures_of_drawn_scans_are_scikit_learns_with_weights():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 50), rng.integers(0, 9, 50) / 8
    weights = rng.integers(0, 4, (20, 50)).astype(float)
    predicted = (scores >= 0.5).astype(int)
    found = figures.table(labels, scores, predicted)(weights)
    expected = {
        "accuracy": lambda w: sk.accuracy_score(labels, predicted, sample_weight=w),
        "balanced_accuracy": lambda w: sk.balanced_accuracy_score(labels, predicted, sample_weight=w),
        "precision": lambda w: sk.precision_score(labels, predicted, sample_weight=w),
        "recall": lambda w: sk.recall_score(labels, predicted, sample_weight=w),
        "specificity": lambda w: sk.recall_score(labels, predicted, pos_label=0, sample_weight=w),
        "f1": lambda w: sk.f1_score(labels, predicted, sample_weight=w),
        "npv": lambda w: sk.precision_score(1 - labels, 1 - predicted, sample_weight=w),
        "roc_auc": lambda w: sk.roc_auc_score(labels, scores, sample_weight=w),
        "pr_auc": lambda w: sk.average_precision_score(labels, scores, sample_weight=w),
        "brier": lambda w: sk.brier_score_loss(labels, scores, sample_weight=w),
        "ece": lambda w: metrics.expected_calibration_error(np.repeat(labels, n(w)), np.repeat(scores, n(w))),
        "sensitivity_at_85": lambda w: _sensitivity_at_85(labels, scores, w),
    }
    assert set(figures.NAMES) == set(expected)
    for name, column in zip(figures.NAMES, found.T, strict=True):
        assert column == pytest.approx([expected[name](w) for w in weights]), name


def n(weights):
    return weights.astype(int)


def _sensitivity_at_85(labels, scores, weights):
    alarms, found, _ = sk.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    return found[alarms <= 0.15 + 1e-9].max()


def test_sensitivity_at_85_by_hand():
    """Of 20 others three may alarm: the threshold 0.4 lets 0.5, 0.6, 0.7 alarm and finds three of four tumours."""
    labels = [1] * 4 + [0] * 20
    scores = [0.9, 0.8, 0.4, 0.2] + [0.7, 0.6, 0.5, 0.3] + [0.1] * 16
    assert metrics.compute(labels, scores, 0.5).sensitivity_at_85.value == 3 / 4


def test_repetitions_are_averaged_each_at_its_own_thresholds():
    """First: all right at 0.5. Second: at 0.2 the two others alarm, at 0.5 for the last one only one of them."""
    labels, p = [1, 1, 0, 0], [0.9, 0.8, 0.3, 0.3]
    found = metrics.compute_repeated(labels, [p, p], [[0.5] * 4, [0.2, 0.2, 0.2, 0.5]])
    assert found.accuracy.value == pytest.approx((1 + 3 / 4) / 2)
    assert found.specificity.value == pytest.approx((1 + 1 / 2) / 2)
    assert found.roc_auc.value == 1


def test_intervals_hold_the_value_and_widen_when_scans_are_copies_of_each_other():
    rng = np.random.default_rng(1)
    labels = np.repeat(rng.integers(0, 2, 40), 5)
    scores = np.clip(np.repeat(rng.normal(0, 0.2, 40), 5) + labels * 0.2 + 0.4, 0, 1)
    alone = metrics.compute(labels, scores, 0.5)
    grouped = metrics.compute(labels, scores, 0.5, np.repeat(np.arange(40), 5))
    for m in (alone, grouped):
        assert m.roc_auc.low < m.roc_auc.value < m.roc_auc.high
    width = [m.roc_auc.high - m.roc_auc.low for m in (alone, grouped)]
    assert width[1] > 1.5 * width[0]  # the square root of five, about, for five copies each


def test_same_seed_same_interval():
    assert metrics.compute(LABELS, SCORES, 0.5, seed=4) == metrics.compute(LABELS, SCORES, 0.5, seed=4)


def test_one_class_is_not_computed_rather_than_zero():
    m = metrics.compute([1, 1], [0.2, 0.8], 0.5)
    assert m.roc_auc.value is None
    assert m.specificity.value is None
    assert m.recall.value == 0.5
    assert metrics.compute([0, 0], [0.1, 0.2], 0.5).precision.value is None


def test_average_precision_by_hand():
    """Recall rises at ranks 1, 2 and 4, of precision 1, 1 and 3/4."""
    assert metrics.compute(LABELS, SCORES, 0.5).pr_auc.value == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_negative_predictive_value_by_hand():
    """Below 0.5 lie one scan with a tumour and both without."""
    assert metrics.compute(LABELS, SCORES, 0.5).npv.value == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("labels", "scores", "reasons"),
    [
        ([1, 1], [0.2, 0.8], {"roc_auc": "only one class", "pr_auc": "only one class"}),
        ([1, 1], [0.2, 0.8], {"specificity": "no scan without a tumour", "balanced_accuracy": "only one class"}),
        ([0, 0], [0.1, 0.2], {"recall": "no scan with a tumour", "precision": "no scan predicted positive"}),
        ([0, 0], [0.1, 0.2], {"f1": "no scan with a tumour and none predicted positive"}),
        ([0, 1], [0.7, 0.8], {"npv": "no scan predicted negative"}),
    ],
)
def test_what_is_not_computed_says_why(labels, scores, reasons):
    m = metrics.compute(labels, scores, 0.5)
    for name, reason in reasons.items():
        assert getattr(m, name) == Estimate(None, reason=reason)
        assert m.shown(name).text() == f"not computed: {reason}"


def test_at_thresholds_0_and_1():
    everything, certain = (metrics.compute(LABELS, [1.0, 0.6, 0.3, 0.4, 0.0], t) for t in (0, 1))
    assert (everything.recall.value, everything.specificity.value, everything.npv.value) == (1, 0, None)
    assert (certain.recall.value, certain.specificity.value) == (pytest.approx(1 / 3), 1)


def test_scans_without_a_prediction_are_left_out_and_counted():
    m = metrics.compute([*LABELS, 1, 0], [*SCORES, np.nan, np.nan], 0.5, [0, 1, 2, 3, 4, 4, 5])
    assert m.missing == 2
    assert {**m.to_json(), "missing": 0} == metrics.compute(LABELS, SCORES, 0.5).to_json()


def test_no_prediction_at_all():
    m = metrics.compute([0, 1], [np.nan, np.nan], 0.25)
    assert (m.n, m.missing, m.positives, m.brier, m.threshold) == (0, 2, 0, None, 0.25)
    assert {m.shown(name).text() for name in figures.NAMES} == {f"not computed: {NOTHING_SCORED}"}


def test_few_scans_are_shown_without_an_interval():
    few, enough = (metrics.compute(LABELS * k, SCORES * k, 0.5) for k in (1, 2))
    assert few.shown("accuracy") == Estimate(0.8, reason=TOO_FEW)
    assert enough.shown("accuracy").low < 0.8 < enough.shown("accuracy").high
    assert enough.shown("brier") == Estimate(enough.brier, *enough.brier_interval)


def test_intervals_of_brier_and_ece_are_the_quantiles_of_draws():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 60)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    m = metrics.compute(labels, scores, 0.5)
    draws = [rng.integers(0, 60, 60) for _ in range(4000)]
    for name, figure in (("brier", sk.brier_score_loss), ("ece", metrics.expected_calibration_error)):
        ends = np.quantile([figure(labels[d], scores[d]) for d in draws], (0.025, 0.975))
        assert m.shown(name).low == pytest.approx(ends[0], abs=0.01)
        assert m.shown(name).high == pytest.approx(ends[1], abs=0.01)


def test_a_record_reads_back_and_an_older_one_says_what_it_lacks():
    m = metrics.compute(LABELS * 3, SCORES * 3, 0.5)
    stored = m.to_json()
    assert metrics.Metrics.from_json(stored) == m
    assert set(stored["accuracy"]) == {"value", "low", "high"}
    assert isinstance(stored["brier"], float)
    for name in ("pr_auc", "npv", "brier_interval", "ece_interval", "missing", "sensitivity_at_85"):
        del stored[name]
    older = metrics.Metrics.from_json(stored)
    assert older.shown("pr_auc").text() == "not computed: not stored by the version that wrote this record"
    assert (
        older.shown("brier")
        .text()
        .endswith("(interval not computed: not stored by the version that wrote this record)")
    )
    assert older.shown("roc_auc") == m.shown("roc_auc")
    del stored["roc_auc"], stored["ece"]
    assert [metrics.Metrics.from_json(stored).shown(name).value for name in ("roc_auc", "ece")] == [None, None]


@pytest.mark.parametrize("record", [{}, [], {"n": 3, "groups": 3, "positives": 1, "threshold": 0.5, "f1": 0.3}])
def test_a_record_that_is_none_is_refused(record):
    with pytest.raises(ValueError, match="expected a stored record of figures"):
        metrics.Metrics.from_json(record)


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="Received: 2, 3, 2"):
        metrics.compute([0, 1], [0.1, 0.2, 0.3], 0.5)
    with pytest.raises(ValueError, match="at least one"):
        metrics.compute([], [], 0.5)


def test_the_confusion_matrix_is_the_mean_over_the_repeats():
    labels = [1, 1, 0, 0, 0]
    repeats = [[0.9, 0.2, 0.6, 0.1, np.nan], [0.9, 0.8, 0.4, 0.1, 0.9]]
    thresholds = [[0.5] * 5, [0.5, 0.9, 0.3, 0.5, 0.5]]
    # The last scan lacks a prediction. First repeat: one found, one missed, one alarm, one cleared; second: the same.
    assert metrics.confusion(labels, repeats, thresholds) == metrics.Confusion(tp=1, fp=1, fn=1, tn=1)
    assert metrics.confusion(labels, repeats, 0.5) == metrics.Confusion(tp=1.5, fp=0.5, fn=0.5, tn=1.5)


def test_the_confusion_matrix_of_nothing_is_empty():
    assert metrics.confusion([1, 0], [np.nan, np.nan], 0.5) == metrics.Confusion(0, 0, 0, 0)
