"""The audit of packages: a package that was not asked about is not called good."""

from __future__ import annotations

import importlib.util

import pytest

from tests.deployment.reading import PROJECT

SPEC = importlib.util.spec_from_file_location("deploy_audit", PROJECT / "deploy" / "audit.py")
audit = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {"name": "bad", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]}
SKIPPED = {"name": "skipped", "skip_reason": "Dependency not found"}


def test_a_hole_fails_and_is_named():
    status, lines = audit.judged([GOOD, BAD], required=False)
    assert status == 1
    assert lines == ["bad 2.0: PYSEC-1, mended in 2.1", "pip-audit: 2 packages audited, 1 known holes."]


def test_none_known():
    assert audit.judged([GOOD], required=True) == (0, ["pip-audit: 1 packages audited, 0 known holes."])


@pytest.mark.parametrize("packages", [[GOOD, SKIPPED], []])
def test_what_was_not_asked_about_is_said(packages):
    status, lines = audit.judged(packages, required=False)
    assert status == 0 and lines[-1].endswith(
        "NOT audited: the database of holes was not reached, or does not know them."
    )
    assert audit.judged(packages, required=True)[0] == 2


def test_a_hole_counts_more_than_what_is_missing():
    assert audit.judged([BAD, SKIPPED], required=True)[0] == 1
