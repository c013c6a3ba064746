"""The model card's section on the input gate."""

from __future__ import annotations

from brain_core.input_gate import MODELS_WITH_GATE, NEIGHBOURS, QUANTILE
from brain_core.intervals import Estimate
from brain_core.models import MODELS
from brain_core.registry import ModelCard

SECTIONS = {
    "false_alarms": "brain MRI of the data set, {} part",
    "other_things": "drawn: {}",
    "ends_of_a_volume": "drawn end of a volume: {}",
    "head_phantoms": "synthetic head, {}",
    "other_collection": "another collection, {}",
}


def section(card: ModelCard, record: dict | None) -> str:
    """Markdown; a model without a gate of its own, or without stored results, says so."""
    if card.name not in MODELS_WITH_GATE:
        others = " and ".join(MODELS[name].title for name in MODELS_WITH_GATE)
        return (
            "## Input gate\n\nNone of its own: its features tell where brain MRI comes from more than whether it is "
            f"brain MRI. Where the {others} runs beside it, a scan that its gate flags is classified by neither; "
            "alone, only a flat picture is flagged.\n"
        )
    if not record or record["version"] != card.version:
        return "## Input gate\n\nNot measured for this version: `python -m brain_core gate DATASET --store`.\n"
    lines = [
        f"| {words.format(name)} | {row['flagged']} of {row['n']} | {_share(row)} |"
        for key, words in SECTIONS.items()
        for name, row in record.get(key, {}).items()
    ]
    return f"""## Input gate

A scan is flagged, and not classified, where it is further from the training scans than any but {1 - QUANTILE:.0%} of
these are from each other: cosine distance to the {NEIGHBOURS}th nearest of {record["scans"]} training scans, in
mean and deviation of the channels of layer `{card.gradcam_layer}`. The limit, {record["limit"]:.4f}, was fitted on
{record["fitted_on"]} groups of training scans (each against other groups) and validation scans; the test part chose
nothing. Flat pictures are flagged as well.

| | flagged | share |
|---|---|---|
{chr(10).join(lines)}

Parts of the data set: one count a group of near-copies. Drawings: of seeds from {record["first_seed"]} on; the features
and the distance were chosen on drawings of the same kinds with other seeds, and on how many of the other collection
they flag, so other things may be caught less often. They are drawings, not films or photographs. Other collection: at
most {record["most_of_a_class"]} pictures a class{_learned_from(card)}.
"""


def _learned_from(card: ModelCard) -> str:
    """Whether a further collection was learned from: likely the one that the gate was measured on."""
    return "; this model learned from some of that collection" if card.metadata["data"].get("extra") else ""


def _share(row: dict) -> str:
    return Estimate(row["share"], row["low"], row["high"]).text()
