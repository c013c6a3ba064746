"""The empty state: what to do, and scans to try it with."""

from __future__ import annotations

import streamlit as st

from brain_core.ui import intake, pictures, reader, samples
from brain_core.ui.markup import esc
from brain_core.ui.samples import Sample

PICTURE = 132  # pixels


def show() -> None:
    """Pictures to open, alone or all of a kind as a worklist."""
    st.subheader("No scan at hand? Open a sample", anchor=False)
    _row("Synthetic phantoms", "drawn by this program, of no patient", "phantoms", samples.phantoms())
    if real := samples.real():
        _row("Real scans", "reference standard shown after the result", "real", real)


def _row(title: str, about: str, name: str, row: tuple[Sample, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<strong>{esc(title)}</strong> <span class="brain-quiet">· {esc(about)}</span>', width="content")
        st.button(
            f"Open all {len(row)} as a worklist",
            key=f"detect_all_{name}",
            type="tertiary",
            on_click=intake.open_samples,
            args=([sample.id for sample in row],),
        )
    with st.container(horizontal=True, gap="medium"):
        for sample in row:
            _sample(sample)


def _sample(sample: Sample) -> None:
    caption = sample.name if reader.is_on() else sample.caption
    with st.container(width=PICTURE, gap="xsmall"):
        st.image(pictures.square(sample.scan, int(1.4 * PICTURE)), width=PICTURE, alt=f"{sample.origin}: {caption}")
        st.button(
            caption,
            key=f"detect_sample_{sample.id}",
            width="stretch",
            on_click=intake.open_samples,
            args=([sample.id],),
        )
        st.html(f'<div class="brain-quiet" style="text-align:center">{esc(sample.origin)}</div>')
