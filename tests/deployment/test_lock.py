"""requirements.lock: every direct dependency pinned within its range, every file with its checksum, no address."""

from __future__ import annotations

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.deployment.reading import PROJECT

LOCK = (PROJECT / "requirements.lock").read_text()
PINNED = {
    canonicalize_name(found[1]): Version(found[2])
    for found in re.finditer(r"^([A-Za-z0-9._-]+)==([^\s\\;]+)", LOCK, re.MULTILINE)
}


def direct() -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in (PROJECT / "requirements.txt").read_text().splitlines())
    return [Requirement(line) for line in lines if line]


def test_every_direct_dependency_is_pinned_within_its_range():
    assert len(direct()) > 20
    for requirement in direct():
        version = PINNED.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name} is not in requirements.lock: make it anew, as it says itself"
        assert version in requirement.specifier, f"{requirement}, but {version} is locked"


def test_every_package_has_checksums():
    blocks = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(PINNED)
    assert not [block.split()[0] for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", block)]


def test_nothing_but_versions_and_checksums():
    rest = [line for line in LOCK.splitlines() if not line.startswith("#") and "--hash=sha256:" not in line]
    assert not [line for line in rest if not re.fullmatch(r"[A-Za-z0-9._\[\]-]+==[A-Za-z0-9.+!]+ \\", line)]
    assert not re.search(r"https?:|file:|--index|--find-links|@", LOCK)


def test_it_says_how_it_is_made():
    assert "uv pip compile requirements.txt" in LOCK.splitlines()[1]
