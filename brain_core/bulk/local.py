"""The engine within this process: models loaded once, shard after shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from brain_core.bulk.items import Item
from brain_core.bulk.output import Partition
from brain_core.bulk.scoring import ModelInUse
from brain_core.bulk.shard import ShardResult, score_shard


def run(
    shards: Iterable[tuple[Item, ...]], models: Sequence[ModelInUse], partition: Partition
) -> Iterator[ShardResult]:
    """Score shards, one by one, as results are asked for.

    Raises:
        ModelError: a model cannot be loaded, or was changed since the job began.
    """
    detectors = None
    for shard in shards:
        detectors = detectors or [model.load() for model in models]  # not where there is nothing to do
        yield score_shard(shard, detectors, partition)
