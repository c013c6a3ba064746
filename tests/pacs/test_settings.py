"""The section [pacs]: what is read, and each mistake by the name of its key."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from brain_core.errors import ConfigError
from brain_core.pacs.secrets_file import DEFAULT_SECRETS, from_table, read, secrets_path
from brain_core.pacs.settings import EXAMPLE, WORDS, DicomWeb, Dimse

WEB = {"kind": "dicomweb", "url": "https://pacs.example.org/dicom-web"}
DIMSE = {"kind": "dimse", "host": "pacs.example.org", "port": 104, "called_aet": "ARCHIVE"}


def test_dicomweb_with_its_defaults():
    found = from_table(WEB | {"url": "https://pacs.example.org/dicom-web/"})
    assert found == DicomWeb(url="https://pacs.example.org/dicom-web")
    assert (found.verify_tls, found.timeout, found.words) == (True, 60.0, WORDS)
    assert (found.address, found.encrypted) == (("pacs.example.org", 443), True)
    assert from_table(WEB | {"url": "http://localhost:8042/x"}).address == ("localhost", 8042)


def test_dimse_with_its_defaults():
    found = from_table(DIMSE)
    assert found == Dimse(host="pacs.example.org", port=104, called_aet="ARCHIVE", calling_aet="BRAIN", retrieve="get")
    assert (found.address, found.encrypted) == (("pacs.example.org", 104), False)


def test_the_example_is_what_it_shows():
    plain = tomllib.loads(EXAMPLE)["pacs"]
    assert isinstance(from_table(plain), DicomWeb)
    web, dimse = EXAMPLE.split("# Over DIMSE in place of DICOMweb:\n")
    uncommented = tomllib.loads("".join(line.removeprefix("# ") + "\n" for line in dimse.splitlines()))["pacs"]
    assert isinstance(from_table(uncommented), Dimse)
    optional = {line[2:].split(" =")[0] for line in web.splitlines() if line.startswith("# ") and " = " in line}
    named = optional | set(plain) | {"token", "wado_prefix"}
    assert named - {"kind"} == set(DicomWeb.__dataclass_fields__)
    assert set(uncommented) - {"kind"} | {"connect_timeout", "timeout", "words"} | {
        "verify_tls",
        "ca_bundle",
        "client_certificate",
        "client_key",
    } == set(Dimse.__dataclass_fields__)


def test_secrets_are_in_no_text():
    found = from_table(WEB | {"username": "u", "password": "p4ss", "proxy": "http://u:pr0xy@proxy:3128"})
    token = from_table(WEB | {"token": "t0ken"})
    for secret in ("p4ss", "pr0xy", "t0ken"):
        assert secret not in repr(found) + str(found) + repr(token)
    assert (found.password, token.token) == ("p4ss", "t0ken")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("text", "expected a table. Received: str"),
        ({}, 'kind: expected "dicomweb" or "dimse". Received: None'),
        (WEB | {"kind": ["dimse"]}, "kind: expected"),
        ({"kind": "dicomweb"}, 'url is missing: kind "dicomweb" needs it'),
        (WEB | {"usrname": "x"}, "usrname: no such key. Did you mean username?"),
        (WEB | {"port": 1}, "port: no such key"),
        (WEB | {"url": "pacs.example.org"}, "url: expected an address like"),
        (WEB | {"url": "ftp://pacs.example.org"}, "url: expected an address like"),
        (WEB | {"url": "http://pacs:99999/x"}, "url: expected an address like"),
        (WEB | {"url": "https://u:s3cret@pacs/x"}, "url: expected an address without user, password"),
        (WEB | {"url": "http://[::1]:8042/x"}, "url: expected a host name or an IPv4 address"),
        (WEB | {"username": "x"}, "password is missing: they go together"),
        (WEB | {"password": "s3cret"}, "username is missing: they go together"),
        (WEB | {"username": "x", "password": "s3cret", "token": "s3cret"}, "token: expected either"),
        (WEB | {"password": 53, "username": "x"}, "password: expected a text. Received: int"),
        (WEB | {"token": "s3cr\u00e9t"}, "token: expected ASCII"),
        (WEB | {"verify_tls": "no"}, "verify_tls: expected true or false. Received: 'no'"),
        (WEB | {"ca_bundle": "/nowhere/ca.pem"}, "ca_bundle: there is no such file as /nowhere/ca.pem"),
        (WEB | {"client_key": __file__}, "client_key: expected client_certificate as well"),
        (WEB | {"timeout": 0}, "timeout: expected seconds, more than 0"),
        (WEB | {"timeout": True}, "timeout: expected a number. Received: True"),
        (WEB | {"words": "brain"}, "words: expected a list of texts"),
        (DIMSE | {"port": "104"}, "port: expected a whole number. Received: '104'"),
        (DIMSE | {"port": 0}, "port: expected a port, 1 to 65535. Received: 0"),
        (DIMSE | {"called_aet": "A" * 17}, "called_aet: expected an AE title"),
        (DIMSE | {"calling_aet": "A\\B"}, "calling_aet: expected an AE title"),
        (DIMSE | {"calling_aet": "Ä"}, "calling_aet: expected an AE title"),
        (DIMSE | {"retrieve": "push"}, 'retrieve: expected "get" or "move". Received: \'push\''),
        (DIMSE | {"retrieve": "move", "store_port": 11112}, "move_aet is missing: retrieve"),
        (DIMSE | {"retrieve": "move", "move_aet": "X"}, "store_port is missing: retrieve"),
        (DIMSE | {"url": "http://x"}, "url: no such key"),
    ],
)
def test_a_mistake_is_named_by_its_key(table, message):
    with pytest.raises(ConfigError) as caught:
        from_table(table)
    assert message in str(caught.value) and str(caught.value).startswith("[pacs]")
    assert "s3cr" not in str(caught.value)


def test_without_a_file_or_a_section_there_is_no_archive(tmp_path):
    assert read(tmp_path / "none.toml") is None
    (tmp_path / "other.toml").write_text("[other]\nx = 1\n")
    assert read(tmp_path / "other.toml") is None


@pytest.mark.parametrize(
    ("data", "message"),
    [(b"[pacs\n", "secrets.toml is not valid TOML"), (b"\xff\xfe", "secrets.toml cannot be read: no UTF-8")],
)
def test_a_damaged_file_is_said_so(tmp_path, data, message):
    path = tmp_path / "secrets.toml"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        read(path)


def test_where_the_secrets_are(tmp_path):
    assert secrets_path({}) == secrets_path({"BRAIN_SECRETS": ""}) == DEFAULT_SECRETS
    assert secrets_path({"BRAIN_SECRETS": str(tmp_path / "x.toml")}) == Path(tmp_path / "x.toml")
