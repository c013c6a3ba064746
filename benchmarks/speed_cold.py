"""Processes from their start: seconds to the first answer, and memory at its highest."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

from harness import Command, Report, measure
from speed_engines import Engine, engines
from speed_folder import fill

IMPORT, VERSION = "python -c 'import brain_core'", "brain_core --version"


def cold(report: Report, rounds: int) -> None:
    """Cold starts in turns; an engine's cache is empty at every start, or filled by an earlier one."""
    with tempfile.TemporaryDirectory() as name:
        home, number = Path(name), count()
        (scan,) = fill(home / "scan", 1, None)
        commands = {
            "python -c pass": Command(["-c", "pass"]),
            IMPORT: Command(["-c", "import brain_core"]),
            VERSION: Command(["-m", "brain_core", "--version"]),
        }
        for engine in engines():
            commands[f"predict ONE.png, {engine.label}, cache empty"] = lambda engine=engine: predict(
                engine, scan, home / f"empty{next(number)}"
            )()
            commands[f"predict ONE.png, {engine.label}, cache filled"] = predict(engine, scan, home / "filled")
        timing = measure(commands, rounds)  # the warm-up fills caches, the system's of files too
    title = f"cold: a process to its end, n = 1 scan, both models, medians and quartiles of {rounds} rounds"
    report.add(title, timing.rows(unit="s"))


def predict(engine: Engine, source: Path, home: Path) -> Command:
    """A process that scores a file or a folder with both models."""
    return Command(["-m", "brain_core", "predict", str(source)], engine.environment | {"BRAIN_HOME": str(home)})


def memory(report: Report, rounds: int, scans: int) -> None:
    """Peak memory of ``predict`` with each engine: at its first start, which may export the models, and later."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        n = len(fill(home / "scans", scans, None))
        rows = []
        for engine in engines():
            command = predict(engine, home / "scans", home / engine.label)
            first, *later = (command.peak() for _ in range(rounds + 1))
            rows.append({"way": engine.label, "first MB": first, "later MB": max(later)})
    report.add(f"memory: predict with both models, n = {n} scans; later: highest of {rounds} processes", rows)
