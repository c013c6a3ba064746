"""Deployment files, read as far as the tests ask."""

from __future__ import annotations

import fnmatch
import re
import shutil
from pathlib import Path

import pytest

from tests.needed import lacking

PROJECT = Path(__file__).resolve().parents[2]
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|CREDENTIAL", re.IGNORECASE)


def tool(name: str) -> str:
    """The path of a program; without it the test is skipped, or fails where everything is required."""
    found = shutil.which(name)
    if not found:
        lacking(f"The test needs {name}.")
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, as (name, rest), continued lines joined."""
    text = re.sub(r"\\\n", " ", (PROJECT / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], " ".join(line.split(maxsplit=1)[1].split())) for line in lines]


def in_context(path: str) -> bool:
    """Whether `docker build` gets to see a path: of .dockerignore's patterns the last that matches decides."""
    seen = True
    for line in (PROJECT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, back = line.removeprefix("!"), line.startswith("!")
            if _matches(pattern, path):
                seen = back
    return seen


def _matches(pattern: str, path: str) -> bool:
    """The path itself or a folder above it."""
    parts = path.split("/")
    folders = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatch(part, pattern[3:]) for part in parts)
    return any(fnmatch.fnmatch(folder, pattern) and folder.count("/") == pattern.count("/") for folder in folders)


def unit(path: Path) -> dict[str, list[str]]:
    """A systemd unit: every value of every key, sections aside."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def command_line(words: list[str]) -> None:
    """Fails unless ``python -m brain_core …`` is a command that exists, with options that exist."""
    from brain_core import cli

    start = words.index("brain_core")
    assert words[start - 1] == "-m"
    try:
        cli._parser().parse_args(words[start + 1 :])
    except SystemExit:
        pytest.fail(f"not a command: {' '.join(words)}")
