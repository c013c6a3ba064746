"""The command line: one module a command. Standard output carries results only; the rest goes to standard error.

Exit status: 0 all well, 1 something failed, 2 bad usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from brain_core import __version__
from brain_core.cli import (
    audit,
    dataset,
    evaluate,
    focus,
    gate,
    localise,
    models,
    monitor,
    pacs,
    predict,
    pretrain,
    report,
    runs,
    serve,
    store,
    study,
    thresholds,
    train,
)
from brain_core.errors import BrainError, ConfigError

DISCLAIMER = "Research and education only: it assists a reader and never replaces one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks on the processor help nobody here
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options = _parser().parse_args(arguments)
    options.words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return options.run(options)
    except BrainError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2 if isinstance(error, ConfigError) else 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped; nothing was left half-written.\n")
        return 130
    except BrokenPipeError:  # the reader of our output went away, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m brain_core", description=f"BRAIN. {DISCLAIMER}")
    parser.add_argument("--version", action="version", version=f"BRAIN {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for module in (
        predict,
        study,
        pacs,
        train,
        pretrain,
        evaluate,
        localise,
        focus,
        gate,
        report,
        dataset,
        models,
        thresholds,
        runs,
        serve,
        store,
        audit,
        monitor,
    ):
        module.add(commands)
    return parser
