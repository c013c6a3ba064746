"""The steps of Grad-CAM: of each its picture, its formula, and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st

from brain_core import overlay
from brain_core.palette import LABEL_COLORS
from brain_core.ui import charts, pictures
from brain_core.ui.explain.asked import Asked
from brain_core.ui.explain.tiles import Tile, bars, grey, grid, number, signed, strength

if TYPE_CHECKING:
    from brain_core.explain.steps import Steps

CHANNELS = 12  # shown of all


@dataclass(frozen=True)
class Stage:
    """A step.

    Attributes:
        title: as in a list.
        formula: in LaTeX; empty where there is none.
        sentence: says what happens, of the question asked.
        tile: the step in one small picture, without words.
        more: draws what the step has beside that, None for nothing.
        in_more: whether that shows what the small picture does.
    """

    title: str
    formula: str
    sentence: Callable[[Asked, Steps], str]
    tile: Callable[[Asked, Steps], np.ndarray]
    more: Callable[[Asked, Steps], None] | None = None
    in_more: bool = False


def upsampled(steps: Steps, size: int) -> np.ndarray:
    """The map at the size of the model's input, float32 (size, size), 0..1."""
    return cv2.resize(steps.map, (size, size), interpolation=cv2.INTER_LINEAR)


def _overlay(asked: Asked, steps: Steps) -> np.ndarray:
    """On the scan itself, as the Detect page shows it."""
    placed = overlay.place(steps.map, asked.box, asked.scan.height, asked.scan.width)
    whole = overlay.blend(asked.scan.rgb, placed)
    factor = pictures.SCREEN_SIDE / max(whole.shape[:2])
    return whole if factor >= 1 else cv2.resize(whole, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _channels(asked: Asked, steps: Steps, values: np.ndarray, draw, what: str) -> None:
    tiles = []
    for rank, channel in enumerate(steps.strongest(CHANNELS), 1):
        caption = f"channel {channel}: weight {number(steps.weights[channel])}"
        alt = f"{what} of channel {channel}, number {rank} by what it adds to the map"
        tiles.append(Tile(draw(values[..., channel]), caption, alt))
    st.html(grid(tiles, 120))


def _feature_maps(asked: Asked, steps: Steps) -> None:
    _channels(asked, steps, steps.features, strength, "Feature map")
    st.caption(
        f"The {min(CHANNELS, asked.layer.channels)} of {asked.layer.channels} channels that add most to the map, "
        "hot positions counting more, for the answer or against it; each tile is scaled by itself, bright is strong."
    )


def _gradients(asked: Asked, steps: Steps) -> None:
    limit = float(np.abs(steps.gradient[..., steps.strongest(CHANNELS)]).max())
    _channels(asked, steps, steps.gradient, lambda values: signed(values, limit), "Gradient")
    st.caption(
        f"The same channels, one scale for all: orange raises the score for ‘{asked.word}’, blue lowers it, full "
        f"colour is {limit:.2g}. A mean over all positions hands its gradient to each of them alike, "
        "a maximum to the largest of its window."
    )


def _weights(asked: Asked, steps: Steps) -> None:
    chosen = steps.strongest(CHANNELS)
    values = steps.weights[chosen]
    figure = charts.frame(
        f"Weights of the {len(chosen)} strongest channels of {asked.layer.channels}",
        "channel",
        "weight (change of the logit)",
        height=320,
    )
    colors = [LABEL_COLORS["tumor" if value > 0 else "no tumor"] for value in values]
    figure.add_trace(go.Bar(x=[str(c) for c in chosen], y=values, marker={"color": colors}, name="weight"))
    figure.update_xaxes(type="category")
    up = int((steps.weights > 0).sum())
    largest = np.abs(steps.weights).max()
    told = (
        f"{up} of all {asked.layer.channels} weights are above 0; the largest size is {largest:.2g}. Sorted by what a "
        "channel adds to the map, hot positions counting more."
    )
    charts.show(figure, "explain_weights", told)


def _first_channel(asked: Asked, steps: Steps) -> int:
    return int(steps.strongest(1)[0])


STAGES = (
    Stage(
        "Input",
        "",
        lambda asked, steps: (
            "The scan is cut to the head, filled up to a square and brought to "
            f"{asked.seen.shape[0]} × {asked.seen.shape[1]} pixels. The model sees this and nothing else."
        ),
        lambda asked, steps: grey(asked.seen),
    ),
    Stage(
        "Feature maps",
        r"A_{ijc}",
        lambda asked, steps: (
            f"Layer {asked.layer.layer} answers with {asked.layer.channels} maps of "
            f"{asked.layer.height} × {asked.layer.width} positions. Each channel has learned to react to a pattern."
        ),
        lambda asked, steps: strength(steps.features[..., _first_channel(asked, steps)]),
        _feature_maps,
    ),
    Stage(
        "Gradients",
        r"g_{ijc} = \frac{\partial y}{\partial A_{ijc}}",
        lambda asked, steps: (
            f"From the score y for ‘{asked.word}’ (the logit, before the sigmoid) one goes backwards: "
            "how much would y change if a channel reacted a little more at this position?"
        ),
        lambda asked, steps: signed(steps.gradient[..., _first_channel(asked, steps)]),
        _gradients,
    ),
    Stage(
        "Weights",
        r"\alpha_c = \frac{1}{hw} \sum_{i,j} g_{ijc}",
        lambda asked, steps: (
            "The mean gradient of a channel is its weight: what the whole channel counts for the answer."
        ),
        lambda asked, steps: bars(steps.weights[steps.strongest(CHANNELS)]),
        _weights,
        in_more=True,
    ),
    Stage(
        "Weighted sum",
        r"S_{ij} = \sum_c \alpha_c A_{ijc}",
        lambda asked, steps: (
            f"All {asked.layer.channels} maps together, each times its weight: orange speaks for "
            f"‘{asked.word}’, blue against it. Values: {steps.weighted.min():.2g} to {steps.weighted.max():.2g}."
        ),
        lambda asked, steps: signed(steps.weighted),
    ),
    Stage(
        "ReLU",
        r"M_{ij} = \max(0, S_{ij})",
        lambda asked, steps: (
            "Nothing speaks for this answer, so nothing is left: the map is flat, and it is reported as flat."
            if steps.flat
            else f"What speaks against is dropped; {(steps.positive > 0).mean():.0%} of the positions are left. Ask "
            "the other answer to see the rest."
        ),
        lambda asked, steps: strength(steps.positive),
    ),
    Stage(
        "Upsampling",
        r"M \in \mathbb{R}^{h \times w} \to [0, 1]^{H \times W}",
        lambda asked, steps: (
            f"The {asked.layer.height} × {asked.layer.width} map is divided by its maximum and drawn "
            f"smoothly at {asked.seen.shape[0]} × {asked.seen.shape[1]}. The smoothness is the drawing's: one position "
            f"of the map stands for {asked.seen.shape[0] / asked.layer.height:.0f} pixels a side, and it has seen more "
            "than those."
        ),
        lambda asked, steps: strength(upsampled(steps, asked.seen.shape[0])),
    ),
    Stage(
        "Overlay",
        "",
        lambda asked, steps: (
            "The map in colour over the scan, laid back to where the square was cut out. It shows what "
            f"raised the score for ‘{asked.word}’, not where a tumour ends, and not why."
        ),
        _overlay,
    ),
)
