"""One dashboard process against two, behind one nginx, on one PostgreSQL and one BRAIN_HOME: answers a second.

    python benchmarks/readers.py [--processes 1 2] [--sessions 1 5 10 20] [--seconds 12] [--format json]

Sessions are those of `load.py`: each uploads a phantom, waits for both models' probabilities, fetches the pictures,
starts over. nginx runs `deploy/proxy/nginx-many.conf` without TLS; in place of that file's cookie, which these tabs
do not send with their WebSocket, it goes by the XSRF cookie, which they do and which, unlike a browser's, stays as it
is while a tab is open. PostgreSQL is one of its own, in a temporary folder. `BRAIN_ENGINE` chooses what computes.
Nobody signs in: all is on the loopback interface, with phantoms alone, and `BRAIN_OPEN_ACCESS` says so to the servers.

The first run of one session gives the answers that all others are compared with. Exit status 1 where one differs, or
a row is lost or doubled, or the audit log's chain broken. nginx and PostgreSQL have to be installed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import load_checks
from load import draw_pictures
from load_checks import Picture
from load_phases import Phase, drive, until_ready
from load_server import PROJECT, Server, serving
from memory import free_port, wait_for
from studies import import_tests

KEPT = ("BRAIN_ENGINE", "BRAIN_ENGINE_PRECISION")  # of the caller's own settings
PICTURES = 24
WARM = 2  # answers of each process before anything is measured
LOGGED_IN = 1.0  # seconds until nginx has written down what was closed
DURABLE = ("-c", "max_connections=200")  # else as PostgreSQL comes: what is committed is on the disk
SITE = PROJECT / "deploy" / "proxy" / "nginx-many.conf"
MAIN = """pid {folder}/pid; error_log {folder}/error.log; daemon off; events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
OTHERS = re.compile(r"server \{\s*listen 80;[^}]*\}|^ *ssl_.*$|^ *listen \[::\].*$", re.MULTILINE)  # TLS and its like
SERVERS = re.compile(r"( *server 127\.0\.0\.1:\d+ .*\n)+")
STREAM = re.compile(r'/_stcore/stream" 101 .* (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Fleet:
    """Processes behind one address; to `drive` it is a server."""

    address: str
    servers: tuple[Server, ...]
    log: Path

    def megabytes(self) -> float:
        """Resident, of all together."""
        return sum(server.megabytes() for server in self.servers)

    def seconds(self) -> float:
        """Of processor time, so far, of all together."""
        return sum(server.seconds() for server in self.servers)

    def tabs(self) -> Counter[str]:
        """By process, those that ended so far."""
        return Counter(STREAM.findall(self.log.read_text()))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], choices=range(1, 9), metavar="1..8")
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 5, 10, 20], choices=range(1, 101), metavar="N")
    parser.add_argument("--seconds", type=int, default=12, choices=range(3, 601), metavar="3..600", help="of each run")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args()
    import_tests()
    with tempfile.TemporaryDirectory() as folder, database() as url:
        _set_environment(Path(folder) / "home", url)
        found = measure(options, Path(folder))
    print(json.dumps(found, indent=2) if options.format == "json" else as_text(found))
    return 0 if all(each["wrong"] == 0 and each["store"]["good"] for each in found["layouts"]) else 1


def measure(options: argparse.Namespace, folder: Path) -> dict:
    """Every number of processes in turn, each with every number of sessions."""
    pictures, reference, layouts = draw_pictures(PICTURES), {}, []
    folder.chmod(0o755)  # nginx's workers are another user's
    for processes in options.processes:
        started = datetime.now(UTC)
        with fleet(folder / str(processes), processes) as servers:
            warm, runs, rows = asyncio.run(_runs(servers, pictures, options))
            tracebacks = sum(server.tracebacks() for server in servers.servers)
        reference = reference or load_checks.references(runs[0].answers)
        every = [*warm, *runs]
        answers = [answer for phase in every for answer in phase.answers]
        failures = [failure for phase in every for failure in phase.failures]
        stored = load_checks.rows(started, pictures, answers, [picture for picture, _ in failures])
        layouts.append(
            {
                "processes": processes,
                "runs": rows,
                "compared": len(answers),
                "wrong": load_checks.wrong(answers, reference),
                "failures": [message for _, message in failures][:10],
                "store": asdict(stored) | {"good": stored.good},
                "tracebacks_in_the_logs": tracebacks,
            }
        )
    engine = os.environ.get("BRAIN_ENGINE", "tensorflow")
    return {"cores": os.cpu_count(), "engine": engine, "seconds": options.seconds, "layouts": layouts}


async def _runs(fleet: Fleet, pictures: Sequence[Picture], options: argparse.Namespace) -> tuple:
    """Phases before anything is measured, those measured, and the latter's figures."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max(options.sessions) + 1))
    warm, runs, rows = [], [], []
    for server in fleet.servers:
        await until_ready(server.address)
        warm.append(await drive(server, pictures, 1, 0.0, at_least=WARM))
    for sessions in options.sessions:
        before = fleet.tabs()
        first = options.processes[0] == len(fleet.servers) and not runs
        phase = await drive(fleet, pictures, sessions, options.seconds, at_least=len(pictures) if first else 0)
        await asyncio.sleep(LOGGED_IN)
        runs.append(phase)
        rows.append(_row(phase, fleet, fleet.tabs() - before))
    return warm, runs, rows


def _row(phase: Phase, fleet: Fleet, tabs: Counter[str]) -> dict[str, object]:
    each = {
        "tabs_by_process": [tabs[server.address.removeprefix("http://")] for server in fleet.servers],
        "megabytes_by_process": [round(server.megabytes()) for server in fleet.servers],
    }
    return phase.summary() | each


@contextmanager
def database() -> Iterator[str]:
    """The URL of a PostgreSQL's empty database."""
    from tests.store.postgres import Cluster

    cluster = Cluster(DURABLE)
    try:
        cluster.start()
        yield cluster.fresh()
    finally:
        cluster.close()


@contextmanager
def fleet(folder: Path, processes: int) -> Iterator[Fleet]:
    """Dashboards behind nginx; logs go to ``folder``."""
    folder.mkdir()
    port, servers = free_port(), []
    with ExitStack() as stack:
        for number in range(processes):
            (folder / str(number)).mkdir()
            servers.append(stack.enter_context(serving(folder / str(number))))
        (folder / "site.conf").write_text(site(SITE.read_text(), port, servers, folder))
        (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
        command = ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        nginx = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        stack.callback(nginx.wait, 10)
        stack.callback(nginx.terminate)
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield Fleet(f"http://127.0.0.1:{port}", tuple(servers), folder / "brain.log")


def site(example: str, port: int, servers: Sequence[Server], folder: Path) -> str:
    """The example for these servers, without TLS, and sticky by the cookie that the benchmark's tabs send."""
    lines = "".join(f"    server {server.address.removeprefix('http://')} max_fails=0;\n" for server in servers)
    text = SERVERS.sub(lines, OTHERS.sub("", example))
    changes = {
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port};",
        "/var/log/nginx": str(folder),
        "hash $brain_process consistent;": "hash $cookie__streamlit_xsrf consistent;",
    }
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"Expected {old!r} in {SITE.name}. Received a file without it.")
        text = text.replace(old, new)
    return text


def as_text(found: dict) -> str:
    """A table, and what was held against the store."""
    lines = [f"{found['cores']} cores, {found['engine']}, PostgreSQL, {found['seconds']} s a run"]
    lines.append(
        "| processes | sessions | answers a second | median s | p95 s | MB a process | cores | tabs by process |"
    )
    lines.append("|---|---|---|---|---|---|---|---|")
    for layout in found["layouts"]:
        for run in layout["runs"]:
            cells = [layout["processes"], run["sessions"], f"{run['answers_per_second']:.2f}"]
            cells += [f"{run['latency_median_s']:.2f}", f"{run['latency_p95_s']:.2f}"]
            cells += ["; ".join(f"{each:,}" for each in run["megabytes_by_process"]), f"{run['server_cores']:.2f}"]
            cells += [" + ".join(map(str, run["tabs_by_process"]))]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    for layout in found["layouts"]:
        store = layout["store"]
        lines.append(
            f"{layout['processes']} processes: {layout['wrong']} of {layout['compared']} answers wrong; rows "
            f"{store['found']} of {store['expected']}, {store['lost']} lost, {store['doubled']} doubled; audit chain "
            f"{store['chain']}; {layout['tracebacks_in_the_logs']} tracebacks; failures: {layout['failures'] or 'none'}"
        )
    return "\n".join(lines)


def _set_environment(home: Path, url: str) -> None:
    """Of this process and of the servers: nobody's own settings but the engine."""
    from brain_core.settings.access import OPEN_WORDS

    kept = {name: os.environ[name] for name in KEPT if os.environ.get(name)}
    for name in [name for name in os.environ if name.startswith("BRAIN_")]:
        del os.environ[name]
    os.environ |= {"BRAIN_HOME": str(home), "BRAIN_DATABASE_URL": url, "BRAIN_OPEN_ACCESS": OPEN_WORDS} | kept
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


if __name__ == "__main__":
    sys.exit(main())
