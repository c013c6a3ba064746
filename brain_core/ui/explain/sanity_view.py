"""Does the map depend on what was learned? Weights shuffled layer by layer, the map after each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from brain_core import overlay
from brain_core.explain.methods import METHODS
from brain_core.palette import BLUE
from brain_core.ui import charts
from brain_core.ui.explain import kept, work
from brain_core.ui.explain.asked import Asked
from brain_core.ui.explain.tiles import Tile, grey, grid

if TYPE_CHECKING:
    from brain_core.explain.randomisation import Shuffled

LAYERS = 8  # shuffled steps at most
ALL = "With all convolutions and dense layers shuffled"  # normalisation keeps what it learned
OFFERED = [name for name, method in METHODS.items() if method.at_layer]


def show(asked: Asked) -> None:
    """The maps in a row, and how like the first one they are."""
    method = st.selectbox(
        "Method", OFFERED, format_func=lambda name: METHODS[name].title, key="explain_sanity_method", width=260
    )
    found = kept.of("sanity", (*asked.key, method))
    if work.button(("sanity", *asked.key, method), "Shuffle the weights", "explain_shuffle", disabled=bool(found)):
        work.do([("Shuffling from the output down", _step(asked, method, found))])
    maps: tuple[Shuffled, ...] = found.get("maps", ())
    if not maps:
        st.caption(
            "A copy of the model forgets what it learned: its weights are shuffled, layer by layer from the output "
            "down, and the map is drawn after each. A map that stays the same shows the picture, not the model "
            "(Adebayo et al. 2018, arXiv:1810.03292)."
        )
        return
    st.html(grid([_tile(number, each, asked) for number, each in enumerate(maps)]))
    if maps[0].similarity is None:
        st.caption("The map of the model as it is is flat: there is nothing to compare. Ask for the other answer.")
    else:
        _chart(maps, method)


def _step(asked: Asked, method: str, found: dict) -> Callable:
    def step(told) -> None:
        total = 1 + min(LAYERS, asked.explainer.kernels)
        maps = []
        for each in asked.explainer.shuffled(method, asked.pixels, asked.layer.layer, asked.target, layers=LAYERS):
            maps.append(each)
            told(len(maps) / total)
        found["maps"] = tuple(maps)

    return step


def _tile(number: int, each: Shuffled, asked: Asked) -> Tile:
    size = asked.seen.shape[0]
    peak = float(each.heatmap.max())
    scaled = each.heatmap / peak if peak > 0 else np.zeros_like(each.heatmap)
    picture = overlay.blend(
        grey(asked.seen) // 2, overlay.place(scaled, overlay.Box(0, 0, size, size), size, size), 0.9
    )
    words = f"down to {each.layer}" if each.layer else "the model as it is"
    like = "flat" if not peak > 0 else "" if each.similarity is None else f"similarity {each.similarity:.2f}"
    words += f": {like}" if like else ""
    return Tile(picture, f"{number}. {words}", f"The map, {words}")


def _chart(maps: tuple[Shuffled, ...], method: str) -> None:
    figure = charts.frame(
        f"{METHODS[method].title}: likeness to the map of the model as it is",
        "shuffled down to this layer",
        "Spearman's rank correlation",
        height=340,
    )
    names = [each.layer or "none" for each in maps]
    figure.add_trace(
        go.Scatter(
            x=names, y=[e.similarity for e in maps], mode="lines+markers", line={"color": BLUE}, name="similarity"
        )
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[-1, 1.05])
    charts.show(figure, "explain_sanity", _told(maps))


def _told(maps: tuple[Shuffled, ...]) -> str:
    last = maps[-1]
    if last.similarity is None:
        return f"{ALL} the map is flat: it depends on what was learned. A flat map has no correlation."
    verdict = "it depends on what was learned" if last.similarity < 0.5 else "it would look much like this untrained"
    return f"{ALL} the correlation is {last.similarity:.2f}: {verdict}. One scan, one shuffle."
