"""Two-phase training: the head on frozen features, then fine-tuning with augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from brain_core.errors import ConfigError
from brain_core.models import MODELS, resnet50, weights
from brain_core.preprocessing import PreprocessingSpec, scale
from brain_core.settings import settings
from brain_core.training.augmentation import augment
from brain_core.training.callbacks import ReportCallback
from brain_core.training.config import TrainConfig
from brain_core.training.progress import Report, silent

HEAD, FINETUNE = "phase 1", "phase 2"


@dataclass(frozen=True, eq=False)
class Pictures:
    """Squares of one part of the data: uint8 (N, size, size) and labels float32 (N,)."""

    squares: np.ndarray
    labels: np.ndarray


def pretrained_backbone() -> Path:
    """Where `pretrain` leaves the backbone unless told otherwise."""
    return settings().home / "backbones" / "brain-mri" / "backbone.npz"


def train_two_phase(
    name: str,
    train: Pictures,
    validation: Pictures,
    spec: PreprocessingSpec,
    config: TrainConfig,
    report: Report = silent,
) -> tuple[keras.Model, dict[str, list[dict]]]:
    """Train one model.

    Args:
        name: of `MODELS`.
        spec: for the pixel scaling of the squares.

    Returns:
        The model, and by phase the metrics of each epoch.

    Raises:
        DownloadError: the ImageNet weights cannot be fetched. ModelError: a weights file does not fit.
        Cancelled: ``report`` asked to stop.
    """
    keras.utils.set_random_seed(config.seed)
    model = MODELS[name].build()
    if name == "resnet50":
        load_backbone(model, config.backbone)
    best = _Best(config.keep)
    history = {}
    if config.epochs_head:
        phase = _head_on_cached_features if name == "resnet50" else _whole_without_augmentation
        history[HEAD] = phase(model, train, validation, spec, config, best, report)
    if config.epochs_finetune:
        if name == "resnet50":
            _freeze_all_but_top(model, config.unfreeze)
        history[FINETUNE] = _finetune(model, train, validation, spec, config, best, report)
    best.restore(model)
    model.trainable = True
    return model, history


def backbone_file(choice: str) -> Path | None:
    """The weights file that `TrainConfig.backbone` names, None for Keras' download."""
    if choice == weights.IMAGENET:
        return None
    return pretrained_backbone() if choice == weights.PRETRAINED else Path(choice)


def load_backbone(model: keras.Model, choice: str) -> None:
    """Weights for the ResNet50 backbone by the user's choice; see `TrainConfig.backbone`."""
    path = backbone_file(choice)
    if path is None:
        weights.load_imagenet(model)
        return
    if choice == weights.PRETRAINED and not path.is_file():
        raise ConfigError(f"No pretrained backbone yet: 'python -m brain_core pretrain DATASET' makes {path.name}.")
    weights.load_file(model, path)


def check_backbone(choice: str) -> None:
    """Raises what `load_backbone` would, so that a run of both models fails at its start and not in its middle."""
    load_backbone(MODELS["resnet50"].build(), choice)


class _Best:
    """The weights of the epoch with the lowest validation loss, over both phases."""

    def __init__(self, keep: str):
        self._keep, self._loss, self._weights = keep, np.inf, None

    def offer(self, loss: float, model: keras.Model) -> None:
        if self._keep == "best" and loss < self._loss:
            self._loss, self._weights = loss, model.get_weights()

    def restore(self, model: keras.Model) -> None:
        if self._weights is not None:
            model.set_weights(self._weights)


class _OfferEachEpoch(keras.callbacks.Callback):
    def __init__(self, best: _Best, whole: keras.Model, sync):
        super().__init__()
        self._best, self._whole, self._sync = best, whole, sync

    def on_epoch_end(self, epoch, logs=None):
        self._sync()
        self._best.offer(logs["val_loss"], self._whole)


def _head_on_cached_features(model, train, validation, spec, config, best, report) -> list[dict]:
    """Phase 1 of a model with a frozen backbone: the features of a scan never change, so compute them once."""
    layer = model.get_layer("average")
    backbone = keras.Model(model.inputs[0], layer.output)
    features = [_features(backbone, part, spec, config, report) for part in (train, validation)]
    head = resnet50.build_head()
    head_layers = [inner for inner in head.layers if inner.weights]
    for inner in head_layers:
        inner.set_weights(model.get_layer(inner.name).get_weights())

    def sync() -> None:
        for inner in head_layers:
            model.get_layer(inner.name).set_weights(inner.get_weights())

    data = {
        "x": features[0],
        "y": train.labels[:, None],
        "validation_data": (features[1], validation.labels[:, None]),
        "batch_size": config.batch_size,
    }
    return _fit(
        head,
        HEAD,
        config.epochs_head,
        config.lr_head,
        train,
        data,
        report,
        _OfferEachEpoch(best, model, sync),
    )


def _whole_without_augmentation(model, train, validation, spec, config, best, report) -> list[dict]:
    data = {
        "x": scale(train.squares, spec.scaling),
        "y": train.labels[:, None],
        "validation_data": (scale(validation.squares, spec.scaling), validation.labels[:, None]),
        "batch_size": config.batch_size,
    }
    offer = _OfferEachEpoch(best, model, lambda: None)
    return _fit(model, HEAD, config.epochs_head, config.lr_head, train, data, report, offer)


def _finetune(model, train, validation, spec, config, best, report) -> list[dict]:
    data = {
        "x": _AugmentedBatches(train, spec, config),
        "validation_data": (scale(validation.squares, spec.scaling), validation.labels[:, None]),
        "validation_batch_size": config.batch_size,
    }
    offer = _OfferEachEpoch(best, model, lambda: None)
    return _fit(model, FINETUNE, config.epochs_finetune, config.lr_finetune, train, data, report, offer)


def _fit(model, phase, epochs, lr, train, data, report, offer) -> list[dict]:
    model.compile(keras.optimizers.Adam(lr), "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")])
    balance = compute_class_weight("balanced", classes=np.array([0.0, 1.0]), y=train.labels)
    fitted = model.fit(
        **data,
        epochs=epochs,
        class_weight=dict(enumerate(balance.tolist())),
        verbose=0,
        callbacks=[offer, ReportCallback(phase, report)],
    )
    columns = {name: [round(float(value), 5) for value in values] for name, values in fitted.history.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _features(backbone, part: Pictures, spec, config, report) -> np.ndarray:
    """float32 (N, channels), pooled."""
    batches = range(0, len(part.squares), config.batch_size)
    rows = []
    for start in batches:
        batch = scale(part.squares[start : start + config.batch_size], spec.scaling)
        rows.append(keras.ops.convert_to_numpy(backbone(batch, training=False)))
    return np.concatenate(rows)


def _freeze_all_but_top(model: keras.Model, unfreeze: int) -> None:
    """The backbone's last layers train; BatchNorm stays in inference mode everywhere, head included."""
    backbone = resnet50.backbone_layers(model)
    for layer in backbone[: len(backbone) - unfreeze]:
        layer.trainable = False
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


class _AugmentedBatches(keras.utils.PyDataset):
    """Shuffled, augmented batches, fixed by seed and epoch. A last batch of one joins the one before."""

    def __init__(self, part: Pictures, spec: PreprocessingSpec, config: TrainConfig):
        super().__init__(workers=1)
        self._part, self._spec, self._config, self._epoch = part, spec, config, 0

    def __len__(self) -> int:
        n, size = len(self._part.labels), self._config.batch_size
        return max(1, n // size + (n % size > 1))

    def on_epoch_end(self) -> None:
        self._epoch += 1

    def __getitem__(self, index: int):
        config = self._config
        order = np.random.default_rng((config.seed, self._epoch)).permutation(len(self._part.labels))
        end = None if index == len(self) - 1 else (index + 1) * config.batch_size
        chosen = order[index * config.batch_size : end]
        rng = np.random.default_rng((config.seed, self._epoch, index))
        squares = np.stack([augment(self._part.squares[i], config.augmentation, rng) for i in chosen])
        return scale(squares, self._spec.scaling), self._part.labels[chosen][:, None]
