"""Names for patients and studies that tell nothing outside this installation: keyed hashes of their identifiers."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from brain_core.errors import ConfigError
from brain_core.settings import settings

SECRET_FILE = "pseudonyms.key"
SECRET_BYTES = 32
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O and U
BITS = 5  # of a letter
LETTERS = 8  # 40 bits: among 10,000 patients two share a pseudonym with a probability of 1 in 20,000
UUID_ROOT = "2.25."  # of UIDs that are a random number (PS3.5 B.2)
UUID_BYTES = 16


def of_patient(patient_id: str, issuer: str = "", *, study_uid: str = "") -> str:
    """The same for the same patient on this installation, e.g. ``"P-7QK3-M2ZD"``.

    Args:
        patient_id, issuer: Patient ID and Issuer of Patient ID; spaces round them do not count.
        study_uid: tells patients without an ID apart.

    Raises:
        ConfigError: the secret in `Settings.home` is damaged.
    """
    if patient_id.strip():
        return "P-" + _spoken(_keyed("patient", issuer.strip(), patient_id.strip()))
    return "P-" + _spoken(_keyed("patient of study", study_uid))


def of_study(uid: str) -> str:
    """The same for the same study on this installation, e.g. ``"S-0T5W-91XE"``."""
    return "S-" + _spoken(_keyed("study", uid))


def study_key(uid: str) -> str:
    """64 hexadecimal digits that stand for a study."""
    return _keyed("study key", uid).hex()


def keyed(purpose: str, *parts: str) -> str:
    """64 hexadecimal digits that stand for these texts; another purpose gives others.

    Raises:
        ConfigError: the secret in `Settings.home` is damaged.
    """
    return _keyed(f"key of {purpose}", *parts).hex()


def remapped_uid(uid: str) -> str:
    """Another UID in place of one, always the same on this installation."""
    return UUID_ROOT + str(int.from_bytes(_keyed("uid", uid.strip("\0 "))[:UUID_BYTES], "big"))


def _keyed(*parts: str) -> bytes:
    message = b"\0".join(part.encode("utf-8", "surrogatepass") for part in parts)
    return hmac.digest(_secret(settings().home), message, hashlib.sha256)


def _spoken(digest: bytes) -> str:
    number = int.from_bytes(digest, "big") >> (8 * len(digest) - BITS * LETTERS)
    letters = "".join(ALPHABET[number >> BITS * i & 31] for i in reversed(range(LETTERS)))
    return f"{letters[: LETTERS // 2]}-{letters[LETTERS // 2 :]}"


@cache
def _secret(home: Path) -> bytes:
    """Of this installation; of this process alone where ``home`` cannot be read or written."""
    path = home / SECRET_FILE
    try:
        if not path.exists():
            _create(path)
        found = path.read_bytes()
    except OSError:
        return secrets.token_bytes(SECRET_BYTES)
    if len(found) != SECRET_BYTES:
        raise ConfigError(
            f"{SECRET_FILE}: expected {SECRET_BYTES} bytes. Received: {len(found)}. Restore the file from a backup; "
            "removing it gives every patient another pseudonym."
        )
    return found


def _create(path: Path) -> None:
    """Write a new secret unless another process was first; nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".pseudonyms-")  # of mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            _link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _link(name: str, path: Path) -> None:
    """Give the file its name, unless there is one of that name.

    Raises:
        FileExistsError: there is.
    """
    try:
        os.link(name, path)
    except FileExistsError:
        raise
    except OSError:  # file systems without hard links: whoever is last within this instant wins
        if path.exists():
            raise FileExistsError from None
        os.replace(name, path)
