"""What is explained: which scan, to which model, at which layer, for which answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from brain_core.errors import ModelError
from brain_core.preprocessing import Box, input_box, places, prepare, square
from brain_core.scans import Scan
from brain_core.ui import notice, teaching, theme
from brain_core.ui.models import Loading, keep_kernels
from brain_core.ui.teaching import Chosen

if TYPE_CHECKING:
    from brain_core.explain.explainer import Explainer
    from brain_core.explain.layers import FeatureMap
    from brain_core.explain.steps import Steps

TARGETS = ("tumor", "no tumor")
START = 1  # number of the sample that is open at first: one with a lesion
KEPT = 8  # of what is worked out, over all sessions: a few megabytes each


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, and what answers it.

    Attributes:
        scan: as read.
        name: of the scan, to be escaped.
        seen: uint8 (size, size), the square that the model gets, in grey levels.
        pixels: float32 (size, size, 3), as it gets them.
        box: that square in the scan's pixels.
        layer: whose feature maps are looked at.
    """

    scan: Scan
    name: str
    model: Loading
    explainer: Explainer
    seen: np.ndarray
    pixels: np.ndarray
    box: Box
    layer: FeatureMap
    target: str

    @property
    def key(self) -> tuple[str, ...]:
        """What results are filed under."""
        return (self.scan.sha256, *self.model.id, self.layer.layer, self.target)

    @property
    def word(self) -> str:
        """The target, to stand in quotation marks."""
        return theme.LABEL_WORDS[self.target].lower()

    def answer(self, batch: np.ndarray) -> np.ndarray:
        """Probabilities of the target of scans as the model takes them, float32 (N,)."""
        of_tumour = self.model.detector.explain(batch).probability
        return of_tumour if self.target == TARGETS[0] else 1 - of_tumour

    def steps(self) -> Steps:
        """Grad-CAM, worked out once for all sessions."""
        return _steps(self.key, self.explainer, self.pixels, self.layer.layer, self.target)


def show() -> Asked | None:
    """The inputs; None until there is a scan."""
    ready = teaching.models_ready()
    columns = st.columns([5, 4, 6, 5], gap="medium")
    with columns[0]:
        chosen = teaching.choose("explain", start=START)
    by_name = {model.name: model for model in ready}
    with columns[1]:
        model = by_name[
            st.selectbox("Model", list(by_name), format_func=lambda n: by_name[n].title, key="explain_model")
        ]
        explainer = _explainer_or_stop(model)
    with columns[2]:
        layer = _layer(model, explainer)
    with columns[3]:
        target = st.segmented_control(
            "What speaks for",
            TARGETS,
            default=TARGETS[0],
            format_func=theme.LABEL_WORDS.get,
            key="explain_target",
            required=True,
            help="A class activation map answers one question: which regions raise this answer's score?",
        )
    return _question(chosen, model, explainer, layer, target) if chosen else None


def _question(chosen: Chosen, model: Loading, explainer: Explainer, layer: FeatureMap, target: str) -> Asked:
    spec, found = model.card.preprocessing, places(chosen.scan)
    return Asked(
        scan=chosen.scan,
        name=chosen.name,
        model=model,
        explainer=explainer,
        seen=square(chosen.scan.grey, spec, found),
        pixels=prepare(chosen.scan, spec),
        box=input_box(chosen.scan.grey, spec, found),
        layer=layer,
        target=target,
    )


def _layer(model: Loading, explainer: Explainer) -> FeatureMap:
    offered = explainer.feature_maps
    own = next(i for i, each in enumerate(offered) if each.layer == model.card.gradcam_layer)
    place = st.selectbox(
        "Layer",
        range(len(offered)),
        index=own,
        format_func=lambda i: _words(offered[i], own=i == own),
        key=f"explain_layer_{model.name}_{model.card.sha256[:8]}",
        help="Early layers are fine and see edges; late layers are coarse and see what the decision is made of.",
    )
    return offered[place]


def _words(layer: FeatureMap, *, own: bool) -> str:
    return f"{layer.height} × {layer.width}: {layer.layer}{', in service' if own else ''}"


def _explainer_or_stop(model: Loading) -> Explainer:
    try:
        return _explainer(model.id, model)
    except ModelError as error:
        notice.show("error", str(error), title=f"{model.title} cannot be taken apart. ")
        st.stop()


@st.cache_resource(show_spinner="Taking the network apart …", max_entries=4)
def _explainer(id: tuple[str, str, str], _model: Loading) -> Explainer:
    from brain_core.explain.explainer import Explainer  # TensorFlow

    explainer = Explainer(_model.card.load(), _model.card.gradcam_layer)
    keep_kernels()
    return explainer


@st.cache_resource(show_spinner="One pass forward, one back …", max_entries=KEPT)
def _steps(key: tuple[str, ...], _explainer: Explainer, _pixels: np.ndarray, layer: str, target: str) -> Steps:
    return _explainer.steps(_pixels, layer, target)
