"""Ways to ask a classifier where it looks, all of one scan and one target, by name in `METHODS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Work = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Method:
    """A way to explain.

    Attributes:
        name: as in stored results; ``module.function`` below this package computes it.
        title: as on screen.
        formula: of the map, in LaTeX, before it is scaled to a maximum of 1.
        source: where it comes from.
        passes: forward or backward passes of the network that it takes, about: what it costs.
        at_layer: whether its map has the size of the explained layer; else that of the input.
    """

    name: str
    title: str
    module: str
    formula: str
    source: str
    passes: int
    at_layer: bool

    @property
    def work(self) -> Work:
        """From (split, scan float32 (height, width, 3), sign of the target) to a map float32 (h, w), 0 or more.

        Where it is not ``at_layer``, it also takes ``told``, a `brain_core.explain.progress.Told`.
        """
        return getattr(import_module(f"{__name__}.{self.module}"), self.name)


METHODS = {
    method.name: method
    for method in (
        Method(
            "gradcam",
            "Grad-CAM",
            "layer_maps",
            r"\mathrm{ReLU}\Big(\sum_c \Big(\tfrac{1}{hw}\sum_{ij} g_{ijc}\Big) A_{ijc}\Big)",
            "Selvaraju et al. 2017, arXiv:1610.02391",
            2,
            True,
        ),
        Method(
            "gradcam_plus_plus",
            "Grad-CAM++",
            "layer_maps",
            r"\mathrm{ReLU}\Big(\sum_c \Big(\sum_{ij} \alpha_{ijc}\,\mathrm{ReLU}(g_{ijc})\Big) A_{ijc}\Big),\quad "
            r"\alpha_{ijc} = \frac{g_{ijc}^2}{2 g_{ijc}^2 + g_{ijc}^3 \sum_{ab} A_{abc}}",
            "Chattopadhay et al. 2018, arXiv:1710.11063",
            2,
            True,
        ),
        Method(
            "hirescam",
            "HiResCAM",
            "layer_maps",
            r"\mathrm{ReLU}\Big(\sum_c g_{ijc} A_{ijc}\Big)",
            "Draelos and Carin 2020, arXiv:2011.08891",
            2,
            True,
        ),
        Method(
            "layercam",
            "LayerCAM",
            "layer_maps",
            r"\mathrm{ReLU}\Big(\sum_c \mathrm{ReLU}(g_{ijc})\, A_{ijc}\Big)",
            "Jiang et al. 2021, doi:10.1109/TIP.2021.3089943",
            2,
            True,
        ),
        Method(
            "occlusion",
            "Occlusion sensitivity",
            "occlusion",
            r"\mathrm{ReLU}\big(S(x) - S(x \text{ with a patch covered})\big), \text{ mean over patches on a pixel}",
            "Zeiler and Fergus 2014, arXiv:1311.2901",
            200,
            False,
        ),
        Method(
            "integrated_gradients",
            "Integrated gradients",
            "integrated",
            r"\Big|\sum_k (x_k - x'_k) \int_0^1 \frac{\partial S(x' + t (x - x'))}{\partial x_k}\,dt\Big|",
            "Sundararajan et al. 2017, arXiv:1703.01365",
            64,
            False,
        ),
    )
}
