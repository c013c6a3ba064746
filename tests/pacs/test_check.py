"""Test connection: step by step, each with its exact error, and over TLS."""

from __future__ import annotations

import subprocess

import pytest

from brain_core.errors import ConfigError, PacsError
from brain_core.pacs.archive import Query, open_archive
from brain_core.pacs.check import Step, steps
from brain_core.pacs.secrets_file import from_table
from tests.pacs import orthanc as server
from tests.pacs.conftest import tables
from tests.pacs.fake_web import Answer, serving
from tests.pacs.orthanc import free_port
from tests.pacs.studies import files, study, study_uid
from tests.pacs.tls_tunnel import tunnel

NAMES = ["Settings", "Host name", "Port", "TLS", "Login", "Query", "Echo", "Retrieve", "Store"]


def check(table: dict) -> dict[str, Step]:
    found = list(steps(lambda: from_table(table)))
    assert [each.name for each in found] == NAMES
    assert all(0 <= each.seconds < 20 for each in found)
    return {each.name: each for each in found}


def oks(found: dict[str, Step]) -> list[bool | None]:
    return [each.ok for each in found.values()]


def test_all_is_well(orthanc, way):
    orthanc.put(*files(study("one", 1)))
    found = check(tables(orthanc)[way])
    last = [None, None, None] if way == "dicomweb" else [True, True, True]
    assert oks(found) == [True, True, True, None, True, True, *last]
    assert found["Settings"].detail.endswith(f"localhost:{tables(orthanc)[way].get('port', orthanc.http_port)}")
    assert found["Host name"].detail == "127.0.0.1" or "127.0.0.1" in found["Host name"].detail
    assert found["TLS"].detail == "Not used: patient data travel unencrypted."
    if way == "dicomweb":
        assert found["Store"].detail == "Not tried: STOW-RS cannot be checked without writing."
    if way == "move":
        assert f"store_port {orthanc.store_port} is free" in found["Retrieve"].detail
    assert len(orthanc.instances()) == 1  # nothing was written


@pytest.mark.parametrize(
    ("way", "changes", "step", "message"),
    [
        ("dicomweb", {"url": "http://no-such-host.invalid/x"}, "Host name", "the host name cannot be resolved"),
        ("dicomweb", {"password": "wr0ng"}, "Login", "HTTP 401: user, password or token are wrong or missing"),
        ("get", {"called_aet": "NOBODY"}, "Login", "it does not know the called AE title (called_aet 'NOBODY')"),
        ("get", {"host": "no-such-host.invalid"}, "Host name", "the host name cannot be resolved"),
        ("get", {"tls": True}, "TLS", "TLS failed|the connection broke off|no answer in time"),
    ],
)
def test_the_first_step_that_fails_says_why_and_ends_it(orthanc, way, changes, step, message):
    found = check(tables(orthanc)[way] | changes | {"connect_timeout": 2})
    before, after = NAMES[: NAMES.index(step)], NAMES[NAMES.index(step) + 1 :]
    assert all(found[name].ok is not False for name in before)
    assert found[step].ok is False and any(each in found[step].detail for each in message.split("|"))
    assert all((found[n].ok, found[n].detail) == (None, "Not tried: an earlier step failed.") for n in after)
    assert "wr0ng" not in str(found)


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_a_closed_port(orthanc, way):
    port = free_port()
    changes = {"url": f"http://localhost:{port}/x"} if way == "dicomweb" else {"port": port}
    found = check(tables(orthanc)[way] | changes)
    assert found["Port"].detail == f"localhost:{port}: connection refused, nothing listens there."


def test_a_stranger_is_let_in_to_echo_at_most(orthanc):
    found = check(tables(orthanc)["get"] | {"calling_aet": "STRANGER"})
    assert False in oks(found)


def test_a_web_page_where_dicomweb_should_be():
    with serving(lambda path, query: Answer(b"<html>", kind="text/html")) as (url, _):
        found = check({"kind": "dicomweb", "url": url})
    assert found["Login"].ok is False and "a web page in place of DICOM" in found["Login"].detail


def test_settings_that_make_no_sense_or_are_not_there():
    def wrong():
        raise ConfigError("[pacs] url is missing")

    for read, message in ((wrong, "url is missing"), (lambda: None, "no section [pacs]")):
        found = list(steps(read))
        assert [each.name for each in found] == NAMES
        assert [each.ok for each in found] == [False] + [None] * 8 and message in found[0].detail


def test_each_step_is_given_as_it_ends(orthanc):
    going = steps(lambda: from_table(tables(orthanc)["dicomweb"] | {"url": f"http://localhost:{free_port()}/x"}))
    assert next(going).name == "Settings" and next(going).name == "Host name"


@pytest.fixture(scope="module")
def encrypted(running, tmp_path_factory):
    """A server that speaks TLS, with a certificate of its own for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    found = server.started(folder, certificate=certificate, key=key)
    with tunnel(found.http_port, certificate, key) as port:
        web = tables(found)["dicomweb"] | {"url": f"https://localhost:{port}/dicom-web"}
        yield found, {"dicomweb": web, "get": tables(found)["get"] | {"tls": True}}
    found.stop()


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_over_tls(encrypted, way, tmp_path):
    archive, by_way = encrypted
    archive.clear()
    archive.put(*files(study("one", 2)))
    table = by_way[way] | {"ca_bundle": str(archive.certificate)}
    found = check(table)
    assert found["TLS"].ok and found["TLS"].detail.startswith("TLSv1")
    assert False not in oks(found)
    assert len(open_archive(from_table(table)).fetch_study(study_uid("one"), tmp_path)) == 2


@pytest.mark.parametrize("way", ["dicomweb", "get"])
def test_a_certificate_that_nobody_vouches_for(encrypted, way):
    table = encrypted[1][way]
    found = check(table)
    assert found["TLS"].ok is False and "certificate is not trusted (self-signed certificate)" in found["TLS"].detail
    with pytest.raises(PacsError, match=r"certificate is not trusted \(self-signed certificate\)"):
        open_archive(from_table(table)).find_studies(Query())
    unchecked = check(table | {"verify_tls": False})
    assert False not in oks(unchecked) and "the certificate was not checked" in unchecked["TLS"].detail
    open_archive(from_table(table | {"verify_tls": False})).find_studies(Query())


def test_a_certificate_of_another_host(encrypted):
    archive, by_way = encrypted
    table = by_way["dicomweb"] | {"ca_bundle": str(archive.certificate)}
    table["url"] = table["url"].replace("localhost", "127.0.0.1")
    assert "IP address mismatch" in check(table)["TLS"].detail
    with pytest.raises(PacsError, match="IP address mismatch"):
        open_archive(from_table(table)).echo()
