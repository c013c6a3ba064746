"""The most suspicious slices side by side; a click opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.errors import ScanError
from brain_core.ui import pictures, session
from brain_core.ui.markup import esc
from brain_core.ui.study import memory
from brain_core.ui.study.suspicion import most_suspicious

if TYPE_CHECKING:
    from brain_core.scans.series import Series
    from brain_core.study.result import SeriesResult

SIDE = 96  # pixels


def show(found: SeriesResult, titles: dict[str, str], current: int) -> None:
    """Thumbnails with number and probabilities; nothing where no slice was assessed."""
    chosen = most_suspicious(found)
    if not chosen:
        return
    order = " · ".join(titles[name] for name in found.predictions)
    st.html(
        '<div class="brain-column">Most suspicious slices</div>'
        f'<div class="brain-quiet" style="margin-top:.6rem">{esc(order)}</div>'
    )
    with st.container(horizontal=True, gap="small"):
        for index in chosen:
            with st.container(width=SIDE + 8, gap="xxsmall"):
                _picture(found, titles, index)
                st.button(
                    f"Slice {index + 1}",
                    key=f"study_strip_{found.series.key[:12]}_{index}",
                    width="stretch",
                    type="primary" if index == current else "secondary",
                    on_click=memory.current().go,
                    args=(found.series, index),
                )


def _picture(found: SeriesResult, titles: dict[str, str], index: int) -> None:
    said = {titles[name]: column[index] for name, column in found.predictions.items() if column[index] is not None}
    told = ", ".join(f"{title} {each.probability:.3f}" for title, each in said.items())
    values = " · ".join(f"{each.probability:.2f}" for each in said.values())
    st.html(
        f'<img src="{thumbnail(found.series, index)}" width="{SIDE}" height="{SIDE}" '
        f'alt="{esc(f"Slice {index + 1}: {told}")}" title="{esc(told)}" class="brain-thumbnail">'
        f'<div class="brain-quiet brain-number" title="{esc(told)}">{values}</div>'
    )


def thumbnail(series: Series, index: int) -> str:
    """A data URL, kept for the session; of a slice that cannot be read any more, an empty one."""
    kept, key = session.current(), series.key_at(index)
    if key not in kept.thumbnails:
        try:
            kept.thumbnails[key] = pictures.thumbnail(series.scan(index))
        except ScanError:
            return "data:,"
    return kept.thumbnails[key]
