"""Confirmed cases: from feedback to a confusion matrix by hand, months, and what does not count."""

import pytest

from brain_core.intervals import wilson
from brain_core.metrics import expected_calibration_error
from brain_core.monitoring.agreement import agreements, kappa
from brain_core.monitoring.columns import Columns
from brain_core.monitoring.outcomes import confirmed, outcomes, verdicts
from tests.monitoring.rows import CNN, RESNET, at, columns, feedback, row, series
from tests.store.sample_rows import key

# Name of the case, probability, confirmed finding: 3 found and 1 missed tumours, 2 false alarms of 5 others.
CASES = [
    *(("t1", 0.9, "tumor"), ("t2", 0.8, "tumor"), ("t3", 0.5, "tumor"), ("t4", 0.3, "tumor")),
    *(("n1", 0.7, "no tumor"), ("n2", 0.6, "no tumor"), ("n3", 0.2, "no tumor"), ("n4", 0.1, "no tumor")),
    ("n5", 0.0, "no tumor"),
]


def judged(rows, told, **options):
    return outcomes(confirmed(Columns.of(rows), verdicts(told)), **options)


def test_confusion_and_figures_by_hand():
    rows = [row(name, p) for name, p, _ in CASES]
    (found,) = judged(rows, [feedback(name, finding) for name, _, finding in CASES])
    assert (found.model, found.version, found.month, found.n) == (CNN, "2026-01", None, 9)
    assert (found.tp, found.fn, found.fp, found.tn) == (3, 1, 2, 3)
    for estimate, hits, n in ((found.sensitivity, 3, 4), (found.specificity, 3, 5)):
        low, high = wilson(hits, n)
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx((hits / n, float(low), float(high)))
    squares = [0.01, 0.04, 0.25, 0.49, 0.49, 0.36, 0.04, 0.01, 0.0]
    assert found.brier.value == pytest.approx(sum(squares) / 9)
    labels, p = [finding == "tumor" for _, _, finding in CASES], [p for _, p, _ in CASES]
    assert found.ece.value == pytest.approx(expected_calibration_error(labels, p))
    assert found.roc_auc.value == pytest.approx((5 + 5 + 3 + 3) / 20)  # pairs in order


def test_wilson_of_three_in_four_by_hand():
    """(3 + z²/2) / (4 + z²) and z sqrt(0.75 + z²/4) / (4 + z²) at z = 1.95996: 0.62753 and 0.32688 to either side."""
    low, high = wilson(3, 4)
    assert (float(low), float(high)) == pytest.approx((0.30064, 0.95441), abs=2e-5)


def test_only_a_confirmed_finding_counts():
    rows = [row(name) for name in "abcdef"]
    told = [
        feedback("a", "tumor", "own read"),
        feedback("b", "unsure", "biopsy"),
        feedback("c", "tumor", "biopsy", user="one"),
        feedback("c", "no tumor", "biopsy", user="two"),
        feedback("d", "no tumor", "own read", user="one"),
        feedback("d", "tumor", "follow-up", user="two"),  # outranks the read
        feedback("e", "tumor", "biopsy", at=at("2026-03-02")),
        feedback("e", "no tumor", "biopsy", at=at("2026-03-03")),  # the same reader, later
    ]
    found = confirmed(columns(*rows), verdicts(told))
    assert {(case.case, case.positive, case.basis) for case in found} == {
        (key("d"), True, "follow-up"),
        (key("e"), False, "biopsy"),
    }


def test_what_was_not_assessed_is_counted_apart():
    rows = [row("a", 0.9), row("b", None), row("c", 0.9, flags=("flat",))]
    (found,) = judged(rows, [feedback(name) for name in "abc"])
    assert (found.n, found.not_assessed, found.tp, found.fn) == (1, 2, 1, 0)
    (none,) = judged(rows[1:], [feedback(name) for name in "bc"])
    assert (none.n, none.not_assessed) == (0, 2)
    assert none.sensitivity.text() == "not computed: no scan with a tumour" and none.ece.value is None


def test_a_series_is_judged_by_its_summary_and_a_slice_by_itself():
    rows = series("s", 10, summary=0.9, probability=0.1)
    (found,) = confirmed(columns(*rows), verdicts([feedback("s")]))
    assert found.probability == 0.9 and not found.missed


def test_by_version_and_month_of_the_prediction_in_utc():
    rows = [
        row("a", 0.9, at=at("2026-03-31T23:59:59")),
        row("b", 0.1, at=at("2026-04-01T00:00:00")),
        row("b", 0.9, at=at("2026-04-02"), version="2026-02"),
        row("a", 0.2, at=at("2026-04-03"), model=RESNET),
    ]
    told = [feedback(name, at=at("2026-05-01")) for name in "ab"]
    found = judged(rows, told, by_month=True, bootstrap=False)
    assert [(o.model, o.version, o.month, o.tp, o.fn) for o in found] == [
        (CNN, "2026-01", "2026-03", 1, 0),
        (CNN, "2026-01", "2026-04", 0, 1),
        (CNN, "2026-02", "2026-04", 1, 0),
        (RESNET, "2026-01", "2026-04", 0, 1),
    ]
    assert found[0].ece.low is None and found[0].ece.value == pytest.approx(0.1)


def test_what_a_model_says_after_the_finding_does_not_count():
    """It may have learned from the case meanwhile."""
    rows = [
        row("a", 0.2, at=at("2026-03-01")),
        row("a", 0.9, at=at("2026-03-03")),
        row("a", 0.9, at=at("2026-03-03"), version="2026-02"),
    ]
    (found,) = judged(rows, [feedback("a", at=at("2026-03-02"))], bootstrap=False)
    assert (found.version, found.tp, found.fn) == ("2026-01", 0, 1)


def test_a_biopsy_that_is_recorded_again_confirms_the_case_no_later():
    """The answers between are those of a model that may have learned from the first."""
    rows = [row("a", 0.2, at=at("2026-03-01")), row("a", 0.9, at=at("2026-03-20"), version="2026-02")]
    first, again = (feedback("a", at=at(day), text=day) for day in ("2026-03-02", "2026-03-30"))
    (found,) = confirmed(columns(*rows), verdicts([first, again]))
    assert (found.version, found.missed) == ("2026-01", True)
    corrected = feedback("a", "no tumor", at=at("2026-03-30"))
    (found,) = confirmed(columns(*rows), verdicts([first, corrected]))
    assert (found.version, found.positive, found.label) == ("2026-01", False, 0)


def test_a_read_that_confirms_nothing_ends_nothing():
    """What the model said between a first own read and the biopsy weeks later counts."""
    told = [
        feedback("a", basis="own read", at=at("2026-03-02"), user="one"),
        feedback("a", basis="biopsy", at=at("2026-03-30"), user="two"),
    ]
    (found,) = confirmed(columns(row("a", 0.2, at=at("2026-03-20"))), verdicts(told))
    assert (found.at, found.missed) == ("2026-03-20T00:00:00Z", True)
    assert confirmed(columns(row("a", 0.2, at=at("2026-03-31"))), verdicts(told)) == ()


def test_missed_tumours_are_named():
    rows = [row("a", 0.1), row("b", 0.9), row("c", 0.1)]
    found = confirmed(columns(*rows), verdicts([feedback("a"), feedback("b"), feedback("c", "no tumor")]))
    (missed,) = [case for case in found if case.missed]
    assert (missed.case, missed.at, missed.basis) == (key("a"), "2026-03-01T12:00:00Z", "biopsy")


def test_kappa_by_hand_with_its_interval_by_another_way():
    """20 and 15 of 50 agreed on: chance gives 0.5, kappa 0.4. Its variance again, by the delta method in steps."""
    cells = (20, 5, 10, 15)
    found = kappa(*cells)
    assert found.value == pytest.approx(0.4)

    def value(p):
        both, first, second, neither = p
        chance = (both + first) * (both + second) + (second + neither) * (first + neither)
        return (both + neither - chance) / (1 - chance)

    p, step = [n / 50 for n in cells], 1e-6
    slope = [(value([q + step * (i == j) for j, q in enumerate(p)]) - value(p)) / step for i in range(4)]
    mean = sum(s * q for s, q in zip(slope, p, strict=True))
    error = (sum(q * (s - mean) ** 2 for s, q in zip(slope, p, strict=True)) / 50) ** 0.5
    assert (found.low, found.high) == pytest.approx((0.4 - 1.959964 * error, 0.4 + 1.959964 * error), abs=1e-4)


def test_kappa_agrees_with_scikit_learn_and_knows_its_ends():
    from sklearn.metrics import cohen_kappa_score

    first, second = [1] * 37 + [0] * 63, [1] * 30 + [0] * 7 + [1] * 11 + [0] * 52
    assert kappa(30, 7, 11, 52).value == pytest.approx(cohen_kappa_score(first, second))
    assert kappa(20, 0, 0, 30).text() == "1.000 (interval not computed: no interval where all agree, or all differ)"
    assert kappa(0, 0, 0, 0).text() == "not computed: no case with an opinion"
    assert kappa(12, 0, 0, 0).text() == "not computed: reader and model give only one and the same answer"
    assert kappa(2, 1, 1, 2).text() == "0.333 (interval not computed: fewer than 10 cases)"


def test_agreement_before_and_after_the_reveal_one_row_a_case():
    rows = [row(f"b{i}", 0.9, opinion="tumor", opinion_blind=True) for i in range(3)]
    rows += [row("b3", 0.9, opinion="no tumor", opinion_blind=True), row("u", opinion="unsure", opinion_blind=True)]
    rows += [row(f"a{i}", 0.1, opinion="no tumor", opinion_blind=False) for i in range(2)]
    rows += [row("none"), row("flat", flags=("flat",), opinion="tumor", opinion_blind=True)]
    rows += series("s", 5, summary=0.1, opinion="tumor", opinion_blind=False)
    rows[-6] = row("s-summary", 0.1, case=key("s"), kind=rows[-6].kind, opinion="tumor", opinion_blind=False)
    before, after = agreements(columns(*rows))
    assert before.blind and not after.blind
    assert (before.both, before.only_model, before.only_reader, before.neither, before.unsure) == (3, 1, 0, 0, 1)
    assert (after.both, after.only_model, after.only_reader, after.neither) == (0, 0, 1, 2)
    assert before.share.value == 0.75 and before.n == 4
