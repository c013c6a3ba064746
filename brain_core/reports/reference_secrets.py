"""The reference of the secrets file: the keys of ``[auth]`` and ``[pacs]``, their defaults, values and meanings."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields

from brain_core.access import provider
from brain_core.pacs import secrets_file
from brain_core.reports.reference import WRONG, Variable, attributes, refusal, table

HEAD = ("key", "default", "value", "meaning")
NEEDED = {
    "url": "https://pacs",
    "host": "pacs",
    "port": 104,
    "called_aet": "ARCHIVE",
}  # right, of keys without a default
PACS = {  # what the classes leave to the names of their keys
    "url": "root of the archive's DICOMweb services",
    "qido_prefix": "path of the search service below `url`, where the services have different roots",
    "wado_prefix": "likewise of the retrieval service",
    "stow_prefix": "likewise of the storage service",
    "username": "for basic authentication, with `password`",
    "password": "goes with `username`",
    "token": "for bearer authentication, in place of `username` and `password`",
    "proxy": "address of a proxy between this machine and the archive",
    "host": "name or address of the archive",
    "port": "on which the archive listens",
    "called_aet": "the archive's AE title",
    "calling_aet": "BRAIN's own AE title; the archive must know it",
    "retrieve": "C-GET or C-MOVE; the latter needs `move_aet` and `store_port`",
    "move_aet": "AE title that the archive sends to with C-MOVE; it must know it, with this machine and `store_port`",
    "store_port": "on which BRAIN takes what C-MOVE sends",
    "store_address": "on which to listen for that; all addresses of this machine where it is empty",
    "ca_bundle": "certificates (PEM) to check it by; the system's where it is not given",
    "tls": "whether the connection is encrypted",
    "connect_timeout": "seconds until a connection has to stand",
    "timeout": "seconds of silence on a connection that stands",
}
AUTH = {  # by key: one that is right, and what it is
    "cookie_secret": ("x" * provider.SHORTEST_SECRET, "signs the cookies of who is signed in; a new one signs all out"),
    "redirect_uri": (
        f"https://brain.example.org{provider.CALLBACK}",
        "where the identity provider sends a visitor back to; to be registered there",
    ),
    "client_id": ("brain", "BRAIN's name at the identity provider"),
    "client_secret": ("secret", "that the identity provider gave to it"),
    "server_metadata_url": (
        "https://login.example.org/.well-known/openid-configuration",
        "OpenID Connect's description of the identity provider",
    ),
}


def secrets_reference() -> str:
    """Both sections."""
    return f"A TOML file, to be readable by whoever runs BRAIN alone. It can have two sections.\n\n{_auth()}\n{_pacs()}"


def auth_keys() -> list[Variable]:
    """Of ``[auth]``: what a key has to be is told by the refusal of a section where it is wrong or missing."""
    right = {key: sample for key, (sample, _) in AUTH.items()}
    found = []
    for key, (_, meaning) in AUTH.items():
        wrong = provider.problem(right | {key: WRONG}) or provider.problem({k: v for k, v in right.items() if k != key})
        value = (wrong or "").partition(": expected ")[2].partition(". It is")[0]
        found.append(Variable(key, "required", value, meaning))
    return [*found, Variable(provider.OPTIONS, "none", "a table", "handed on to Streamlit's sign-in")]


def pacs_keys(kind: str) -> list[Variable]:
    """Of ``[pacs]`` for one of `secrets_file.KINDS`, its own keys before those that both kinds have.

    Raises:
        LookupError: a key has no meaning here, or any value is taken.
    """
    of = secrets_file.KINDS[kind]
    told = {key: text for each in of.__mro__ for key, (_, text) in attributes(each).items()} | PACS
    needed = {field.name: NEEDED[field.name] for field in fields(of) if field.default is MISSING}
    found = [Variable("kind", "required", json.dumps(kind), "how BRAIN speaks with the archive")]
    for field in sorted(fields(of), key=lambda field: field.name not in of.__annotations__):
        default = "required" if field.default is MISSING else _toml(field.default)
        value = _value({"kind": kind} | needed, field.name, field.type)
        found.append(Variable(field.name, default, value, told[field.name].rstrip(".")))
    return found


def _value(base: dict, key: str, kind: str) -> str:
    """By the refusal of a value of the right type, then of one of no type."""
    if kind == "Path | None":
        return "path of a file"
    for wrong in (WRONG if kind.startswith("str") else -1, object()):
        if told := refusal(lambda wrong=wrong: secrets_file.from_table(base | {key: wrong})):
            return told
    raise LookupError(f"[{secrets_file.SECTION}] {key}: any value is taken.")


def _toml(default: object) -> str:
    return "none" if default in (None, "") else f"`{json.dumps(default)}`"


def _auth() -> str:
    return (
        f"### [{provider.SECTION}]\n\nSign-in through an identity provider (OpenID Connect). "
        f"{', '.join(f'`{key}`' for key in provider.KEYS)} may stand in a table `[{provider.SECTION}.NAME]` instead, "
        f"NAME without an underscore.\n\n{table(HEAD, (each.row for each in auth_keys()))}"
    )


def _pacs() -> str:
    parts = [f"### [{secrets_file.SECTION}]\n\nThe archive, of one of two kinds.\n"]
    for kind in secrets_file.KINDS:
        parts.append(f'#### kind = "{kind}"\n\n{table(HEAD, (each.row for each in pacs_keys(kind)))}')
    return "\n".join(parts)
