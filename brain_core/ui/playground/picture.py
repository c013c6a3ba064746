"""The scan as it is now, to be clicked into: a chart of points that cannot be seen, with the picture behind it.

The picture is the background of the chart's frame, not a part of the chart: it stays where it is while a chart is
replaced by the next.
"""

from __future__ import annotations

import base64

import cv2
import numpy as np
import plotly.graph_objects as go
import streamlit as st

from brain_core.scans import Scan
from brain_core.teaching.changes import Changes, Place, shown_place
from brain_core.teaching.planted import plant
from brain_core.ui import notice, pictures, theme
from brain_core.ui.playground import state

GRID = 40  # points a side
HEIGHT = 380  # pixels
SIDE = 512  # pixels, at most, of the picture that the browser gets
CLEAR = "rgba(0, 0, 0, 0)"
FRAME = "playground_frame"
STYLE = "<style>.st-key-%s {background: url(%s) top center / contain no-repeat}</style>"
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False}


def show(scan: Scan, changed: Scan, asked: Changes) -> None:
    """What a click does, the picture, and the same in words.

    Args:
        scan: as read.
        changed: as shown, after all that is ``asked``.
    """
    st.segmented_control(
        "A click into the picture",
        [state.LESION, state.COVER],
        default=state.LESION,
        key=state.key("click"),
        required=True,
        help="A click into a covered patch uncovers it. Without a mouse, use the sliders below.",
    )
    key = f"playground_picture_{st.session_state[state.CLICKS]}"  # a new one a click: the next may hit the same point

    def clicked() -> None:
        if points := st.session_state[key].selection.points:
            at = points[0]["x"] / changed.width, points[0]["y"] / changed.height
            state.clicked(at, scan.height, scan.width)

    figure = _figure(changed)
    if asked.blob is not None:
        _ring(figure, changed, asked.blob.radius * min(scan.height, scan.width), _place(scan, asked))
    told = _told(scan, changed, asked)
    with st.container(key=FRAME):
        st.plotly_chart(
            figure,
            key=key,
            config=CONFIG,
            width="stretch",
            theme=None,
            on_select=clicked,
            selection_mode="points",
            alt=f"The scan as it is now. {told}",
        )
    st.html(f'{STYLE % (FRAME, _url(changed))}<div class="brain-quiet">{told}</div>')
    if asked.blob is not None and plant(scan, asked.blob) is scan:
        notice.show("info", "Move it onto the head: a lesion is drawn on tissue only.", title="Nothing is planted. ")


def _place(scan: Scan, asked: Changes) -> Place:
    return shown_place(asked, (asked.blob.x, asked.blob.y), scan.height, scan.width)


def _figure(changed: Scan) -> go.Figure:
    height, width = changed.height, changed.width
    y, x = (np.mgrid[:GRID, :GRID] + 0.5) / GRID
    figure = go.Figure(
        go.Scatter(
            x=(x * width).ravel(),
            y=(y * height).ravel(),
            mode="markers",
            marker={"size": 10, "opacity": 0},
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            hoverinfo="none",
            showlegend=False,
        )
    )
    figure.update_xaxes(range=[0, width], visible=False, fixedrange=True, constrain="domain")
    figure.update_yaxes(
        range=[height, 0], visible=False, fixedrange=True, scaleanchor="x", constrain="domain", constraintoward="top"
    )
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode=False,
        hovermode="closest",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
    )
    return figure


def _ring(figure: go.Figure, changed: Scan, radius: float, place: Place) -> None:
    """Where the lesion is at full contrast, in pixels of the changed picture."""
    x, y = place[0] * changed.width, place[1] * changed.height
    figure.add_shape(
        type="circle",
        x0=x - radius,
        x1=x + radius,
        y0=y - radius,
        y1=y + radius,
        line={"color": theme.TUMOR, "width": 1.5, "dash": "dot"},
    )


def _told(scan: Scan, changed: Scan, asked: Changes) -> str:
    parts = [f"{changed.width} × {changed.height} pixels."]
    if asked.blob is None:
        parts.append("No lesion is planted: click into the head to plant one.")
    else:
        x, y = _place(scan, asked)
        parts.append(
            f"Lesion at {x:.0%} from the left and {y:.0%} from the top, radius {asked.blob.radius:.0%}, contrast "
            f"{asked.blob.contrast:+.0%}; the models do not see the dotted ring."
        )
    if count := len(asked.covered):
        parts.append(f"{count} {'patches' if count > 1 else 'patch'} covered with the background.")
    return " ".join(parts)


def _url(scan: Scan) -> str:
    """The picture as a data URL, no side above `SIDE`."""
    rgb = pictures.on_screen(scan)
    factor = SIDE / max(rgb.shape[:2])
    if factor < 1:
        rgb = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()
