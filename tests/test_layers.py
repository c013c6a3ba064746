"""Imports go down only: a module may import its own layer and those below; heavy packages stay where they belong."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = "brain_core"
UI_LAYER = 5
LAYERS = (
    {"errors", "settings", "files", "palette", "typed_json", "history_file", "logs", "quiet"},
    {"scans", "preprocessing", "overlay", "intervals", "scored", "figures", "resampling", "metrics", "curves"}
    | {
        "calibration",
        "reliability",
        "thresholds",
        "operating_points",
        "operating",
        "in_service",
        "input_gate",
        "prevalence",
        "comparison",
        "decision_curve",
        "access",
    },
    {"datasets", "models", "registry", "versions", "explain", "engines"},
    {"training", "evaluation", "inference", "study", "reports", "store", "audit", "pacs", "public"},
    {"jobs", "batch", "bulk", "monitoring", "teaching", "cli", "__main__"},
    {"ui"},
)
LAYER_OF = {name: layer for layer, names in enumerate(LAYERS) for name in names}
LOWEST_LAYER = {"keras": 2, "tensorflow": 2, "streamlit": UI_LAYER, "plotly": UI_LAYER}
HOMES = {"plotly": f"{PACKAGE}.ui", "matplotlib": f"{PACKAGE}.reports"}  # imported nowhere else
HEAVY = {
    "tensorflow",
    "keras",
    "streamlit",
    "plotly",
    "matplotlib",
    "cv2",
    "sklearn",
    "scipy",
    "pandas",
    "PIL",
    "numpy",
}


@dataclass(frozen=True)
class Source:
    """A Python file: ``module`` is its dotted name, ``is_package`` whether it is an ``__init__``."""

    module: str
    text: str
    is_package: bool = False

    @staticmethod
    def read(path: Path) -> "Source":
        parts = path.relative_to(PROJECT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        return Source(".".join(parts[:-1] if is_package else parts), path.read_text(encoding="utf-8"), is_package)


def sources() -> list[Source]:
    files = [*(PROJECT / PACKAGE).rglob("*.py"), *(PROJECT / "pages").glob("*.py"), *PROJECT.glob("streamlit_app.py")]
    return [Source.read(path) for path in sorted(files)]


def layer_of(module: str) -> int:
    """The layer of a module by its role: the part after ``brain_core``.

    Raises:
        LookupError: the layer map does not name it.
    """
    parts = module.split(".")
    if parts[0] != PACKAGE:
        return UI_LAYER  # the router and the pages
    if len(parts) == 1:
        return 0  # the package itself: light, and everything may import it
    if parts[1] not in LAYER_OF:
        raise LookupError(
            f"{module}: not in the layer map. Add '{parts[1]}' to a layer of LAYERS in {Path(__file__).name}, "
            "as the design's table of layers says."
        )
    return LAYER_OF[parts[1]]


def imported(source: Source) -> Iterator[str]:
    """Dotted names of all that a file imports, inside functions too; imports for type checkers only are left out."""
    waiting: list[ast.AST] = [ast.parse(source.text)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, source)
            if base == PACKAGE:  # 'from brain_core import overlay' imports brain_core.overlay
                yield from (f"{PACKAGE}.{alias.name}" if _is_module(alias.name) else PACKAGE for alias in node.names)
            else:
                yield base


def _base(node: ast.ImportFrom, source: Source) -> str:
    if not node.level:
        return node.module
    package = source.module.split(".")
    package = package[: len(package) - node.level + source.is_package]
    return ".".join([*package, *([node.module] if node.module else [])])


def _is_module(name: str) -> bool:
    folder = PROJECT / PACKAGE
    return name in LAYER_OF or (folder / name).is_dir() or (folder / f"{name}.py").is_file()


def violations(source: Source) -> list[str]:
    """What a file imports and should not, one sentence each."""
    found, own = [], layer_of(source.module)
    for name in imported(source):
        top = name.split(".")[0]
        if top == PACKAGE:
            if (layer := layer_of(name)) > own:
                found.append(f"{source.module} (L{own}) imports {name} (L{layer}).")
        elif own < LOWEST_LAYER.get(top, 0):
            found.append(f"{source.module} (L{own}) imports {name}, which starts at L{LOWEST_LAYER[top]}.")
        elif top in HOMES and not source.module.startswith(HOMES[top]):
            found.append(f"{source.module} imports {name}, which belongs into {HOMES[top]}.")
        elif own == 0 and top not in sys.stdlib_module_names:
            found.append(f"{source.module} (L0) imports {name}; L0 imports the standard library only.")
    return found


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.module)
def test_imports_go_down_only(source):
    assert violations(source) == []


def test_the_files_are_found():
    modules = {source.module for source in sources()}
    assert {f"{PACKAGE}.errors", f"{PACKAGE}.scans.raster", f"{PACKAGE}.scans", PACKAGE} <= modules


def test_no_role_is_in_two_layers():
    assert sum(len(names) for names in LAYERS) == len(LAYER_OF)


@pytest.mark.parametrize(
    ("module", "text", "sentence"),
    [
        ("brain_core.scans.raster", "from brain_core.registry import x", "(L1) imports brain_core.registry (L2)"),
        ("brain_core.metrics", "from brain_core import models", "(L1) imports brain_core.models (L2)"),
        ("brain_core.metrics", "import brain_core.inference as i", "imports brain_core.inference (L3)"),
        ("brain_core.inference", "def f():\n    from brain_core.cli import main", "imports brain_core.cli (L4)"),
        ("brain_core.scans.raster", "from ..ui import charts", "(L1) imports brain_core.ui (L5)"),
        ("brain_core.scans.raster", "from .. import batch", "(L1) imports brain_core.batch (L4)"),
        ("brain_core.errors", "import numpy as np", "L0 imports the standard library only"),
        ("brain_core.files", "from brain_core.scans import Scan", "(L0) imports brain_core.scans (L1)"),
        ("brain_core.preprocessing", "import tensorflow.keras", "imports tensorflow.keras, which starts at L2"),
        ("brain_core.scans.scan", "if True:\n    import keras", "imports keras, which starts at L2"),
        ("brain_core.jobs", "import streamlit as st", "imports streamlit, which starts at L5"),
        ("brain_core.reports.figures", "import plotly.express", "imports plotly.express, which starts at L5"),
        ("pages.1_Detection", "import plotly", "belongs into brain_core.ui"),
        ("streamlit_app", "from plotly import express", "belongs into brain_core.ui"),
        ("brain_core.cli.report", "def f():\n    import matplotlib.pyplot", "belongs into brain_core.reports"),
        ("brain_core.ui.charts", "from matplotlib.figure import Figure", "belongs into brain_core.reports"),
    ],
)
def test_a_bad_import_is_caught(module, text, sentence):
    (found,) = violations(Source(module, text))
    assert sentence in found


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("brain_core.inference", "import keras\nfrom brain_core import overlay\nfrom brain_core.store import x"),
        ("brain_core.cli.train", "from brain_core import __version__\nfrom .options import x"),
        ("brain_core.ui.charts", "import plotly, streamlit\nfrom brain_core.batch import x"),
        ("brain_core.reports.figures.style", "import matplotlib.style\nfrom brain_core.palette import BLUE"),
        ("pages.1_Detection", "import streamlit\nfrom brain_core.ui import show"),
        ("brain_core.scans.raster", "import cv2, PIL\nfrom .scan import Scan\nfrom ..settings import settings"),
        ("brain_core.metrics", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras"),
    ],
)
def test_a_good_import_passes(module, text):
    assert violations(Source(module, text)) == []


def test_relative_imports_of_a_package_are_its_own():
    assert list(imported(Source("brain_core.scans", "from .raster import x", is_package=True))) == [
        "brain_core.scans.raster"
    ]


@pytest.mark.parametrize("text", ["", "from brain_core.novelty import x"])
def test_a_module_outside_the_map_is_named(text):
    module = "brain_core.metrics" if text else "brain_core.novelty.core"
    with pytest.raises(LookupError, match="brain_core.novelty.*: not in the layer map. Add 'novelty' to a layer"):
        violations(Source(module, text))


def test_importing_the_package_is_light():
    script = "import sys, brain_core; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert "brain_core" in loaded
    assert not loaded & HEAVY
