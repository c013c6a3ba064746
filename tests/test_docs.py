"""README and docs: links lead somewhere, commands are commands, and the tutorials name what stands on the screen."""

from __future__ import annotations

import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from tests.deployment.reading import PROJECT, command_line

PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
GUIDES = [page for page in PAGES if page.name.startswith(("tutorial_", "how_to"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SHELL = ("sh", "bash")
COMMAND = re.compile(r"(?:^|\s)(?:\S*/)?python -m brain_core\b")
STANDS_FOR = {"HASH": 64 * "0"}  # of the words in capitals, those that a parser looks into
ON_SCREEN = (
    *("streamlit_app.py", "pages", "brain_core/ui", "brain_core/teaching"),
    *("brain_core/models", "brain_core/explain", "brain_core/scans/phantom.py", "brain_core/thresholds.py"),
)  # where the words on the screen come from


def without_code(text: str) -> str:
    return FENCE.sub("", text)


@cache
def anchors(page: Path) -> set[str]:
    """Of a page's headings, by GitHub's rule: small letters, no punctuation, blanks as hyphens, repeats numbered."""
    found: list[str] = []
    for title in re.findall(r"^#{1,6} (.+)$", without_code(page.read_text(encoding="utf-8")), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title.strip()).lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        taken = sum(re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other) is not None for other in found)
        found.append(f"{anchor}-{taken}" if taken else anchor)
    return set(found)


def problem(page: Path, link: str) -> str | None:
    """Why a relative link leads nowhere."""
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not target.exists():
        return f"{link}: no such file"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{link}: no such heading"
    return None


def commands(text: str) -> list[list[str]]:
    """The words after ``python`` of every command of ours, in blocks of shell and in the text."""
    blocks = [block.replace("\\\n", " ") for _, kind, block in FENCE.findall(text) if kind in SHELL]
    lines = [line for block in blocks for line in block.splitlines()]
    inline = [line for line in re.findall(r"`([^`]+)`", without_code(text)) if not set(line) & set("[…")]  # a pattern
    found = []
    for line in lines + inline:
        if start := COMMAND.search(line):
            words = shlex.split(line[start.start() :], comments=True)
            end = next((i for i, word in enumerate(words) if word in ("|", ">", ">>", "&&", "&")), len(words))
            found.append([STANDS_FOR.get(word, word) for word in words[1:end]])
    return found


@cache
def words_on_screen() -> tuple[str, tuple[re.Pattern, ...]]:
    """All texts of the screens' code, and its texts with values in them as patterns; small letters."""
    texts, patterns = [], []
    for place in ON_SCREEN:
        path = PROJECT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value.casefold())
                elif isinstance(node, ast.JoinedStr) and sum(len(p.value) for p in node.values if _is_text(p)) > 4:
                    parts = (re.escape(p.value.casefold()) if _is_text(p) else ".+" for p in node.values)
                    patterns.append(re.compile("".join(parts)))
    return "\n".join(texts), tuple(patterns)


def _is_text(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant)


def is_on_screen(label: str) -> bool:
    texts, patterns = words_on_screen()
    words = " ".join(label.split()).casefold()
    return words in texts or any(pattern.fullmatch(words) for pattern in patterns)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_to_files_and_headings(page):
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text(encoding="utf-8")))
    relative = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [found for link in relative if (found := problem(page, link))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_are_commands(page):
    for words in commands(page.read_text(encoding="utf-8")):
        if "--version" not in words:  # with it the parser ends
            command_line(words)


def test_there_are_commands_to_look_at():
    assert all(commands((PROJECT / name).read_text()) for name in ("README.md", "docs/how_to.md"))


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_what_guides_set_in_bold_stands_on_the_screen(page):
    labels = re.findall(r"\*\*(.+?)\*\*", without_code(page.read_text(encoding="utf-8")), re.DOTALL)
    assert len(labels) > 10 and [label for label in labels if not is_on_screen(label)] == []


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.name)
def test_the_head_of_a_guide_says_what_brain_is_not(page):
    head = " ".join(page.read_text(encoding="utf-8")[:800].split())
    assert "Research and education only" in head and "not a medical device" in head


def test_what_is_checked_can_fail(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A title: `x`, y\n\n## Same\n\n## Same\n\n```sh\n# no heading\npython -m brain_core nonsense\n```\n"
    )
    assert anchors(page) == {"a-title-x-y", "same", "same-1"}
    assert problem(page, "#same-1") is None and problem(page, "#same-2") == "#same-2: no such heading"
    assert problem(page, "other.md") == "other.md: no such file"
    assert commands(page.read_text()) == [["-m", "brain_core", "nonsense"]]
    with pytest.raises(pytest.fail.Exception, match="not a command"):
        command_line(["-m", "brain_core", "nonsense"])
    assert is_on_screen("Open all 6 as a\nworklist") and not is_on_screen("Open everything at once")


def test_the_radiologists_study_can_be_drawn_and_is_one_series(tmp_path, monkeypatch):
    from brain_core.scans.collect import collect
    from brain_core.scans.source_file import SourceFile

    text = (PROJECT / "docs" / "tutorial_radiologist.md").read_text(encoding="utf-8")
    indent, code = re.search(r"^( *)\.venv/bin/python - <<'END'\n(.*?)^\1END$", text, re.MULTILINE | re.DOTALL).groups()
    monkeypatch.chdir(tmp_path)
    exec(compile(re.sub(f"^{indent}", "", code, flags=re.MULTILINE), "tutorial", "exec"), {})
    files = sorted((tmp_path / "var" / "phantom-study").iterdir())
    found = collect([SourceFile.of_bytes(file.read_bytes(), file.name) for file in files])
    (study,) = found.studies
    assert [len(series) for series in study.series] == [20] and study.series[0].plane == "axial"
    assert found.refused == ()
