"""Test connection: one step after the other, each with its exact error; nothing is written to the archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from brain_core.errors import BrainError
from brain_core.pacs import network
from brain_core.pacs.archive import Query, open_archive
from brain_core.pacs.settings import MOVE, Dimse, PacsSettings

NOBODY = date(1800, 1, 1)  # no archive holds a study of that day, so that the query brings no patient's data


class NotTried(Exception):
    """A step that cannot be checked; the message says why."""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        ok: None if it was not tried.
        seconds: that it took.
        detail: what was found; the exact error, or why it was not tried.
    """

    name: str
    ok: bool | None
    seconds: float
    detail: str = ""


def steps(read: Callable[[], PacsSettings | None]) -> Iterator[Step]:
    """Check the way to the archive; each step is given as it ends, and what follows a failure is not tried.

    Args:
        read: the settings, e.g. ``lambda: settings.read(path)``; may raise `ConfigError`.
    """
    found: list[PacsSettings] = []

    def read_settings() -> str:
        if (settings := read()) is None:
            raise BrainError("There is no section [pacs] in the secrets file.")
        found.append(settings)
        host, port = settings.address
        return f"{'DIMSE' if isinstance(settings, Dimse) else 'DICOMweb'}, {host}:{port}"

    yield (first := _step("Settings", read_settings))
    failed = not first.ok
    for name, act in _of(found[0]) if found else _UNREAD:
        if failed:
            yield Step(name, None, 0.0, "Not tried: an earlier step failed.")
            continue
        yield (step := _step(name, act))
        failed = step.ok is False


def _step(name: str, act: Callable[[], str]) -> Step:
    start = time.perf_counter()
    try:
        ok, detail = True, act()
    except NotTried as reason:
        ok, detail = None, str(reason)
    except BrainError as error:
        ok, detail = False, str(error)
    return Step(name, ok, time.perf_counter() - start, detail)


def _of(settings: PacsSettings) -> list[tuple[str, Callable[[], str]]]:
    archive = open_archive(settings)
    dimse = isinstance(settings, Dimse)

    def query() -> str:
        archive.find_studies(Query(NOBODY, NOBODY))
        return "C-FIND answers." if dimse else "QIDO-RS answers."

    def echo() -> str:
        if not dimse:
            raise NotTried("Not tried: DICOMweb has no echo.")
        archive.echo()
        return "C-ECHO answers."

    def login() -> str:
        if dimse:
            archive.log_in()
            return f"{settings.called_aet} takes up an association of {settings.calling_aet}."
        archive.echo()
        return "The archive lets this user in." if settings.username or settings.token else "No login was needed."

    return [
        ("Host name", lambda: ", ".join(network.resolve(settings.address[0]))),
        ("Port", lambda: _port(settings)),
        ("TLS", lambda: _tls(settings)),
        ("Login", login),
        ("Query", query),
        ("Echo", echo),
        ("Retrieve", lambda: _retrieve(settings, archive)),
        ("Store", lambda: _store(settings, archive)),
    ]


def _port(settings: PacsSettings) -> str:
    network.open_port(settings)
    return "Open."


def _tls(settings: PacsSettings) -> str:
    if not settings.encrypted:
        raise NotTried("Not used: patient data travel unencrypted.")
    version = network.shake_hands(settings)
    return version if settings.verify_tls else f"{version}; the certificate was not checked (verify_tls = false)."


def _retrieve(settings: PacsSettings, archive: object) -> str:
    if not isinstance(settings, Dimse):
        raise NotTried("Not tried: WADO-RS cannot be checked without fetching a patient's images.")
    archive.offers_retrieve()
    if settings.retrieve == MOVE:
        return f"C-MOVE is offered, and store_port {settings.store_port} is free; move_aet shows with a first study."
    return "C-GET is offered."


def _store(settings: PacsSettings, archive: object) -> str:
    if not isinstance(settings, Dimse):
        raise NotTried("Not tried: STOW-RS cannot be checked without writing.")
    archive.offers_store()
    return "Structured reports and secondary captures are taken; nothing was written."


_UNREAD = [(name, str) for name in ("Host name", "Port", "TLS", "Login", "Query", "Echo", "Retrieve", "Store")]
