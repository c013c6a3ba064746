"""One pretraining run, from a data set to the backbone's weights and the record of how they came about."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np

from brain_core.datasets.copies import without_copies
from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import Dataset
from brain_core.errors import ConfigError
from brain_core.files import write_json
from brain_core.models import MODELS, weights
from brain_core.preprocessing import square
from brain_core.settings import settings
from brain_core.training.callbacks import ReportCallback
from brain_core.training.pretraining.config import CLASSES, DISTILLATION, KIND, LESION, OBJECTIVES, PretrainConfig
from brain_core.training.pretraining.network import Student, build, compile_network, optimizer_for
from brain_core.training.pretraining.views import Kinds, Views, kinds_of
from brain_core.training.progress import Report, silent

_log = logging.getLogger("brain_core")
BACKBONE = "backbone.npz"


def pretrain(
    dataset: Dataset,
    run_dir: Path,
    config: PretrainConfig = PretrainConfig(),
    *,
    init: Path | None = None,
    teacher: Path | None = None,
    exclude: Dataset | None = None,
    report: Report = silent,
) -> Path:
    """Train the backbone; a run directory that holds an unfinished run is continued from its last epoch.

    Only by the same data, settings and weights to start from; a finished run of the same is left as it is.

    Args:
        dataset: scans in one folder a kind.
        run_dir: receives ``backbone.npz`` (after every epoch), ``pretraining.json`` and the state to resume from.
        init: weights file for some or all stages; the other stages start from random weights.
        teacher: weights to distil from, DenseNet169's (npz) or a ResNet50 backbone's; without it there is no
            distillation.
        exclude: a data set to be evaluated on later: every copy of its scans is left out, and every near-copy of that.

    Returns:
        The path of the backbone's weights.

    Raises:
        ConfigError: there is nothing to learn from: no objective has the scans or the teacher that it needs; or
            ``run_dir`` holds a run of other data or settings.
        ModelError: a weights file does not fit.
    """
    dataset, excluded = without_copies(dataset, exclude, settings().home / "copies")
    shown, held_out = _hold_out(dataset, config)
    kinds = kinds_of(dataset, shown)
    outputs = _outputs(config, kinds, teacher)
    about = _about(dataset, config, init, teacher) | {"objectives": outputs, "excluded": excluded}
    about["held_out_sha256"] = sorted(dataset.scans[i].key for i in held_out)
    history = _History(run_dir / "pretraining.json", about)
    if len(history.epochs) >= config.epochs > 0:
        _log.info("%s holds this run, finished after %d epochs: nothing is trained.", run_dir, len(history.epochs))
        return run_dir / BACKBONE
    run_dir.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    pictures = np.stack([square(dataset.scans[i].grey, MODELS[config.model].preprocessing) for i in shown])
    views = Views(pictures, kinds, outputs, config, epoch=len(history.epochs))
    student = build(config, init, teacher, outputs, int(kinds.number.max()) + 1)
    compile_network(student.network, outputs, config, optimizer_for(config, student.given, len(views)))
    return _run(student, views, history, run_dir, report)


def _run(student: Student, views: Views, history: _History, run_dir: Path, report: Report) -> Path:
    path = run_dir / BACKBONE

    def end_epoch(epoch, logs):
        weights.save_npz(student.backbone, path)
        history.add(logs)

    callbacks = [
        keras.callbacks.LambdaCallback(on_epoch_end=end_epoch),
        keras.callbacks.BackupAndRestore(run_dir / "resume", delete_checkpoint=False),
        ReportCallback("pretraining", report),
    ]
    student.network.fit(views, epochs=views.config.epochs, verbose=0, callbacks=callbacks)
    return path


def _hold_out(dataset: Dataset, config: PretrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the scans that are shown and of those that never are; no near-copy of one is in the other."""
    groups = near_duplicate_groups(dataset.scans)
    order = np.random.default_rng(config.seed).permutation(int(groups.max()) + 1)
    hidden = np.isin(groups, order[: round(config.held_out * len(order))])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


def _outputs(config: PretrainConfig, kinds: Kinds, teacher: Path | None) -> tuple[str, ...]:
    """The wanted objectives for which the collection and the files at hand suffice."""
    possible = {
        DISTILLATION: teacher is not None,
        KIND: kinds.tumor_kinds > 1,
        LESION: bool((kinds.is_tumor == 0).any()),
        CLASSES: len(set(kinds.number)) > 1,
    }
    outputs = tuple(name for name in OBJECTIVES if name in config.objectives and possible[name])
    if not outputs:
        raise ConfigError(
            f"Pretraining: nothing to learn of {', '.join(config.objectives)}. 'distillation' needs a teacher "
            "(--teacher FILE), 'kind' two kinds of tumour, 'lesion' scans without a tumour, 'classes' two folders."
        )
    return outputs


def _about(dataset: Dataset, config: PretrainConfig, init: Path | None, teacher: Path | None) -> dict:
    """What the run's record says beside its epochs; of files their names only."""
    return {
        "config": asdict(config),
        "init": init.name if init else None,
        "teacher": teacher.name if teacher else None,
        "preprocessing": MODELS[config.model].preprocessing.to_json(),
        "init_pretraining": _record_beside(init),
        "data": {"name": dataset.root.name, "fingerprint": dataset.fingerprint, "n": len(dataset.items)},
    }


def _record_beside(init: Path | None) -> dict | None:
    """How the weights to start from were pretrained themselves, where that is known."""
    path = init and init.with_name("pretraining.json")
    return json.loads(path.read_text()) if path and path.is_file() else None


class _History:
    """``pretraining.json``: settings, data and the metrics of each finished epoch.

    Raises:
        ConfigError: the file is there and says something else than ``about``.
    """

    def __init__(self, path: Path, about: dict):
        self._path, self._about = path, about
        about = json.loads(json.dumps(about))  # as it comes back from the file: lists for tuples
        stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {**about, "epochs": []}
        self.epochs: list[dict] = stored.pop("epochs")
        if other := _differing(stored, about):
            raise ConfigError(
                f"{path.parent}: expected the data, settings and weights with which the pretraining there began. "
                f"Received others: {', '.join(other)}. To begin anew, name another --run-dir."
            )

    def add(self, metrics: dict) -> None:
        self.epochs.append({name: round(float(value), 5) for name, value in metrics.items()})
        write_json(self._path, {**self._about, "epochs": self.epochs})


def _differing(one: dict, other: dict, above: str = "") -> list[str]:
    """Dotted names of what is not alike in two records, or in one of them alone."""
    names = []
    for key in sorted(one.keys() | other.keys()):
        a, b = one.get(key), other.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            names += _differing(a, b, f"{above}{key}.")
        elif key not in one or key not in other or a != b:
            names.append(above + key)
    return names
