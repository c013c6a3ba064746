"""CITATION.cff follows the schema of its format, and speaks of this version."""

from __future__ import annotations

import subprocess

import yaml

import brain_core
from tests.deployment.reading import PROJECT, tool


def test_the_citation_is_valid_and_of_this_version():
    words = [tool("check-jsonschema"), "--builtin-schema", "vendor.citation-file-format", "CITATION.cff"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["version"] == brain_core.__version__ and found["license"] == "MIT"
