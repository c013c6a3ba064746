"""What a test needs and a machine may lack: then it is skipped, or fails where everything is required."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

REQUIRE_ALL = os.environ.get("BRAIN_REQUIRE_ALL") == "1"  # read before a test sets an environment of its own


def lacking(what: str) -> NoReturn:
    """The test needs ``what``, a sentence."""
    pytest.fail(what) if REQUIRE_ALL else pytest.skip(what)
