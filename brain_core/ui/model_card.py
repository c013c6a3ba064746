"""What one model says of one scan, and on what grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.ui import probability_bar, theme
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.inference import Prediction


def show(title: str, prediction: Prediction) -> None:
    """Probability, label, threshold and its source, version."""
    label = prediction.label
    sign = f'<span style="color:{theme.LABEL_COLORS[label]}" aria-hidden="true">{theme.LABEL_SHAPES[label]}</span>'
    with st.container(border=True, height="stretch"):
        st.html(f"""
<section aria-label="{esc(title)}">
  <div class="brain-quiet">{esc(title)} · version {esc(prediction.version)}</div>
  <div class="brain-verdict"><span>{sign} {theme.LABEL_WORDS[label]}</span>
    <span class="brain-number" title="Probability of a tumour, 0 to 1">{prediction.probability:.3f}</span></div>
  {probability_bar.html(prediction.probability, prediction.threshold)}
  <div class="brain-quiet">Probability of a tumour. Threshold {prediction.threshold:.3f}:
    {esc(prediction.operating_point.source)}.</div>
</section>""")
