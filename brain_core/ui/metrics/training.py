"""How the models in service were trained: loss, accuracy and ROC-AUC over the epochs of both phases."""

from __future__ import annotations

import streamlit as st

from brain_core.evaluation.history import history_of
from brain_core.registry import ModelCard
from brain_core.ui import curve_charts
from brain_core.ui.markup import esc

CURVES = {
    "loss": "Loss (cross-entropy)",
    "accuracy": "Accuracy at 0.5",
    "auc": "ROC-AUC",
}


def show(cards: list[ModelCard]) -> None:
    """A row of charts a model."""
    for card in cards:
        history = history_of(card)
        title = esc(f"{card.title}, version {card.version}")
        st.html(f'<div class="brain-name" role="heading" aria-level="2">{title}</div>')
        if not history.epochs:
            st.caption("The training history is not stored with this model; train it anew to have one.")
            continue
        ends = ", ".join(f"{phase} to epoch {end}" for phase, end in history.ends.items())
        st.caption(f"{len(history.epochs)} epochs: {ends}. {_settings(card)}")
        for column, (name, title) in zip(st.columns(len(CURVES)), CURVES.items(), strict=True):
            with column:
                curve_charts.history(history, name, title, card.name, key=f"metrics_history_{card.name}_{name}")


def _settings(card: ModelCard) -> str:
    training = card.metadata.get("training") or {}
    known = {"batch_size": "batch size", "keep": "epoch kept", "seed": "seed"}
    told = "; ".join(f"{words} {training[key]}" for key, words in known.items() if key in training)
    return f"{told[:1].upper()}{told[1:]}." if told else ""
