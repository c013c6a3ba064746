"""The stored comparison of focus: there, absent, of other versions, or damaged. Needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable

from brain_core.errors import ResultsError
from brain_core.evaluation.focus import Focus, Row, right_of
from brain_core.evaluation.stored_results import TEST, UNKNOWN, NotStored
from brain_core.registry import FOCUS, ModelCard, read_results

COMMAND = "python -m brain_core focus DATASET --store"
_KINDS = {dict: "a table", list: "a list", str: "a text", int: "a whole number"}


def read_focus(cards: Iterable[ModelCard]) -> Focus | NotStored:
    """What `focus --store` kept of these versions, with who is right at the operating points in use now.

    Returns:
        `NotStored` where there is none, or other versions or layers were compared.

    Raises:
        ResultsError: the record is damaged.
    """
    cards = list(cards)
    try:
        record = read_results(FOCUS)
        if record is None:
            return _not_stored(f"no comparison of focus is stored; {COMMAND} stores one")
        _expect(dict, record, "record")
        versions, layers = (_expect(dict, record.get(key) or {}, key) for key in ("versions", "layers"))
        stored = _named(versions, layers)
        in_service = _named({c.name: c.version for c in cards}, {c.name: c.gradcam_layer for c in cards if layers})
        if stored != in_service:
            return _not_stored(f"the stored one compares {stored}; in service: {in_service}; {COMMAND} compares anew")
        thresholds = {card.name: card.operating_point.threshold for card in cards}
        rows = tuple(_row(row, thresholds) for row in _expect(list, record.get("rows"), "rows"))
    except (OSError, ValueError) as error:
        raise ResultsError(
            f"The stored comparison of focus is damaged: {error}. "
            f"Restore it (git checkout -- saved_models) or store it anew: {COMMAND}."
        ) from error
    return Focus(str(record.get("data") or UNKNOWN), versions, layers, thresholds, rows)


def _not_stored(reason: str) -> NotStored:
    return NotStored(FOCUS, UNKNOWN, TEST, reason)


def _named(versions: dict, layers: dict) -> str:
    """As in ``custom_cnn 2026-01-01 (conv3) and resnet50 2026-01-02 (conv5)``, in one order; layers where known."""
    named = [
        f"{name} {version}" + (f" ({layers[name]})" if name in layers else "")
        for name, version in sorted(versions.items())
    ]
    return " and ".join(named) or f"{UNKNOWN} versions"


def _row(row, thresholds: dict[str, float]) -> Row:
    """Raises ValueError where it is not what it should be; what is only shown may be missing."""
    row = _expect(dict, row, "row")
    stored = _expect(dict, row.get("probabilities"), "probabilities")
    probabilities = {name: _number(stored.get(name), 0, "probability") for name in thresholds}
    if (label := row.get("label")) not in (0, 1):
        raise ValueError(f"label: expected 0 or 1. Received: {label!r:.40}")
    measured = {
        key: None if row.get(key) is None else _number(row[key], low, key)
        for key, low in (("correlation", -1), ("overlap", 0))
    }
    return Row(
        id=str(row.get("id") or ""),
        sha256=str(row.get("sha256") or ""),
        label=label,
        group=_expect(int, row.get("group"), "group"),
        probabilities=probabilities,
        right=right_of(label, probabilities, thresholds),
        **measured,
        reason=row.get("reason"),
    )


def _number(value, low: int, what: str) -> float:
    if not isinstance(value, int | float) or not low <= value <= 1:  # NaN is in no range
        raise ValueError(f"{what}: expected a number from {low} to 1. Received: {value!r:.40}")
    return float(value)


def _expect(kind: type, value, what: str):
    if not isinstance(value, kind):
        raise ValueError(f"{what}: expected {_KINDS[kind]}. Received: {value!r:.40}")
    return value
