"""Step 2: the settings of a run as a form, the brief's values to begin with, and the start."""

from __future__ import annotations

import shlex
from dataclasses import replace

import streamlit as st

from brain_core.access import Action
from brain_core.audit import actions
from brain_core.cli.train_options import FRESH, INHERIT, words_of
from brain_core.datasets.sources import data_sets
from brain_core.datasets.splits import PARTS
from brain_core.errors import BrainError
from brain_core.jobs import control, estimate, memory
from brain_core.jobs.process import threads
from brain_core.models import MODELS
from brain_core.registry import read_card
from brain_core.thresholds import IN_WORDS, RULES
from brain_core.training.config import TrainConfig
from brain_core.ui import access, notice
from brain_core.ui.markup import esc
from brain_core.ui.retrain import chosen, fields, sources, steps
from brain_core.ui.retrain.chosen import Chosen

BOTH = "both"
SCRATCH, FROM_SERVICE = "scratch", "service"
STARTS = {SCRATCH: "From scratch", FROM_SERVICE: "From the model in service"}
TOLD = "retrain_form_told"  # session: what is to be said of the values that the fields show next
DEFAULT_RULE = "balanced_accuracy"  # of `train`
RULE = "retrain_rule"
NEEDED = {  # bytes of memory at batch size 8, and for every further scan a step, `benchmarks/retraining.py`
    "custom_cnn": (1_391_000_000, 18_000_000),
    "resnet50": (2_073_000_000, 2_000_000),
}


def show() -> None:
    """The form, or the way to the data where none are chosen."""
    data = chosen.current()
    if data is None:
        st.caption("Choose the data first.")
        if st.button("Go to the data", key="retrain_to_data"):
            steps.go_to(steps.DATA)
        return
    _of_data(data)
    columns = st.columns(2)
    model = columns[0].segmented_control(
        "Model", [*MODELS, BOTH], default="resnet50", format_func=_title, key="retrain_model", required=True,
        persist_state="session", help="Both are trained one after the other, on the same split.",
    )  # fmt: skip
    start = columns[1].segmented_control(
        "Start", list(STARTS), default=SCRATCH, format_func=STARTS.get, key="retrain_start", required=True,
        persist_state="session",
        help="From the model in service, all its weights, the head's too, are what training begins with.",
    )  # fmt: skip
    _presets(model)
    config = fields.show(model, from_service=start == FROM_SERVICE)
    rule = st.selectbox(
        "Operating point", list(RULES), list(RULES).index(DEFAULT_RULE), format_func=IN_WORDS.get, key=RULE,
        persist_state="session", help="How the new model's own threshold is found, on its validation part.",
    )  # fmt: skip
    if config is not None:
        _begin(data, model, config, rule)


def _of_data(data: Chosen) -> None:
    left_out = f", {len(data.left_out)} left out" if data.left_out else ""
    split = ", ".join(f"{part} {n}" for part, n in data.sizes.items())
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(
            f"<div><strong>{esc(data.folder.name)}</strong>: {data.scans} scans{left_out}; {split}</div>",
            width="content",
        )
        if st.button("Other data", key="retrain_other_data"):
            steps.go_to(steps.DATA)


def _presets(model: str) -> None:
    if told := st.session_state.pop(TOLD, None):
        notice.show("warning", told)
    with st.container(horizontal=True):
        if st.button("Reset to the brief's values", key="retrain_reset", icon=":material/restart_alt:"):
            st.session_state[RULE] = DEFAULT_RULE
            fields.begin_with(TrainConfig())
        if model != BOTH and st.button("As the model in service was trained", key="retrain_as_service"):
            try:
                card = read_card(model)
                trained = TrainConfig.from_json(card.metadata["training"])
            except (BrainError, KeyError, TypeError, AttributeError) as error:
                notice.show("error", f"How the model in service was trained is not stored ({error}).")
                return
            rules = {words: rule for rule, words in IN_WORDS.items()}
            st.session_state[RULE] = rules.get(card.own_operating_point.rule, DEFAULT_RULE)
            if card.preprocessing != MODELS[model].preprocessing:
                st.session_state[TOLD] = "Its preprocessing differs from the default and has to be named by command."
            fields.begin_with(replace(trained, start="", **_further_scans(trained)))


def _further_scans(trained: TrainConfig) -> dict:
    """The collection that a model learned from as well, where one of its name is at hand: records hold no path."""
    there = {path.name: str(path) for path in data_sets()}
    if trained.extra and trained.extra not in there:
        st.session_state[TOLD] = f"It learned from {trained.extra} as well, which is not at hand: left out."
    return {"extra": there.get(trained.extra, ""), "extra_scans": trained.extra_scans if trained.extra in there else 0}


def _begin(data: Chosen, model: str, config: TrainConfig, rule: str) -> None:
    models = list(MODELS) if model == BOTH else [model]
    masks = sources.default_masks()
    outlined = len(list((masks / "masks").iterdir())) if masks else 0
    parts = estimate.plan(models, config, *(data.sizes[part] for part in PARTS), outlined)
    seconds = sum(part.seconds for part in parts) * estimate.correction()
    st.caption(
        f"About {estimate.in_words(seconds)}, the comparison with the model in service included, on "
        f"{threads()} of the processor's threads and below normal priority, so that Detect goes on. One run at "
        "a time: others wait."
    )
    _warn_of_memory(models, config)
    if config.start and not data.inherit:
        notice.show(
            "warning",
            "The model in service has learned from scans of its own: to go on from it, keep its split (step 1), so "
            "that none of them is tested on.",
        )
        return
    words = _words(data, model, config, rule)
    with st.expander("The same on the command line"):
        st.code(shlex.join(["python", "-m", "brain_core", *words]), language="sh", wrap_lines=True)
    if st.button("Start training", type="primary", key="retrain_begin", icon=":material/play_arrow:"):
        about = {"what": "start", "models": ", ".join(models), "scans": data.scans}
        try:
            with access.acting(Action.RETRAIN, actions.RETRAIN, **about) as user:
                control.start(words, models=models, data=data.folder.name, who=access.signature(user))
        except BrainError as error:
            notice.show("error", str(error), title="Nothing was started. ")
        else:
            steps.go_to(steps.RUNS)


def _words(data: Chosen, model: str, config: TrainConfig, rule: str) -> list[str]:
    words = ["train", str(data.folder), "--model", model, *words_of(config)]
    if rule != DEFAULT_RULE:
        words += ["--operating-point", rule]
    words += ["--split", INHERIT if data.inherit else FRESH]
    if data.left_out:
        words += [f"--leave-out={name}" for name in data.left_out]  # names may begin with a dash
    if masks := sources.default_masks():
        words += ["--masks", str(masks)]
    return words


def _warn_of_memory(models: list[str], config: TrainConfig) -> None:
    needed = max(base + max(0, config.batch_size - 8) * each for base, each in (NEEDED[model] for model in models))
    if needed > memory.available():
        notice.show(
            "warning",
            f"This run may need {needed / 1e9:.1f} GB of memory; {memory.available() / 1e9:.1f} GB are free. A batch "
            "size of 4 needs less.",
        )


def _title(model: str) -> str:
    return MODELS[model].title if model in MODELS else "Both"
