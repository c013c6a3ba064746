"""The reference of settings: environment variables, as their classes declare and explain them.

What a value has to be is asked of the program itself: the words with which it refuses one that is wrong.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from brain_core.errors import ConfigError
from brain_core.pacs import secrets_file
from brain_core.settings import PROJECT, Settings

MADE = "Made from the code by `python -m brain_core reference`: change the code, not this page.\n"
WRONG = "\x01"  # no number, no switch, no word that is known
KINDS = {  # by annotation, where a refusal does not tell
    "Path": "a path",
    "Path | None": "a path",
    "tuple[Path, ...]": "paths, separated as in `PATH` (`:`; `;` on Windows)",
    "frozenset[str]": "texts, separated by commas",
    "str": "a text",
    "str | None": "a text",
}
SECRETS = (
    "the secrets file; `[auth]` is looked for in those that Streamlit finds by itself as well: this one counts first"
)
ELSEWHERE = {  # variables of libraries that the code looks at or sets
    "OMP_NUM_THREADS": "threads of OpenVINO, as of TensorFlow; with `TF_NUM_INTRAOP_THREADS` and "
    "`TF_NUM_INTEROP_THREADS` it is what `--threads` sets",
    "TF_ENABLE_ONEDNN_OPTS": "oneDNN's kernels in TensorFlow; where it is not set, training turns them on",
    "TF_CPP_MIN_LOG_LEVEL": "how much TensorFlow says; where it is not set, the command line takes 2",
    "RAY_ADDRESS": "`HOST:PORT` of the Ray cluster, where `score --engine ray` is given no `--address`",
    "RAY_AUTH_MODE": "`token` where the cluster asks for one, which then stands in `RAY_AUTH_TOKEN`; where it is not "
    "set, a cluster of this machine makes its own",
    "PYTHONPATH": "handed on to training runs, behind the project's own folder",
}


@dataclass(frozen=True)
class Variable:
    """One setting as a reader meets it; all texts are Markdown."""

    name: str
    default: str
    allowed: str
    meaning: str

    @property
    def row(self) -> tuple[str, ...]:
        return f"`{self.name}`", self.default, self.allowed, self.meaning


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; a bar in a cell does not end it."""
    head = tuple(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def settings_reference(secrets_file_reference: str) -> str:
    """The page; what is said of the secrets file's sections comes from its own module, which needs this one."""
    head = ("variable", "default", "value", "meaning")
    parts = [f"# Settings\n\n{MADE}\nAn empty variable counts as not set. Paths are shown from the project's folder.\n"]
    for kind in (Settings, *_nested()):
        parts.append(f"## {_first_line(kind)}\n\n{table(head, (each.row for each in variables(kind)))}")
    parts.append(f"## The secrets file\n\n{table(head, [secrets().row])}\n{secrets_file_reference}")
    rows = [(f"`{name}`", meaning) for name, meaning in ELSEWHERE.items()]
    parts.append(f"## Variables of libraries\n\n{table(('variable', 'meaning'), rows)}")
    parts.append("Kaggle's credentials are read by kagglehub, by its own rules.\n")
    return "\n".join(parts)


def variables(kind: type) -> list[Variable]:
    """Those that a class of settings reads, in the order of its docstring.

    Raises:
        LookupError: the docstring names no variable for a field.
    """
    told, found = attributes(kind), []
    for field in fields(kind):
        if is_dataclass(field.default):
            continue  # a class of its own
        names, text = told[field.name]
        own = re.search(r"\(((?:``BRAIN_\w+``(?:,\s*)?)+)", text)
        if not own:
            raise LookupError(f"{kind.__name__}.{field.name}: its docstring names no variable in brackets.")
        name = re.findall(r"BRAIN_\w+", own[1])[names.index(field.name)]
        allowed = refusal(lambda name=name: Settings.from_environment({name: WRONG})) or KINDS[field.type]
        found.append(Variable(name, shown(field.default), allowed, _meaning(text)))
    return found


def secrets() -> Variable:
    """``BRAIN_SECRETS``, which two modules read for themselves."""
    return Variable("BRAIN_SECRETS", shown(secrets_file.DEFAULT_SECRETS), "a path that ends in `.toml`", SECRETS)


def attributes(kind: type) -> dict[str, tuple[list[str], str]]:
    """By attribute, the names that share its entry in the docstring, and the entry's text on one line."""
    text = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    found: dict[str, tuple[list[str], str]] = {}
    for entry in re.findall(r"^    (\w[\w, ]*): (.*(?:\n {8}.*)*)", text, re.MULTILINE):
        names = entry[0].split(", ")
        found |= dict.fromkeys(names, (names, " ".join(entry[1].split())))
    return found


def refusal(attempt: Callable[[], object]) -> str | None:
    """What was expected instead, in the program's own words; None where it takes the value, or does not say."""
    try:
        attempt()
    except ConfigError as error:
        told = re.search(r": expected (.+?)\.(?: Received: |$)", str(error))
        return told[1] if told else None
    return None


def shown(default: object) -> str:
    """A default value, a path from the project's folder."""
    if isinstance(default, Path):
        inside = default.relative_to(PROJECT).as_posix() if default.is_absolute() else default.as_posix()
        return f"`{inside}{'' if default.suffix else '/'}`"
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple | list) and default:
        return " ".join(map(shown, default))
    if default is None or default == "" or isinstance(default, tuple | list | frozenset):
        return "none"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _nested() -> list[type]:
    return [type(field.default) for field in fields(Settings) if is_dataclass(field.default)]


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0].partition(";")[0].rstrip(".").replace("``", "`")


def _meaning(text: str) -> str:
    """An entry of a docstring without what stands in other columns: the variable's name, default and values."""

    def rest(brackets: re.Match) -> str:
        kept = re.sub(r"^(?:``BRAIN_\w+``[,;]?\s*)+|(?:^|[,;] )default:? [^;]*$", "", brackets[1])
        kept = re.sub(r"(?:^|[,;] )default:? [^;]*$", "", kept)
        return f" ({kept})" if kept and not kept.startswith("see `") else ""

    text = re.sub(r" \((``BRAIN_[^()]*)\)", rest, text)
    return re.sub(r",? one of `[A-Z]+`", "", text).rstrip(".").replace("``", "`")
