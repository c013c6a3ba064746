"""One shard of files, scored and written: what every worker does, wherever it runs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brain_core import batch
from brain_core.bulk.items import Item
from brain_core.bulk.output import Partition
from brain_core.bulk.reading import slices_of
from brain_core.bulk.schema import rows

if TYPE_CHECKING:
    from brain_core.inference import Detector


@dataclass(frozen=True)
class ShardResult:
    """What became of a shard.

    Attributes:
        part: the name of the file with its rows.
        files: in the shard.
        scans: slices that were scored.
        errors: slices and files that could not be.
    """

    part: str
    files: int
    scans: int
    errors: int


def score_shard(items: Sequence[Item], detectors: Sequence[Detector], partition: Partition) -> ShardResult:
    """Score the files and write their rows, whole."""
    waiting: deque[tuple[Item, int | None]] = deque()

    def sources() -> Iterator[batch.Source]:
        for item in items:
            for each in slices_of(item):
                waiting.append((item, each.number))  # before it is handed out: whoever scores may read ahead
                yield item.path, each.read

    found, scans, errors = [], 0, 0
    for scored in batch.score(sources(), detectors):
        found += rows(*waiting.popleft(), scored)
        errors += scored.error is not None
        scans += scored.error is None
    return ShardResult(partition.write(items, found), len(items), scans, errors)
