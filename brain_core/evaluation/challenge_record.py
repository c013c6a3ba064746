"""The record of a comparison of a challenger with the champion, and its file. Needs no TensorFlow."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from brain_core.errors import ResultsError
from brain_core.evaluation.challenge_parts import (
    Baseline,
    Contender,
    LeftOut,
    Paired,
    PointingGame,
    Robustness,
    Row,
    Scorecards,
    Source,
)
from brain_core.evaluation.gate import Gate
from brain_core.files import write_json
from brain_core.typed_json import from_json

FORMAT = 1  # of the record
FILE_NAME = "comparison.json"
HOW_TO_MEND = "Compare anew: python -m brain_core models compare VERSION DATASET."


@dataclass(frozen=True)
class Comparison:
    """A challenger and the champion on the same scans.

    Attributes:
        n, groups, tumours: scans compared on, distinct ones among them, and those with a tumour.
        tests, robustness: None where no scan is left.
        pointing: None where no outlined tumours were at hand.
        notes: in words, what limits the comparison.
        created: ISO 8601, UTC.
    """

    challenger: Contender
    champion: Contender
    data: Source
    n: int
    groups: int
    tumours: int
    left_out: LeftOut
    models: Scorecards
    tests: Paired | None
    robustness: Robustness | None
    baselines: tuple[Baseline, ...]
    pointing: PointingGame | None
    gate: Gate
    notes: tuple[str, ...]
    predictions: tuple[Row, ...]
    created: str

    def to_json(self) -> dict:
        """What is stored; the gate names the champion's version, which it holds against alone."""
        record = {"format": FORMAT} | asdict(self)
        record["gate"]["champion"] = self.champion.version
        return record

    @classmethod
    def from_json(cls, data: dict) -> Comparison:
        """What `to_json` wrote, after JSON.

        Raises:
            ResultsError: it is damaged, or a record of another format.
        """
        if not isinstance(data, dict):
            raise ResultsError(f"{FILE_NAME} is damaged: expected a table. Received: {data!r:.40}. {HOW_TO_MEND}")
        if (found := data.get("format")) != FORMAT:
            raise ResultsError(
                f"{FILE_NAME}: expected a record of format {FORMAT}. Received: {found!r:.40}. {HOW_TO_MEND}"
            )
        try:
            return from_json(cls, data)
        except ValueError as error:
            raise ResultsError(f"{FILE_NAME} is damaged: {error}. {HOW_TO_MEND}") from error


def write(comparison: Comparison, folder: Path) -> None:
    """Store it in the folder of the challenger's version, in one step.

    Raises:
        ResultsError: the version has been deleted meanwhile.
    """
    if not folder.is_dir():
        raise ResultsError(f"Version {folder.name} has been deleted meanwhile: the comparison is not kept.")
    write_json(folder / FILE_NAME, comparison.to_json())


def read(folder: Path) -> Comparison | None:
    """What `write` stored; None where nothing was.

    Raises:
        ResultsError: it is damaged, or a record of another format.
    """
    try:
        data = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(f"{FILE_NAME} is damaged ({error}). {HOW_TO_MEND}") from error
    return Comparison.from_json(data)
