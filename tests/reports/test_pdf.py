"""The PDF reports: what stands on their pages, and what does not."""

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from brain_core import __version__
from brain_core.errors import ScanError
from brain_core.operating_points import OperatingPoint
from brain_core.reports import pdf_chart
from brain_core.reports.pdf import Heading, Opinion, of_scan, of_series
from brain_core.reports.pdf_layout import LONGEST, markup
from brain_core.reports.pdf_pictures import tile
from brain_core.reports.wording import DISCLAIMER, HEATMAP, INTENDED_USE
from brain_core.scans.deidentify import BURNED_IN
from brain_core.scans.quality import DESCRIPTIONS
from brain_core.study.result import CAVEAT
from tests.reports import studies

MADE = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)
PLAIN = Heading(MADE, "P-7QK3-M2ZD")
NAMED = Heading(MADE, "P-7QK3-M2ZD", studies.IDENTITY, Opinion("no tumor", blind=False))


def opened(data: bytes):
    import pypdf

    return pypdf.PdfReader(io.BytesIO(data))


def words(data: bytes) -> str:
    """The text of all pages in one line."""
    return " ".join(" ".join(page.extract_text() for page in opened(data).pages).split())


def predictions(**options):
    return [studies.prediction("custom_cnn", 0.73, size=256, **options), studies.prediction("resnet50", 0.21, size=256)]


@pytest.fixture(scope="module")
def found():
    return studies.result(studies.dicom_series(n=12), flagged=(0, 1), unread=(11,))


@pytest.fixture(scope="module")
def plain(found) -> bytes:
    return of_series(found, PLAIN)


@pytest.fixture(scope="module")
def named(found) -> bytes:
    return of_series(found, NAMED)


def test_a_series_says_what_it_is_for_and_how_it_was_made(plain, found):
    text = words(plain)
    for sentence in (DISCLAIMER, INTENDED_USE, CAVEAT, HEATMAP, BURNED_IN, found.summaries[0].method):
        assert sentence in text
    assert "Report made 25 November 2026, 14:30 UTC" in text
    assert "Patient P-7QK3-M2ZD" in text
    assert "Series 3, axial, MR, 12 slices, 5 mm apart" in text


def test_a_series_gives_both_models_with_their_operating_points(plain, found):
    text = words(plain)
    for title, summary in zip(("Custom CNN", "ResNet50"), found.summaries, strict=True):
        assert f"{title} version {summary.version} {summary.value:.3f}" in text
        assert f"{summary.operating_point.threshold:.3f} {summary.operating_point.source}" in text
    assert "▲ Tumour" in text


def test_a_series_counts_what_does_not_count(plain):
    text = words(plain)
    assert "2 of 12 slices were flagged as flat or unlike the training data and 1 could not be read" in text
    assert f"2 of 12 slices: {DESCRIPTIONS['not-brain-like']}" in text


def test_without_identity_nothing_names_the_patient(plain):
    text = words(plain)
    assert not [trace for trace in (*studies.TRACES, "T1 & axial", "Mueller") if trace in text]
    assert "Reader's opinion" not in text


def test_with_identity_text_from_outside_stands_literally(named):
    text = words(named)
    for part in ("Müller Anna / ", "PID-778899", "1961-02-03", "ACC-4242", studies.DESCRIPTION):
        assert part in text
    assert "MRI <b>brain</b> & skull" in text
    assert "No tumour, recorded after the models had been shown." in text


def test_the_date_of_making_is_the_same_moment_in_every_time_zone(found):
    there = MADE.astimezone(timezone(timedelta(hours=9, minutes=30)))
    assert opened(of_series(found, replace(PLAIN, made=there))).metadata.creation_date == MADE


def test_the_metadata_name_nobody(named):
    metadata = opened(named).metadata
    assert (metadata.title, metadata.author) == ("BRAIN report of a series", "BRAIN")
    assert metadata.creator == f"BRAIN {__version__}"
    assert metadata.creation_date == MADE
    assert not [trace for trace in studies.TRACES if trace in str(dict(metadata))]


def test_pages_are_numbered_a4(plain):
    pages = opened(plain).pages
    assert len(pages) == 2
    for number, page in enumerate(pages, start=1):
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        assert f"page {number} of 2" in page.extract_text()
        assert "Research and education only." in page.extract_text()


def test_the_same_content_at_the_same_time_is_the_same_file(found, plain):
    assert of_series(found, PLAIN) == plain
    assert of_series(found, replace(PLAIN, made=datetime(2026, 11, 26, tzinfo=UTC))) != plain


def test_the_pictures_are_the_most_suspicious_slice_and_its_overlays(found, plain):
    scan = found.series.scan(6)  # the top of the bump
    wanted = [scan.rgb, *(column[6].overlay_on(scan) for column in found.predictions.values())]
    kept = [np.asarray(image.image.convert("RGB")) for image in opened(plain).pages[0].images]
    assert len(kept) == 3
    for picture in wanted:
        assert any(np.array_equal(tile(picture, 512, scan.spacing), each) for each in kept)


def test_the_strip_shows_six_slices_in_order(plain):
    text = opened(plain).pages[1].extract_text()
    assert [line for line in text.splitlines() if line.startswith("Slice ")] == [
        f"Slice {n}" for n in range(4, 10)
    ] or ("Slice 4" in text and "Slice 10" not in text)
    assert len(opened(plain).pages[1].images) == 18


def test_a_slice_that_cannot_be_read_any_more_gives_way_to_the_next(found):
    worse = replace(found, series=studies.unreadable(found.series, 6))
    text = words(of_series(worse, PLAIN))
    assert "Most suspicious slice: 6 of 12" in text
    assert "Mueller" not in text


def test_a_series_of_which_nothing_was_assessed_says_so():
    found = studies.result(flagged=range(8))
    text = words(of_series(found, PLAIN))
    assert "No slice was assessed." in text
    assert text.count("Not assessed") == 2
    assert found.summaries[0].method in text


def test_a_series_of_one_slice_has_no_strip():
    found = studies.result(studies.dicom_series(n=1), {"custom_cnn": [0.4]}, flagged=())
    data = of_series(found, PLAIN)
    assert "most suspicious slices" not in words(data)
    assert len(opened(data).pages) == 1


def test_long_text_from_outside_stays_on_two_pages():
    long = "W" * 40 + " very long words " * 40
    identity = replace(studies.IDENTITY, **dict.fromkeys(studies.IDENTITY.__dict__, long))
    flags = (*DESCRIPTIONS, "flat-heatmap", "unknown-flag")
    found = studies.result(studies.dicom_series(n=12), flags=dict.fromkeys(range(12), flags), unread=(11,))
    point = OperatingPoint(0.4, long, long)
    summaries = tuple(replace(s, operating_point=point, version=long[:40]) for s in found.summaries)
    series = replace(found.series, description=long, notes=("Two slices lie at the same place: 4 and 5. " * 2,) * 30)
    heading = Heading(MADE, "P-1", identity, Opinion("unsure", True))
    data = of_series(replace(found, series=series, summaries=summaries), heading)
    assert len(opened(data).pages) == 2
    assert "7 most" not in words(data) and "The 6 most suspicious slices" in words(data)


@pytest.mark.parametrize("name", ["Люксембург", "Διονυσιος", "Łukasz Šarūnas", "Nguyễn Văn"])
def test_letters_of_european_scripts_are_embedded(name):
    assert name in words(of_series(studies.result(), replace(NAMED, identity=replace(studies.IDENTITY, name=name))))


@pytest.mark.parametrize(
    ("name", "font"),
    [
        ("山田^太郎", "HeiseiKakuGo-W5"),
        ("王^小东", "STSong-Light"),
        ("김^희중", "HYSMyeongJo-Medium"),
    ],
)
def test_asian_names_are_set_in_asian_fonts(name, font):
    data = of_series(studies.result(), replace(NAMED, identity=replace(studies.IDENTITY, name=name)))
    fonts = opened(data).pages[0]["/Resources"]["/Font"]
    assert any(font in str(each.get_object()["/BaseFont"]) for each in fonts.values())
    assert "■" not in words(data)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a<b>&c", "a&lt;b&gt;&amp;c"),
        ("Ω я ł", "Ω я ł"),
        ("x山y", 'x<font name="HeiseiKakuGo-W5">山</font>y'),
        ("\U0001f9e0\U0001f9e0", "[U+1F9E0][U+1F9E0]"),
        ("one\ntwo\tthree\x00", "one two three "),
        ("abc\u202etxt", "abctxt"),  # a mark that would turn the text round
        ("x" * 400, "x" * (LONGEST - 1) + "…"),
    ],
)
def test_every_character_stands_in_a_font_that_has_it(text, wanted):
    assert markup(text) == wanted


def test_a_scan_has_its_report():
    data = of_scan(studies.single_scan(), predictions(flags=("tiny",)), replace(PLAIN, opinion=Opinion("tumor", True)))
    text = words(data)
    assert len(opened(data).pages) == 1
    assert len(opened(data).pages[0].images) == 3
    for part in (DISCLAIMER, INTENDED_USE, HEATMAP, BURNED_IN, "0.730", "0.210", "P-7QK3-M2ZD"):
        assert part in text
    assert f"Scan {studies.single_scan().key}" in text
    assert "▲ Tumour" in text and "● No tumour" in text
    assert f"Custom CNN: {DESCRIPTIONS['tiny']}" in text
    assert "Tumour, recorded before the models were shown." in text


def test_a_file_name_stands_in_the_report_of_a_scan_only_by_choice():
    scan = replace(studies.single_scan(), name="mueller_anna.jpg")
    assert "mueller" not in words(of_scan(scan, predictions(), PLAIN))
    assert "File <i>mueller_anna.jpg" in words(of_scan(scan, predictions(), PLAIN, name="<i>mueller_anna.jpg"))


def test_without_a_result_there_is_no_report():
    with pytest.raises(ScanError, match="no model has assessed anything"):
        of_scan(studies.single_scan(), [], PLAIN)
    with pytest.raises(ScanError, match="no model has assessed anything"):
        of_series(replace(studies.result(), summaries=()), PLAIN)


def test_a_tile_keeps_the_true_proportions():
    pixels = np.full((100, 50, 3), 200, np.uint8)
    square = tile(pixels, 64)
    assert square.shape == (64, 64, 3)
    assert (square[..., 0] > 0).sum(axis=1).max() == 32
    wide = tile(pixels, 64, (1.0, 4.0))  # 100 mm high, 200 mm wide
    assert (wide[32, :, 0] > 0).all()
    assert (wide[:, 32, 0] > 0).sum() == 32


def shapes(drawing, kind: str) -> list:
    return [each for each in drawing.contents if type(each).__name__ == kind]


def test_the_chart_has_a_gap_where_a_slice_could_not_be_read():
    found = studies.result(studies.dicom_series(n=10), unread=(4,))
    lines = shapes(pdf_chart.along_slices(found), "PolyLine")
    assert [len(line.points) // 2 for line in lines] == [4, 5, 4, 5]


def test_the_chart_puts_probabilities_and_operating_points_where_they_belong():
    found = studies.result(studies.dicom_series(n=4), {"resnet50": [0.0, 1.0, 0.25, 0.5]}, flagged=())
    drawing = pdf_chart.along_slices(found)
    (line,) = shapes(drawing, "PolyLine")
    heights = line.points[1::2]
    bottom, top = heights[0], heights[1]
    assert [(y - bottom) / (top - bottom) for y in heights] == pytest.approx([0, 1, 0.25, 0.5])
    assert np.allclose(np.diff(line.points[::2]), np.diff(line.points[::2])[0])
    dotted = [each for each in shapes(drawing, "Line") if each.strokeDashArray == [1, 2]]
    assert [(each.y1 - bottom) / (top - bottom) for each in dotted] == pytest.approx([0.336])


def test_the_chart_marks_what_does_not_count():
    found = studies.result(studies.dicom_series(n=10), flagged=(0, 9), unread=(5,))
    drawing = pdf_chart.along_slices(found)
    assert len([each for each in shapes(drawing, "Rect") if each.fillOpacity == 0.55]) == 3


@pytest.mark.parametrize("n", [1, 2, 20, 21, 200, 1000])
def test_the_numbers_of_the_chart_do_not_run_into_one_another(n):
    found = studies.result(studies.nifti_series(1), {"resnet50": [0.4]}, flagged=())
    series = replace(found.series, slices=found.series.slices * n)
    many = replace(found, series=series, predictions={"resnet50": found.predictions["resnet50"] * n})
    drawing = pdf_chart.along_slices(many)
    numbers = [each for each in shapes(drawing, "String") if each.text.isdecimal() and each.textAnchor == "middle"]
    assert numbers[0].text == "1" and len(numbers) <= 21
    assert all(b.x - a.x > 12 for a, b in zip(numbers, numbers[1:], strict=False))


def test_a_probability_fills_its_scale():
    bar = pdf_chart.scale(0.25, 0.5, "no tumor", 100)
    assert [each.width for each in shapes(bar, "Rect")] == [100, 25]
    assert [each.x1 for each in shapes(bar, "Line")] == [50]
    assert len(shapes(pdf_chart.scale(None, 0.5, None, 100), "Rect")) == 1


def test_reports_cost_no_import_time_until_one_is_made():
    script = (
        "import sys, brain_core.reports.pdf as pdf; print(*({'reportlab', 'matplotlib', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
