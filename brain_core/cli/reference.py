"""``reference``: docs/reference_*.md, written from the parsers of the commands and the classes of the settings."""

from __future__ import annotations

import argparse
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from brain_core.files import replacing
from brain_core.reports.reference import MADE, settings_reference, shown, table
from brain_core.reports.reference_secrets import secrets_reference
from brain_core.settings import PROJECT

PROGRAM = "python -m brain_core"
WIDTH = 100  # characters of a usage line, whatever the terminal
VALUES = {int: "a whole number", float: "a number", Path: "a path"}  # by what turns the text into a value
DEFAULT = re.compile(r"(?:^|[;,] )default: (.+)$")  # as the help of many options ends
ABOUT = """Every command takes `-h`, `--help`; `python -m brain_core --version` tells the version. Results go to
standard output, all else to standard error. Exit status: 0 all well, 1 something failed, 2 bad usage, 130 stopped by
Ctrl-C.
"""
OF_ALL = {"--help", "--version"}
PLAIN = {  # where a command's own help leaves it to the name
    "MODEL": "of which model; all where it is left out",
    "PATH": "a file, or a folder with all below it",
    "STUDY_UID": "the study, as 'pacs find' names it",
    "--batch-size": "pictures a training step",
    "--engine": "what scores: this process or a Ray cluster",
    "--epochs": "over the collection",
    "--format": "of what goes to standard output",
    "--interval": "between two looks at the archive",
    "--limit": "at most so many",
    "--model": "which model",
    "--name": "who decided",
    "--out": "where it is written",
    "--output": "where they are written",
    "--port": "to listen on",
    "--precision": "of the numbers in training",
    "--reason": "why, in one line",
    "--seed": "of the random numbers",
    "--split": "the models' own test part, or every scan",
    "--user": "entries of this user alone",
}
_log = logging.getLogger("brain_core")


@dataclass(frozen=True)
class Command:
    """A command, or one of its actions.

    Attributes:
        words: as they are typed behind the program's name.
        told: in a line, as the list of commands says it.
        parser: of its arguments.
    """

    words: tuple[str, ...]
    told: str
    parser: argparse.ArgumentParser

    @property
    def name(self) -> str:
        return " ".join(self.words)


def add(commands) -> None:
    parser = commands.add_parser("reference", help="write the reference of commands and settings")
    parser.add_argument("--out", type=Path, default=PROJECT / "docs", metavar="DIR", help="default: docs/")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        path = options.out / name
        with replacing(path) as part:
            part.write_text(text, encoding="utf-8")
        _log.info("wrote %s", path)
    return 0


def pages() -> dict[str, str]:
    """Both, by file name; the same on every machine."""
    from brain_core.cli import _parser

    found = [Command((), "", _parser())]
    found = [each for command in found for each in _below(command)]
    return {
        "reference_commands.md": _commands(found),
        "reference_settings.md": settings_reference(secrets_reference()),
    }


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes, positional ones first, but for help and version.

    The one place that knows how argparse keeps them: it offers no public way to ask.
    """
    found = [each for each in parser._actions if not (_is_choice(each) or OF_ALL.intersection(each.option_strings))]
    return sorted(found, key=lambda each: bool(each.option_strings))


def _below(command: Command) -> Iterator[Command]:
    """The commands below a command, in their order, each before those below itself; likewise."""
    for action in filter(_is_choice, command.parser._actions):
        for told in action._choices_actions:
            found = Command((*command.words, told.dest), told.help, action.choices[told.dest])
            yield found
            yield from _below(found)


def _is_choice(action: argparse.Action) -> bool:
    """Whether it stands for commands."""
    return isinstance(action.choices, dict)


def usage(command: Command) -> str:
    """In lines of `WIDTH`, positional arguments first, for an option of several values would take them for its own."""
    words = [_word(each) for each in arguments(command.parser)]
    if any(map(_is_choice, command.parser._actions)):
        words.append("ACTION …")
    lines = [f"{PROGRAM} {command.name}"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append("   ")
        lines[-1] += f" {word}"
    return "\n".join(lines)


def _word(action: argparse.Action) -> str:
    """As in a usage: an option in brackets, unless it is required."""
    values = _values(action)
    if not action.option_strings:
        return values
    word = f"{action.option_strings[-1]} {values}".strip()
    return word if action.required else f"[{word}]"


def _values(action: argparse.Action) -> str:
    """What has to follow; nothing after a switch."""
    name = action.metavar or {int: "N", float: "X"}.get(action.type, action.dest.upper())
    if action.choices and not action.metavar:
        name = f"{{{','.join(map(str, action.choices))}}}"
    if action.nargs == "?":
        return f"[{name}]"
    if action.nargs == "+":
        return f"{name} [{name} …]"
    if action.nargs == "*":
        return f"[{name} …]"
    return " ".join([name] * (1 if action.nargs is None else action.nargs))


def _commands(commands: list[Command]) -> str:
    tops = [each for each in commands if len(each.words) == 1]
    listed = ((f"[`{each.name}`](#{each.name})", each.told) for each in tops)
    parts = [f"# Commands\n\n{MADE}\n{ABOUT}\n{table(('command', 'what it does'), listed)}"]
    return "\n".join(parts + [_section(each) for each in commands])


def _section(command: Command) -> str:
    parts = [f"{'#' * (len(command.words) + 1)} {command.name}\n", f"{_sentence(command.told)}\n"]
    if command.parser.description:
        parts.append(f"{' '.join(command.parser.description.split())}\n")
    parts.append(f"```text\n{usage(command)}\n```\n")
    rows = [_row(each, command) for each in arguments(command.parser)]
    if rows:
        parts.append(table(("argument", "default", "value", "meaning"), rows))
    return "\n".join(parts)


def _sentence(told: str) -> str:
    return told[:1].upper() + told[1:] + ("" if told.endswith(".") else ".")


def _row(action: argparse.Action, command: Command) -> tuple[str, ...]:
    name = action.option_strings[-1] if action.option_strings else action.metavar or action.dest
    told = (action.help or "") % {**vars(action), "prog": f"{PROGRAM} {command.name}"}
    named = DEFAULT.search(told)
    return f"`{name}`", _default(action, named), _allowed(action), DEFAULT.sub("", told) or PLAIN[name]


def _default(action: argparse.Action, named: re.Match | None) -> str:
    """As the help names it, where it does: it may be known only when the command runs."""
    if action.required:
        return "required"
    if named and (action.default is None or isinstance(action.default, Path)):
        return named[1]
    return shown(action.default)


def _allowed(action: argparse.Action) -> str:
    if action.nargs == 0:
        return "a switch"
    if action.choices:
        each = ", ".join(f"`{choice}`" for choice in action.choices)
    else:
        each = VALUES.get(action.type) or (
            f"`{action.metavar}`" if action.metavar and action.option_strings else "a text"
        )
    if isinstance(action.nargs, int):
        return f"{action.nargs} values: {each}"
    return f"one or more: {each}" if action.nargs == "+" else each
