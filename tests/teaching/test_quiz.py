"""The quiz: how its questions are drawn, and the score card by hand."""

from __future__ import annotations

import csv
import io
import json
from math import sqrt

import pytest

from brain_core.errors import ConfigError, DatasetError
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.teaching.quiz import Answer, Question, Verdict, draw_questions, other_label, phantoms, unseen
from brain_core.teaching.quiz_score import NEVER_MISLEADING, card_to_csv, score_card, to_csv
from tests.helpers import put_in_service

T, N = "tumor", "no tumor"


def wilson(hits: int, n: int) -> tuple[float, float]:
    """As in Newcombe 1998, method 3, with the quadratic solved the textbook way."""
    z = 1.959963984540054
    a, b, c = n + z**2, 2 * hits + z**2, hits**2 / n
    root = sqrt(b**2 - 4 * a * c)
    return (b - root) / (2 * a), (b + root) / (2 * a)


def answer(reference: str, before: str, after: str, cnn: str | None, resnet: str | None, confidence: int = 3) -> Answer:
    said = {"custom_cnn": cnn, "resnet50": resnet}
    verdicts = tuple(Verdict(name, "v1", label, 0.9 if label == T else 0.2, 0.5) for name, label in said.items())
    return Answer(Question(f"scan of {reference}", reference), before, confidence, after, verdicts, 2.04)


# The reader alone is right on 1, 2, 4, 6; after the models on 1, 3, 4, 5, 6: 2 is given up for the CNN's wrong answer.
ANSWERS = [
    answer(T, T, T, T, T, confidence=5),
    answer(T, T, N, N, T, confidence=2),
    answer(T, N, T, T, T, confidence=4),
    answer(N, N, N, T, N, confidence=4),
    answer(N, T, N, N, None, confidence=1),
    answer(N, N, N, N, N, confidence=5),
]


def test_score_card_by_hand():
    card = score_card(ANSWERS)
    assert card.n == 6
    assert (card.before.n, card.before.right) == (6, 4)
    assert (card.after.n, card.after.right) == (6, 5)
    assert card.before.sensitivity.value == pytest.approx(2 / 3) == card.before.specificity.value
    assert (card.after.sensitivity.value, card.after.specificity.value) == pytest.approx((2 / 3, 1.0))
    cnn, resnet = card.models["custom_cnn"], card.models["resnet50"]
    assert (cnn.n, cnn.right, resnet.n, resnet.right) == (6, 4, 5, 5)
    assert (resnet.sensitivity.value, resnet.specificity.value) == (1.0, 1.0)


def test_intervals_are_wilsons():
    found = score_card(ANSWERS)
    for share, hits, n in (
        (found.before.accuracy, 4, 6),
        (found.after.accuracy, 5, 6),
        (found.before.sensitivity, 2, 3),
        (found.models["custom_cnn"].specificity, 2, 3),
    ):
        assert (share.low, share.high) == pytest.approx(wilson(hits, n))
    # 5 of 6 by hand: (5/6 + 0.3201 -+ 1.96 * sqrt(5/216 + 0.02668)) / 1.6403
    assert (found.after.accuracy.low, found.after.accuracy.high) == pytest.approx((0.436, 0.970), abs=0.001)


def test_changes_and_automation_bias():
    changes = score_card(ANSWERS).changes
    assert (changes.to_right, changes.to_wrong) == (2, 1)
    # Right alone and a model wrong: scans 2 and 4; followed on 2. Wrong alone and a model right: 3 and 5; both taken.
    assert changes.misled.value == 0.5
    assert (changes.misled.low, changes.misled.high) == pytest.approx(wilson(1, 2))
    assert changes.corrected.value == 1.0


def test_agreement_and_confidence():
    card = score_card(ANSWERS)
    before, after = card.agreement["custom_cnn"]
    assert (before.value, after.value) == pytest.approx((2 / 6, 5 / 6))
    before, after = card.agreement["resnet50"]  # of the five that it classified
    assert (before.value, after.value) == pytest.approx((4 / 5, 4 / 5))
    assert card.confidence_right == (5 + 2 + 4 + 5) / 4
    assert card.confidence_wrong == (4 + 1) / 2


def test_without_answers_everything_says_why():
    card = score_card([])
    assert (card.n, card.models, card.confidence_right) == (0, {}, None)
    for share in (card.before.accuracy, card.after.sensitivity, card.changes.misled):
        assert share.text() == "not computed: no scan was answered"


def test_one_class_and_models_that_were_never_wrong():
    card = score_card([answer(T, T, T, T, T)])
    assert card.before.specificity.text() == "not computed: no scan without a tumour"
    assert card.changes.misled.reason == NEVER_MISLEADING
    assert card.confidence_wrong is None


def test_a_model_that_classified_nothing_has_no_score():
    card = score_card([answer(T, T, T, None, T)])
    assert card.models["custom_cnn"].accuracy.text() == "not computed: no scan was classified"
    assert card.agreement["custom_cnn"][0].value is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"before": "unsure"}, "Quiz, answer: expected one of tumor, no tumor. Received: 'unsure'"),
        ({"confidence": 6}, "expected a confidence of 1 to 5. Received: 6"),
    ],
)
def test_an_impossible_answer_is_refused(change, message):
    with pytest.raises(ConfigError, match=message):
        Answer(**{"question": Question("a", T), "before": T, "confidence": 3, "after": T} | change)


POOL = [Question(f"{label}-{i}", label) for label in (T, N) for i in range(12)]


@pytest.mark.parametrize("n", [5, 10, 20])
def test_questions_are_balanced_distinct_and_the_same_for_a_seed(n):
    drawn = draw_questions(POOL, n, seed=3)
    tumours = sum(question.reference == T for question in drawn)
    assert len(set(drawn)) == len(drawn) == n
    assert abs(2 * tumours - n) <= 1
    assert drawn == draw_questions(POOL, n, seed=3)
    assert drawn != draw_questions(POOL, n, seed=4)


def test_the_order_and_the_odd_one_do_not_tell_the_class():
    firsts, majorities = set(), set()
    for seed in range(20):
        drawn = draw_questions(POOL, 5, seed)
        firsts.add(drawn[0].reference)
        majorities.add(sum(question.reference == T for question in drawn))
    assert firsts == {T, N} and majorities == {2, 3}


@pytest.mark.parametrize("seed", range(4))
def test_a_class_with_too_few_scans_is_made_up_for(seed):
    drawn = draw_questions([Question("a", T), *(Question(str(i), N) for i in range(9))], 6, seed)
    assert [question.reference for question in drawn].count(T) == 1 and len(drawn) == 6


@pytest.mark.parametrize("n", [0, 25])
def test_more_questions_than_scans_are_refused(n):
    with pytest.raises(ConfigError, match=f"expected 1 to 24 questions, as there are scans. Received: {n}"):
        draw_questions(POOL, n, 0)


def test_phantoms_are_of_both_classes_and_another_seed_has_others():
    first, second = phantoms(20, 1), phantoms(20, 2)
    assert sorted(question.reference for question in first) == [N] * 20 + [T] * 20
    assert all((phantom.lesion is not None) == (question.reference == T) for question, phantom in first.items())
    assert not {phantom.seed for phantom in first.values()} & {phantom.seed for phantom in second.values()}


def rows(*groups: int, label: int = 1) -> list[dict]:
    return [
        {"id": f"{g}-{i}.png", "sha256": f"{g}{i}".zfill(16), "group": g, "label": label, "probability": 0.5}
        for i, g in enumerate(groups)
    ]


def put(models_dir, name: str, test: list[dict], train: list[str]) -> None:
    put_in_service(models_dir, name)
    path = (models_dir / MODELS[name].file_name).with_suffix(".json")
    changes = {"predictions": {"validation": [], "test": test}, "data": {"train_sha256": train}}
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_unseen_scans_are_of_both_test_parts_one_a_group_and_not_learned_from(tmp_path):
    put(tmp_path, "custom_cnn", rows(1, 1, 2, 3, 4), [])
    put(tmp_path, "resnet50", rows(1, 1, 2, 3), ["22".zfill(16)])  # it learned from the third
    found = unseen([read_card(name, tmp_path) for name in MODELS])
    assert [(scan.id, scan.reference) for scan in found] == [("1-0.png", T), ("3-3.png", T)]


def test_without_a_common_test_part_it_says_so(tmp_path):
    put(tmp_path, "custom_cnn", rows(1), [])
    put(tmp_path, "resnet50", [], [])
    with pytest.raises(DatasetError, match="resnet50 test-resnet50, test part: no predictions stored"):
        unseen([read_card(name, tmp_path) for name in MODELS])
    with pytest.raises(DatasetError, match="no model is in service"):
        unseen([])


def read(text: str) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_of_the_answers():
    second = read(to_csv(ANSWERS))[1]
    assert second == {
        "question": "2",
        "scan": "scan of tumor",
        "reference": T,
        "reader_before": T,
        "confidence": "2",
        "reader_after": N,
        "seconds_before": "2.0",
        "custom_cnn_version": "v1",
        "custom_cnn_label": N,
        "custom_cnn_probability": "0.2",
        "custom_cnn_threshold": "0.5",
        "resnet50_version": "v1",
        "resnet50_label": T,
        "resnet50_probability": "0.9",
        "resnet50_threshold": "0.5",
    }
    assert read(to_csv(ANSWERS))[4]["resnet50_label"] == ""  # not classified


def test_csv_of_the_score_card():
    table = {row["who"]: row for row in read(card_to_csv(score_card(ANSWERS)))}
    assert list(table) == ["reader alone", "custom_cnn", "resnet50", "reader after the models"]
    alone = table["reader alone"]
    assert (alone["n"], alone["right"]) == ("6", "4")
    assert float(alone["accuracy_low"]) == pytest.approx(wilson(4, 6)[0])


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_is_a_formula(start):
    hostile = Answer(Question(f"{start}cmd()", T), T, 3, T, (Verdict("custom_cnn", f"{start}1", T, 0.9, 0.5),))
    (row,) = read(to_csv([hostile]))
    assert row["scan"] == f"'{start}cmd()" and row["custom_cnn_version"] == f"'{start}1"
    assert row["seconds_before"] == ""


def test_the_other_label():
    assert (other_label(T), other_label(N)) == (N, T)
