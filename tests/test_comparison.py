"""Paired comparisons against their definitions, scipy and published tables."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score

from brain_core import comparison
from brain_core.comparison import DeLong, McNemar, delong, differences, mcnemar, sentence
from brain_core.figures import NAMES
from brain_core.intervals import Estimate
from brain_core.metrics import compute
from brain_core.scored import NOTHING_SCORED, ONE_CLASS, TOO_FEW


@pytest.fixture
def two():
    """Labels and two correlated scores with ties, 60 scans."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    shared = rng.normal(0, 0.2, 60)
    first, second = (np.round(0.4 + k * labels + shared + rng.normal(0, 0.1, 60), 1).clip(0, 1) for k in (0.3, 0.2))
    return labels, first, second


def placed(labels, scores):
    """Placement values by their definition, pair by pair (DeLong et al. 1988, equations for V10 and V01)."""
    tumour, other = scores[labels == 1], scores[labels == 0]
    kernel = np.array([[1.0 if x > y else 0.5 if x == y else 0.0 for y in other] for x in tumour])
    return kernel.mean(axis=1), kernel.mean(axis=0)


def test_delong_is_its_definition(two):
    labels, first, second = two
    found = delong(labels, first, second)
    (a, b), (c, d) = placed(labels, first), placed(labels, second)
    s10, s01 = np.cov(a, c), np.cov(b, d)
    contrast = np.array([1, -1])
    variance = contrast @ (s10 / len(a) + s01 / len(b)) @ contrast
    assert found.first == pytest.approx(roc_auc_score(labels, first))
    assert found.second == pytest.approx(roc_auc_score(labels, second))
    assert found.difference.value == pytest.approx(found.first - found.second)
    assert found.difference.high - found.difference.value == pytest.approx(norm.ppf(0.975) * np.sqrt(variance))
    assert found.p == pytest.approx(2 * norm.sf(abs(found.difference.value) / np.sqrt(variance)))


def test_delong_by_hand():
    """Tumours .9 and .4, others .5 and .1, five times each; the second model makes no error.

    Placement values differ by 0 or -1/2 in both classes: variance 5/72 a class, 2 * (5/72) / 10 in all.
    """
    labels = [1, 1, 0, 0] * 5
    found = delong(labels, [0.9, 0.4, 0.5, 0.1] * 5, [0.9, 0.8, 0.2, 0.1] * 5)
    assert (found.n, found.positives, found.first, found.second) == (20, 10, 0.75, 1.0)
    deviation = np.sqrt(1 / 72)
    assert found.difference.low == pytest.approx(-0.25 - 1.959964 * deviation, abs=1e-6)
    assert found.p == pytest.approx(2 * norm.cdf(-0.25 / deviation))


def test_placements_average_repeats(two):
    labels, first, second = two
    found = comparison.placements(labels == 1, np.stack([first, second]))
    for values, *each in zip(found, placed(labels, first), placed(labels, second), strict=True):
        assert values == pytest.approx(np.mean(each, axis=0))


def test_delong_covers_as_it_says():
    """No difference: p is below 0.05 in about one of twenty samples, the interval holds 0 in the others."""
    rng = np.random.default_rng(1)
    labels = np.arange(80) % 2
    found = [delong(labels, *(rng.normal(labels, 1) for _ in range(2))) for _ in range(400)]
    assert 6 <= sum(each.p < 0.05 for each in found) <= 36
    assert all((each.p < 0.05) == (not each.difference.low < 0 < each.difference.high) for each in found)


def test_only_the_first_scan_of_a_group_that_both_have_scored_counts(two):
    labels, first, second = (each.astype(float) for each in two)
    groups = np.arange(60)
    groups[30:] = np.arange(30)
    missing = first.copy()
    missing[3] = np.nan  # scan 33 stands for the group now
    found = delong(labels, missing, [second] * 2, groups)
    chosen = np.r_[0:3, 4:30, 33]
    assert found == delong(labels[chosen], first[chosen], second[chosen])


@pytest.mark.parametrize(
    ("labels", "first", "second", "reason"),
    [
        ([1] * 12, np.arange(12) / 12, np.arange(12) / 12, ONE_CLASS),
        ([0, 1], [np.nan, 0.1], [0.2, np.nan], NOTHING_SCORED),
        ([0, 1] * 4, np.arange(8) / 8, np.arange(8)[::-1] / 8, TOO_FEW),
        ([1] + [0] * 11, np.arange(12) / 12, np.arange(12)[::-1] / 12, comparison.TWO_OF_A_CLASS),
        ([0, 1] * 6, np.arange(12) / 12, np.arange(12) / 24, comparison.NO_VARIANCE),
    ],
)
def test_what_delong_does_not_compute_says_why(labels, first, second, reason):
    found = delong(labels, first, second)
    assert (found.difference.reason, found.difference.low, found.p) == (reason, None, None)


def test_mcnemar_as_published():
    """Approval ratings, Agresti 2002, Categorical Data Analysis, 2nd edition, table 10.1: 794, 150, 86, 570.

    R's exact2x2 package gives p = 3.716e-05 for the exact test; Agresti's Wald interval is 0.021 to 0.059.
    """
    assert comparison.exact_p(150, 86) == pytest.approx(3.716e-05, abs=5e-9)
    found = comparison.paired_difference(794, 150, 86, 570)
    assert (found.value, found.low, found.high) == pytest.approx((0.04, 0.021, 0.059), abs=5e-4)


def test_newcombes_paired_interval_as_published():
    """Complete response, Cavo et al. 2012, in Fagerland, Lydersen and Laake 2017, chapter 8: -0.1186 to -0.0046."""
    found = comparison.paired_difference(59, 6, 16, 80)
    assert np.round([found.value, found.low, found.high], 4).tolist() == [-0.0621, -0.1186, -0.0046]


def test_mcnemar_counts_decisions_at_the_operating_points():
    """Scans: both right, only the first, only the second, both wrong (a score at its threshold is positive)."""
    found = mcnemar([1, 1, 0, 0], [0.6, 0.6, 0.6, 0.6], [0.4, 0.3, 0.1, 0.4], 0.6, 0.4)
    assert (found.both_right, found.only_first, found.only_second, found.both_wrong, found.n) == (1, 1, 1, 1, 4)
    assert (found.difference.value, found.p) == (0, 1)


def test_the_majority_of_repeats_decides_at_its_thresholds():
    p = [[0.9, 0.9, 0.1, 0.5], [0.9, 0.1, 0.1, 0.5], [0.1, 0.1, 0.1, 0.5]]
    t = [[0.5, 0.5, 0.5, 0.4], [0.5, 0.5, 0.5, 0.6], [0.5, 0.5, 0.5, 0.4]]
    found = mcnemar([1, 1, 1, 1], p, [0.0] * 4, t, 0.5)
    assert (found.only_first, found.both_wrong) == (2, 2)
    tie = mcnemar([1], [[0.9], [0.1]], [0.0], 0.5, 0.5)
    assert tie.only_first == 1


def test_exact_p_is_the_binomial_tests_and_symmetric():
    for only_first, only_second in ((0, 5), (3, 9), (20, 20)):
        p = comparison.exact_p(only_first, only_second)
        assert p == pytest.approx(binomtest(only_second, only_first + only_second).pvalue)
        assert p == comparison.exact_p(only_second, only_first)
    assert comparison.exact_p(0, 5) == pytest.approx(2 / 32)
    assert comparison.exact_p(0, 0) == 1


def test_no_common_scan():
    found = mcnemar([0, 1], [np.nan, 0.1], [0.2, np.nan], 0.5, 0.5)
    assert (found.n, found.p, found.difference.reason) == (0, None, NOTHING_SCORED)
    assert differences([0, 1], [np.nan, 0.1], [0.2, np.nan], 0.5, 0.5)["f1"].reason == NOTHING_SCORED


def test_differences_are_those_of_the_figures_and_draw_the_same_scans(two):
    labels, first, second = two
    groups = np.arange(60) // 2
    found = differences(labels, first, second, 0.5, 0.4, groups)
    one, other = compute(labels, first, 0.5, groups), compute(labels, second, 0.4, groups)
    assert set(found) == set(NAMES)
    for name in NAMES:
        assert found[name].value == pytest.approx(one.shown(name).value - other.shown(name).value), name
    unpaired = np.hypot(*(m.roc_auc.high - m.roc_auc.low for m in (one, other)))
    assert found["roc_auc"].high - found["roc_auc"].low < 0.9 * unpaired
    same = differences(labels, first, first, 0.5, 0.5, groups)
    assert {(e.value, e.low, e.high) for e in same.values()} == {(0, 0, 0)}


def test_the_bootstrap_of_the_auc_agrees_with_delong(two):
    labels, first, second = two
    found, expected = differences(labels, first, second, 0.5, 0.5)["roc_auc"], delong(labels, first, second).difference
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.03)


def test_undefined_differences_say_why():
    assert differences([1] * 12, [0.9] * 12, [0.2] * 12, 0.5, 0.5)["precision"].reason == "no scan predicted positive"
    assert differences([1, 0], [0.9, 0.2], [0.2, 0.4], 0.5, 0.5)["accuracy"] == Estimate(0.5, reason=TOO_FEW)


def test_a_sentence_for_a_clinician():
    auc = DeLong(200, 124, 0.953, 0.861, Estimate(0.092, 0.04, 0.144), 0.0005)
    assert sentence("ResNet50", "custom CNN", auc) == (
        "On the same 200 scans (124 with a tumour), ResNet50 reaches a ROC-AUC of 0.953 and custom CNN one of 0.861: "
        "a difference of +0.092 (+0.040 to +0.144), p < 0.001 (DeLong). By this measure ResNet50 does better on scans "
        "like these."
    )


def test_a_large_p_is_not_called_equality():
    auc = DeLong(39, 24, 0.9, 0.88, Estimate(0.02, -0.05, 0.09), 0.58)
    decisions_of = Estimate(0.077, -0.04, 0.2), 0.375
    decisions = McNemar(30, 4, 1, 4, *decisions_of)
    told = sentence("A", "B", auc, decisions)
    assert told.count("this neither shows which of the two does better nor that they do equally well") == 2
    assert "p = 0.580 (DeLong)" in told and "only A is right on 4 scans and only B on 1 of 39" in told
    assert "only A is right on 1 scan and only B on 1 of 39" in sentence(
        "A", "B", auc, McNemar(33, 1, 1, 4, *decisions_of)
    )


def test_a_lower_second_half_is_named_for_the_second():
    auc = DeLong(39, 24, 0.7, 0.9, Estimate(-0.2, -0.3, -0.1), 0.0001)
    assert "By this measure B does better" in sentence("A", "B", auc)


def test_a_sentence_without_a_comparison_says_why():
    one_class = DeLong(3, 3, None, None, Estimate(None, reason=ONE_CLASS), None)
    assert sentence("A", "B", one_class) == "A and B are not compared: only one class."
    few = DeLong(3, 2, 1.0, 0.5, Estimate(0.5, reason=TOO_FEW), None)
    assert sentence("A", "B", few).endswith(f"a difference of +0.500 (interval not computed: {TOO_FEW}).")
