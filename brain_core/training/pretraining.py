"""In-domain pretraining of the ResNet50 backbone on a larger, unmatched collection of brain MRI.

Such collections have tumours from one source and healthy scans from another, so that a classifier of 'tumour' learns
the source. Two objectives cannot: imitating a teacher's features on the very same augmented view (knowledge
distillation: Hinton et al. 2015, arXiv:1503.02531; same view for both: Beyer et al. 2022, arXiv:2106.05237), which
needs no label, and telling kinds of tumour apart, asked only of scans with a tumour.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from brain_core.datasets.index import TUMOR, Dataset
from brain_core.errors import ConfigError
from brain_core.files import write_json
from brain_core.models import resnet50, weights
from brain_core.preprocessing import IMAGENET_MEAN_BGR, PreprocessingSpec, scale, square
from brain_core.training.augmentation import augment_strongly
from brain_core.training.callbacks import ReportCallback
from brain_core.training.progress import Report, silent

SPEC = PreprocessingSpec(scaling="caffe")
# DenseNet's pixel input ("torch" mode of Keras): RGB/255, ImageNet mean and standard deviation.
DISTILLATION, KIND = "distillation", "kind"  # the two objectives, and the outputs that bear them
_TEACHER_MEAN, _TEACHER_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PretrainConfig:
    """Settings of one pretraining run.

    Attributes:
        epochs: passes over the collection.
        size: side of the training view in pixels; 128 is three times as fast as 224 and, with the scale of
            `augment_strongly`, shows structures at the size that they have at 224.
        batch_size: views a step.
        lr: peak learning rate of new layers; warm-up of 5 % of the steps, then cosine decay to zero.
        early_lr: factor on it for the stages that came with weights, conv4 ... conv1, halved at each stage.
        kind_weight: weight of the tumour-kind loss beside the distillation loss.
        precision: Keras dtype policy; the weights are float32 in any case.
        seed: of weights, order and augmentation.
    """

    epochs: int = 8
    size: int = 128
    batch_size: int = 32
    lr: float = 1e-3
    early_lr: float = 0.1
    kind_weight: float = 0.3
    precision: str = "mixed_bfloat16"
    seed: int = 0


class StagewiseAdamW(keras.optimizers.AdamW):
    """AdamW whose step is multiplied, for each variable, by a factor of its stage."""

    def __init__(self, factors: dict[str, float], **arguments):
        super().__init__(**arguments)
        self._factors = factors
        self._factor_of: list[float] = []

    def build(self, variables):
        self._factor_of = [self._factors.get(variable.path.split("_")[0], 1.0) for variable in variables]
        super().build(variables)

    def update_step(self, gradient, variable, learning_rate):
        factor = self._factor_of[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)


class _Views(keras.utils.PyDataset):
    """Batches of strongly augmented views, the kinds balanced; seed, epoch and batch fix the random numbers."""

    def __init__(self, dataset: Dataset, kinds: _Kinds, outputs: tuple[str, ...], config: PretrainConfig, epoch: int):
        super().__init__(workers=1)
        self._pictures = np.stack([square(scan.grey, SPEC) for scan in dataset.scans])
        self._kinds, self._outputs, self._config, self._epoch = kinds, outputs, config, epoch
        chance = 1.0 / np.bincount(kinds.number)[kinds.number]
        self._chance = chance / chance.sum()

    def __len__(self) -> int:
        return max(1, len(self._pictures) // self._config.batch_size)

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int):
        config = self._config
        rng = np.random.default_rng((config.seed, self._epoch, index))
        chosen = rng.choice(len(self._pictures), config.batch_size, p=self._chance)
        views = np.stack([augment_strongly(self._pictures[i], config.size, rng) for i in chosen])
        targets = {DISTILLATION: np.zeros((len(chosen), 1), np.float32), KIND: self._kinds.number[chosen]}
        counted = {DISTILLATION: np.ones(len(chosen), np.float32), KIND: self._kinds.is_tumor[chosen]}
        return scale(views, SPEC.scaling), self._asked(targets), self._asked(counted)

    def _asked(self, by_output: dict) -> dict:
        return {name: by_output[name] for name in self._outputs}


def pretrain(
    dataset: Dataset,
    run_dir: Path,
    config: PretrainConfig = PretrainConfig(),
    *,
    init: Path | None = None,
    teacher: Path | None = None,
    report: Report = silent,
) -> Path:
    """Train the backbone; a run directory that holds an unfinished run is continued from its last epoch.

    Args:
        dataset: scans in one folder a kind.
        run_dir: receives ``backbone.npz`` (after every epoch), ``pretraining.json`` and the state to resume from.
        init: weights file for some or all stages; the other stages start from random weights.
        teacher: DenseNet169 weights (npz) to distil from; None trains on tumour kinds alone.

    Returns:
        The path of the backbone's weights.

    Raises:
        ConfigError: there is nothing to learn from: no teacher and fewer than two kinds of tumour.
        ModelError: a weights file does not fit.
    """
    kinds = _kinds(dataset)
    outputs = ((DISTILLATION,) if teacher else ()) + ((KIND,) if kinds.tumor_kinds > 1 else ())
    if not outputs:
        raise ConfigError("Pretraining needs a teacher (--teacher FILE) or two or more kinds of tumour to tell apart.")
    run_dir.mkdir(parents=True, exist_ok=True)
    history = _History(run_dir / "pretraining.json", _about(dataset, config, init, teacher))
    keras.utils.set_random_seed(config.seed)
    views = _Views(dataset, kinds, outputs, config, epoch=len(history.epochs))
    backbone, model, given = _build(config, init, teacher, outputs, int(kinds.number.max()) + 1)
    _compile(model, outputs, config, _optimizer(config, given, len(views)))
    path = run_dir / "backbone.npz"
    callbacks = [
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _end_epoch(backbone, path, history, logs)),
        keras.callbacks.BackupAndRestore(run_dir / "resume", delete_checkpoint=False),
        ReportCallback("pretraining", report),
    ]
    model.fit(views, epochs=config.epochs, verbose=0, callbacks=callbacks)
    return path


def _about(dataset: Dataset, config: PretrainConfig, init: Path | None, teacher: Path | None) -> dict:
    """What the run's record says beside its epochs; of files their names only."""
    return {
        "config": asdict(config),
        "init": init.name if init else None,
        "teacher": teacher.name if teacher else None,
        "preprocessing": SPEC.to_json(),
        "data": {"name": dataset.root.name, "fingerprint": dataset.fingerprint, "n": len(dataset.items)},
    }


def _compile(model: keras.Model, outputs: tuple[str, ...], config: PretrainConfig, optimizer) -> None:
    losses = {DISTILLATION: _mean_of_output, KIND: "sparse_categorical_crossentropy"}
    weight = {DISTILLATION: 1.0, KIND: config.kind_weight}
    model.compile(
        optimizer=optimizer,
        loss={name: losses[name] for name in outputs},
        loss_weights={name: weight[name] for name in outputs},
        weighted_metrics={KIND: ["accuracy"]} if KIND in outputs else None,
    )


@dataclass(frozen=True)
class _Kinds:
    """Per scan: the number of its folder, and 1.0 where that is a kind of tumour."""

    number: np.ndarray
    is_tumor: np.ndarray

    @property
    def tumor_kinds(self) -> int:
        return len(set(self.number[self.is_tumor > 0]))


class _History:
    """``pretraining.json``: settings, data and the metrics of each finished epoch."""

    def __init__(self, path: Path, about: dict):
        self._path, self._about = path, about
        self.epochs: list[dict] = json.loads(path.read_text())["epochs"] if path.is_file() else []

    def add(self, metrics: dict) -> None:
        self.epochs.append({name: round(float(value), 5) for name, value in metrics.items()})
        write_json(self._path, {**self._about, "epochs": self.epochs})


def _end_epoch(backbone: keras.Model, path: Path, history: _History, logs: dict) -> None:
    weights.save_npz(backbone, path)
    history.add(logs)


def _kinds(dataset: Dataset) -> _Kinds:
    names = sorted({item.kind for item in dataset.items})
    number = np.array([names.index(item.kind) for item in dataset.items])
    return _Kinds(number, np.array([item.label == TUMOR for item in dataset.items], np.float32))


def _build(config: PretrainConfig, init: Path | None, teacher: Path | None, outputs: tuple[str, ...], kinds: int):
    """(backbone, training model, names of the layers that came with weights)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        backbone = resnet50.build_backbone(config.size)
        given = _initialise(backbone, init)
        features, heads = backbone.output, {}
        if DISTILLATION in outputs:
            heads[DISTILLATION] = _distillation_error(backbone.inputs[0], features, teacher)
        if KIND in outputs:
            pooled = layers.GlobalAveragePooling2D()(features)
            heads[KIND] = layers.Dense(kinds, activation="softmax", dtype="float32", name=KIND)(pooled)
        return backbone, keras.Model(backbone.inputs[0], heads), given
    finally:
        keras.config.set_dtype_policy(before)


def _initialise(backbone: keras.Model, init: Path | None) -> set[str]:
    """Loads what the file holds; BatchNorm that came with weights keeps its statistics."""
    if init is None:
        return set()
    missing = set(weights.load_file(backbone, init, complete=False))
    given = [layer for layer in backbone.layers if layer.weights and layer.name not in missing]
    for layer in given:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return {layer.name for layer in given}


def _distillation_error(scan, features, teacher: Path):
    """(N, 1): mean squared error of a linear map of the features against the teacher's standardised ones."""
    network = keras.applications.DenseNet169(include_top=False, weights=None, input_shape=(None, None, 3))
    weights.load_npz_by_name(network, teacher)
    network.trainable = False
    # From the student's pixels back to grey 0..255 (alike in all channels) and on to the teacher's.
    mean, std = np.asarray(_TEACHER_MEAN, np.float32), np.asarray(_TEACHER_STD, np.float32)
    offset = np.asarray(IMAGENET_MEAN_BGR, np.float32) / 255 - mean
    wanted = network((scan * np.float32(1 / 255) + offset) / std, training=False)
    wanted = layers.BatchNormalization(center=False, scale=False, name="standardise")(wanted)
    given = layers.Conv2D(network.output.shape[-1], 1, name="to_teacher")(features)
    difference = ops.cast(wanted, "float32") - ops.cast(given, "float32")
    error = ops.mean(ops.square(difference), axis=(1, 2, 3))
    return layers.Reshape((1,), dtype="float32", name=DISTILLATION)(error)


def _mean_of_output(_, output):
    return ops.mean(output, axis=-1)


def _optimizer(config: PretrainConfig, given: set[str], steps: int) -> keras.optimizers.Optimizer:
    total = steps * config.epochs
    warm = max(1, total // 20)
    rate = keras.optimizers.schedules.CosineDecay(0.0, total - warm, warmup_target=config.lr, warmup_steps=warm)
    stages = {resnet50.stage_of(name) for name in given}
    early = [stage for stage in reversed(resnet50.STAGES) if stage in stages]
    factors = {stage: config.early_lr / 2**i for i, stage in enumerate(early)}
    return StagewiseAdamW(factors, learning_rate=rate, weight_decay=1e-4, clipnorm=1.0)
