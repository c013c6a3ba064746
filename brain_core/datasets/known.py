"""Which scans a model knows, and from which part of its split: its metadata say so by content."""

from __future__ import annotations

from collections.abc import Mapping

from brain_core.datasets.splits import PARTS


def known_parts(metadata: Mapping) -> dict[str, str]:
    """By `Scan.key` the part, of `PARTS`, that it was in when the model was trained; empty where nothing is stored.

    Args:
        metadata: of a model, see `brain_core.training.run`.
    """
    rows = metadata.get("predictions") or {}
    found = {row["sha256"]: part for part in reversed(PARTS[1:]) for row in rows.get(part) or () if row.get("sha256")}
    learned = (metadata.get("data") or {}).get("train_sha256") or ()
    return found | dict.fromkeys(learned, PARTS[0])
