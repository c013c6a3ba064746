"""Two-phase training: the head on frozen features, then fine-tuning with augmentation."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from brain_core.models import MODELS, custom_cnn, resnet50, weights
from brain_core.preprocessing import BATCH, PreprocessingSpec, scale
from brain_core.training import batch_statistics
from brain_core.training.backbones import load_backbone, start_file, whole_model
from brain_core.training.batches import AugmentedBatches, Batches, Memory, Pictures, Variants
from brain_core.training.callbacks import ReportCallback
from brain_core.training.checkpoint import Checkpoint
from brain_core.training.config import AVERAGE, COSINE, TrainConfig
from brain_core.training.course import Best, Course
from brain_core.training.extra import Extra
from brain_core.training.progress import Report, silent
from brain_core.training.schedules import cosine

HEAD, FINETUNE = "phase 1", "phase 2"
_NETWORKS = {"resnet50": resnet50, "custom_cnn": custom_cnn}  # by Keras' name of the model
POOLED = "average"  # layer: what a frozen backbone says of a scan
LEAST_DEVIATION = 1e-3  # added to a feature's standard deviation: a feature that never changes stays small
AVERAGE_MOMENTUM = 0.98  # of the running mean of weights: it spans the last 50 steps


def train_two_phase(
    name: str,
    train: Pictures,
    validation: Pictures,
    spec: PreprocessingSpec,
    config: TrainConfig,
    report: Report = silent,
    extra: Extra | None = None,
    checkpoint: Checkpoint | None = None,
) -> tuple[keras.Model, dict[str, list[dict]]]:
    """Train one model.

    Args:
        name: of `MODELS`.
        spec: for the pixel scaling of the squares.
        extra: further scans to learn from.
        checkpoint: written after each epoch; where it holds one, training goes on from there.

    Returns:
        The model, and by phase the metrics of each epoch.

    Raises:
        DownloadError: the ImageNet weights cannot be fetched. ModelError: a weights file does not fit.
        DatasetError: the checkpoint is of other data or settings. Cancelled: ``report`` asked to stop.
    """
    keras.utils.set_random_seed(config.seed)
    trainer = Trainer(initial_model(name, config), spec, config, Memory() if config.variants else None)
    return trainer.model, trainer.fit(train, validation, report, extra, checkpoint)


def initial_model(name: str, config: TrainConfig) -> keras.Model:
    """The untrained model with the weights that ``config`` lets it start from."""
    model = MODELS[name].build()
    if config.start:
        weights.load_whole(model, whole_model(name, config.start))
    elif name == "resnet50":
        load_backbone(model, config.backbone)
    elif config.init:
        weights.load_file(model, start_file(config.init), complete=False)
    return model


class Trainer:
    """Trains a model in place. The frozen part is run as rarely as possible and never trained.

    Args:
        model: as `initial_model` gives it; the backbone is known by the model's name, other models are trained whole.
        memory: keeps what the frozen part made of a scan, for further calls on other parts of the same data set.
    """

    def __init__(self, model: keras.Model, spec: PreprocessingSpec, config: TrainConfig, memory: Memory | None = None):
        self.model, self._spec, self._config, self._memory = model, spec, config, memory
        self._network = _NETWORKS.get(model.name)
        self._cut = self._network.cut_below(model, config.unfreeze) if self._network else None
        self._runners: dict[str, Callable] = {}  # compiled once
        self._variants = Variants(spec.scaling, config, self._cut and self._runner(self._cut), memory, self._cut)
        self._start = model.get_weights()

    @property
    def trained(self) -> str:
        """In words, what `fit` changes."""
        if self._cut is None:
            return "all layers"
        tuned = self._config.unfreeze if self._config.epochs_finetune else 0
        return f"head and top {tuned} layers" if tuned else "head"

    def reset(self, number: int = 0) -> None:
        """Back to the weights that the model came with; ``number`` fixes what dropout will draw."""
        self.model.set_weights(self._start)
        for position, layer in enumerate(self.model.layers):
            if generator := getattr(layer, "seed_generator", None):
                seed = np.random.SeedSequence((self._config.seed, number, position)).generate_state(1, np.uint32)
                generator.state.assign(np.array([seed[0], 0], np.uint32))

    def fit(
        self,
        train: Pictures,
        validation: Pictures,
        report: Report = silent,
        extra: Extra | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> dict[str, list[dict]]:
        """Both phases, with ``extra`` scans beside those of ``train``; returns by phase the metrics of each epoch."""
        config = self._config
        best = Best(config.keep, self.model)
        course = Course(best, report, checkpoint)
        self.model.trainable = True
        if config.epochs_head and not course.is_past(HEAD):
            self._head(train, validation, course, extra)
        if config.epochs_finetune:
            self._finetune(train, validation, course, extra)
        best.restore()
        self.model.trainable = True
        if config.measure_statistics and self._cut is None:
            drawn = [extra.pictures.take(extra.draw(config.seed, 0))] if extra else []
            batch_statistics.measure(self.model, np.concatenate([self._seen(p, None) for p in (train, *drawn)]))
        return course.history

    def predict(self, part: Pictures) -> np.ndarray:
        """float64 (N,): the probability of a tumour for the scans as they are."""
        top = self.model if self._cut is None else _from_layer(self.model, self._cut)
        seen = self._seen(part, self._cut)
        batches = [seen[i : i + BATCH] for i in range(0, len(seen), BATCH)]
        found = [keras.ops.convert_to_numpy(top(batch, training=False))[:, 0] for batch in batches]
        return np.concatenate(found).astype(float)

    def _head(self, train: Pictures, validation: Pictures, course: Course, extra: Extra | None) -> None:
        """Phase 1. The features of a scan never change through a frozen backbone, so they are computed once."""
        layer = POOLED if self._cut else None
        trained = _from_layer(self.model, layer) if layer else self.model
        shown, tested = self._seen(train, layer), self._seen(validation, layer)
        further = self._seen(extra.pictures, layer) if extra else shown[:0]
        standardise = self._config.standardise and layer is not None
        if standardise:
            drawn = further[extra.draw(self._config.seed, 0)] if extra else further
            mean, deviation = _moments(np.concatenate([shown, drawn]))
            shown, further, tested = ((values - mean) / deviation for values in (shown, further, tested))
            if self._config.start:
                self._take_over(-mean / deviation, 1 / deviation)  # weights that know the features as they are
        everything = np.concatenate([shown, further])
        batches = Batches(train, lambda chosen, epoch: everything[chosen], self._config, extra)
        self._fit(trained, HEAD, batches, tested, validation, course)
        if standardise:
            course.best.rewrite(lambda: self._take_over(mean, deviation))

    def _take_over(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        """Layers that were trained on standardised features say of the features themselves what they said of those."""
        for name in self._network.AFTER_POOLING:
            kernel, bias = self.model.get_layer(name).get_weights()
            kernel = kernel / deviation[:, None]
            self.model.get_layer(name).set_weights([kernel, bias - mean @ kernel])

    def _finetune(self, train: Pictures, validation: Pictures, course: Course, extra: Extra | None) -> None:
        """Phase 2. What stays frozen is a fixed function of a variant; only what lies above it is trained."""
        trained = self.model
        if self._cut:
            _freeze_all_but_top(self.model, self._network.backbone_layers(self.model), self._config.unfreeze)
            trained = _from_layer(self.model, self._cut)
        batches = AugmentedBatches(train, self._variants, self._config, extra)
        self._fit(trained, FINETUNE, batches, self._seen(validation, self._cut), validation, course)

    def _seen(self, part: Pictures, layer: str | None) -> np.ndarray:
        """float32 (N, ...): the scans without augmentation as a frozen layer's output, or scaled pixels (None)."""
        if layer is None:
            return scale(part.squares, self._spec.scaling)
        run = self._runner(layer)

        def compute(which: np.ndarray) -> np.ndarray:
            batches = [part.squares[which[i : i + BATCH]] for i in range(0, len(which), BATCH)]
            return np.concatenate([run(scale(batch, self._spec.scaling)) for batch in batches])

        return (
            self._memory.rows((layer, part.version), part.ids, compute)
            if self._memory
            else compute(np.arange(len(part.ids)))
        )

    def _runner(self, layer: str) -> Callable[[np.ndarray], np.ndarray]:
        if layer not in self._runners:
            self._runners[layer] = _compiled(self.model, layer)
        return self._runners[layer]

    def _fit(
        self,
        trained: keras.Model,
        phase: str,
        batches: Batches,
        tested: np.ndarray,
        validation: Pictures,
        course: Course,
    ) -> None:
        """The classes of what an epoch shows weigh alike."""
        config = self._config
        head = phase == HEAD
        averaging = {} if head or config.keep != AVERAGE else {"use_ema": True, "ema_momentum": AVERAGE_MOMENTUM}
        rate, epochs = (config.lr_head, config.epochs_head) if head else (config.lr_finetune, config.epochs_finetune)
        if config.schedule == COSINE:
            rate = cosine(rate, epochs * len(batches))
        optimizer = keras.optimizers.Adam(rate, **averaging)
        trained.compile(optimizer, "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")])
        balance = compute_class_weight("balanced", classes=np.array([0.0, 1.0]), y=batches.labels)
        done = course.begin(phase, trained)
        batches.begin(done)
        trained.fit(
            batches,
            validation_data=(tested, validation.labels[:, None]),
            validation_batch_size=config.batch_size,
            initial_epoch=done,
            epochs=epochs,
            shuffle=False,  # `Batches` do, in an order that seed and epoch fix
            class_weight=dict(enumerate(balance.tolist())),
            verbose=0,
            callbacks=[course.best, course, ReportCallback(phase, course.report)],
        )


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of (N, D), (D,) each."""
    return features.mean(axis=0), features.std(axis=0) + LEAST_DEVIATION


def _from_layer(model: keras.Model, layer: str) -> keras.Model:
    """The part of the model above a layer, made of the model's own layers: training it trains the model."""
    return keras.Model(model.get_layer(layer).output, model.output)


def _compiled(model: keras.Model, layer: str) -> Callable[[np.ndarray], np.ndarray]:
    """The part of the model up to a layer as a compiled function of float32 arrays."""
    below = keras.Model(model.inputs[0], model.get_layer(layer).output)

    def run(batch: np.ndarray) -> np.ndarray:
        filled = np.zeros((max(BATCH, len(batch)), *batch.shape[1:]), np.float32)  # another size is compiled anew
        filled[: len(batch)] = batch
        return below.predict_on_batch(filled)[: len(batch)]

    return run


def _freeze_all_but_top(model: keras.Model, backbone: list[keras.layers.Layer], unfreeze: int) -> None:
    """The backbone's last layers train; BatchNorm stays in inference mode everywhere, head included."""
    for layer in backbone[: len(backbone) - unfreeze]:
        layer.trainable = False
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
