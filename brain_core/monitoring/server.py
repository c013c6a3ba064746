"""``GET /healthz`` and ``GET /metrics`` over HTTP, for containers and scrapers. No patient data, and no sign-in."""

from __future__ import annotations

import ipaddress
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from brain_core.access import binding
from brain_core.errors import ConfigError, StoreError
from brain_core.monitoring import alert_log, checks, exposition, records
from brain_core.monitoring.alerts import Alert
from brain_core.monitoring.reading import Totals, totals
from brain_core.monitoring.report import Report, make
from brain_core.settings import settings
from brain_core.store import retention
from brain_core.store.records import now

LOCALHOST = "127.0.0.1"
MOST_PORT = 65535
SHORT, LONG = 15.0, 600.0  # seconds until the next report, and until the next look at audit log and retention
PATIENCE = 10.0  # seconds for a request to come in
_log = logging.getLogger("brain_core")


class Kept:
    """A value that is worked out again when it is older than ``seconds``; safe to be shared by threads."""

    def __init__(self, work: Callable, seconds: float):
        self._work, self._seconds = work, seconds
        self._lock = threading.Lock()
        self._at, self._value = -float("inf"), None

    def __call__(self):
        with self._lock:  # those who wait take what the first one worked out
            if time.monotonic() - self._at > self._seconds:
                self._value = self._work()
                self._at = time.monotonic()
            return self._value


def address_of(text: str) -> tuple[str, int]:
    """``[ADDRESS:]PORT`` as address and port; localhost without an address.

    Raises:
        ConfigError: it is something else.
    """
    address, colon, port = text.rpartition(":")
    address = address.removeprefix("[").removesuffix("]") if colon else LOCALHOST
    if not port.isdecimal() or int(port) > MOST_PORT or not address:
        raise ConfigError(f"--listen: expected [ADDRESS:]PORT, as in 9180 or 0.0.0.0:9180. Received: {text!r:.60}.")
    return address, int(port)


def server(address: str, port: int, days: int) -> ThreadingHTTPServer:
    """Bound and not serving yet; port 0 takes a free one.

    Raises:
        ConfigError: it cannot be bound.
    """
    audit, retain = Kept(checks.audit, LONG), Kept(retention.when_due, LONG)
    found = Kept(lambda: _look(days, audit, retain), SHORT)
    handler = type("Handler", (_Handler,), {"found": staticmethod(found)})
    try:
        made = (_Server6 if _is_ipv6(address) else _Server)((address, port), handler)
    except OSError as error:
        raise ConfigError(f"--listen: {address}, port {port} cannot be used: {error.strerror or error}.") from error
    if not binding.is_local(address):
        _log.warning("Whoever reaches %s sees counts and alerts: nobody has to sign in.", address)
    _log.info("Serving /healthz and /metrics at http://%s:%d", address, made.server_address[1])
    return made


def _look(days: int, audit: Callable[[], Alert], retain: Callable[[], None]) -> tuple[Report, Totals]:
    retain()  # where nobody predicts any more, nobody else deletes what has become too old
    report = make(now(), days, audit=audit)
    if days == settings().monitor.window_days:  # another window would make alerts come and go
        alert_log.note(report.alerts)
    try:
        return report, totals()
    except StoreError:  # of which the report tells
        return report, Totals({}, {})


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address) -> None:
        """A client that went away is no traceback."""
        _log.debug("A request ended early.", exc_info=True)


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    found: Callable[[], tuple[Report, Totals]]
    server_version, sys_version = "brain-monitor", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/healthz":
            report, _ = self.found()
            body = json.dumps(records.health(report)) + "\n"
            status = HTTPStatus.SERVICE_UNAVAILABLE if report.on else HTTPStatus.OK
            self._answer(status, "application/json", body)
        elif path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, exposition.text(*self.found()))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", "/healthz and /metrics are served here.\n")

    do_HEAD = do_GET

    def log_message(self, form: str, *arguments) -> None:
        _log.debug(form, *arguments)

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_ipv6(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).version == 6
    except ValueError:  # a name
        return False
