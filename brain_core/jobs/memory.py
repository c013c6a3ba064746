"""What memory a process takes, and whether the system had to kill for want of it."""

from __future__ import annotations

from pathlib import Path

import psutil

_COUNTERS = (Path("/sys/fs/cgroup/memory.events"), Path("/proc/vmstat"))  # of a container, of the whole machine
MEGABYTE = 1_000_000


def kills() -> int | None:
    """How many processes the kernel has killed so far because memory was exhausted; None where nothing says so."""
    counts = [count for path in _COUNTERS if (count := _count(path)) is not None]
    return sum(counts) if counts else None


def _count(path: Path) -> int | None:
    try:
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == "oom_kill":
                return int(value)
    except (OSError, ValueError):
        pass
    return None


def is_exhausted(error: BaseException) -> bool:
    """Whether an error, or one that it comes from, says that memory is exhausted; TensorFlow's too."""
    seen = error
    while seen is not None:
        names = {kind.__name__ for kind in type(seen).__mro__}
        if names & {"MemoryError", "ResourceExhaustedError"} or "std::bad_alloc" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def of_process() -> int:
    """Bytes that this process holds in memory."""
    return psutil.Process().memory_info().rss


def available() -> int:
    """Bytes that the machine has left."""
    return psutil.virtual_memory().available
