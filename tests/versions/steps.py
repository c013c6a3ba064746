"""What tests do with versions of the custom CNN, and what they see of them."""

import json
from pathlib import Path

from brain_core import versions
from brain_core.registry import read_card

NAME, FILE = "custom_cnn", "custom_cnn_fixed.keras"
BY = {"who": "A. Reader", "reason": "better on the ward's scans"}
GATE = "custom_cnn_fixed.gate.npz"
RUNS = ("1", "2", "3")


def promote(*names, **changes):
    return [versions.promote(NAME, name, **(BY | changes)) for name in names][-1]


def current() -> str:
    card = read_card(NAME)
    card.check()
    return card.version


def shown() -> list[tuple[str, str]]:
    """Version and its marks: in service, predecessor, shipped, problem."""
    marks = ("in_service", "predecessor", "shipped", "problem")
    return [(each.version, "".join(mark[0] for mark in marks if getattr(each, mark))) for each in versions.listed(NAME)]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def relabel(folder: Path, **changes) -> None:
    path = folder / "custom_cnn_fixed.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
