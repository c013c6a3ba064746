"""In-domain pretraining of the ResNet50 backbone on a larger, unmatched collection of brain MRI.

Such collections have tumours from one source and healthy scans from another, so that a classifier of 'tumour' learns
the source. Three objectives cannot: imitating a teacher's features on the very same augmented view (knowledge
distillation: Hinton et al. 2015, arXiv:1503.02531; same view for both: Beyer et al. 2022, arXiv:2106.05237), which
needs no label; telling kinds of tumour apart, asked only of scans with a tumour; and finding lesions painted into
scans without one, which come from one source with and without the paint. A fourth, plain classification of all
kinds, is here to be compared with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
from keras import layers, ops

from brain_core.datasets.duplicates import near_duplicate_groups
from brain_core.datasets.index import TUMOR, Dataset
from brain_core.errors import ConfigError
from brain_core.files import write_json
from brain_core.models import resnet50, weights
from brain_core.preprocessing import IMAGENET_MEAN_BGR, PreprocessingSpec, scale, square
from brain_core.training.augmentation import augment_strongly_with_mask
from brain_core.training.callbacks import ReportCallback
from brain_core.training.progress import Report, silent
from brain_core.training.synthetic_lesions import insert_lesion

SPEC = PreprocessingSpec(scaling="caffe")
# DenseNet's pixel input ("torch" mode of Keras): RGB/255, ImageNet mean and standard deviation.
# The objectives, and the outputs that bear them.
DISTILLATION, KIND, LESION, CLASSES = "distillation", "kind", "lesion", "classes"
OBJECTIVES = (DISTILLATION, KIND, LESION, CLASSES)
LESION_SHARE = 0.5  # of the scans without a tumour get a painted lesion
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
        kind_weight, lesion_weight: weights of these losses beside the distillation loss.
        objectives: which to learn; of `OBJECTIVES`.
        held_out: share of the near-duplicate groups that is never shown, to test on later.
        precision: Keras dtype policy; the weights are float32 in any case.
        seed: of weights, order and augmentation.
    """

    epochs: int = 8
    size: int = 128
    batch_size: int = 32
    lr: float = 1e-3
    early_lr: float = 0.1
    kind_weight: float = 0.3
    lesion_weight: float = 1.0
    objectives: tuple[str, ...] = (DISTILLATION, KIND, LESION)
    held_out: float = 0.15
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
    """Batches of strongly augmented views; seed, epoch and batch fix the random numbers.

    Scans with and without a tumour are equally likely, and so are the kinds of tumour among themselves.
    """

    def __init__(
        self, pictures: np.ndarray, kinds: _Kinds, outputs: tuple[str, ...], config: PretrainConfig, epoch: int
    ):
        super().__init__(workers=1)
        self._pictures, self._kinds, self._outputs = pictures, kinds, outputs
        self._config, self._epoch = config, epoch
        self._chance = kinds.chance()

    def __len__(self) -> int:
        return max(1, len(self._pictures) // self._config.batch_size)

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int):
        config = self._config
        rng = np.random.default_rng((config.seed, self._epoch, index))
        chosen = rng.choice(len(self._pictures), config.batch_size, p=self._chance)
        views, lesions = zip(*(self._view(i, rng) for i in chosen), strict=True)
        number, is_tumor, all_count = self._kinds.number[chosen], self._kinds.is_tumor[chosen], np.ones(len(chosen))
        targets = {
            DISTILLATION: np.zeros((len(chosen), 1), np.float32),
            KIND: number,
            LESION: np.stack(lesions),
            CLASSES: number,
        }
        counted = {DISTILLATION: all_count, KIND: is_tumor, LESION: 1 - is_tumor, CLASSES: all_count}
        return scale(np.stack(views), SPEC.scaling), self._asked(targets), self._asked(counted)

    def _view(self, i: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A view, and for each cell of the last feature map how much of it a painted lesion fills, at most 1."""
        picture = self._pictures[i]
        mask = np.zeros_like(picture)
        if LESION in self._outputs and not self._kinds.is_tumor[i] and rng.random() < LESION_SHARE:
            picture, mask = insert_lesion(picture, rng)
        view, mask = augment_strongly_with_mask(picture, mask, self._config.size, rng)
        cells = self._config.size // resnet50.STRIDE
        covered = cv2.resize(mask, (cells, cells), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        return view, np.minimum(1, 2 * covered).ravel()

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
        teacher: DenseNet169 weights (npz) to distil from; without it there is no distillation.

    Returns:
        The path of the backbone's weights.

    Raises:
        ConfigError: there is nothing to learn from: no objective has the scans or the teacher that it needs.
        ModelError: a weights file does not fit.
    """
    shown, held_out = _hold_out(dataset, config)
    kinds = _kinds(dataset, shown)
    outputs = _possible(config.objectives, kinds, teacher)
    if not outputs:
        raise ConfigError(
            f"Pretraining: nothing to learn of {', '.join(config.objectives)}. 'distillation' needs a teacher "
            "(--teacher FILE), 'kind' two kinds of tumour, 'lesion' scans without a tumour, 'classes' two folders."
        )
    run_dir.mkdir(parents=True, exist_ok=True)
    about = _about(dataset, config, init, teacher) | {"objectives": outputs}
    about["held_out_sha256"] = sorted(dataset.scans[i].sha256[:16] for i in held_out)
    history = _History(run_dir / "pretraining.json", about)
    keras.utils.set_random_seed(config.seed)
    pictures = np.stack([square(dataset.scans[i].grey, SPEC) for i in shown])
    views = _Views(pictures, kinds, outputs, config, epoch=len(history.epochs))
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


def _hold_out(dataset: Dataset, config: PretrainConfig) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the scans that are shown and of those that never are; no near-copy of one is in the other."""
    groups = near_duplicate_groups(dataset.scans)
    order = np.random.default_rng(config.seed).permutation(int(groups.max()) + 1)
    hidden = np.isin(groups, order[: round(config.held_out * len(order))])
    return np.flatnonzero(~hidden), np.flatnonzero(hidden)


def _possible(objectives: tuple[str, ...], kinds: _Kinds, teacher: Path | None) -> tuple[str, ...]:
    """The objectives for which the collection and the files at hand suffice."""
    possible = {
        DISTILLATION: teacher is not None,
        KIND: kinds.tumor_kinds > 1,
        LESION: bool((kinds.is_tumor == 0).any()),
        CLASSES: len(set(kinds.number)) > 1,
    }
    return tuple(name for name in OBJECTIVES if name in objectives and possible[name])


def _about(dataset: Dataset, config: PretrainConfig, init: Path | None, teacher: Path | None) -> dict:
    """What the run's record says beside its epochs; of files their names only."""
    return {
        "config": asdict(config),
        "init": init.name if init else None,
        "teacher": teacher.name if teacher else None,
        "preprocessing": SPEC.to_json(),
        "init_pretraining": _record_beside(init),
        "data": {"name": dataset.root.name, "fingerprint": dataset.fingerprint, "n": len(dataset.items)},
    }


def _record_beside(init: Path | None) -> dict | None:
    """How the weights to start from were pretrained themselves, where that is known."""
    path = init and init.with_name("pretraining.json")
    return json.loads(path.read_text()) if path and path.is_file() else None


def _compile(model: keras.Model, outputs: tuple[str, ...], config: PretrainConfig, optimizer) -> None:
    categorical = "sparse_categorical_crossentropy"
    losses = {DISTILLATION: _mean_of_output, KIND: categorical, LESION: "binary_crossentropy", CLASSES: categorical}
    weight = {DISTILLATION: 1.0, KIND: config.kind_weight, LESION: config.lesion_weight, CLASSES: 1.0}
    measured = {KIND: ["accuracy"], LESION: [keras.metrics.AUC(name="auc")], CLASSES: ["accuracy"]}
    model.compile(
        optimizer=optimizer,
        loss={name: losses[name] for name in outputs},
        loss_weights={name: weight[name] for name in outputs},
        weighted_metrics={name: measured[name] for name in outputs if name in measured},
    )


@dataclass(frozen=True)
class _Kinds:
    """Per scan: the number of its folder, and 1.0 where that is a kind of tumour."""

    number: np.ndarray
    is_tumor: np.ndarray

    @property
    def tumor_kinds(self) -> int:
        return len(set(self.number[self.is_tumor > 0]))

    def chance(self) -> np.ndarray:
        """Of each scan to be drawn: classes alike, and kinds alike within a class."""
        chance = 1.0 / np.bincount(self.number)[self.number]
        for tumor in (0, 1):
            of_class = self.is_tumor == tumor
            chance[of_class] /= max(float(chance[of_class].sum()), 1e-9)
        return chance / chance.sum()


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


def _kinds(dataset: Dataset, shown: np.ndarray) -> _Kinds:
    items = [dataset.items[i] for i in shown]
    names = sorted({item.kind for item in items})
    number = np.array([names.index(item.kind) for item in items])
    return _Kinds(number, np.array([item.label == TUMOR for item in items], np.float32))


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
        pooled = layers.GlobalAveragePooling2D()(features)
        for name in (KIND, CLASSES):
            if name in outputs:
                heads[name] = layers.Dense(kinds, activation="softmax", dtype="float32", name=name)(pooled)
        if LESION in outputs:
            cells = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="lesion_cells")(features)
            heads[LESION] = layers.Flatten(name=LESION, dtype="float32")(cells)
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
