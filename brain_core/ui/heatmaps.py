"""The scan and each model's Grad-CAM side by side; its controls redraw this part only and rescore nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import streamlit as st

from brain_core import overlay
from brain_core.models import MODELS
from brain_core.scans import Scan
from brain_core.ui import pictures
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.inference import Prediction

COLUMNS = 1 + len(MODELS)  # also where a model is out of service: pictures keep their size
STOPS = 24  # of the colour bar's gradient


@st.fragment
def show(scan: Scan, predictions: list[tuple[str, Prediction]], facts: str) -> None:
    """Columns of one width, so that the pictures line up: the scan, then a model each.

    Args:
        predictions: with the model's title.
        facts: HTML below the scan.
    """
    columns = st.columns(COLUMNS, gap="medium")
    with columns[0]:
        st.html('<div class="brain-column">Scan</div>')
        st.image(pictures.on_screen(scan), width="stretch", alt="The scan as read, without any overlay")
        st.html(facts)
        opacity, colormap = _controls() if predictions else (0.0, overlay.DEFAULT_COLORMAP)
    for column, (title, prediction) in zip(columns[1:], predictions, strict=False):
        with column:
            st.html(f'<div class="brain-column">{esc(title)}: Grad-CAM</div>')
            overlaid(scan, title, prediction, opacity, colormap)


def color_bar(colormap: str) -> str:
    """HTML of a colour bar with its axis."""
    rgb = overlay.colorize(np.linspace(0, 1, STOPS, dtype=np.float32)[None], colormap)[0]
    stops = ", ".join(f"rgb({r},{g},{b})" for r, g, b in rgb.tolist())
    told = f"Colour bar, {colormap}: relative Grad-CAM weight for a tumour from 0 to 1, the maximum of this map"
    return f"""
<div role="img" aria-label="{esc(told)}" class="brain-quiet">
  <div style="height:.6rem;border-radius:.3rem;background:linear-gradient(to right, {stops})"></div>
  <div style="display:flex;justify-content:space-between;gap:.5rem"><span>0</span>
  <span>Grad-CAM for ‘tumour’, relative to the map’s maximum</span><span>1</span></div>
</div>"""


def _controls() -> tuple[float, str]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        return controls("detect")


def controls(prefix: str, slider_width: int | Literal["stretch"] = "stretch") -> tuple[float, str]:
    """Opacity, 0..1, and colour map of overlays.

    Args:
        prefix: of the widgets' keys.
        slider_width: pixels.
    """
    percent = round(100 * overlay.DEFAULT_OPACITY)
    percent = st.slider("Overlay opacity", 0, 100, percent, format="%d %%", key=f"{prefix}_opacity", width=slider_width)
    colormap = st.selectbox("Colour map", list(overlay.COLORMAPS), key=f"{prefix}_colormap", width=130)
    return percent / 100, colormap


def overlaid(scan: Scan, title: str, prediction: Prediction, opacity: float, colormap: str) -> None:
    """The scan with a model's map over it, and the colour bar."""
    from brain_core.inference import FLAT_MAP

    picture = pictures.overlay_on_screen(scan, prediction, opacity, colormap)
    flat = FLAT_MAP in prediction.flags
    alt = f"{title}: the scan with its Grad-CAM map" + (", which is flat" if flat else "; " + _where(scan, prediction))
    st.image(picture, width="stretch", alt=alt)
    if flat:
        st.html('<div class="brain-quiet">The map is flat: no region speaks for a tumour in this model.</div>')
    else:
        st.html(color_bar(colormap))


def _where(scan: Scan, prediction: Prediction) -> str:
    """The place of the map's maximum in words, as seen on the picture."""
    heat, box = prediction.heatmap, prediction.box
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    y = (box.top + (row + 0.5) / heat.shape[0] * box.height) / scan.height
    x = (box.left + (column + 0.5) / heat.shape[1] * box.width) / scan.width
    across = ("left", "middle", "right")[int(np.clip(x * 3, 0, 2))]
    along = ("top", "middle", "bottom")[int(np.clip(y * 3, 0, 2))]
    return f"its maximum lies in the {along} {across} of the picture"
