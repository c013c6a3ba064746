"""What a start does without: libraries that take long to import stay out until something needs them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from brain_core import cli

PROJECT = Path(__file__).resolve().parents[1]
SCIENCE = {"scipy", "sklearn", "pandas", "pyarrow", "joblib"}
NETWORKS = {"tensorflow", "keras", "openvino", "onnxruntime"}
REPORTS = {"matplotlib", "reportlab", "highdicom", "nibabel"}
ARCHIVE = {"pydicom", "pynetdicom", "gdcm", "requests"}
STORE = {"sqlalchemy", "alembic"}
SCREEN = {"streamlit", "plotly"}
LATE = SCIENCE | NETWORKS | REPORTS | ARCHIVE | STORE
TELL = "\nimport json, sys\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
PAGE = """
from streamlit.testing.v1 import AppTest
from brain_core.ui import background
background.start = lambda task, name: None  # what comes after the page
page = AppTest.from_file("streamlit_app.py", default_timeout=60).run()
assert not page.exception, page.exception
assert [title.value for title in page.title] == ["Detect"]
assert len(page.file_uploader) == 1
assert "No scan at hand? Open a sample" in [each.value for each in page.subheader]
"""


def loaded(code: str) -> set[str]:
    """Packages in a new Python after ``code``."""
    done = subprocess.run([sys.executable, "-c", code + TELL], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*words: str) -> str:
    """Code that runs a command to its end, whichever that is."""
    return f"from brain_core.cli import main\ntry:\n    main({list(words)!r})\nexcept SystemExit:\n    pass\n"


def test_the_package_brings_nothing_but_python():
    assert not loaded("import brain_core") & (LATE | SCREEN | {"numpy", "cv2", "PIL"})


def test_the_version_is_told_without_any_command():
    assert not loaded(command("--version")) & (LATE | SCREEN | {"numpy", "cv2", "PIL"})


def test_the_server_is_started_by_a_light_process():
    assert not loaded(command("serve", "--port", "0")) & (LATE | SCREEN | {"numpy", "cv2", "PIL"})


def test_the_detect_page_is_drawn_with_what_it_shows_at_first():
    found = loaded(PAGE)
    assert {"streamlit", "PIL"} <= found
    assert not found & LATE


def test_a_gate_is_read_without_the_library_that_fits_it():
    assert not loaded("import brain_core.input_gate") & SCIENCE


def test_names_of_acts_come_without_the_database():
    assert not loaded("from brain_core.audit import actions") & STORE
    assert "sqlalchemy" in loaded("from brain_core.audit import record")


def test_dicom_is_read_by_the_library_that_comes_with_the_first_file():
    assert not loaded("from brain_core.scans import collect, read_bytes") & ARCHIVE
    assert "pydicom" in loaded("from brain_core.scans import collect\ncollect([])")


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_is_known_by_its_module(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m brain_core {name}")


def test_the_help_names_every_command(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    told = capsys.readouterr().out.split()
    assert [name for name in cli.COMMANDS if name not in told] == []


def test_an_unknown_command_is_told_all_that_there_are(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["nothing"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert [name for name in cli.COMMANDS if f"'{name}'" not in told] == []


def test_a_module_that_is_no_command_is_not_taken_for_one():
    with pytest.raises(SystemExit) as ended:
        cli.main(["options"])
    assert ended.value.code == 2
