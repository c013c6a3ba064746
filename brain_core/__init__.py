"""BRAIN: brain MRI scans in, two models' tumour probabilities and Grad-CAM overlays out.

Importing this package is light; TensorFlow loads when a model is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain_core.public import (
        generate_gradcam_heatmap,
        load_and_preprocess_image,
        predict_batch,
        preprocess_image,
    )

__version__ = "0.1.0"
__all__ = ["generate_gradcam_heatmap", "load_and_preprocess_image", "predict_batch", "preprocess_image"]


def __getattr__(name: str):
    if name in __all__:
        return getattr(import_module("brain_core.public"), name)
    raise AttributeError(f"module 'brain_core' has no attribute {name!r}")
