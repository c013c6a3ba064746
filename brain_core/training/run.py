"""A training run from a data set to a model file with its metadata."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path

import keras
import numpy as np

from brain_core import metrics, thresholds
from brain_core.calibration import Calibration, fit_platt
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.datasets.splits import PARTS, Split, grouped_split
from brain_core.files import write_json
from brain_core.inference import Detector
from brain_core.models import MODELS
from brain_core.models.saving import save_compact
from brain_core.preprocessing import BATCH, PreprocessingSpec, scale
from brain_core.registry import ModelCard, OperatingPoint, read_card, sha256_of
from brain_core.training.backbones import start_record
from brain_core.training.batches import Pictures, pictures_of
from brain_core.training.config import TrainConfig
from brain_core.training.extra import load_extra
from brain_core.training.progress import Report, silent
from brain_core.training.two_phase import train_two_phase

FORMAT = 1  # of the metadata
BALANCED_ACCURACY = "balanced_accuracy"  # of `thresholds.RULES`


@dataclass(frozen=True)
class Prepared:
    """A data set with its groups and split: computed once, shared by the models of a run."""

    dataset: Dataset
    groups: np.ndarray
    split: Split


def prepare_run(dataset: Dataset, seed: int) -> Prepared:
    """Group and split.

    Raises:
        DatasetError: the data set cannot be split honestly.
    """
    groups = near_duplicate_groups(dataset.scans)
    return Prepared(dataset, groups, grouped_split(dataset.labels, groups, seed=seed))


def train_model(
    name: str,
    prepared: Prepared,
    run_dir: Path,
    config: TrainConfig = TrainConfig(),
    *,
    spec: PreprocessingSpec | None = None,
    rule: str = BALANCED_ACCURACY,
    report: Report = silent,
) -> ModelCard:
    """Train, save and measure one model; ``run_dir`` receives the file and its metadata, each in one step.

    Args:
        rule: of `thresholds.RULES`, for its own operating point.

    Returns:
        The model as it can be put in service from ``run_dir``.
    """
    start = time.perf_counter()
    spec = spec or MODELS[name].preprocessing
    parts = {part: pictures_of(prepared.dataset, prepared.split.part(part), spec) for part in PARTS[:2]}
    extra = load_extra(config, prepared.dataset, spec)
    model, history = train_two_phase(name, parts["train"], parts["validation"], spec, config, report, extra)
    calibration = _calibrate(model, parts["validation"], spec)
    path = run_dir / MODELS[name].file_name
    save_compact(model, path)
    checksum = sha256_of(path)
    created = datetime.now(UTC)
    card = ModelCard(
        name=name,
        version=f"{created:%Y-%m-%d}-{checksum[:8]}",
        path=path,
        sha256=checksum,
        preprocessing=spec,
        gradcam_layer=MODELS[name].gradcam_layer,
        operating_point=OperatingPoint(thresholds.DEFAULT, "default", "not fitted"),
        metadata={},
    )
    results = _measure(card, prepared, calibration, rule)
    seconds = round(time.perf_counter() - start)
    write_json(
        path.with_suffix(".json"),
        _identity(card, created, model.count_params(), seconds)
        | {"training": asdict(config.portable()), "preprocessing": spec.to_json()}
        | results
        | {"backbone": start_record(name, config)}
        | {"data": _data(prepared) | ({"extra": extra.record} if extra else {}), "history": history},
    )
    return read_card(name, run_dir)


def _calibrate(model: keras.Model, validation: Pictures, spec: PreprocessingSpec) -> Calibration:
    """Fit on validation and fold the map into the last layer, so that every user of the file sees it."""
    probabilities = model.predict(scale(validation.squares, spec.scaling), batch_size=BATCH, verbose=0)[:, 0]
    calibration = fit_platt(validation.labels, probabilities)
    last = model.layers[-1]
    kernel, bias = last.get_weights()
    last.set_weights([kernel * calibration.slope, bias * calibration.slope + calibration.intercept])
    return calibration


def _identity(card: ModelCard, created: datetime, parameters: int, seconds: int) -> dict:
    return {
        "format": FORMAT,
        "model": card.name,
        "version": card.version,
        "created": created.isoformat(timespec="seconds"),
        "sha256": card.sha256,
        "parameters": parameters,
        "gradcam_layer": card.gradcam_layer,
        "training_seconds": seconds,
        "software": {"python": platform.python_version()} | {lib: version_of(lib) for lib in ("tensorflow", "keras")},
    }


def _data(prepared: Prepared) -> dict:
    dataset = prepared.dataset
    return {
        "name": dataset.root.name,
        "fingerprint": dataset.fingerprint,
        "n": len(dataset.items),
        "groups": len(set(prepared.groups.tolist())),
        "unreadable": len(dataset.unreadable),
        "train": [dataset.items[i].id for i in prepared.split.train],
        "train_sha256": [dataset.scans[i].sha256[:16] for i in prepared.split.train],
    }


def _measure(card: ModelCard, prepared: Prepared, calibration: Calibration, rule: str) -> dict:
    """Predictions of the saved file on validation and test; thresholds from validation alone; metrics of both."""
    detector = Detector(card)
    labels = np.array(prepared.dataset.labels)
    rows, probability = {}, np.full(len(labels), np.nan)
    for part in PARTS[1:]:
        chosen = prepared.split.part(part)
        for start in range(0, len(chosen), BATCH):
            batch = chosen[start : start + BATCH]
            predictions = detector.predict([prepared.dataset.scans[i] for i in batch])
            probability[batch] = [p.probability for p in predictions]
        rows[part] = [_row(prepared, i, probability[i]) for i in chosen]
    fit = prepared.split.validation
    fitted = {name: rule(labels[fit], probability[fit]) for name, rule in thresholds.RULES.items()}
    fitted_on = f"validation, n = {len(fit)}"
    point = OperatingPoint(
        fitted[rule], thresholds.IN_WORDS[rule], "not fitted" if rule == thresholds.DEFAULT_RULE else fitted_on
    )
    by_part = {part: prepared.split.part(part) for part in PARTS[1:]}
    figures = {
        part: metrics.compute(labels[i], probability[i], point.threshold, prepared.groups[i]).to_json()
        for part, i in by_part.items()
    }
    before = {part: _quality(labels[i], calibration.undo(probability[i])) for part, i in by_part.items()}
    after = {part: _quality(labels[i], probability[i]) for part, i in by_part.items()}
    return {
        "operating_point": asdict(point),
        "thresholds": fitted,
        "calibration": asdict(calibration)
        | {"fitted_on": fitted_on, "applied": "in the last layer", "before": before, "after": after},
        "metrics": figures,
        "predictions": rows,
    }


def _quality(labels: np.ndarray, probabilities: np.ndarray) -> dict:
    return {
        "brier": float(np.mean((probabilities - labels) ** 2)),
        "ece": metrics.expected_calibration_error(labels, probabilities),
    }


def _row(prepared: Prepared, i: int, probability: float) -> dict:
    return {
        "id": prepared.dataset.items[i].id,
        "sha256": prepared.dataset.scans[i].sha256[:16],
        "group": int(prepared.groups[i]),
        "label": prepared.dataset.labels[i],
        "probability": round(float(probability), 6),
    }
