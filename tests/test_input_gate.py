"""The input gate: distances worked out by hand, its limit, its file, and what becomes of a flagged scan."""

import logging

import numpy as np
import pytest

from brain_core import input_gate
from brain_core.errors import DatasetError
from brain_core.input_gate import InputGate, distances, fit, load, shared

AXES = np.eye(6, dtype=np.float32)


def circle(degrees) -> np.ndarray:
    """Unit vectors at these angles."""
    angle = np.radians(np.asarray(degrees, float))
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def chord(degrees: float) -> float:
    """Distance between two points of the unit circle."""
    return 2 * np.sin(np.radians(degrees) / 2)


def test_the_distance_is_that_to_the_fifth_nearest_scan():
    reference = circle([0, 10, 20, 30, 40, 170])
    assert distances(circle([0]), reference)[0] == pytest.approx(chord(40), abs=1e-6)
    assert distances(circle([180]), reference)[0] == pytest.approx(chord(170), abs=1e-6)


def test_length_does_not_count():
    reference = circle([0, 10, 20, 30, 40])
    given = circle([5, 90])
    np.testing.assert_allclose(distances(7 * given, reference), distances(given, reference), atol=1e-6)


def test_a_picture_that_moves_no_feature_is_as_far_as_can_be():
    assert distances(np.zeros((1, 6), np.float32), AXES)[0] == 2.0
    assert distances(-AXES[:1], np.repeat(AXES[:1], 5, axis=0))[0] == pytest.approx(2.0)


def test_unlikeness_is_the_distance_over_the_limit():
    gate = InputGate(circle([0, 10, 20, 30, 40]), chord(40), "m", 3)
    np.testing.assert_allclose(gate.unlikeness(circle([0])), [1.0], rtol=1e-6)
    assert gate.unlikeness(circle([20]))[0] == pytest.approx(chord(20) / chord(40))
    assert np.isinf(gate.unlikeness(np.array([[np.nan, 1.0]]))).all()


def test_the_limit_leaves_out_the_scans_own_group():
    """Copies of a scan must not make its distance small: every group of five lies at one place of its own."""
    train = np.repeat(circle([0, 40, 80, 120]), 5, axis=0)
    groups = np.repeat([1, 2, 3, 4], 5)
    gate = fit(train, groups, circle([60]), [9], "m")
    assert gate.limit == pytest.approx(chord(40), abs=1e-6)
    assert gate.fitted_on == 5


def test_the_limit_is_the_quantile_of_groups_not_of_scans():
    """One group of 30 scans that lie far off is one group of 21."""
    far = circle(np.linspace(150, 150.1, 30))
    near = circle(np.linspace(0, 1.9, 20))
    train, groups = np.concatenate([near, far]), [*range(20), *[99] * 30]
    gate = fit(train, groups, circle([1.0]), [50], "m")
    assert gate.limit < chord(5)


def test_validation_counts_for_the_limit():
    train = circle(np.linspace(0, 19, 20))
    far = fit(train, range(20), circle([60, 61]), [30, 31], "m")
    near = fit(train, range(20), circle([9, 10]), [30, 31], "m")
    assert far.limit > chord(35) > near.limit


@pytest.mark.parametrize(("n", "groups"), [(9, range(9)), (20, [1] * 20)])
def test_too_few_scans_are_named(n, groups):
    with pytest.raises(DatasetError, match=rf"needs 10 training scans of 2 groups. Received: {n}"):
        fit(circle(np.arange(n)), list(groups), circle([1]), [99], "m")


def test_scans_that_are_all_alike_make_no_gate():
    with pytest.raises(DatasetError, match="all alike"):
        fit(circle([0] * 20), range(20), circle([0]), [99], "m")


def test_a_saved_gate_says_the_same(tmp_path):
    gate = fit(circle(np.linspace(0, 19, 20)), range(20), circle([5]), [30], "abc")
    gate.save(tmp_path / "m.gate.npz")
    kept = load(tmp_path / "m.gate.npz", "abc")
    probe = circle([3, 50, 180])
    np.testing.assert_array_equal(kept.unlikeness(probe), gate.unlikeness(probe))
    assert (kept.fitted_on, kept.model_sha256) == (21, "abc")
    assert [path.name for path in tmp_path.iterdir()] == ["m.gate.npz"]


def test_no_gate_is_better_than_a_wrong_one(tmp_path, caplog):
    path = tmp_path / "m.gate.npz"
    assert load(path, "abc") is None and not caplog.records
    gate = InputGate(circle([0, 10, 20, 30, 40]), 0.5, "abc", 3)
    gate.save(path)
    with caplog.at_level(logging.WARNING):
        assert load(path, "other") is None
    assert "belongs to another model file" in caplog.text
    data = path.read_bytes()
    for damage in (b"", data[: len(data) // 2], b"text", bytes(len(data))):
        caplog.clear()
        path.write_bytes(damage)
        assert load(path, "abc") is None
        assert "is damaged" in caplog.text
    InputGate(circle([0, 10, 20, 30, 40]), -1.0, "abc", 3).save(path)
    assert load(path, "abc") is None


def test_a_gate_runs_no_code_of_its_file(tmp_path):
    np.savez(tmp_path / "m.gate.npz", reference=np.array([object()], dtype=object), allow_pickle=True)
    assert load(tmp_path / "m.gate.npz", "abc") is None


def test_what_one_model_finds_unlike_none_classifies(normal_scan, models_dir):
    from dataclasses import replace

    from brain_core.inference import Detector
    from brain_core.registry import read_card

    first, second = (
        Detector(read_card(name, models_dir)).predict([normal_scan])[0] for name in ("custom_cnn", "resnet50")
    )
    assert shared((first, second)) == (first, second) and first.assessed
    flagged = shared((replace(first, flags=(input_gate.UNLIKE,)), replace(second, flags=("tiny",))))
    assert [p.flags for p in flagged] == [(input_gate.UNLIKE,), ("tiny", input_gate.UNLIKE)]
    assert not any(p.assessed for p in flagged)


def test_a_flat_picture_is_never_assessed(normal_scan, models_dir):
    from brain_core.inference import Detector
    from brain_core.registry import read_card
    from brain_core.scans import Scan

    flat = Scan(np.full((64, 64), 9, np.uint8), "flat", "PNG", "0" * 64)
    (prediction,) = Detector(read_card("resnet50", models_dir)).predict([flat])
    assert not prediction.assessed and prediction.unlikeness is None
