"""The reverse proxy examples; nginx for real, in front of a server that tells what reached it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from brain_core.settings import Settings
from tests.deployment.reading import PROJECT, tool

PROXY = PROJECT / "deploy" / "proxy"
MAIN = """pid {folder}/pid; error_log {folder}/error.log; events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Telling(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def running(site: Path, folder: Path, behind: dict[str, int]) -> Iterator[int]:
    """nginx with a site as it is but for ports (of each address behind it, and its own), paths and the certificate."""
    plain, secure = free_port(), free_port()
    changes = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{secure} ssl http2;",
        "listen [::]:80;": "",
        "listen [::]:443 ssl http2;": "",
        "/etc/ssl/brain": str(folder),
        "/var/log/nginx": str(folder),
    } | {address: f"127.0.0.1:{port}" for address, port in behind.items()}
    text = site.read_text()
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    write_certificate(folder)
    folder.chmod(0o755)
    words = [tool("nginx"), "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    checked = subprocess.run([*words, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    server = subprocess.Popen([*words, "-g", "daemon off;"], stderr=subprocess.DEVNULL)
    try:
        wait_for(secure)
        yield secure
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory) -> Iterator[int]:
    """The port of nginx, with the site as it is but for ports, paths and the certificate."""
    folder = tmp_path_factory.mktemp("nginx")
    behind = ThreadingHTTPServer(("127.0.0.1", 0), Telling)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    with running(PROXY / "nginx.conf", folder, {"127.0.0.1:8501": behind.server_port}) as port:
        yield port
    behind.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("nginx did not answer")


def write_certificate(folder: Path) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "t")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    clear = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear))


def ask(port: int, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    unchecked = ssl._create_unverified_context()  # of this test's own certificate
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=unchecked, timeout=10)
    headers = {"Host": "brain.example.org"} | {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def test_who_asks_is_passed_on_and_cannot_be_made_up(proxy):
    told = json.load(ask(proxy, X_Forwarded_For="192.0.2.7", X_Real_IP="192.0.2.7", X_Forwarded_Proto="http"))
    assert told["host"] == told["x-forwarded-host"] == "brain.example.org"
    assert told["x-forwarded-for"] == told["x-real-ip"] == "127.0.0.1"
    assert told["x-forwarded-proto"] == "https"


def test_a_websocket_is_upgraded_and_other_requests_are_not(proxy):
    told = json.load(ask(proxy, "/_stcore/stream", Connection="Upgrade", Upgrade="websocket"))
    assert (told["connection"], told["upgrade"]) == ("upgrade", "websocket")
    told = json.load(ask(proxy))
    assert told["connection"] == "close" and "upgrade" not in told


def test_a_body_beyond_the_largest_upload_is_refused_unread(proxy):
    assert ask(proxy, Content_Length=str(1001 * 2**20 + 1)).status == 413


def test_figures_of_the_server_stay_on_the_machine(proxy):
    assert ask(proxy, "/_stcore/metrics").status == 404


def test_it_says_what_a_browser_shall_not_do(proxy):
    told = ask(proxy).headers
    assert told["Strict-Transport-Security"] == "max-age=31536000"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["Content-Security-Policy"] == "frame-ancestors 'none'"


def test_the_largest_upload_is_that_of_the_page():
    largest = Settings().max_total_megabytes + 1  # and the form around it
    assert f"client_max_body_size {largest}m;" in (PROXY / "nginx.conf").read_text()
    assert f"max_size {largest}MiB" in (PROXY / "Caddyfile").read_text()
    assert "proxy_request_buffering off;" in (PROXY / "nginx.conf").read_text()  # no upload on the proxy's disk
