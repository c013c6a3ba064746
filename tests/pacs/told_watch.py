"""``pacs watch`` told to end while it assesses: ``told_watch.py WORDS …``, with BRAIN_HOME and BRAIN_SECRETS set.

A process of its own: a signal to the tests' process may meet whatever libraries other tests have loaded into it.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys

from brain_core.cli import pacs
from tests.pacs.studies import FakeAssess


def main(*words: str) -> int:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    assess = FakeAssess(change=lambda paths, found: (os.kill(os.getpid(), signal.SIGTERM), found)[1])
    pacs._assess = lambda model, source: (assess, None)
    parser = argparse.ArgumentParser()
    pacs.add(parser.add_subparsers())
    options = parser.parse_args(["pacs", "watch", *words])
    status = options.run(options)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
