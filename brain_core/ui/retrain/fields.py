"""The fields of a run's settings: what each is called, its range, and a sentence on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from brain_core.datasets.sources import data_sets
from brain_core.errors import ConfigError
from brain_core.training.augmentation import Augmentation
from brain_core.training.config import KEEP, SCHEDULES, SERVICE, TrainConfig
from brain_core.ui import notice
from brain_core.ui.retrain import sources

FILE = "file"
BACKBONES = {
    "imagenet": "ImageNet (downloaded)",
    "pretrained": "Pretrained on brain MRI",
    FILE: "A weights file on this server",
}
RESET = "retrain_form_generation"  # counts resets: fields of a new key show the values given
VALUES = "retrain_form_values"  # a TrainConfig that the fields begin with


@dataclass(frozen=True)
class Number:
    """A field of `TrainConfig` or `Augmentation`: what it is called, its range, its step and a sentence on it."""

    name: str
    title: str
    low: float
    high: float
    step: float
    told: str
    form: str | None = None


PHASES = (
    Number("epochs_head", "Epochs, phase 1", 0, 500, 1, "Frozen backbone, no augmentation: the head learns."),
    Number("lr_head", "Learning rate, phase 1", 1e-6, 0.1, 1e-4, "Adam's, on the head.", "%.6f"),
    Number("batch_size", "Batch size", 2, 64, 1, "Scans a step: 8, or 4 where memory is short."),
    Number("epochs_finetune", "Epochs, phase 2", 0, 500, 1, "The top layers learn too, on augmented scans."),
    Number("lr_finetune", "Learning rate, phase 2", 1e-6, 0.1, 1e-5, "Adam's, a tenth of phase 1's.", "%.6f"),
    Number("unfreeze", "Layers that phase 2 trains", 0, 176, 1, "Of the backbone, from the top; 30 is conv5."),
)
MORE = (
    Number("variants", "Variants of a scan", 0, 100, 1, "Phase 2 goes through so many; 0 draws new ones each epoch."),
    Number("seed", "Seed", 0, 2**31 - 1, 1, "Fixes split, weights, order and augmentation."),
)
AUGMENTED = (
    Number("rotation", "Rotation, degrees", 0.0, 180.0, 1.0, "Either way."),
    Number("shift", "Shift", 0.0, 0.5, 0.01, "Of width and height, either way."),
    Number("flip", "Mirrored", 0.0, 1.0, 0.1, "Probability of a horizontal flip."),
)
RANGES = {
    "zoom": ("Zoom", 0.5, 2.0, "Lowest and highest magnification."),
    "brightness": ("Brightness", 0.5, 2.0, "Lowest and highest factor on the grey levels."),
}


def begin_with(config: TrainConfig) -> None:
    """Show these values from now on."""
    st.session_state[VALUES] = config
    st.session_state[RESET] = st.session_state.get(RESET, 0) + 1
    st.rerun()


def show(model: str, *, from_service: bool) -> TrainConfig | None:
    """What the fields say; None, and a notice, where that makes no sense."""
    given = st.session_state.get(VALUES, TrainConfig())
    values = _numbers(PHASES[:3], given) | _numbers(PHASES[3:], given)
    if from_service:
        values["start"] = SERVICE
    else:
        values |= _weights(model, given)
    with st.expander("Augmentation of phase 2"):
        augmentation = _augmentation(given.augmentation)
    with st.expander("More"):
        values |= _more(given)
    try:
        if values.get("backbone") not in (None, *BACKBONES):
            values["backbone"] = str(sources.allowed_file(values["backbone"]))
        if bool(values["extra"]) != bool(values["extra_scans"]):
            raise ConfigError("Further labelled scans: expected a collection and how many of it, or neither.")
        return TrainConfig(**values, augmentation=augmentation)
    except ConfigError as error:
        notice.show("error", str(error))
        return None


def _numbers(numbers: tuple[Number, ...], given: TrainConfig | Augmentation) -> dict:
    """A row of them: side by side, or below each other in this order where the window is narrow."""
    values = {}
    for column, number in zip(st.columns(len(numbers)), numbers, strict=True):
        with column:
            values[number.name] = _number(number, getattr(given, number.name))
    return values


def _weights(model: str, given: TrainConfig) -> dict[str, str]:
    values = {}
    columns = st.columns(2)
    if model != "custom_cnn":
        kind = given.backbone if given.backbone in BACKBONES else FILE
        choice = columns[0].selectbox(
            "Backbone weights of ResNet50", list(BACKBONES), list(BACKBONES).index(kind), format_func=BACKBONES.get,
            key=_key("backbone"), help="What its layers begin with.", persist_state="session",
        )  # fmt: skip
        values["backbone"] = choice
        if choice == FILE:
            values["backbone"] = columns[0].text_input(
                "Weights file, .npz or .h5", "" if kind != FILE else given.backbone, key=_key("file"),
                persist_state="session", help="It lies where data sets may lie, see step 1.",
            ).strip()  # fmt: skip
    if model != "resnet50":
        pretrained = columns[1].toggle(
            "Custom CNN begins with feature layers pretrained on brain MRI", given.init == "pretrained",
            key=_key("init"), help="Else with random weights, as the brief has it.", persist_state="session",
        )  # fmt: skip
        values["init"] = "pretrained" if pretrained else ""
    return values


def _augmentation(given: Augmentation) -> Augmentation:
    values = _numbers(AUGMENTED, given)
    for column, (name, (title, low, high, told)) in zip(st.columns(2), RANGES.items(), strict=True):
        lowest, highest = getattr(given, name)
        values[name] = column.slider(
            title, min(low, lowest), max(high, highest), (lowest, highest), 0.01, key=_key(name), help=told,
            persist_state="session",
        )  # fmt: skip
    values["strong"] = st.toggle(
        "Stronger: contrast, aspect, JPEG quality and captions as well, by numbers of its own", given.strong,
        key=_key("strong"), persist_state="session",
    )  # fmt: skip
    return Augmentation(**values)


def _more(given: TrainConfig) -> dict:
    values = _numbers(MORE, given)
    columns = st.columns(2)
    collections = ["", *map(str, data_sets())]
    values["extra"] = columns[0].selectbox(
        "Further labelled scans to learn from",
        collections,
        collections.index(given.extra) if given.extra in collections else 0,
        format_func=lambda path: Path(path).name if path else "none",
        key=_key("extra"),
        persist_state="session",
        help="Copies of the data set are left out of them; nothing is chosen or measured on them.",
    )
    with columns[1]:
        number = Number("extra_scans", "Of them, an epoch", 0, 10_000, 1, "Drawn anew each time, half with a tumour.")
        values["extra_scans"] = _number(number, given.extra_scans)
    columns = st.columns(2)
    values["keep"] = columns[0].selectbox(
        "Epoch that is kept", KEEP, KEEP.index(given.keep), key=_key("keep"), persist_state="session",
        help="best: of lowest validation loss; last; average: the running mean of phase 2's weights.",
    )  # fmt: skip
    values["schedule"] = columns[1].selectbox(
        "Learning rate over a phase", SCHEDULES, SCHEDULES.index(given.schedule), key=_key("schedule"),
        persist_state="session",
        help="cosine: rises to the rate given and falls to 0.",
    )  # fmt: skip
    columns = st.columns(2)
    values["standardise"] = columns[0].toggle(
        "Standardise the features of phase 1", given.standardise, key=_key("standardise"), persist_state="session",
        help="Mean 0 and deviation 1 over the training scans; the head takes both over when it ends.",
    )  # fmt: skip
    values["measure_statistics"] = columns[1].toggle(
        "Measure BatchNorm's statistics at the end", given.measure_statistics, key=_key("measure"),
        persist_state="session",
        help="On the training scans, in a model that is trained whole.",
    )  # fmt: skip
    return values


def _number(number: Number, value: float):
    """Its range is widened where a model was trained beyond it."""
    kind = int if isinstance(number.step, int) else float
    return st.number_input(
        number.title,
        kind(min(number.low, value)),
        kind(max(number.high, value)),
        kind(value),
        kind(number.step),
        format=number.form,
        key=_key(number.name),
        help=number.told,
        persist_state="session",
    )


def _key(name: str) -> str:
    return f"retrain_{name}_{st.session_state.get(RESET, 0)}"
