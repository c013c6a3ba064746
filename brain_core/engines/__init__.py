"""What computes probability and Grad-CAM of a model in service: TensorFlow, or a faster engine, answers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from brain_core.settings.engine import OPENVINO, EngineSettings

if TYPE_CHECKING:
    import numpy as np

    from brain_core.explain.explained import Explained
    from brain_core.registry import ModelCard


class Engine(Protocol):
    """Not for several threads at once."""

    def __call__(self, batch: np.ndarray, target: str = "tumor") -> Explained:
        """Explain ``batch``, float32 (N, height, width, 3) as the model takes it."""


def load_library(card: ModelCard, chosen: EngineSettings) -> None:
    """Import what `start` will compute with: seconds, where it needs TensorFlow."""
    if chosen.name == OPENVINO:
        from brain_core.engines import exported, openvino

        if not openvino.is_installed() or exported.is_there(card):
            return
    from brain_core.explain import gradcam  # noqa: F401


def start(card: ModelCard, chosen: EngineSettings) -> Engine:
    """The model, loaded.

    Raises:
        ModelError: its file is missing or damaged, or the engine cannot take it.
        ConfigError: the engine is not installed.
    """
    if chosen.name == OPENVINO:
        from brain_core.engines import openvino  # here, so that each engine is loaded only where it is used

        return openvino.OpenVino(card, chosen.precision)
    from brain_core.explain.gradcam import GradCam

    return GradCam(card.load(), card.gradcam_layer)
