"""A real Orthanc for the tests of a session, emptied before each, and the ways to speak to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brain_core.pacs.archive import Archive, open_archive
from brain_core.pacs.secrets_file import from_table
from tests.needed import lacking
from tests.pacs import orthanc as server
from tests.pacs.orthanc import Orthanc

WAYS = ("dicomweb", "get", "move")


def tables(orthanc: Orthanc) -> dict[str, dict]:
    """Settings by way, as in the secrets file."""
    dimse = {
        "kind": "dimse",
        "host": "localhost",
        "port": orthanc.dicom_port,
        "called_aet": server.AET,
        "calling_aet": server.CALLER,
    }
    move = {"retrieve": "move", "move_aet": server.STORE_AET, "store_port": orthanc.store_port}
    web = {"kind": "dicomweb", "url": orthanc.url, "username": server.USER, "password": server.PASSWORD}
    return {"dicomweb": web, "get": dimse, "move": dimse | move | {"store_address": "127.0.0.1"}}


@pytest.fixture(scope="session")
def running(tmp_path_factory) -> Iterator[Orthanc]:
    """The server; without one the test is skipped, or fails where everything is required."""
    if missing := server.missing():
        lacking(missing)
    found = server.started(tmp_path_factory.mktemp("orthanc"))
    yield found
    found.stop()


@pytest.fixture
def orthanc(running) -> Orthanc:
    """The server, empty."""
    running.clear()
    return running


@pytest.fixture
def own_orthanc(running, tmp_path) -> Iterator[Orthanc]:
    """A server of the test alone, to be stopped."""
    found = server.started(tmp_path / "orthanc")
    yield found
    found.stop()


@pytest.fixture
def connect(orthanc) -> Callable[..., Archive]:
    """``connect(way, **changes)``: the archive, with settings changed by key."""

    def connected(way: str, **changes) -> Archive:
        return open_archive(from_table(tables(orthanc)[way] | changes))

    return connected


@pytest.fixture(params=WAYS)
def way(request) -> str:
    return request.param


@pytest.fixture
def archive(connect, way) -> Archive:
    """The archive, in each of the three ways."""
    return connect(way)


@pytest.fixture
def secrets_file(tmp_path) -> Callable[[dict], Path]:
    """Writes a ``[pacs]`` table to a file."""

    def write(table: dict) -> Path:
        path = tmp_path / "secrets.toml"
        lines = [f"{key} = {_toml(value)}" for key, value in table.items()]
        path.write_text("\n".join(["[pacs]", *lines]) + "\n", encoding="utf-8")
        return path

    return write


def _toml(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
