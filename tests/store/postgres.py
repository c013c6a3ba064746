"""A real PostgreSQL on this machine: a cluster of its own in a temporary folder, localhost only, on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL

from tests.browser.server import free_port
from tests.needed import lacking

PLACES = "/usr/lib/postgresql/*/bin/postgres"
USER, PASSWORD = "brain", "tr0ub4dor-8cf3"
STARTS_IN = 30  # seconds, at most
MOST_TRIES = 5  # somebody else may take a free port before PostgreSQL does
CLUSTER = pytest.StashKey["Cluster"]()
QUICK = ("-c", "fsync=off", "-c", "max_connections=200")  # no test cuts the power


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, the newest version's; None where it is not installed."""
    found = sorted(Path("/").glob(PLACES[1:]), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    return Path(place).resolve().parent if (place := shutil.which("postgres")) else None


def check_installed() -> None:
    """Where PostgreSQL is missing tests are skipped, or fail where everything is required."""
    if programs() is None:
        lacking("PostgreSQL is not installed: no database server to test on (Debian package 'postgresql').")


def of_session(config: pytest.Config) -> Cluster:
    """One for all tests."""
    if CLUSTER not in config.stash:
        check_installed()
        config.stash[CLUSTER] = Cluster()
        config.add_cleanup(config.stash[CLUSTER].close)
        config.stash[CLUSTER].start()
    return config.stash[CLUSTER]


@dataclass
class Cluster:
    """One server; `start` and `stop` may be called in turn: its port and what it holds stay."""

    options: tuple[str, ...] = QUICK
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="brain-postgres-")))
    port: int = 0
    process: subprocess.Popen | None = None

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"brain_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def url(self, database: str) -> str:
        parts = {"username": USER, "password": PASSWORD, "host": "localhost", "port": self.port, "database": database}
        return URL.create("postgresql", **parts).render_as_string(hide_password=False)

    def start(self) -> None:
        """Raises `RuntimeError` where it does not answer."""
        if not (self.folder / "data").exists():
            self._initialise()
        for _ in range(1 if self.port else MOST_TRIES):
            port = self.port or free_port()
            if self._starts(port):
                self.port = port
                return
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """At once, without waiting for clients."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(STARTS_IN)
            self.process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _initialise(self) -> None:
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if user := _other_user():
            for path in (self.folder, password):
                shutil.chown(path, user)
        words = ["-D", "data", "-U", USER, "--pwfile", "password", "--auth", "scram-sha-256"]
        words += ["--encoding", "UTF8", "--locale", "C", "--no-sync"]
        command = [str(programs() / "initdb"), *words]
        subprocess.run(command, cwd=self.folder, user=_other_user(), check=True, capture_output=True)

    def _starts(self, port: int) -> bool:
        command = [str(programs() / "postgres"), "-D", "data", "-p", str(port), *self.options]
        command += ["-c", "listen_addresses=localhost", "-c", "unix_socket_directories="]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, user=_other_user(), stdout=log, stderr=log)
        until = time.monotonic() + STARTS_IN
        while time.monotonic() < until and self.process.poll() is None:
            try:
                psycopg.connect(self._conninfo("postgres", port)).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return True
        self.stop()
        return False

    def _conninfo(self, database: str, port: int | None = None) -> str:
        return psycopg.conninfo.make_conninfo(
            host="localhost", port=port or self.port, user=USER, password=PASSWORD, dbname=database, connect_timeout=5
        )


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    return "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
