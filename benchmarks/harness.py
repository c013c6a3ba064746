"""How the benchmarks measure: ways that take turns in one process, medians over rounds, ratios within each round.

Whatever slows the machine down for a while then slows every way of a round, so that a ratio survives it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import numpy as np
import psutil

PROJECT = Path(__file__).resolve().parents[1]
POLL = 0.02  # seconds between two looks at a process's memory
PACKAGES = ("tensorflow", "keras", "openvino", "onnxruntime", "numpy")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")  # that decide on kernels and precision

Row = Mapping[str, object]


@dataclass(frozen=True)
class Timing:
    """Seconds of each way, one a round, in the order of the rounds."""

    seconds: Mapping[str, tuple[float, ...]]

    def median(self, way: str) -> float:
        return statistics.median(self.seconds[way])

    def quantile(self, way: str, share: float) -> float:
        """Interpolated between neighbours; ``share`` is 0..1."""
        return float(np.quantile(self.seconds[way], share))

    def ratio(self, a: str, b: str) -> float:
        """How many times as long ``a`` takes as ``b``: the median of the rounds' ratios."""
        return statistics.median(x / y for x, y in zip(self.seconds[a], self.seconds[b], strict=True))

    def difference(self, a: str, b: str) -> tuple[float, ...]:
        """Seconds that ``a`` takes longer than ``b``, round by round."""
        return tuple(x - y for x, y in zip(self.seconds[a], self.seconds[b], strict=True))

    def rows(self, *, against: str | None = None, scans: int = 1, unit: str = "ms") -> list[dict[str, object]]:
        """Medians and quartiles in milliseconds or seconds a scan, and the ratio to one of the ways."""
        factor = (1000 if unit == "ms" else 1) / scans
        rows = []
        for way in self.seconds:
            row = {"way": way, unit: self.median(way) * factor}
            row |= {f"{share:.0%}": self.quantile(way, share) * factor for share in (0.25, 0.75)}
            rows.append(row | ({f"times {against}": self.ratio(way, against)} if against else {}))
        return rows


def seconds(run: Callable[[], object]) -> float:
    """That one call takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def reported(run: Callable[[], float]) -> float:
    """For `measure`, where a way tells its seconds itself."""
    return run()


def measure(
    ways: Mapping[str, Callable[[], object]],
    rounds: int,
    warm_up: int = 1,
    *,
    before: Callable[[str], object] | None = None,
    timer: Callable[[Callable], float] = seconds,
) -> Timing:
    """Run the ways in turns; each round starts with the next one.

    Args:
        warm_up: rounds that do not count.
        before: called with a way's name before each of its runs, outside the time.
    """
    names, taken = list(ways), {name: [] for name in ways}
    for round_ in range(-warm_up, rounds):
        first = round_ % len(names)
        for name in names[first:] + names[:first]:
            if before:
                before(name)
            found = timer(ways[name])
            if round_ >= 0:
                taken[name].append(found)
    return Timing({name: tuple(found) for name, found in taken.items()})


@dataclass(frozen=True)
class Command:
    """A process of its own, started in the project's folder; called, it runs to its end.

    Attributes:
        words: what follows ``python``.
        environment: what differs from this process's.
    """

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self) -> str:
        """Its standard output.

        Raises:
            SystemExit: it failed; with what it said.
        """
        done = subprocess.run(self._line, cwd=PROJECT, env=self._env, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(self.words)} failed ({done.returncode}):\n{done.stderr[-2000:]}")
        return done.stdout

    def peak(self) -> float:
        """Megabytes of resident memory at its highest, to the last `POLL` seconds of its life."""
        nowhere = subprocess.DEVNULL
        process = subprocess.Popen(self._line, cwd=PROJECT, env=self._env, stdout=nowhere, stderr=nowhere)
        highest = 0.0
        while process.poll() is None:
            highest = max(highest, peak_memory(process.pid))
            time.sleep(POLL)
        if process.returncode:
            raise SystemExit(f"{' '.join(self.words)} failed ({process.returncode}).")
        return highest

    @property
    def _line(self) -> list[str]:
        return [sys.executable, *self.words]

    @property
    def _env(self) -> dict[str, str]:
        return os.environ | dict(self.environment)


def peak_memory(pid: int) -> float:
    """Megabytes: the kernel's own high-water mark of resident memory; 0 of a process that has just ended."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0


def machine() -> dict[str, object]:
    """What the figures were measured on: processor, memory and versions."""
    cpuinfo = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").is_file() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return {
        "processor": model.group(1) if model else platform.processor() or platform.machine(),
        "instructions": [name for name in INSTRUCTIONS if flags and name in flags.group(1).split()],
        "cores": psutil.cpu_count(logical=False),
        "threads": os.cpu_count(),
        "memory GB": round(psutil.virtual_memory().total / 1e9, 1),
        "python": platform.python_version(),
    } | {name: _version(name) for name in PACKAGES}


def machine_line() -> str:
    return ", ".join(f"{name} {' '.join(it) if isinstance(it, list) else it}" for name, it in machine().items())


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


def table(rows: Sequence[Row]) -> str:
    """Rows of the same keys as aligned lines, fractions with two digits."""
    cells = [list(rows[0]), *([f"{v:.2f}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in cells]
    return "\n".join("  ".join(line).rstrip() for line in lines)


class Report:
    """Prints the machine, then each table as it comes, and keeps them all for ``--json FILE``."""

    def __init__(self):
        self._parts: list[dict] = []
        print(machine_line())

    def add(self, title: str, rows: Sequence[Row], targets: Sequence[str] = ()) -> None:
        print(f"\n{title}\n{table(rows)}", *targets, sep="\n", flush=True)
        self._parts.append({"title": title, "rows": [dict(row) for row in rows], "targets": list(targets)})

    def save(self, file: Path) -> None:
        text = json.dumps({"machine": machine(), "parts": self._parts}, indent=1, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
