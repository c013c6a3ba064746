"""One slice at a time: the picture in a window and plane of choice, and each model's Grad-CAM on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import ScanError
from brain_core.scans.volume import reason_against
from brain_core.ui import case_view, heatmaps, notice, pictures, verdict
from brain_core.ui.markup import esc
from brain_core.ui.study import memory, window_controls

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.scans.scan import Scan
    from brain_core.scans.series import Series
    from brain_core.scans.window import Voi
    from brain_core.study.result import SeriesResult

ACQUIRED = "acquired"  # of a plane without a name


def place(series: Series, found: SeriesResult | None) -> int:
    """Index of the slice that is open: the one chosen last, else the most suspicious, else the middle one."""
    chosen = memory.current().places.get(series.key)
    if chosen is not None:
        return chosen
    if found is not None:
        from brain_core.ui.study.suspicion import most_suspicious

        if best := most_suspicious(found, 1):
            return best[0]
    return len(series) // 2


def show(series: Series, found: SeriesResult | None, titles: dict[str, str], index: int) -> None:
    """The viewer.

    Args:
        found: what the models say, None where that is hidden or there is none.
        titles: by model.
        index: of the slice that is open in the acquired plane.
    """
    with st.empty():
        shown = _plane(series)
    if shown is not series:
        index = memory.current().places.get(shown.key, len(shown) // 2)
    _steps(shown, index)
    voi, opacity, colormap = _controls(series, shown, index, with_maps=found is not None and shown is series)
    try:
        scan = _scan(shown, index, voi)
    except ScanError as error:
        notice.show("error", str(error), title=f"Slice {index + 1} cannot be shown. ")
        return
    predictions = [] if found is None or shown is not series else _predictions(found, index)
    with_maps = found is not None and shown is series
    columns = st.columns(heatmaps.COLUMNS if with_maps else [2, 1], gap="medium")
    with columns[0]:
        _picture(scan, index, len(shown), scored=shown is series)
    places = [column.empty() for column in columns[1:]]
    for place, prediction in zip(places, predictions, strict=False):
        with place.container():
            title = titles[prediction.model]
            st.html(f'<div class="brain-column">{esc(title)}: {verdict.line(prediction)}</div>')
            heatmaps.overlaid(scan, title, prediction, opacity, colormap)
    if not predictions:
        places[0].html(f'<div class="brain-quiet">{esc(_why_alone(series, shown, found))}</div>')


def _plane(series: Series) -> Series:
    """What is looked at: the series itself, or the volume cut along another axis."""
    if len(series) < 2 or reason_against(series):
        return series
    kept = memory.current()
    acquired = series.plane or ACQUIRED
    cut = {each.plane: each for each in kept.cut(series)}
    key = f"study_plane_{series.key[:12]}"
    st.session_state[key] = kept.planes.get(series.key, acquired)

    def pick() -> None:
        plane = st.session_state[key]
        if plane in cut:
            kept.planes[series.key] = plane
        else:
            kept.planes.pop(series.key, None)

    st.segmented_control(
        "Plane",
        [acquired, *(plane for plane in cut if plane != acquired)],
        key=key,
        on_change=pick,
        help="The other planes are cut from the same volume, to look at. The models score the acquired slices only.",
        required=True,
    )
    return cut.get(kept.planes.get(series.key), series)


def _steps(shown: Series, index: int) -> None:
    """The slider between two buttons."""
    if len(shown) < 2:
        return
    kept, key = memory.current(), f"study_slice_{shown.key[:12]}"
    st.session_state[key] = index + 1

    def to(place: int) -> None:
        kept.places[shown.key] = min(max(place, 0), len(shown) - 1)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.slider(
            f"Slice, of {len(shown)}",
            1,
            len(shown),
            key=key,
            on_change=lambda: to(st.session_state[key] - 1),
            help="Arrow keys move the slider when it is in focus; J and K go back and on from anywhere.",
        )
        for label, icon, step, shortcut in (("Back", "back", -1, "J"), ("On", "forward", 1, "K")):
            st.button(
                label,
                key=f"study_step_{label}_{shown.key[:12]}",
                icon=f":material/arrow_{icon}:",
                on_click=to,
                args=(index + step,),
                disabled=not 0 <= index + step < len(shown),
                shortcut=shortcut,
            )


def _controls(series: Series, shown: Series, index: int, with_maps: bool) -> tuple[Voi | None, float, str]:
    voi = None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if window_controls.is_adjustable(series, min(index, len(series) - 1) if shown is series else len(series) // 2):
            voi = window_controls.show(series)
        opacity, colormap = heatmaps.controls("study", 140) if with_maps else (0.0, "")
    return voi, opacity, colormap


def _scan(shown: Series, index: int, voi: Voi | None) -> Scan:
    with st.spinner("Reading the slice…", show_time=False):
        return memory.current().scan(shown, index, voi)


def _predictions(found: SeriesResult, index: int) -> list[Prediction]:
    return [column[index] for column in found.predictions.values() if column[index] is not None]


def _picture(scan: Scan, index: int, count: int, scored: bool) -> None:
    st.html(f'<div class="brain-column">Slice {index + 1} of {count}</div>')
    st.image(pictures.on_screen(scan), width="stretch", alt=f"Slice {index + 1} of {count} without any overlay")
    st.html(case_view.facts(scan, flags=scored))


def _why_alone(series: Series, shown: Series, found: SeriesResult | None) -> str:
    if shown is not series:
        return " ".join(["This plane is to look at; its slices are not scored.", *shown.notes])
    return "" if found is None else "This slice is not scored yet."
