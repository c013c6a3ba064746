"""The registry of network architectures: `MODELS` by name. Keras is imported when one is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from brain_core.preprocessing import PreprocessingSpec

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Architecture:
    """A kind of model.

    Attributes:
        name: as on the command line and in stored results.
        title: as on screen.
        file_name: of the model in service.
        gradcam_layer: the last convolutional feature map.
        preprocessing: default input of a newly trained model; a trained one carries its own.
    """

    name: str
    title: str
    file_name: str
    gradcam_layer: str
    preprocessing: PreprocessingSpec

    @property
    def build(self) -> Callable[[], keras.Model]:
        return import_module(f"brain_core.models.{self.name}").build

    @property
    def build_backbone(self) -> Callable[[int], keras.Model]:
        """Of an input's side to the model up to its last feature map, with random weights."""
        return import_module(f"brain_core.models.{self.name}").build_backbone


MODELS = {
    model.name: model
    for model in (
        Architecture("custom_cnn", "Custom CNN", "custom_cnn_fixed.keras", "conv3", PreprocessingSpec("unit")),
        Architecture("resnet50", "ResNet50", "resnet50_transfer.keras", "conv5_block3_out", PreprocessingSpec("caffe")),
    )
}
