"""A folder of scans through ``python -m brain_core predict``, against bare batched passes of both models.

The command runs as a process on the folder and on the folder with a copy of itself: what the second takes longer is the
work on the scans without the start of a process.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from harness import Command, Report, Timing, measure
from speed_engines import MODELS, Engine, bare_passes, engines

TARGET_SHARE = 0.9  # of the engine's bare batched passes
MOST_BY_LOOP = 20  # scans that the brief's loop gets: it is slow
LOOP = "predict_batch, one by one"
PLAIN, OVERLAYS = "scores", "scores and overlays"


def folder(report: Report, rounds: int, scans: int, dataset: Path | None) -> None:
    """Scans a second, both models, from the files to the results written."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        files = fill(home / "once", scans, dataset)
        shutil.copytree(home / "once", home / "twice" / "first")
        shutil.copytree(home / "once", home / "twice" / "second")
        looped = files[:MOST_BY_LOOP]
        used = engines()
        ways = bare_ways(files) | {LOOP: loop(looped)}
        for engine in used:
            ways |= command_ways(engine, home)
        timing = measure(ways, rounds)
    n = len(files)
    timing = with_marginal(timing, used)
    rows = [_row(way, timing, len(looped) if way == LOOP else 2 * n if "2n" in way else n) for way in timing.seconds]
    title = (
        f"folder: both models, n = {n} files, {LOOP} on {len(looped)} of them; scans a second, "
        f"medians and quartiles of {rounds} rounds"
    )
    report.add(title, rows, targets(timing, used))


def fill(target: Path, scans: int, dataset: Path | None) -> list[Path]:
    """At most that many files, numbered, in ``target``: phantoms, or of a data set, spread over it."""
    from brain_core.scans import SUFFIXES
    from brain_core.scans.phantom import write_dataset

    with tempfile.TemporaryDirectory() as name:
        root = dataset or write_dataset(name, -(-scans // 2), seed=0)
        found = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)
        scans = min(scans, len(found))
        chosen = [found[i * len(found) // scans] for i in range(scans)]
        target.mkdir(parents=True)
        names = [target / f"{i:05}{path.suffix}" for i, path in enumerate(chosen)]
        for source, copy in zip(chosen, names, strict=True):
            shutil.copyfile(source, copy)
    return names


def bare_ways(files: list[Path]) -> dict[str, Callable[[], None]]:
    """Each engine's bare passes of both models over the files' prepared inputs, in batches as BRAIN makes them."""
    from brain_core.preprocessing import BATCH, prepare_batch
    from brain_core.registry import read_card
    from brain_core.scans import read_file

    scans = [read_file(path) for path in files]
    by_model = []
    for name in MODELS:
        card = read_card(name)
        inputs = prepare_batch(scans, card.preprocessing)
        by_model.append((bare_passes(card.load(), inputs[:1]), inputs))

    def run(way: str) -> None:
        for passes, inputs in by_model:
            for start in range(0, len(inputs), BATCH):
                passes[way](inputs[start : start + BATCH])

    return {way: lambda way=way: run(way) for way in by_model[0][0]}


def loop(files: list[Path]) -> Callable[[], None]:
    """The brief's: a picture after the other, both models."""
    from brain_core import predict_batch
    from brain_core.registry import read_card

    models = [read_card(name).load() for name in MODELS]

    def run() -> None:
        for model in models:
            for path in files:
                predict_batch(model, [path])

    return run


def command_ways(engine: Engine, home: Path) -> dict[str, Command]:
    """``predict`` on the folder and on twice as much, with and without overlays."""
    ways = {}
    for what in (PLAIN, OVERLAYS):
        for times, source in (("n", "once"), ("2n", "twice")):
            words = ["-m", "brain_core", "predict", str(home / source), "--format", "json"]
            words += ["--output", str(home / "results.json")]
            words += ["--heatmaps", str(home / "overlays")] if what == OVERLAYS else []
            environment = engine.environment | {"BRAIN_HOME": str(home / "var")}
            ways[f"{engine.label}, {what}, process on {times}"] = Command(words, environment)
    return ways


def with_marginal(timing: Timing, used: tuple[Engine, ...]) -> Timing:
    """With what ``n`` scans take without the start of the process, round by round."""
    found = dict(timing.seconds)
    for engine in used:
        for what in (PLAIN, OVERLAYS):
            process = f"{engine.label}, {what}, process on"
            found[_marginal(engine, what)] = timing.difference(f"{process} 2n", f"{process} n")
    return replace(timing, seconds=found)


def _marginal(engine: Engine, what: str) -> str:
    return f"{engine.label}, {what}, without the start"


def _row(way: str, timing: Timing, n: int) -> dict[str, object]:
    low, high = (n / timing.quantile(way, share) for share in (0.75, 0.25))
    return {"way": way, "s": timing.median(way), "scans/s": n / timing.median(way), "25%": low, "75%": high}


def targets(timing: Timing, used: tuple[Engine, ...]) -> list[str]:
    return [
        f"{engine.label}, {what}: {timing.ratio(engine.bare, _marginal(engine, what)):.2f} of {engine.bare}, "
        f"whole process {timing.ratio(engine.bare, f'{engine.label}, {what}, process on n'):.2f} "
        f"(target: {TARGET_SHARE} without the start)"
        for engine in used
        for what in (PLAIN, OVERLAYS)
    ]
