"""The proxy of several processes: nginx for real, in front of two servers that tell which of them was reached."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.cookies import SimpleCookie
from http.server import ThreadingHTTPServer

import pytest

from tests.deployment.test_proxy import PROXY, Telling, ask, running

SITE, ONE = PROXY / "nginx-many.conf", PROXY / "nginx.conf"
COOKIE = "brain_process"
PATHS = ("/", "/_stcore/health", "/_stcore/upload_file/a/b", "/media/a.png", "/oauth2callback")
READERS = 40
ONLY_ONE = {"proxy_pass http://127.0.0.1:8501;"}  # of nginx.conf's settings not in this one, beside its log's format


class Telltale(Telling):
    """Tells its port beside what it was asked."""

    def end_headers(self) -> None:
        self.send_header("X-Process", str(self.server.server_port))
        super().end_headers()


@pytest.fixture(scope="module")
def processes() -> Iterator[list[ThreadingHTTPServer]]:
    started = [ThreadingHTTPServer(("127.0.0.1", 0), Telltale) for _ in range(2)]
    for server in started:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield started
    for server in started:
        server.shutdown()


@pytest.fixture(scope="module")
def proxy(tmp_path_factory, processes) -> Iterator[int]:
    """The port of nginx, with the site as it is but for ports, paths and the certificate."""
    behind = {f"127.0.0.1:{8501 + i}": process.server_port for i, process in enumerate(processes)}
    with running(SITE, tmp_path_factory.mktemp("nginx-many"), behind) as port:
        yield port


def visit(port: int) -> tuple[str, str]:
    """The process and the cookie's value of somebody who comes for the first time."""
    answer = ask(port)
    cookie = SimpleCookie(answer.headers["Set-Cookie"])
    return answer.headers["X-Process"], cookie[COOKIE].value


def test_a_reader_stays_with_the_process_of_the_first_visit(proxy):
    for _ in range(4):
        process, value = visit(proxy)
        for path in PATHS:
            answer = ask(proxy, path, Cookie=f"other=1; {COOKIE}={value}")
            assert (answer.headers["X-Process"], answer.headers["Set-Cookie"]) == (process, None)
        reconnected = ask(
            proxy, "/_stcore/stream", Cookie=f"{COOKIE}={value}", Connection="Upgrade", Upgrade="websocket"
        )
        told = json.load(reconnected)
        assert reconnected.headers["X-Process"] == process
        assert (told["connection"], told["upgrade"]) == ("upgrade", "websocket")


def test_the_cookie_comes_back_from_sign_in_and_is_no_business_of_the_pages(proxy):
    set_cookie = ask(proxy).headers["Set-Cookie"]
    assert re.fullmatch(rf"{COOKIE}=[0-9a-f]{{32}}; Path=/; HttpOnly; Secure; SameSite=Lax", set_cookie)


def test_a_cookie_that_this_proxy_does_not_write_is_replaced(proxy):
    for value in ("", "x", 31 * "a", 33 * "a", 32 * "A"):
        assert ask(proxy, Cookie=f"{COOKIE}={value}").headers["Set-Cookie"].startswith(f"{COOKIE}=")


def test_readers_of_one_address_are_shared_out(proxy, processes):
    reached = {visit(proxy)[0] for _ in range(READERS)}
    assert reached == {str(server.server_port) for server in processes}


def test_all_else_is_as_with_one_process():
    lost = settings_of(ONE) - settings_of(SITE)
    assert {line for line in lost if not line.startswith("log_format")} == ONLY_ONE


def settings_of(path) -> set[str]:
    """Lines without comments."""
    return {line.split("#")[0].strip() for line in path.read_text().splitlines()} - {""}


def test_who_asks_is_passed_on_and_figures_stay_on_the_machine(proxy):
    told = json.load(ask(proxy, X_Forwarded_For="192.0.2.7", X_Forwarded_Proto="http"))
    assert (told["host"], told["x-forwarded-for"]) == ("brain.example.org", "127.0.0.1")
    assert told["x-forwarded-proto"] == "https"
    assert ask(proxy, "/_stcore/metrics").status == 404


def test_a_session_whose_process_is_down_goes_to_no_other(proxy, processes):
    """The last test here: it ends one."""
    readers = [visit(proxy) for _ in range(READERS)]
    ended, other = (str(server.server_port) for server in processes)
    processes[0].shutdown()
    processes[0].server_close()
    for process, value in readers:
        for _ in range(2):
            answer = ask(proxy, Cookie=f"{COOKIE}={value}")
            assert (answer.status, answer.headers["X-Process"]) == ((502, None) if process == ended else (200, other))
