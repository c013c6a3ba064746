"""A training run from a data set to a model file with its metadata."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Mapping
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
from brain_core.datasets.known import learned_before
from brain_core.datasets.splits import PARTS, Split, inherited_split
from brain_core.files import write_json
from brain_core.inference import Detector
from brain_core.models import MODELS
from brain_core.models.saving import save_compact
from brain_core.preprocessing import BATCH, PreprocessingSpec, scale
from brain_core.registry import ModelCard, OperatingPoint, read_card_in, sha256_of
from brain_core.settings.engine import EngineSettings
from brain_core.training import input_reference
from brain_core.training.backbones import start_metadata, start_record
from brain_core.training.batches import Pictures, pictures_of
from brain_core.training.checkpoint import Checkpoint
from brain_core.training.config import TrainConfig
from brain_core.training.extra import Extra, load_extra
from brain_core.training.gate_fit import write_gate
from brain_core.training.progress import Report, silent
from brain_core.training.two_phase import train_two_phase

FORMAT = 1  # of the metadata
BALANCED_ACCURACY = "balanced_accuracy"  # of `thresholds.RULES`


@dataclass(frozen=True)
class Prepared:
    """A data set with its groups and split.

    Attributes:
        inherited: how many of its scans were in a part already, of the model whose split is gone on with.
    """

    dataset: Dataset
    groups: np.ndarray
    split: Split
    inherited: int = 0


def prepare_run(dataset: Dataset, seed: int, known: Mapping[str, str] | None = None) -> Prepared:
    """Group and split.

    Args:
        known: by scan the part that it has to stay in, see `datasets.known`.

    Raises:
        DatasetError: the data set cannot be split honestly.
    """
    groups, keys = near_duplicate_groups(dataset.scans), [scan.key for scan in dataset.scans]
    split = inherited_split(dataset.labels, groups, keys, known or {}, seed=seed)
    return Prepared(dataset, groups, split, sum(key in (known or {}) for key in keys))


def train_model(
    name: str,
    prepared: Prepared,
    run_dir: Path,
    config: TrainConfig = TrainConfig(),
    *,
    spec: PreprocessingSpec | None = None,
    rule: str = BALANCED_ACCURACY,
    report: Report = silent,
    progress: Callable[[str], Callable[[int, int], None]] = lambda what: lambda done, total: None,
    checkpoint: Path | None = None,
) -> ModelCard:
    """Train, save and measure one model; ``run_dir`` receives the file and its metadata, each in one step.

    Args:
        rule: of `thresholds.RULES`, for its own operating point.
        progress: gives for what is done a function that is called with (done, total).
        checkpoint: file that is written after each epoch; where there is one, training goes on from it. It is removed
            when all is done.

    Returns:
        The model as it can be put in service from ``run_dir``.
    """
    start = time.perf_counter()
    begun_with, before = start_record(name, config), learned_before(start_metadata(name, config))
    spec = spec or MODELS[name].preprocessing
    parts = {part: pictures_of(prepared.dataset, prepared.split.part(part), spec) for part in PARTS[:2]}
    extra = load_extra(config, prepared.dataset, spec, progress("reading further scans"))
    kept = Checkpoint(checkpoint, _key(name, prepared, config, spec, begun_with, extra)) if checkpoint else None
    model, history = train_two_phase(name, parts["train"], parts["validation"], spec, config, report, extra, kept)
    progress("saving and measuring")(0, 1)
    calibration = _calibrate(model, parts["validation"], spec)
    created = datetime.now(UTC)
    card = _save(model, name, run_dir, spec, created)
    write_gate(card, prepared.dataset, prepared.groups, prepared.split.train, prepared.split.validation)
    results = _measure(card, prepared, calibration, rule)
    seconds = round(time.perf_counter() - start)
    write_json(
        card.path.with_suffix(".json"),
        _identity(card, created, model.count_params(), seconds)
        | {"training": asdict(config.portable()), "preprocessing": spec.to_json()}
        | results
        | {"backbone": begun_with, input_reference.KEY: _inputs(card, prepared).to_json()}
        | {"data": _data(prepared, before) | ({"extra": extra.record} if extra else {}), "history": history},
    )
    if kept:
        kept.remove()
    return read_card_in(run_dir, name)


def _key(
    name: str,
    prepared: Prepared,
    config: TrainConfig,
    spec: PreprocessingSpec,
    begun_with: dict | None,
    extra: Extra | None,
) -> str:
    """What decides how a training goes: it can be taken up by one of the same key alone."""
    scans = prepared.dataset.scans
    split = [[scans[i].key for i in prepared.split.part(part)] for part in PARTS]  # positions change with file names
    further = extra and extra.record["fingerprint"]
    weights = begun_with and (begun_with["source"], begun_with.get("sha256"))
    said = [name, prepared.dataset.fingerprint, split, asdict(config), spec.to_json(), weights, further]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _save(model: keras.Model, name: str, run_dir: Path, spec: PreprocessingSpec, created: datetime) -> ModelCard:
    """The model's file, and its card as far as there is one before anything is measured."""
    path = run_dir / MODELS[name].file_name
    save_compact(model, path)
    checksum = sha256_of(path)
    return ModelCard(
        name=name,
        version=f"{created:%Y-%m-%d}-{checksum[:8]}",
        path=path,
        sha256=checksum,
        preprocessing=spec,
        gradcam_layer=MODELS[name].gradcam_layer,
        operating_point=OperatingPoint(thresholds.DEFAULT, "default", "not fitted"),
        metadata={},
    )


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


def _inputs(card: ModelCard, prepared: Prepared) -> input_reference.InputReference:
    split = prepared.split
    held_out = np.concatenate([split.validation, split.test])
    return input_reference.learn(card, prepared.dataset, prepared.groups, split.train, held_out)


def _data(prepared: Prepared, learned_before: list[str]) -> dict:
    """``learned_before``: scans that the model that training went on from knew, see `datasets.known`."""
    dataset = prepared.dataset
    return {
        "name": dataset.root.name,
        "fingerprint": dataset.fingerprint,
        "n": len(dataset.items),
        "groups": len(set(prepared.groups.tolist())),
        "unreadable": len(dataset.unreadable),
        "inherited": prepared.inherited,
        "train": [dataset.items[i].id for i in prepared.split.train],
        "train_sha256": [dataset.scans[i].key for i in prepared.split.train],
    } | ({"learned_before": learned_before} if learned_before else {})


def _measure(card: ModelCard, prepared: Prepared, calibration: Calibration, rule: str) -> dict:
    """Predictions of the saved file on validation and test; thresholds from validation alone; metrics of both."""
    detector = Detector(card, EngineSettings())  # what is stored goes by TensorFlow in full precision
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
        "sha256": prepared.dataset.scans[i].key,
        "group": int(prepared.groups[i]),
        "label": prepared.dataset.labels[i],
        "probability": round(float(probability), 6),
    }
