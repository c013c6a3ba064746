"""OpenVINO on the processor: an export of the very model in service, with probability and Grad-CAM in one graph."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from brain_core.engines import exported
from brain_core.errors import ConfigError
from brain_core.explain.explained import Explained, sign_of
from brain_core.settings.engine import BFLOAT16, FLOAT32

if TYPE_CHECKING:
    import openvino

    from brain_core.registry import ModelCard

INSTALL = ".venv/bin/python -m pip install -e '.[fast]'"
_HINTS = {FLOAT32: "f32", BFLOAT16: "bf16"}
_THREADS = "OMP_NUM_THREADS"  # whoever limits TensorFlow's threads by it means this engine as well


def is_installed() -> bool:
    return find_spec("openvino") is not None


@cache
def _core() -> openvino.Core:
    """One for the process.

    Each sets a signal stack for the thread that makes it and puts back what was there when it goes; of several that may
    be the stack of one that has gone before, and the next signal ends the process.
    """
    import openvino

    return openvino.Core()


class OpenVino:
    """Probability and Grad-CAM of a model in service.

    Args:
        precision: of its numbers, as in `EngineSettings`.

    Raises:
        ConfigError: OpenVINO is not installed.
        ModelError: the model's file is missing or damaged, or cannot be exported.
    """

    def __init__(self, card: ModelCard, precision: str = FLOAT32):
        if not is_installed():
            raise ConfigError(f"BRAIN_ENGINE=openvino: OpenVINO is not installed: {INSTALL}.")
        # Said explicitly: by itself OpenVINO goes to bfloat16 where the processor has it.
        options = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        if os.environ.get(_THREADS, "").isdecimal():
            options["INFERENCE_NUM_THREADS"] = int(os.environ[_THREADS])
        core = _core()
        self._compiled = core.compile_model(core.read_model(exported.model_of(card)), "CPU", options)

    def __call__(self, batch: np.ndarray, target: str = "tumor") -> Explained:
        """Explain ``batch``, float32 (N, height, width, 3) as the model takes it."""
        found = self._compiled([np.asarray(batch, np.float32), np.float32(sign_of(target))], share_inputs=True)
        return Explained.of(*(found[i] for i in range(3)))
