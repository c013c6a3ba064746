"""Names and texts out of files are shown as they are, on every way to the screen and out of it, and do nothing."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from brain_core.cli import main
from brain_core.scans.dicom.values import clean
from brain_core.scans.raster import base_name
from brain_core.ui import models
from brain_core.ui.markup import esc
from tests.pages.conftest import picture, router_has_run
from tests.pages.steps import assert_no_failure, open_page, upload
from tests.scans.dicom_files import series_datasets, to_bytes
from tests.scans.zip_files import zip_bytes
from tests.ui.service import in_service, service_files

__all__ = ["in_service", "picture", "router_has_run", "service_files"]

MARK = "zqx"  # in every hostile text and nowhere else
TEXTS = (
    f"<img src=x onerror={MARK}()>",
    f"<script>{MARK}()</script>",
    f'"onmouseover={MARK}() x="',
    f"[{MARK}](javascript:alert(1))",
    f"![{MARK}](https://example.org/x)",
    f"$\\frac{{{MARK}}}{{2}}$",
    f":material/home: :red[{MARK}] **{MARK}** `{MARK}`",
    f"\u202e{MARK}\u2066",
    f"\x1b[31m{MARK}\x1b]0;{MARK}\x07",
    f"=HYPERLINK({MARK})",
    f"%{{y}} <b>{MARK}</b>",  # of chart labels
)
LITERAL = {"html", "dataframe", "text", "code", "selectbox", "text_input", "file_uploader", "download_button"}
LITERAL |= {"imgs"}  # its alternative text


def names(suffix: str) -> list[str]:
    return [text.replace("/", "∕") + suffix for text in TEXTS]  # a slash would end a folder's name


def elements(page):
    for block in (page.main, page.sidebar):
        yield from (element for element in block if hasattr(element, "proto"))


def assert_literal(page, *texts: str) -> None:
    """No text is where Streamlit or the browser would read markup in it; those that are shown are escaped."""
    assert_no_failure(page)
    bodies = []
    for element in elements(page):
        content = str(element.proto)
        if element.type == "html":
            bodies.append(element.proto.body)
        elif element.type == "plotly_chart":
            assert MARK not in element.proto.spec
        elif element.type not in LITERAL:
            assert MARK not in content, f"{element.type}: {content[:300]}"
        assert MARK not in getattr(element.proto, "help", "") and MARK not in getattr(element.proto, "label", "")
    shown = "\n".join(bodies)
    for text in texts:
        assert esc(text) in shown
    for text in TEXTS:
        assert text not in shown or esc(text) == text
    assert not any(control in shown for control in "\x1b\x07\u202e\u2066")


def test_of_many_pictures(in_service, picture):
    page = open_page()
    good = [(name, picture(number)) for number, name in enumerate(names(".png"))]
    upload(page, *good, *[(name, b"bad") for name in names(" bad.jpg")])
    table = next(each.value for each in page.dataframe if "Name" in each.value)
    assert {base_name(name) for name, _ in good} <= set(table["Name"])
    assert_literal(page)


def test_of_one_picture_and_of_one_that_cannot_be_read(in_service, picture):
    page = open_page()
    for number, name in enumerate(names(".png")):
        upload(page, (name, picture(number)))
        assert_literal(page, base_name(name))
    for name in names(".png"):
        upload(page, (name, b"bad"))
        assert_literal(page, base_name(name))


SHOWN = ("SeriesDescription", "WindowCenterWidthExplanation", "PatientName", "StudyDescription", "PatientID")
HELD = ("Manufacturer", "ProtocolName", "StationName", "ImageComments", "AccessionNumber", "InstitutionName")


@pytest.mark.filterwarnings("ignore:The value length|Invalid value")
@pytest.mark.parametrize("turn", range(0, len(TEXTS), 3))
def test_of_a_series(in_service, turn):
    texts = [*TEXTS[turn:], *TEXTS[:turn]]
    attributes = dict(zip((*SHOWN, *HELD), texts, strict=True))
    attributes = {keyword: value.replace("\\", "/").replace("\x1b", "") for keyword, value in attributes.items()}
    files = {f"{number}": to_bytes(each) for number, each in enumerate(series_datasets(2, size=64, **attributes))}
    page = open_page()
    upload(page, ("study.zip", zip_bytes(files | {f"{texts[0].replace('/', '∕')}.dcm": b"bad"})))
    assert_literal(page, clean(attributes["SeriesDescription"]))
    next(each for each in page.toggle if each.label == "Show who the patient is").set_value(True).run()
    assert_literal(page, clean(attributes["PatientID"]))


@pytest.fixture
def folder(tmp_path, in_service):
    """Pictures with hostile names, as far as a disk takes them."""
    found = tmp_path / "scans"
    found.mkdir()
    for name in names(".png"):
        Image.fromarray(np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)).save(found / name)
    return found


def test_of_the_command_lines_csv_no_cell_is_a_formula(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert (
        main(["predict", *names(".png"), "missing =1.png", "=2.png", "--model", "custom_cnn", "--format", "csv"]) == 1
    )
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 1 + len(TEXTS) + 2
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert "'=2.png" in [row[0] for row in rows]


def test_of_downloads(in_service, picture):
    from brain_core.ui import downloads

    records = [{"path": text, "error": text} for text in TEXTS]
    rows = list(csv.reader(io.StringIO(downloads.to_csv(records))))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [each["path"] for each in json.loads(downloads.to_json(records))] == list(TEXTS)


def test_members_of_the_zip_of_overlays_have_plain_names(in_service, picture):
    from brain_core import batch
    from brain_core.inference import Detector
    from brain_core.scans import read_bytes

    detector = Detector(models.current()[0].card)
    scans = [read_bytes(picture(1), name) for name in ("../../up.png", "C:\\x\\win.png", *names(".png"))]
    rows = list(batch.score([(scan.name, lambda scan=scan: scan) for scan in scans], [detector]))
    with zipfile.ZipFile(io.BytesIO(batch.zip_of_overlays(rows))) as archive:
        for name in archive.namelist():
            assert "/" not in name and "\\" not in name and name.isprintable() and not name.startswith(".")
