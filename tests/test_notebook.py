"""The notebook in docs/ runs from its first cell to its last, on phantoms, and names no place on a machine."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PROJECT = Path(__file__).resolve().parent.parent
NOTEBOOK = PROJECT / "docs" / "brain_tumor_detection.ipynb"
SECONDS = 300  # for a cell, at most


def printed(cell) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", ()) if output["output_type"] == "stream")


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook after a run in a process of its own, with nothing of what a user may have set."""
    notebook, kept = nbformat.read(NOTEBOOK, as_version=4), dict(os.environ)
    os.environ.update(BRAIN_HOME=str(tmp_path_factory.mktemp("home")), PYTHONPATH=str(PROJECT), MPLBACKEND="agg")
    try:
        NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources={}).execute()
    finally:
        os.environ.clear()
        os.environ.update(kept)
    return notebook


def test_every_cell_runs_and_says_what_its_text_promises(executed):
    cells = [cell for cell in executed.cells if cell.cell_type == "code"]
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)
    told = "\n".join(map(printed, cells))
    assert "80 scans: 40 with a tumour, 40 without; 0 unreadable" in told
    assert "80 groups of near-duplicates" in told and "(224, 224, 3) float32" in told
    assert "roc_auc" in told and " to " in told and "default                    0.500: found" in told
    assert "(7, 7) 0.0 to 1.0" in told and "shuffled down to nothing      similarity +1.00" in told
    assert told.count("a new phantom") == 2


def test_the_stored_notebook_names_no_place_on_a_machine():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not any(place in text for place in ("/home/", "/Users/", "C:\\\\", str(Path.home()), str(PROJECT)))
