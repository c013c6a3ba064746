"""A sweep: values, the scans in between, known answers of models that look for brightness, and the CSV."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest

from brain_core.errors import Cancelled, ConfigError
from brain_core.inference import Detector
from brain_core.input_gate import NEIGHBOURS, InputGate
from brain_core.registry import read_card
from brain_core.scans import Scan
from brain_core.teaching import sweep
from brain_core.teaching.changes import Changes, apply
from brain_core.teaching.planted import Blob
from brain_core.teaching.sweep import Sweep
from tests.ui.service import service_files

__all__ = ["service_files"]

SETTING = Changes(Blob(0.62, 0.42, radius=0.12, contrast=0.5))


@pytest.fixture(scope="module")
def scan() -> Scan:
    """Even tissue of grey 90 inside a scalp of 255: however bright the lesion, preprocessing leaves the greys alone."""
    pixels = np.zeros((128, 128), np.uint8)
    cv2.circle(pixels, (64, 64), 58, 255, cv2.FILLED)
    cv2.circle(pixels, (64, 64), 54, 90, cv2.FILLED)
    return Scan(pixels, "even.png", "PNG", hashlib.sha256(pixels).hexdigest())


@pytest.fixture(scope="module")
def detectors(service_files):
    return {name: Detector(read_card(name, service_files)) for name in ("custom_cnn", "resnet50")}


def of(*probabilities: float, assessed: tuple[bool, ...] | None = None, threshold: float = 0.4) -> Sweep:
    found, n = np.array(probabilities), len(probabilities)
    seen = np.array(assessed or (True,) * n)
    return Sweep("radius", np.arange(n) / 10, {"a": found}, seen, {"a": threshold})


def test_values_are_even_and_in_the_lesions_units():
    assert sweep.values_of("radius", 5).tolist() == [0, 0.05, 0.1, 0.15, 0.2]
    assert sweep.values_of("contrast")[[0, 10, 20]].tolist() == [-0.6, 0, 0.6]


def test_a_radius_of_nothing_is_the_scan_without_a_lesion(scan):
    assert sweep.scan_at(scan, SETTING, "radius", 0) is scan
    mirrored = Changes(SETTING.blob, mirrored=True)
    assert sweep.scan_at(scan, mirrored, "radius", 0).sha256 == apply(scan, Changes(mirrored=True)).sha256


def test_only_the_quantity_differs(scan):
    found = sweep.scan_at(scan, SETTING, "contrast", 0.3)
    assert found.sha256 == apply(scan, Changes(Blob(0.62, 0.42, radius=0.12, contrast=0.3))).sha256


def test_models_of_brightness_answer_to_bright_lesions(scan, detectors):
    told, thresholds = [], {"custom_cnn": 0.4, "resnet50": 0.4}
    values = np.linspace(0, 0.6, 9)
    found = sweep.run(scan, SETTING, "contrast", values, detectors, thresholds, told.append)
    assert found.values.tolist() == values.tolist() and found.thresholds == thresholds
    for name, detector in detectors.items():
        answers = found.probabilities[name]
        assert answers.shape == (9,) and answers[-1] > answers[0] + 0.05
        # Tissue and lesion have a brightness of 0.35 + contrast: the models look for 0.55 and for 0.70.
        level = {"custom_cnn": 0.55, "resnet50": 0.70}[name] - 90 / 255
        assert answers[values < level] == pytest.approx(answers[0], abs=1e-4)
        assert (np.diff(answers[values > level]) > 0).all()
        (alone,) = detector.predict([sweep.scan_at(scan, SETTING, "contrast", 0.6)])
        assert answers[-1] == pytest.approx(alone.probability, abs=1e-5)
    assert found.assessed.all()
    # 8 scans and 1, two models each
    assert told == pytest.approx([4 / 9, 8 / 9, 8.5 / 9, 1])


def test_a_larger_lesion_is_seen_better(scan, detectors):
    first = {"custom_cnn": detectors["custom_cnn"]}
    found = sweep.run(scan, SETTING, "radius", [0, 0.05, 0.1, 0.15], first, {"custom_cnn": 0.4})
    assert (np.diff(found.probabilities["custom_cnn"]) > 0).all()
    (without,) = first["custom_cnn"].predict([scan])
    assert found.probabilities["custom_cnn"][0] == pytest.approx(without.probability, abs=1e-5)


def test_who_is_told_can_end_it(scan, detectors):
    def stop(share: float) -> None:
        raise Cancelled("Stopped on request.")

    with pytest.raises(Cancelled):
        sweep.run(scan, SETTING, "radius", [0.1, 0.2], detectors, {}, stop)


def test_what_one_model_finds_unlike_its_training_data_none_classifies(scan, detectors, monkeypatch):
    """A gate that lets nothing pass: the limit of its distances is almost 0."""
    channels = detectors["custom_cnn"].explain(np.zeros((1, 224, 224, 3), np.float32)).features.shape[1]
    gate = InputGate(np.full((NEIGHBOURS, channels), -(channels**-0.5), np.float32), 1e-9, "ab" * 32, 9)
    monkeypatch.setattr(detectors["custom_cnn"], "gate", gate)
    found = sweep.run(scan, SETTING, "contrast", [0.5, 0.6], detectors, {"custom_cnn": 0.0, "resnet50": 0.0})
    assert not found.assessed.any()
    assert found.runs("custom_cnn") == found.runs("resnet50") == ()


def test_runs_of_values_at_which_a_tumour_is_called():
    assert of(0.1, 0.4, 0.9, 0.2, 0.5).runs("a") == ((0.1, 0.2), (0.4, 0.4))
    assert of(0.1, 0.2).runs("a") == ()
    assert of(0.9, 0.9).runs("a") == ((0.0, 0.1),)


def test_what_is_not_assessed_is_no_call():
    found = of(0.9, 0.9, 0.9, assessed=(True, False, True))
    assert found.called("a").tolist() == [True, False, True]
    assert found.runs("a") == ((0.0, 0.0), (0.2, 0.2))


def test_csv():
    swept = of(0.1, 0.41234567, 0.9, assessed=(True, True, False))
    assert sweep.to_csv(swept, {"a": "2026-01-02-new"}).splitlines() == [
        "radius,a_version,a_probability,a_threshold,a_label",
        "0.0,2026-01-02-new,0.1,0.4,no tumor",
        "0.1,2026-01-02-new,0.412346,0.4,tumor",
        "0.2,2026-01-02-new,0.9,0.4,not classified",
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda scan: sweep.values_of("colour"), "expected one of radius, contrast, .*Received: 'colour', 21"),
        (lambda scan: sweep.values_of("radius", 1), "at least 2 points. Received: 'radius', 1"),
        (lambda scan: sweep.scan_at(scan, SETTING, "colour", 1), "Received: 'colour'"),
        (lambda scan: sweep.scan_at(scan, Changes(), "radius", 0.1), "expected changes with a lesion. Received: none"),
        (lambda scan: sweep.scan_at(scan, SETTING, "contrast", 2), "contrast in -1..1"),
    ],
)
def test_what_makes_no_sense_is_named(scan, wrong, told):
    with pytest.raises(ConfigError, match=told):
        wrong(scan)
