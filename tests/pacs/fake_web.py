"""A DICOMweb server that answers as it is told: what no well-behaved archive does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass
class Answer:
    """What to send; ``length`` says the Content-Length, None sends none and closes."""

    body: bytes = b"[]"
    status: int = 200
    kind: str = "application/dicom+json"
    length: int | None = -1  # -1: the true one
    after: float = 0.0  # seconds
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def serving(answer: Callable[[str, dict[str, list[str]]], Answer]) -> Iterator[tuple[str, list]]:
    """Serve ``answer(path, query)`` on localhost; gives the address and a list of (method, path, headers) seen."""
    seen: list = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            seen.append((self.command, parts.path, dict(self.headers)))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = answer(parts.path, parse_qs(parts.query))
            time.sleep(told.after)
            self.send_response(told.status)
            self.send_header("Content-Type", told.kind)
            for name, value in told.headers.items():
                self.send_header(name, value)
            if told.length is not None:
                self.send_header("Content-Length", str(len(told.body) if told.length < 0 else told.length))
            self.end_headers()
            self.wfile.write(told.body)

        do_POST = do_GET

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dicom-web", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
