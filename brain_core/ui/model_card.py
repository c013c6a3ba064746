"""What one model says of one scan or series, and on what grounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from brain_core.operating_points import OperatingPoint
from brain_core.ui import probability_bar, theme, verdict
from brain_core.ui.markup import esc

if TYPE_CHECKING:
    from brain_core.inference import Prediction


def show(title: str, prediction: Prediction) -> None:
    """Probability, label, threshold and its source, version; in place of a label, why there is none."""
    with st.container(border=True, height="stretch"):
        if prediction.assessed:
            body = answer(prediction.probability, prediction.label, prediction.operating_point)
        else:
            body = _not_classified(prediction)
        st.html(framed(title, prediction.version, body))


def framed(title: str, version: str, body: str) -> str:
    """HTML of a card."""
    return f"""
<section aria-label="{esc(title)}">
  <div class="brain-quiet">{esc(title)} · version {esc(version)}</div>
  {body}
</section>"""


def answer(value: float, label: str, point: OperatingPoint, of: str = "Probability of a tumour.") -> str:
    """HTML of a label with its probability, on the bar and in words.

    Args:
        of: a sentence on what the value is.
    """
    return f"""
<div class="brain-verdict"><span>{verdict.sign(label)} {theme.LABEL_WORDS[label]}</span>
  <span class="brain-number" title="Probability of a tumour, 0 to 1">{value:.3f}</span></div>
{probability_bar.html(value, point.threshold)}
<div class="brain-quiet">{esc(of)} Threshold {point.threshold:.3f}: {esc(point.source)}.</div>"""


def _not_classified(prediction: Prediction) -> str:
    return f"""
<div class="brain-verdict"><span>{verdict.NOT_CLASSIFIED}</span></div>
<div class="brain-flag"><span aria-hidden="true">⚠</span> Unlike the training data: the model knows nothing of such a
  picture.</div>
<div class="brain-quiet">What it gives all the same: probability {prediction.probability:.3f}, threshold
  {prediction.threshold:.3f}.</div>"""
