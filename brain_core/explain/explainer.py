"""A model taken apart for teaching: any of its layers, any method, the sanity check."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from brain_core.explain.compared import Compared, compare
from brain_core.explain.explained import sign_of
from brain_core.explain.layers import FeatureMap, feature_maps
from brain_core.explain.methods import METHODS
from brain_core.explain.methods.layer_maps import look
from brain_core.explain.perturbation import Answer
from brain_core.explain.progress import Told, nobody
from brain_core.explain.randomisation import Shuffled, cascade, layers_with_kernel
from brain_core.explain.split import Split
from brain_core.explain.steps import Steps


class Explainer:
    """Safe to share between threads: one computes at a time, so that memory stays bounded; they take turns.

    Args:
        model: a functional binary classifier without others in it; left as it is.
        own: name of the layer that is explained in service.

    Attributes:
        feature_maps: what can be explained, the finest first.
        kernels: number of layers with weights that `shuffled` can shuffle.
    """

    def __init__(self, model: keras.Model, own: str):
        self.feature_maps: tuple[FeatureMap, ...] = feature_maps(model, own)
        self.kernels = len(layers_with_kernel(model))
        self._model, self._splits = model, {}
        self._splitting, self._turn = threading.Lock(), threading.Lock()

    def steps(self, scan: np.ndarray, layer: str, target: str = "tumor") -> Steps:
        """Grad-CAM of a scan, float32 (height, width, 3) as the model takes it."""
        split = self._split(layer)
        with self._turn:
            return Steps.of(look(split, scan, sign_of(target)))

    def compare(
        self, method: str, scan: np.ndarray, layer: str, answer: Answer, target: str = "tumor", told: Told = nobody
    ) -> Compared:
        """One of `METHODS`; ``answer`` gives probabilities of the target."""
        split = self._split(layer)
        with self._turns(told) as pause:
            return compare(method, split, scan, sign_of(target), answer, pause)

    def shuffled(
        self, method: str, scan: np.ndarray, layer: str, target: str = "tumor", *, layers: int = 8, seed: int = 0
    ) -> Iterator[Shuffled]:
        """The map of a copy whose weights are shuffled layer by layer; see `cascade`."""
        splits: dict[int, Split] = {}

        def explain(copy: keras.Model) -> np.ndarray:
            if id(copy) not in splits:
                splits[id(copy)] = Split.of(copy, layer)
            with self._turn:
                return METHODS[method].work(splits[id(copy)], scan, sign_of(target))

        return cascade(self._model, explain, layers=layers, seed=seed)

    @contextmanager
    def _turns(self, told: Told) -> Iterator[Told]:
        """This thread's turn; at each sign of its progress another may have one."""

        def pause(share: float) -> None:
            self._turn.release()
            try:
                told(share)
            finally:
                self._turn.acquire()

        with self._turn:
            yield pause

    def _split(self, layer: str) -> Split:
        with self._splitting:
            if layer not in self._splits:
                self._splits[layer] = Split.of(self._model, layer)
            return self._splits[layer]
