"""Six ways to ask the same question, with what each costs and how faithful it is."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from brain_core import overlay
from brain_core.explain.compared import Compared
from brain_core.explain.methods import METHODS
from brain_core.explain.perturbation import Curve
from brain_core.palette import BLUE, BLUISH_GREEN, NEUTRAL, ORANGE, REDDISH_PURPLE, VERMILION
from brain_core.ui import charts
from brain_core.ui.explain import kept, work
from brain_core.ui.explain.asked import Asked
from brain_core.ui.explain.tiles import Tile, grey, grid

LINES = dict(
    zip(
        METHODS,
        (
            (BLUE, "solid"),
            (VERMILION, "dash"),
            (BLUISH_GREEN, "dot"),
            (REDDISH_PURPLE, "dashdot"),
            (ORANGE, "longdash"),
            (NEUTRAL, "longdashdot"),
        ),
        strict=True,
    )
)
SHARE = 0.8  # of the whole scan's probability: with so much left by the blur there is little to lose or to bring back
CURVES = {
    "deletion": ("Deletion: the hottest pixels are blurred away first", "a faithful map makes the answer fall early"),
    "insertion": ("Insertion: the hottest pixels are put back first", "a faithful map makes the answer rise early"),
}


def show(asked: Asked) -> None:
    """Maps, curves, table."""
    found = kept.of("methods", asked.key)
    chosen = st.multiselect(
        "Methods", list(METHODS), default=list(METHODS), format_func=lambda n: METHODS[n].title, key="explain_methods"
    )
    missing = [name for name in chosen if name not in found]
    what = ("methods", *asked.key)
    if work.button(what, "Compare", "explain_compare", disabled=not missing):
        work.do([(METHODS[name].title, _step(asked, name, found)) for name in missing])
    ready = [found[name] for name in chosen if name in found]
    if not ready:
        st.caption(
            "Compare asks each method where the model looks. Occlusion and integrated gradients take some hundred "
            "passes of the network: seconds for the small model, up to a minute for the large one."
        )
        return
    st.html(grid([_tile(each, asked) for each in ready], 190))
    st.caption(f"What speaks for ‘{asked.word}’, on what the model saw. Each map is scaled to its own maximum.")
    if drawn := [each for each in ready if not each.flat]:
        for column, kind in zip(st.columns(2, gap="medium"), CURVES, strict=True):
            with column:
                _curves(kind, drawn, asked)
    _table(ready)
    _about(ready)


def _step(asked: Asked, name: str, found: dict) -> Callable:
    def step(told) -> None:
        found[name] = asked.explainer.compare(
            name, asked.pixels, asked.layer.layer, asked.answer, asked.target, told=told
        )

    return step


def _tile(each: Compared, asked: Asked) -> Tile:
    size = asked.seen.shape[0]
    whole = overlay.Box(0, 0, size, size)
    picture = overlay.blend(grey(asked.seen) // 2, overlay.place(each.heatmap, whole, size, size), 0.9)
    caption = f"{each.method.title}, {each.seconds:.2g} s" + (": flat" if each.flat else "")
    return Tile(picture, caption, f"{each.method.title} for {asked.word}, over the model's input")


def _curves(kind: str, ready: list[Compared], asked: Asked) -> None:
    title, good = CURVES[kind]
    figure = charts.frame(title, "share of pixels", f"probability of ‘{asked.word}’", height=360)
    for each in ready:
        curve: Curve = getattr(each, kind)
        color, dash = LINES[each.method.name]
        line = {"color": color, "dash": dash}
        figure.add_trace(
            go.Scatter(x=curve.shares, y=curve.probabilities, name=each.method.title, mode="lines", line=line)
        )
    figure.update_xaxes(range=[0, 1], tickformat=".0%")
    figure.update_yaxes(range=[0, 1])
    figure.update_layout(margin={"b": 110})
    areas = ", ".join(f"{each.method.title} {getattr(each, kind).area:.2f}" for each in ready)
    told = f"One scan; {good}. Area under the curve: {areas}."
    blurred, whole = ready[0].insertion.probabilities[[0, -1]]
    if blurred >= SHARE * whole:
        told += f" The blurred scan alone has {blurred:.2f} already: here the curves say little of any map."
    charts.show(figure, f"explain_{kind}", told)


def _table(ready: list[Compared]) -> None:
    rows = [
        {
            "Method": each.method.title,
            "Seconds": each.seconds,
            "Deletion (small is good)": each.deletion.area if each.deletion else None,
            "Insertion (large is good)": each.insertion.area if each.insertion else None,
            "Map": f"{each.heatmap.shape[0]} × {each.heatmap.shape[1]}" + (", flat" if each.flat else ""),
            "Source": each.method.source,
        }
        for each in ready
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        key="explain_table",
        column_config={name: number for name in rows[0] if name.startswith(("Seconds", "Deletion", "Insertion"))},
    )


def _about(ready: list[Compared]) -> None:
    with st.expander("Formulas, and how to read the curves"):
        for each in ready:
            st.html(f'<div class="brain-words"><strong>{each.method.title}</strong></div>')
            st.latex(each.method.formula)
        st.html(
            '<div class="brain-words">A is the feature map of the layer, g the gradient of the target’s logit by it, S '
            "the logit, x the input and x′ an even picture of its background. Deletion and insertion are of Petsiuk et "
            "al. 2018 (arXiv:1806.07421), from a blurred picture. One scan ranks no method: the curves depend on the "
            "blur, and a map can be faithful to a model that looks at the wrong thing.</div>"
        )
