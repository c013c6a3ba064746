"""Which scans a model knows, and from which part of its split: its metadata say so by content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from brain_core.datasets.splits import PARTS
from brain_core.errors import ModelError
from brain_core.models import MODELS
from brain_core.registry import read_card

TRAIN = PARTS[0]


def known_parts(metadata: Mapping) -> dict[str, str]:
    """By `Scan.key` the part, of `PARTS`, that it was in when the model was trained; empty where nothing is stored.

    What the model that it went on from knew, but for its test part, counts as learned from.

    Args:
        metadata: of a model, see `brain_core.training.run`.
    """
    rows = metadata.get("predictions") or {}
    found = {row["sha256"]: part for part in reversed(PARTS[1:]) for row in rows.get(part) or () if row.get("sha256")}
    return found | dict.fromkeys(learned_from(metadata), TRAIN)


def learned_from(metadata: Mapping) -> set[str]:
    """Scans that the model, or one that it went on from, learned from or was fitted on before."""
    data = metadata.get("data") or {}
    return {*(data.get("train_sha256") or ()), *(data.get("learned_before") or ())}


def learned_before(metadata: Mapping) -> list[str]:
    """For the metadata of a model that goes on from this one: all that it knows but its test part."""
    return sorted(key for key, part in known_parts(metadata).items() if part != PARTS[-1])


def merged(known: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Of several models: what one has learned from counts as learned from, then what one was fitted on."""
    found: dict[str, str] = {}
    for each in known:
        for key, part in each.items():
            found[key] = min(part, found.get(key, part), key=PARTS.index)
    return found


def known_in_service() -> dict[str, str]:
    """Of all models in service that can be read, see `merged`."""
    found = []
    for name in MODELS:
        try:
            found.append(known_parts(read_card(name).metadata))
        except ModelError:
            continue
    return merged(found)
