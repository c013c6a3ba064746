"""The command line: one module a command. Standard output carries results only; the rest goes to standard error.

Exit status: 0 all well, 1 something failed, 2 bad usage, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from brain_core import __version__
from brain_core.errors import BrainError, ConfigError

COMMANDS = (
    "predict",
    "score",
    "study",
    "pacs",
    "train",
    "pretrain",
    "evaluate",
    "localise",
    "focus",
    "gate",
    "report",
    "dataset",
    "models",
    "thresholds",
    "runs",
    "serve",
    "store",
    "audit",
    "monitor",
    "reference",
)  # each a module of this package, in the order of the help
DISCLAIMER = "Research and education only: it assists a reader and never replaces one."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks on the processor help nobody here
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser(words).parse_args(words)
    options.words = words
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


def _parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Of the command that is asked for, or of all where none is: each brings libraries that take seconds."""
    parser = argparse.ArgumentParser("python -m brain_core", description=f"BRAIN. {DISCLAIMER}")
    parser.add_argument("--version", action="version", version=f"BRAIN {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in _needed(arguments):
        import_module(f"brain_core.cli.{name}").add(commands)
    return parser


def _needed(arguments: Sequence[str]) -> tuple[str, ...]:
    """Modules without which the arguments cannot be understood."""
    first = arguments[0] if arguments else ""
    if first == "--version":
        return ()
    return (first,) if first in COMMANDS else COMMANDS
