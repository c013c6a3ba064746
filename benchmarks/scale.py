"""Scoring in bulk: what workers add, and how a scan's cost and the memory grow with the number of scans.

    python benchmarks/scale.py [--scans 1000] [--rounds 3]          # engines and workers, in turns
    python benchmarks/scale.py --growth [--sizes 250 2500 25000]    # one engine, more and more scans

Each measurement is `python -m brain_core score` in a process of its own, into a folder of its own, on phantoms: 250
are drawn and linked under as many names as there are scans, so that the files are in the machine's memory and reading
them costs the same at every size.

- scans/s: between the first part file and the last, so without start, loading of models and their first pass;
- seconds: the whole command, those included;
- MB: the most resident memory of the command's process, and of the largest worker;
- again: seconds of the same command once more, which lists everything and finds nothing to score.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyarrow.parquet
from harness import POLL, PROJECT, Report, peak_memory

DRAWN = 250  # phantoms
SHARD = 32  # files a part, at every size: a batch of the models
MODELS = ("custom_cnn", "resnet50", "both")
WORKER = "MapWorker"  # in the title of a Ray actor's process
TARGET_GROWTH, TARGET_MEMORY = 1.1, 1.2  # largest size over smallest: milliseconds a scan, megabytes
ONE_THREAD = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1")
WAYS = {
    "local": ((), {}),
    "local, 1 thread": ((), ONE_THREAD),
    "ray, 1 worker": (("--engine", "ray", "--workers", "1"), {}),
    "ray, 2 workers": (("--engine", "ray", "--workers", "2"), {}),
}


@dataclass(frozen=True)
class Run:
    """One command.

    Attributes:
        rate: scans a second between the first part file and the last.
        seconds: of the whole command.
        memory, worker_memory: megabytes at most, of the command's process and of the largest worker (0 without one).
    """

    rate: float
    seconds: float
    memory: float
    worker_memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="custom_cnn")
    parser.add_argument("--scans", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=list(WAYS))
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="+", default=[250, 2500, 25_000])
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.path.insert(0, str(PROJECT))
    report = Report()
    if options.growth:
        growth(report, options.model, options.ways[0], options.sizes)
    else:
        engines(report, options.model, options.ways, options.scans, options.rounds)
    if options.json:
        report.save(options.json)


def engines(report: Report, model: str, ways: list[str], scans: int, rounds: int) -> None:
    """Each way in turns, on the same scans; the round with the middle rate counts."""
    found: dict[str, list[Run]] = {way: [] for way in ways}
    with phantoms(scans) as folder:
        for round_ in range(rounds):
            first = round_ % len(ways)
            for way in ways[first:] + ways[:first]:
                with tempfile.TemporaryDirectory() as out:
                    found[way].append(score(folder, Path(out) / "out", model, way, scans))
    middle = {way: sorted(runs, key=lambda run: run.rate)[len(runs) // 2] for way, runs in found.items()}
    against = middle[ways[0]].rate
    rows = [{"way": way, **_cells(run), f"times {ways[0]}": run.rate / against} for way, run in middle.items()]
    report.add(f"{scans} scans, {model}; middle of {rounds} rounds in turns", rows)


def growth(report: Report, model: str, way: str, sizes: list[int]) -> None:
    """One way, at each size once, the smallest first."""
    rows, runs = [], []
    for size in sorted(sizes):
        with phantoms(size) as folder, tempfile.TemporaryDirectory() as out:
            runs.append(score(folder, Path(out) / "out", model, way, size))
            again = score(folder, Path(out) / "out", model, way, 0)
        rows.append({"scans": str(size), "ms a scan": 1000 / runs[-1].rate, **_cells(runs[-1]), "again": again.seconds})
    cost, memory = runs[0].rate / runs[-1].rate, runs[-1].memory / runs[0].memory
    targets = [
        f"cost a scan, largest size over smallest: {cost:.2f} (target: at most {TARGET_GROWTH})",
        f"memory, largest size over smallest: {memory:.2f} (target: at most {TARGET_MEMORY})",
    ]
    report.add(f"{way}, {model}", rows, targets)


@contextmanager
def phantoms(scans: int) -> Iterator[Path]:
    """A folder of so many pictures, each of its own name; gone in the end."""
    from brain_core.scans.phantom import write_dataset

    with tempfile.TemporaryDirectory() as place:
        drawn = sorted(write_dataset(Path(place) / "drawn", DRAWN // 2, seed=0).rglob("*.png"))
        folder = Path(place) / "scans"
        for number in range(scans):
            target = folder / f"{number // 1000:03d}" / f"{number % 1000:03d}.png"
            target.parent.mkdir(parents=True, exist_ok=True)
            _link(drawn[number % len(drawn)], target)
        yield folder


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def score(folder: Path, out: Path, model: str, way: str, expected: int) -> Run:
    """Run the command and watch it.

    Args:
        expected: scans that it has to score.
    """
    words, environment = WAYS[way]
    command = [sys.executable, "-m", "brain_core", "score", str(folder), "--out", str(out), "--model", model]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as told, tempfile.TemporaryFile("w+") as log:
        process = psutil.Popen(
            [*command, "--shard", str(SHARD), *words],
            cwd=PROJECT,
            env=os.environ | environment,
            stdout=told,
            stderr=log,
        )
        memory, worker_memory = _watched(process)
        seconds = time.perf_counter() - start
        told.seek(0)
        log.seek(0)
        if process.returncode:
            raise SystemExit(f"{way} failed ({process.returncode}):\n{log.read()[-2000:]}")
        summary = json.loads(told.read())
    if summary["scored"] != expected:
        raise SystemExit(f"{way}: expected {expected} scans to be scored. Received: {summary}.")
    return Run(_rate(out) if expected else 0.0, seconds, memory, worker_memory)


def _watched(process: psutil.Popen) -> tuple[float, float]:
    """Megabytes at most of the process and of its largest worker, once it has ended."""
    own = worker = 0.0
    while process.poll() is None:
        own = max(own, _peak(process.pid))
        worker = max([worker, *(_peak(each.pid) for each in _workers(process))])
        time.sleep(10 * POLL)
    return own, worker


def _workers(process: psutil.Popen) -> list[psutil.Process]:
    try:
        return [each for each in process.children(recursive=True) if WORKER in " ".join(each.cmdline())]
    except psutil.Error:  # one ended meanwhile
        return []


def _peak(pid: int) -> float:
    try:
        return peak_memory(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _rate(out: Path) -> float:
    """Scans a second, from when the part files were written."""
    parts = sorted(out.glob("scoring=*/part-*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    scans = sum(len(set(pyarrow.parquet.ParquetFile(each).read(["path"]).column("path"))) for each in parts[1:])
    return scans / ((parts[-1].stat().st_mtime_ns - parts[0].stat().st_mtime_ns) / 1e9)


def _cells(run: Run) -> dict[str, object]:
    return {
        "scans/s": run.rate,
        "seconds": run.seconds,
        "MB": round(run.memory),
        "MB a worker": round(run.worker_memory),
    }


if __name__ == "__main__":
    main()
