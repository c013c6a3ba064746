"""Twenty sessions at once on one server: no wrong answer, no lost row, memory returned, and how fast.

    python benchmarks/load.py [--sessions 20] [--seconds 120] [--database URL] [--format json]

Each session opens Detect, uploads a phantom, waits for both models' probabilities on the page, fetches the pictures
that the page shows, presses 'Start over', and so on with another phantom. They are real sessions of Streamlit over its
WebSocket, without a browser (see `streamlit_client.py`): twenty Chromiums would take the two cores that are measured.

The server is one of its own, on the loopback interface, with the models that ship, and keeps what it writes in a
temporary folder; the database is SQLite, or a PostgreSQL of your own at URL. In turn, on the same server: one session
alone through all pictures (its answers are what the others' are compared with), all sessions for the given seconds,
one session alone again. Then the store is held against the answers, row by row, and the bare detectors are timed.
Memory is compared between two rests, each longer than Streamlit keeps a session whose tab is closed, 120 seconds.

Exit status 1 where an answer was wrong, a row lost or doubled, or the audit log's chain broken.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import load_checks
from load_checks import Picture
from load_phases import drive, megabytes_at_rest, until_ready
from load_server import Server, serving

TARGET_SHARE, TARGET_GROWTH = 0.9, 0.1
ALONE = 30.0  # seconds of the single session, at least, before and after
REST = 125.0  # seconds; Streamlit keeps a closed session for 120
MOST_FAILURES = 10  # told
BARE = 10.0  # seconds of the bare detectors


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=20, choices=range(1, 101), metavar="1..100")
    parser.add_argument("--seconds", type=int, default=120, choices=range(5, 601), metavar="5..600")
    parser.add_argument("--pictures", type=int, default=120, help="different ones")
    parser.add_argument("--rest", type=float, default=REST, help="seconds before memory is measured")
    parser.add_argument("--database", help="URL of a PostgreSQL in place of SQLite, as BRAIN_DATABASE_URL")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _set_environment(Path(folder), options.database)
        found = measure(options, Path(folder))
    print(json.dumps(found, indent=2) if options.format == "json" else as_text(found))
    return 0 if found["wrong"] == 0 and found["store"]["good"] else 1


def measure(options: argparse.Namespace, home: Path) -> dict:
    """All figures."""
    pictures = draw_pictures(options.pictures)
    started = datetime.now(UTC)
    with serving(home) as server:
        runs, memory = asyncio.run(_phases(server, pictures, options))
        tracebacks = server.tracebacks()
    warm, before, load, after = runs
    reference = load_checks.references(before.answers)
    compared = load.answers + after.answers
    shown = [answer for run in runs for answer in run.answers]
    failures = [failure for run in runs for failure in run.failures]
    rows = load_checks.rows(started, pictures, shown, [picture for picture, _ in failures])
    alone = statistics.mean([before.rate, after.rate])
    bare = bare_rate(pictures)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "database": "PostgreSQL" if options.database else "SQLite",
        "alone_before": before.summary(),
        "load": load.summary(),
        "alone_after": after.summary(),
        "share_of_alone": round(load.rate / alone, 3),
        "bare_detectors_per_second": round(bare, 3),
        "share_of_bare": round(load.rate / bare, 3),
        "compared": len(compared),
        "wrong": load_checks.wrong(compared, reference),
        "failures": [message for _, message in failures][:MOST_FAILURES],
        "store": asdict(rows) | {"good": rows.good},
        "memory": memory | {"growth": round(memory["after_megabytes"] / memory["before_megabytes"] - 1, 3)},
        "tracebacks_in_the_log": tracebacks,
        "targets": {"share_of_alone": TARGET_SHARE, "memory_growth": TARGET_GROWTH},
    }


async def _phases(server: Server, pictures: Sequence[Picture], options: argparse.Namespace) -> tuple:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(options.sessions + 1))
    await until_ready(server.address)
    warm = await drive(server, pictures, 1, 0.0, at_least=4)
    before = await drive(server, pictures, 1, ALONE, at_least=len(pictures))
    at_rest = await megabytes_at_rest(server, options.rest)
    load = await drive(server, pictures, options.sessions, options.seconds)
    after = await drive(server, pictures, 1, ALONE)
    memory = {
        "before_megabytes": round(at_rest),
        "after_megabytes": round(await megabytes_at_rest(server, options.rest)),
    }
    return (warm, before, load, after), memory


def draw_pictures(n: int) -> list[Picture]:
    """PNG files of distinct phantoms, every second one with a lesion."""
    import cv2

    from brain_core.scans.phantom import draw, random_phantom

    scans = [draw(random_phantom(seed, lesion=seed % 2 == 0)) for seed in range(n)]
    files = [cv2.imencode(".png", scan.pixels)[1].tobytes() for scan in scans]
    return [Picture(scan.name, data, hashlib.sha256(data).hexdigest()) for scan, data in zip(scans, files, strict=True)]


def bare_rate(pictures: Sequence[Picture]) -> float:
    """Pictures a second through both detectors, read beforehand, one after the other in one thread: no server."""
    from brain_core.inference import Detector
    from brain_core.registry import read_card
    from brain_core.scans import read_bytes

    detectors = [Detector(read_card(name)) for name in ("custom_cnn", "resnet50")]
    scans = [read_bytes(picture.data, picture.name) for picture in pictures]
    for detector in detectors:
        detector.predict(scans[:1])
    done, start = 0, time.perf_counter()
    while time.perf_counter() < start + BARE:
        for detector in detectors:
            detector.predict([scans[done % len(scans)]])
        done += 1
    return done / (time.perf_counter() - start)


def as_text(found: dict) -> str:
    """The figures in lines."""
    lines = [f"{found['machine']}; {found['database']}"]
    for name in ("alone_before", "load", "alone_after"):
        run = found[name]
        lines.append(
            f"{name.replace('_', ' ')}: {run['sessions']} sessions, {run['answers']} answers, "
            f"{run['answers_per_second']:.2f} a second; latency median {run['latency_median_s']:.2f} s, "
            f"95th percentile {run['latency_p95_s']:.2f} s; server {run['server_cores']:.2f} cores, "
            f"client {run['client_cores']:.2f}; at most {run['peak_megabytes']} MB; {run['failures']} failed"
        )
    store, memory = found["store"], found["memory"]
    return "\n".join(
        [
            *lines,
            f"share of one session alone: {found['share_of_alone']:.2f} (target {TARGET_SHARE}); "
            f"of the bare detectors' {found['bare_detectors_per_second']:.2f} a second: {found['share_of_bare']:.2f}",
            f"wrong answers: {found['wrong']} of {found['compared']} (target 0)",
            f"rows in the store: {store['found']} of {store['expected']}; {store['lost']} lost, {store['doubled']} "
            f"doubled, {store['wrong']} unlike one another, {store['unlike_shown']} unlike what was shown (target 0)",
            f"audit log: {store['audit_entries']} entries, the chain {store['chain']}",
            f"memory at rest: {memory['before_megabytes']} MB before, {memory['after_megabytes']} after: "
            f"{memory['growth']:+.1%} (target {TARGET_GROWTH:.0%}); {found['tracebacks_in_the_log']} tracebacks logged",
            *found["failures"],
        ]
    )


def _set_environment(home: Path, database: str | None) -> None:
    """Of this process and of the server: nobody's own settings."""
    for name in [name for name in os.environ if name.startswith("BRAIN_")]:
        del os.environ[name]
    os.environ |= {"BRAIN_HOME": str(home)} | ({"BRAIN_DATABASE_URL": database} if database else {})
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


if __name__ == "__main__":
    sys.exit(main())
