"""Reads the whole corpus in a process of its own that gets little memory; a line of JSON for each file."""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from brain_core.errors import BrainError, ScanError
from brain_core.scans import Series, SourceFile, collect, read_bytes
from brain_core.scans.amount import Most
from brain_core.scans.picture import read_source
from brain_core.scans.volume import other_planes
from tests.hardening import corpus

ROOM = 1_000_000_000  # bytes of addresses beyond what the process has when it begins
MOST_SLICES = 6  # of a series that are looked at


@dataclass
class Outcome:
    """What became of a file.

    Attributes:
        messages: of all that was refused.
        read: how many pictures and slices were decoded.
        shown: further texts that a screen would show.
        failure: a traceback, where anything but a `BrainError` was raised.
        megabytes: by which the process's largest size grew.
    """

    number: int
    name: str
    about: str
    messages: list[str] = field(default_factory=list)
    read: int = 0
    shown: list[str] = field(default_factory=list)
    failure: str | None = None
    seconds: float = 0.0
    megabytes: float = 0.0


def outcome(number: int, entry: corpus.Entry) -> Outcome:
    """Everything that is done with an upload, up to the models."""
    found = Outcome(number, entry.name, entry.about)
    start, size = time.perf_counter(), _largest()
    try:
        _look_at(entry, found)
    except Exception:  # is what is looked for
        found.failure = traceback.format_exc()
    found.seconds, found.megabytes = time.perf_counter() - start, _largest() - size
    return found


def _look_at(entry: corpus.Entry, found: Outcome) -> None:
    collection = collect([SourceFile.of_bytes(entry.data, entry.name)], most=Most.of_settings())
    found.messages += [f"{each.name}: {each.reason}" for each in collection.refused]
    for picture in collection.pictures:
        _try(found, lambda picture=picture: read_source(picture).pixels)
    for study in collection.studies:
        found.shown += [study.pseudonym, *study.notes]
        if study.identity:
            with suppress(ScanError):
                study.identity()
        for series in study.series:
            _look_through(series, found)
    with suppress(BrainError):  # the page takes what has a picture's name for one
        read_bytes(entry.data, entry.name)


def _look_through(series: Series, found: Outcome) -> None:
    found.shown += [series.title, *series.notes]
    for index in {*np.linspace(0, len(series) - 1, min(len(series), MOST_SLICES)).astype(int).tolist()}:
        _try(found, lambda index=index: series.scan(index).pixels)
    found.shown += [each.name for each in (series.window(), *series.presets())]
    for header in {series.slices[0].header, series.slices[-1].header} - {None}:
        with suppress(ScanError):
            header()
    planes: list[Series] = []
    _try(found, lambda: planes.extend(other_planes(series)))
    for plane in planes:
        _try(found, lambda plane=plane: plane.scan(len(plane) // 2).pixels)


def _try(found: Outcome, read) -> None:
    try:
        pixels = read()
    except BrainError as error:
        found.messages.append(str(error))
        return
    if pixels is not None:
        assert pixels.dtype == np.uint8 and pixels.size
        found.read += 1


def _largest() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(out: Path) -> None:
    logging.disable(logging.NOTSET)
    made = corpus.entries()
    now = int(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmSize" in line).split()[1])
    resource.setrlimit(resource.RLIMIT_AS, (now * 1024 + ROOM,) * 2)
    with out.open("w") as file:
        for number, entry in enumerate(made):
            file.write(json.dumps(asdict(outcome(number, entry))) + "\n")
            file.flush()  # so that a crash is known by the line that is missing


if __name__ == "__main__":
    main(Path(sys.argv[1]))
