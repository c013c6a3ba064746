"""The network that pretraining trains: a backbone, a head for each objective, their losses and the optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from brain_core.models import MODELS, resnet50, weights
from brain_core.preprocessing import IMAGENET_MEAN_BGR
from brain_core.training.pretraining.config import CLASSES, DISTILLATION, KIND, LESION, PretrainConfig
from brain_core.training.schedules import cosine

# DenseNet's pixel input ("torch" mode of Keras): RGB/255, ImageNet mean and standard deviation.
_TEACHER_MEAN, _TEACHER_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# XLA nearly halves this one's step on two cores; it doubles ResNet50's in bfloat16 and quadruples the custom CNN's.
XLA = (("resnet50", "float32"),)


@dataclass(frozen=True)
class Student:
    """What is trained.

    Attributes:
        backbone: from the scan to its last feature map; its weights are the result.
        network: the backbone with a head for each objective.
        given: names of the layers that came with weights.
    """

    backbone: keras.Model
    network: keras.Model
    given: frozenset[str]


def build(
    config: PretrainConfig, init: Path | None, teacher: Path | None, outputs: tuple[str, ...], kinds: int
) -> Student:
    """The network for the objectives ``outputs``.

    Raises:
        ModelError: a weights file does not fit.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        backbone = MODELS[config.model].build_backbone(config.size)
        given = _initialise(backbone, init, config.early_lr > 0)
        cells = _cells(backbone.output, config.size)
        heads = {}
        if DISTILLATION in outputs:
            heads[DISTILLATION] = _distillation_error(config, backbone.inputs[0], cells, teacher)
        pooled = layers.GlobalAveragePooling2D()(cells)
        for name in (KIND, CLASSES):
            if name in outputs:
                heads[name] = layers.Dense(kinds, activation="softmax", dtype="float32", name=name)(pooled)
        if LESION in outputs:
            share = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="lesion_cells")(cells)
            heads[LESION] = layers.Flatten(name=LESION, dtype="float32")(share)
        return Student(backbone, keras.Model(backbone.inputs[0], heads), frozenset(given))
    finally:
        keras.config.set_dtype_policy(before)


def _cells(features, size: int):
    """A feature map of finer stride, averaged to the cells in which all objectives are asked."""
    factor = features.shape[1] * resnet50.STRIDE // size
    return features if factor == 1 else layers.AveragePooling2D(factor)(features)


def _initialise(backbone: keras.Model, init: Path | None, adapt: bool) -> set[str]:
    """Loads what the file holds and adapts it or not; BatchNorm that came with weights keeps its statistics."""
    if init is None:
        return set()
    missing = set(weights.load_file(backbone, init, complete=False))
    given = [layer for layer in backbone.layers if layer.weights and layer.name not in missing]
    for layer in given:
        if not adapt or isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    return {layer.name for layer in given}


def _distillation_error(config: PretrainConfig, scan, features, path: Path):
    """(N, 1): mean squared error of a linear map of the features against the teacher's standardised ones."""
    scaling = MODELS[config.model].preprocessing.scaling
    grey = scan * 255.0 if scaling == "unit" else scan + np.asarray(IMAGENET_MEAN_BGR, np.float32)
    wanted = _teacher(path, grey)
    wanted = layers.BatchNormalization(center=False, scale=False, name="standardise")(wanted)
    given = layers.Conv2D(wanted.shape[-1], 1, name="to_teacher")(features)
    difference = ops.cast(wanted, "float32") - ops.cast(given, "float32")
    error = ops.mean(ops.square(difference), axis=(1, 2, 3))
    return layers.Reshape((1,), dtype="float32", name=DISTILLATION)(error)


def _teacher(path: Path, grey):
    """The last feature map of the teacher, DenseNet169 or our ResNet50, for grey 0..255 in three alike channels."""
    if weights.holds_layer(path, resnet50.LAST_CONVOLUTION):
        network = resnet50.build_backbone(None)
        weights.load_file(network, path)
        pixels = grey - np.asarray(IMAGENET_MEAN_BGR, np.float32)
    else:
        network = keras.applications.DenseNet169(include_top=False, weights=None, input_shape=(None, None, 3))
        weights.load_npz_by_name(network, path)
        mean, std = np.asarray(_TEACHER_MEAN, np.float32), np.asarray(_TEACHER_STD, np.float32)
        pixels = (grey * np.float32(1 / 255) - mean) / std
    network.trainable = False
    return network(pixels, training=False)


def compile_network(model: keras.Model, outputs: tuple[str, ...], config: PretrainConfig, optimizer) -> None:
    categorical = "sparse_categorical_crossentropy"
    losses = {DISTILLATION: _mean_of_output, KIND: categorical, LESION: "binary_crossentropy", CLASSES: categorical}
    weight = {DISTILLATION: 1.0, KIND: config.kind_weight, LESION: config.lesion_weight, CLASSES: 1.0}
    measured = {KIND: ["accuracy"], LESION: [keras.metrics.AUC(name="auc")], CLASSES: ["accuracy"]}
    model.compile(
        optimizer=optimizer,
        loss={name: losses[name] for name in outputs},
        loss_weights={name: weight[name] for name in outputs},
        weighted_metrics={name: measured[name] for name in outputs if name in measured},
        jit_compile=(config.model, config.precision) in XLA,
    )


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


def _mean_of_output(_, output):
    return ops.mean(output, axis=-1)


def optimizer_for(config: PretrainConfig, given: frozenset[str], steps: int) -> keras.optimizers.Optimizer:
    stages = {resnet50.stage_of(name) for name in given}
    early = [stage for stage in reversed(resnet50.STAGES) if stage in stages]
    factors = {stage: config.early_lr / 2**i for i, stage in enumerate(early)}
    return StagewiseAdamW(
        factors, learning_rate=cosine(config.lr, steps * config.epochs), weight_decay=1e-4, clipnorm=1.0
    )
