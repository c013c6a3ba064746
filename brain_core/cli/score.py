"""``score``: any number of scans, on this machine or a cluster, into Parquet files."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from dataclasses import asdict
from functools import partial

from brain_core.cli.options import add_model, chosen
from brain_core.errors import ConfigError

LOCAL, RAY = "local", "ray"
SHARD = 256  # files: seconds of work, so that little is lost with a machine and parts are few
_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "score",
        help="score any number of scans into Parquet files",
        description="Score all scans of a folder or a manifest into Parquet files, one row a slice and model. A run "
        "that was stopped goes on where it was; other models or thresholds go into another partition.",
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        help="a folder, or a manifest (.csv or .parquet) with a column 'path'; a path or a URL",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the results; a path or a URL")
    add_model(parser)
    parser.add_argument("--engine", choices=(LOCAL, RAY), default=LOCAL, help="default: %(default)s")
    parser.add_argument("--address", metavar="HOST:PORT", help="of the Ray cluster; default: one on this machine")
    parser.add_argument("--workers", type=int, metavar="N", help="on the cluster at most; default: all processors")
    parser.add_argument("--cpus", type=int, metavar="N", help="processors a worker of the cluster; default: 1")
    parser.add_argument("--shard", type=int, default=SHARD, metavar="N", help="files a task; default: %(default)s")
    parser.add_argument("--retry-errors", action="store_true", help="score again what had an error before")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    _check(options)
    from brain_core.bulk import job, scoring

    models = scoring.in_use(chosen(options.model))
    for model in models:
        point = model.operating_point
        _log.info("%s: threshold %.3f (%s)", model.name, point.threshold, point.source)
    summary = job.run(
        options.source,
        options.out,
        models,
        _engine(options),
        shard=options.shard,
        retry_errors=options.retry_errors,
    )
    sys.stdout.write(json.dumps(asdict(summary), indent=1, ensure_ascii=False) + "\n")
    return int(bool(summary.errors or summary.errors_before))


def _check(options: argparse.Namespace) -> None:
    for name in ("workers", "cpus", "shard"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ConfigError(f"--{name}: expected a whole number from 1 on. Received: {value}.")
    if options.engine == LOCAL:
        for name in ("address", "workers", "cpus"):
            if getattr(options, name) is not None:
                raise ConfigError(f"--{name}: expected together with --engine ray only.")


def _engine(options: argparse.Namespace):
    if options.engine == LOCAL:
        from brain_core.bulk import local

        return local.run
    from brain_core.bulk import cluster

    where = cluster.Cluster(options.address, options.workers, options.cpus or 1)
    return partial(cluster.run, cluster=where)
