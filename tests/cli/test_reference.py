"""The reference in docs/ is what the code says now, and leaves nothing out; docs/statistics.md names what is there."""

from __future__ import annotations

import ast
import re
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from brain_core import cli, figures, input_gate, resampling
from brain_core.access import provider
from brain_core.cli import main, reference
from brain_core.datasets import duplicates
from brain_core.evaluation import agreement
from brain_core.explain import perturbation
from brain_core.monitoring import drift
from brain_core.pacs import secrets_file
from brain_core.reports import reference_secrets
from brain_core.reports.reference import ELSEWHERE, attributes, refusal, shown, table, variables
from brain_core.scored import FEWEST
from brain_core.settings import PROJECT, Settings
from brain_core.settings.engine import EngineSettings
from brain_core.settings.monitor import MonitorSettings
from brain_core.settings.store import StoreSettings

COMMANDS, SETTINGS = "reference_commands.md", "reference_settings.md"
HOW = "python -m brain_core reference"
VARIABLE = re.compile(r"(?<![A-Z_])BRAIN_[A-Z_]+")


@pytest.fixture(scope="module")
def pages():
    return reference.pages()


@pytest.fixture(scope="module")
def trees():
    return [ast.parse(path.read_text(encoding="utf-8")) for path in (PROJECT / "brain_core").rglob("*.py")]


def rows(text: str) -> list[list[str]]:
    """Cells of every line of every table."""
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.mark.parametrize("name", [COMMANDS, SETTINGS])
def test_the_page_in_docs_is_what_the_code_says_now(name, pages):
    kept = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    assert kept == pages[name], f"docs/{name} is out of date: {HOW}"


def test_the_command_writes_both_pages(tmp_path, pages):
    assert main(["reference", "--out", str(tmp_path / "docs")]) == 0
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "docs").iterdir()}
    assert written == pages


def test_terminal_and_home_change_nothing(monkeypatch, set_environment, tmp_path, pages):
    set_environment(BRAIN_HOME=tmp_path / "elsewhere", BRAIN_GATE_MARGIN="0.1", COLUMNS="20", HOME=tmp_path)
    monkeypatch.chdir(tmp_path)
    assert reference.pages() == pages


def test_no_place_on_a_machine_is_named(pages):
    for text in pages.values():
        assert str(PROJECT) not in text and str(Path.home()) not in text


def test_every_cell_says_something(pages):
    for text in pages.values():
        assert [row for row in rows(text) if "" in row] == []


def test_every_command_and_action_has_a_section(pages):
    headings = re.findall(r"^##+ (.+)$", pages[COMMANDS], re.MULTILINE)
    assert [name for name in headings if " " not in name] == list(cli.COMMANDS)
    assert {"models promote", "pacs watch", "thresholds set", "dataset check", "store delete-user"} <= set(headings)


def test_usage_and_table_of_a_command():
    parser = cli._parser(["thresholds"])
    (found,) = (each for each in reference._below(reference.Command((), "", parser)) if each.name == "thresholds set")
    assert reference.usage(found) == ("python -m brain_core thresholds set MODEL THRESHOLD --reason TEXT --name READER")
    assert [reference._row(each, found)[:2] for each in reference.arguments(found.parser)] == [
        ("`MODEL`", "required"),
        ("`THRESHOLD`", "required"),
        ("`--reason`", "required"),
        ("`--name`", "required"),
    ]


def test_a_positional_argument_called_version_is_no_switch(pages):
    assert f"{reference.PROGRAM} models delete VERSION [--model {{custom_cnn,resnet50}}]" in pages[COMMANDS]


def test_defaults_and_values_are_those_of_the_parser(pages):
    table_of_train = pages[COMMANDS].split("\n## train\n")[1].split("\n## ")[0]
    found = {row[0]: row[1:] for row in rows(table_of_train)}
    assert found["`--epochs-head`"] == ["`20`", "a whole number", "phase 1: frozen backbone, no augmentation"]
    assert found["`--zoom`"][:2] == ["`0.95` `1.05`", "2 values: a number"]
    assert found["`--keep`"][:2] == ["`best`", "`best`, `last`, `average`"]
    assert found["`--strong`"][:2] == ["no", "a switch"]
    assert found["`--backbone`"][1] == r"`imagenet\|pretrained\|FILE`"


def test_no_usage_is_wider_than_a_page(pages):
    blocks = re.findall(r"```text\n(.*?)\n```", pages[COMMANDS], re.DOTALL)
    assert max(len(line) for block in blocks for line in block.splitlines()) <= reference.WIDTH


def test_every_variable_that_occurs_in_the_code_is_explained(trees, pages):
    texts = [n.value for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Constant)]
    named = {name for text in texts if isinstance(text, str) for name in VARIABLE.findall(text)}
    explained = {row[0].strip("`") for row in rows(pages[SETTINGS])}
    assert {name for name in named if not name.endswith("_")} <= explained
    for prefix in (name for name in named if name.endswith("_")):  # as in BRAIN_ALERT_…
        assert any(name.startswith(prefix) for name in explained)


def test_variables_of_libraries_that_the_code_reads_or_sets_are_explained(trees):
    found = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("os.environ.get", "os.environ.setdefault"):
            found.add(node.args[0])
        elif isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            found.add(node.slice)
        elif isinstance(node, ast.Compare) and ast.unparse(node.comparators[0]) == "os.environ":
            found.add(node.left)
    names = {each.value for each in found if isinstance(each, ast.Constant)}
    assert {"RAY_ADDRESS", "RAY_AUTH_MODE", "TF_CPP_MIN_LOG_LEVEL"} <= names
    assert {name for name in names if not name.startswith("BRAIN_")} <= set(ELSEWHERE)


def test_the_table_in_the_readme_names_no_variable_that_is_not_explained(pages):
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    table_of_readme = text.split("\n## Settings\n")[1].split("\n## ")[0]
    named = set(VARIABLE.findall(table_of_readme))
    assert "BRAIN_HOME" in named
    assert named <= set(VARIABLE.findall("".join(row[0] for row in rows(pages[SETTINGS]))))


@pytest.mark.parametrize(("kind", "part"), [(Settings, None), (StoreSettings, "store"), (MonitorSettings, "monitor")])
def test_a_docstring_names_the_variable_that_sets_its_attribute(kind, part):
    names = [field.name for field in fields(kind) if not is_dataclass(field.default)]
    for name, variable in zip(names, variables(kind), strict=True):
        if "number" not in variable.allowed:
            continue
        given = "7" if "whole" in variable.allowed else "0.4"
        found = Settings.from_environment({variable.name: given})
        assert getattr(found if part is None else getattr(found, part), name) == float(given)


def test_values_are_told_in_the_words_of_the_refusal():
    values = {each.name: each for kind in (Settings, EngineSettings) for each in variables(kind)}
    assert values["BRAIN_GATE_MARGIN"].allowed == "a number from 0 to 0.5"
    assert values["BRAIN_GATE_MARGIN"].default == "`0.02`"
    assert values["BRAIN_ENGINE"].allowed == "one of tensorflow, openvino"
    assert values["BRAIN_MODELS_DIR"].default == "`saved_models/`"
    assert values["BRAIN_MODELS_DIR"].meaning == "the models in service"
    assert refusal(lambda: None) is None


def test_the_keys_of_auth_are_those_that_are_needed():
    whole = {key: sample for key, (sample, _) in reference_secrets.AUTH.items()}
    assert provider.problem(whole) is None
    for key in whole:
        assert f"] {key}: expected" in provider.problem({name: v for name, v in whole.items() if name != key})


@pytest.mark.parametrize("kind", secrets_file.KINDS)
def test_the_keys_of_pacs_are_those_that_are_known(kind):
    found = {each.name: each for each in reference_secrets.pacs_keys(kind)}
    needed = {name for name, each in found.items() if each.default == "required"} - {"kind"}
    section = {name: reference_secrets.NEEDED[name] for name in needed} | {"kind": kind}
    assert isinstance(secrets_file.from_table(section), secrets_file.KINDS[kind])
    assert set(found) - {"kind"} == set(secrets_file.KINDS[kind].__dataclass_fields__)
    assert found["timeout"].allowed == "seconds, more than 0 and at most 3600"


def test_attributes_of_a_docstring():
    class Two:
        """Of two.

        Attributes:
            first, second: some
                text.
            third: more.
        """

    assert attributes(Two) == {
        "first": (["first", "second"], "some text."),
        "second": (["first", "second"], "some text."),
        "third": (["third"], "more."),
    }


def test_defaults_as_they_are_shown():
    given = [PROJECT / "var", PROJECT / "a" / "b.toml", Path("results"), None, "", False, True, 3e-4, 8, (0.5, 1.5)]
    assert [shown(each) for each in given] == [
        *("`var/`", "`a/b.toml`", "`results/`", "none", "none", "no", "yes", "`0.0003`", "`8`", "`0.5` `1.5`")
    ]


def test_a_bar_does_not_end_a_cell():
    assert table(("a", "b"), [("x|y", "z")]) == "| a | b |\n| --- | --- |\n| x\\|y | z |\n"


STATISTICS = (PROJECT / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_modules_and_pages_that_the_statistics_name_are_there():
    named = re.findall(r"`(brain_core/[\w/]+\.py)`", STATISTICS)
    links = re.findall(r"\]\(([^)#]+)\)", STATISTICS)
    assert len(set(named)) > 20 and not [name for name in named if not (PROJECT / name).is_file()]
    assert links and not [link for link in links if not (PROJECT / "docs" / link).exists()]


def test_numbers_in_the_statistics_are_those_of_the_code():
    told = " ".join(STATISTICS.split())
    assert f"correlate above {duplicates.SAME_PICTURE}" in told
    assert f"{duplicates.THUMBNAIL} x {duplicates.THUMBNAIL}" in told
    assert f"fewer than {FEWEST} distinct scans" in told
    assert f"replacement, {resampling.REPLICATES:,} times" in told
    assert f"specificity {figures.SPECIFICITY_WANTED}**" in told
    assert f"{agreement.CHANCE_OVERLAP:.3f} for unrelated ones" in told
    assert f"{agreement.CELLS} x {agreement.CELLS} cells" in told
    assert f"in {perturbation.STEPS} steps" in told
    assert f"{Settings.gate_margin} unless set" in told
    assert (input_gate.NEIGHBOURS, input_gate.QUANTILE, input_gate.FOLDS) == (5, 0.95, 10)
    assert (figures.ECE_BINS, drift.BINS, drift.CHANCE) == (10, 10, 0.99)
