"""A model's answer in words and signs; of what is unlike its training data it has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brain_core.ui import theme

if TYPE_CHECKING:
    from brain_core.inference import Prediction

NOT_CLASSIFIED = "Not classified"
UNLIKE = f"{NOT_CLASSIFIED}: unlike the training data"


def sign(label: str) -> str:
    """The label's shape in its colour, as HTML."""
    return f'<span style="color:{theme.LABEL_COLORS[label]}" aria-hidden="true">{theme.LABEL_SHAPES[label]}</span>'


def text(prediction: Prediction) -> str:
    """Sign and word without markup, as for a table."""
    if not prediction.assessed:
        return NOT_CLASSIFIED
    return f"{theme.LABEL_SHAPES[prediction.label]} {theme.LABEL_WORDS[prediction.label]}"


def line(prediction: Prediction) -> str:
    """One line of HTML: sign, word and probability."""
    if not prediction.assessed:
        return f'{UNLIKE} <span class="brain-quiet brain-number">({prediction.probability:.3f})</span>'
    word = theme.LABEL_WORDS[prediction.label]
    return f'{sign(prediction.label)} {word} <span class="brain-number">{prediction.probability:.3f}</span>'


def agreement(said: list[tuple[str, str | None, float]]) -> tuple[str, bool]:
    """A plain sentence on whether the models agree, empty without any, and whether they disagree.

    Args:
        said: title, label (None where it is not classified) and probability, one a model.
    """
    told = [f"{title} says {theme.LABEL_WORDS[label].lower()} ({value:.2f})" for title, label, value in said if label]
    silent = [title for title, label, _ in said if label is None]
    labels = {label for _, label, _ in said if label}
    if not said:
        return "", False
    if silent:
        sentence = f"Not classified by {' and '.join(silent)}"
        return f"{sentence}; {'; '.join(told)}." if told else f"{sentence}.", False
    if len(said) == 1:
        return "One model is in service, so there is no second opinion.", False
    if len(labels) > 1:
        return f"The models disagree: {', '.join(told)}. Read the scan itself before you trust either.", True
    return f"Both models say {theme.LABEL_WORDS[said[0][1]].lower()}.", False
