"""docs/deployment.md: its commands are commands, its links lead somewhere."""

from __future__ import annotations

import re

import pytest

from tests.deployment.reading import PROJECT, command_line

TEXT = (PROJECT / "docs" / "deployment.md").read_text()
COMMANDS = sorted(set(re.findall(r"python -m (brain_core [^`\n#]+)", TEXT)))
HELD = {"brain_core serve", "brain_core store migrate", "brain_core audit head"}


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_commands(command):
    command_line(["-m", *command.replace("HASH", 64 * "0").split()])


def test_there_are_commands():
    assert {command.strip() for command in COMMANDS} >= HELD


def test_its_links_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", TEXT)
    assert links and not [link for link in links if not (PROJECT / "docs" / link).exists()]


def test_files_that_it_names_are_there():
    named = set(re.findall(r"\b(?:deploy|saved_models)/[\w./-]+\.(?:conf|sh|example|toml|json)\b", TEXT))
    ours = {name for name in named if not name.startswith("deploy/secrets/")}
    assert ours and not [name for name in ours if not (PROJECT / name).exists()]
