"""A whole job: what is listed and not yet scored, by an engine, into a partition."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from brain_core.bulk.items import Item, Seen, Work
from brain_core.bulk.meter import Meter
from brain_core.bulk.output import Partition
from brain_core.bulk.scoring import ModelInUse
from brain_core.bulk.shard import ShardResult
from brain_core.bulk.sources import items

_log = logging.getLogger("brain_core")


class Engine(Protocol):
    """Scores shards and writes their parts."""

    def __call__(
        self, shards: Iterable[tuple[Item, ...]], models: Sequence[ModelInUse], partition: Partition
    ) -> Generator[ShardResult, None, None]: ...


@dataclass(frozen=True)
class Summary:
    """What a job did.

    Attributes:
        scored: slices that were scored.
        errors: slices and files that could not be.
        errors_before: rows with an error of earlier runs that stay in the partition.
        skipped: files that were scored before, or are named twice.
        partition: folder of the rows.
        seconds: all in all.
        scans_per_second: of ``scored``, loading of models included.
    """

    scored: int
    errors: int
    errors_before: int
    skipped: int
    partition: str
    seconds: float
    scans_per_second: float


def run(
    source: str,
    out: str,
    models: Sequence[ModelInUse],
    engine: Engine,
    *,
    shard: int,
    retry_errors: bool = False,
) -> Summary:
    """Score what is not in the partition of these models yet.

    Args:
        shard: files a task and a part file.
        retry_errors: also what the source names and had an error before; the source is then listed twice.

    Raises:
        ConfigError: source or out make no sense, or another run is at work there.
        ModelError: a model cannot be loaded, or differs between machines.
        ResultsError: a file in the partition is damaged.
    """
    listed = items(source)
    partition = Partition.of(out, models)
    meter = Meter()
    try:
        with partition.alone():
            if retry_errors:
                _log.info("%d files with errors are scored again", partition.drop_errors(Seen(items(source))))
            seen, errors_before = partition.seen()
            if len(seen):
                _log.info("%d files are scored already", len(seen))
            work = Work(listed, seen, shard)
            with closing(engine(work, models, partition)) as results:  # a cluster is let go at once, whatever happens
                for result in results:
                    meter(result)
    finally:
        meter.close()
    return Summary(
        scored=meter.scans,
        errors=meter.errors,
        errors_before=errors_before,
        skipped=work.skipped,
        partition=partition.folder.address,
        seconds=round(meter.seconds, 2),
        scans_per_second=round(meter.rate, 2),
    )
