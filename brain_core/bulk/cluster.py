"""The engine on a Ray cluster: Ray Data hands shards to a pool of actors, each with the models in memory.

The work list lies in the object store of the machine that the job is started on, so that the loss of any other loses
none of it. Ray Data starts lost actors again and tries again what they had, without limit. The pool is elastic
from one actor up, since one of a fixed size waits for a machine that may never come back.
"""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import cv2
import pyarrow as pa

from brain_core import errors
from brain_core.bulk.connection import connected
from brain_core.bulk.items import Item
from brain_core.bulk.output import Partition
from brain_core.bulk.scoring import ModelInUse
from brain_core.bulk.shard import ShardResult, score_shard
from brain_core.errors import BrainError, RunError
from brain_core.jobs.process import LIMITS

if TYPE_CHECKING:
    from brain_core.inference import Detector

_log = logging.getLogger("brain_core")
ITEMS = pa.schema([("source", pa.binary()), ("path", pa.binary())])  # a file's name need not be UTF-8
UTF8 = ("utf-8", "surrogatepass")
COUNTS = ("files", "scans", "errors")
ANSWERS = pa.schema(
    [("part", pa.string()), *((name, pa.int64()) for name in COUNTS)]
    + [("failed", pa.string()), ("failed_kind", pa.string())]  # why the whole shard did, and the class of the error
)


@dataclass(frozen=True)
class Cluster:
    """Which cluster, and how much of it.

    Attributes:
        address: ``host:port`` of its head; None for the one that ``RAY_ADDRESS`` names, else one on this machine for
            as long as the job runs.
        workers: actors at most; None for as many as it has processors for.
        cpus: processors an actor.
    """

    address: str | None = None
    workers: int | None = None
    cpus: int = 1


class Scorer:
    """An actor. What goes wrong is told in its answer: of an error that it raises, Ray keeps the words alone."""

    def __init__(self, models: Sequence[ModelInUse], partition: Partition, cpus: int):
        os.environ |= dict.fromkeys(LIMITS, str(cpus))  # before TensorFlow is loaded
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        cv2.setNumThreads(cpus)
        self._models, self._partition = models, partition
        self._detectors: list[Detector] = []

    def __call__(self, shard: pa.Table) -> pa.Table:
        try:
            self._detectors = self._detectors or [model.load() for model in self._models]
            answer = asdict(score_shard(_items(shard), self._detectors, self._partition))
        except BrainError as error:
            answer = {"failed": str(error), "failed_kind": type(error).__name__}
        except OSError as error:  # no space, no rights, no connection to the storage
            answer = {"failed": f"{platform.node()}: {error}", "failed_kind": RunError.__name__}
        return pa.Table.from_pylist([answer], ANSWERS)


def run(
    shards: Iterable[tuple[Item, ...]], models: Sequence[ModelInUse], partition: Partition, cluster: Cluster
) -> Iterator[ShardResult]:
    """Score shards, as they are finished.

    Raises:
        ConfigError: Ray is not installed, or does not answer at the address.
        ModelError: a machine has other models in service.
        RunError: the cluster failed in a way that is not made good by trying again.
    """
    waiting = iter(shards)
    first = next(waiting, None)
    if first is None:
        return
    with connected(cluster.address) as ray, _telling(ray):
        from ray.data import ActorPoolStrategy, from_arrow_refs

        _quieten()
        _tell_of_size(ray, cluster.cpus)
        references = [ray.put(_table(first)), *(ray.put(_table(shard)) for shard in waiting)]
        scored = from_arrow_refs(references).map_batches(
            Scorer,
            fn_constructor_args=(models, partition, cluster.cpus),
            batch_size=None,  # a block is a shard
            batch_format="pyarrow",
            zero_copy_batch=True,
            num_cpus=cluster.cpus,
            compute=ActorPoolStrategy(
                min_size=1, max_size=cluster.workers, max_tasks_in_flight_per_actor=2
            ),  # the next shard waits at the actor
        )
        for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            yield from map(_result, batch.to_pylist())


def _result(answer: dict) -> ShardResult:
    failed, kind = answer.pop("failed"), answer.pop("failed_kind")
    if failed is not None:
        raise getattr(errors, kind)(failed)
    return ShardResult(**answer)


def _table(shard: Sequence[Item]) -> pa.Table:
    rows = [{"source": item.source.encode(*UTF8), "path": item.path.encode(*UTF8)} for item in shard]
    return pa.Table.from_pylist(rows, ITEMS)


def _items(shard: pa.Table) -> list[Item]:
    return [Item(row["source"].decode(*UTF8), row["path"].decode(*UTF8)) for row in shard.to_pylist()]


def _quieten() -> None:
    """Progress is this program's own to show."""
    from ray.data import DataContext

    DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)


def _tell_of_size(ray, cpus: int) -> None:
    """A cluster that grows by itself may begin without a machine for workers; else somebody waits for nothing."""
    sizes = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    _log.info("cluster: %d machines with room for %d workers", len(sizes), sum(size // cpus for size in sizes))
    if max(sizes, default=0) < cpus:
        _log.warning("No machine of the cluster has %d processors for a worker; waiting for one that joins.", cpus)


@contextmanager
def _telling(ray) -> Iterator[None]:
    """Ray's own errors, as one of a run."""
    try:
        yield
    except ray.exceptions.RayError as error:
        _log.info("%s", error)
        raise RunError(f"The cluster failed: {str(error).strip().splitlines()[0]}") from error
