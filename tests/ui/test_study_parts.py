"""The parts of the study view that are true without a browser."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from brain_core.operating_points import OperatingPoint
from brain_core.scans.series import DERIVED, IMAGE, LOCALIZER, Study
from brain_core.scans.source_file import SourceFile
from brain_core.scans.window import Lookup, Window
from brain_core.ui import verdict
from brain_core.ui.study import arrivals, header, probability_chart, series_list, summary_cards, window_controls
from brain_core.ui.study.suspicion import most_suspicious
from tests.reports.studies import dicom_series, nifti_series, result

TITLES = {"custom_cnn": "Custom CNN", "resnet50": "ResNet50"}
FIRST = (0.1, 0.2, 0.9, 0.8, 0.3, 0.1, 0.6, 0.1)
SECOND = (0.99, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.7)


@pytest.fixture(scope="module")
def found():
    """Eight slices, of which the first is flagged and the sixth could not be read."""
    return result(dicom_series(), {"custom_cnn": FIRST, "resnet50": SECOND}, flagged=(0,), unread=(5,))


def test_the_most_suspicious_slices_are_no_neighbours_and_count(found):
    assert most_suspicious(found) == (2, 7, 4)  # not 0, flagged; not 3 and 6, beside higher ones
    assert most_suspicious(found, 1) == (2,)


def test_counts_name_all_slices_that_do_not_count(found):
    told = "6 of 8 slices assessed, 1 flagged as flat or unlike the training data, 1 unreadable."
    assert summary_cards.counts(found) == told
    waiting = replace(found, predictions={"custom_cnn": found.predictions["custom_cnn"][:4] + (None,) * 4})
    assert summary_cards.counts(waiting).endswith("1 unreadable, 3 not scored yet.")


def test_the_chart_says_in_words_what_it_shows(found):
    told = probability_chart.alternative(found, TITLES)
    assert "Custom CNN: highest 0.900 on slice 3; 3 of 6 slices reach the operating point of 0.500 (dashed)." in told
    assert "ResNet50: highest 0.700 on slice 8; 1 of 6 slices reach" in told
    assert "Open marks: 1 slices flat or unlike" in told and "Gaps: 1 slices" in told


def test_the_chart_holds_both_models_with_gaps_and_open_marks(found):
    chart = probability_chart.figure(found, TITLES, 4, "#000000")
    first, beside, second, _ = chart.data
    assert first.y == (None, 0.2, 0.9, 0.8, 0.3, None, 0.6, 0.1) and beside.y == (0.1, *[None] * 7)
    assert second.y[7] == 0.7 and beside.marker.symbol == "circle-open"
    assert first.line.color != second.line.color and first.marker.symbol != second.marker.symbol
    assert chart.layout.title.text == "Probability along the slices, n = 7"
    assert chart.layout.xaxis.title.text == "slice, feet to head"
    assert first.text[1] == "slice 2, at -15.0 mm"
    lines = {(s.x0, s.x1, s.y0, s.y1) for s in chart.layout.shapes}
    assert (5, 5, 0, 1) in lines and {(0, 1, 0.5, 0.5), (0, 1, 0.336, 0.336)} <= lines


def series_of(role: str, plane: str, count: int):
    return replace(dicom_series(n=count), role=role, plane=plane, key=f"{role}{plane}{count}")


def test_the_default_is_the_longest_axial_series_of_images():
    of = [
        series_of(LOCALIZER, "axial", 8),
        series_of(IMAGE, "coronal", 8),
        series_of(IMAGE, "axial", 4),
        series_of(IMAGE, "axial", 6),
        series_of(DERIVED, "axial", 7),
    ]
    rows = series_list.ordered([Study("k", "P-1", tuple(of))])
    assert [series.role for _, series in rows] == [IMAGE] * 3 + [LOCALIZER, DERIVED]
    assert rows[series_list.default(rows)][1] is of[3]


def test_the_list_of_series_leaves_out_what_none_has():
    table = series_list.frame([(Study("k", "P-1", ()), nifti_series())])
    assert "No." not in table and "Notes" not in table and table["Plane"][0] == "not known"
    numbered = replace(nifti_series(), number=7, notes=("A slice is missing.",))
    table = series_list.frame([(Study("k", "P-1", ()), numbered)])
    assert table["No."][0] == 7 and table["Notes"][0] == "A slice is missing."


def test_the_facts_of_a_series_stand_in_a_line():
    assert header.facts(dicom_series()) == (
        "8 slices, axial · 96 × 96 pixels · 1.5 × 1.5 mm a pixel · 5 mm from slice to slice · MR, DICOM"
    )
    assert header.facts(replace(nifti_series(1), gap=3.0)).startswith("1 slice · 96 × 96")


def test_every_window_of_the_file_can_be_set_by_hand():
    table = Lookup(0, np.zeros(4, np.float32), "table")
    limits = window_controls.range_of((Window(700, 1400), table, Window(100, 50, "linear_exact")))
    assert (limits.low, limits.high, limits.step) == (0, 1400, 1.0)
    assert limits.narrowest >= 1 and limits.widest >= 1400
    small = window_controls.range_of((Window(0.5, 1.0, "linear_exact"),))
    assert small.step == pytest.approx(0.002) and small.narrowest < 0.01


def test_an_answer_in_words_knows_slices_that_are_not_classified():
    assert verdict.agreement([("A", "tumor", 0.9), ("B", None, 0.2)]) == (
        "Not classified by B; A says tumour (0.90).",
        False,
    )
    assert verdict.agreement([("A", None, 0.9), ("B", None, 0.2)]) == ("Not classified by A and B.", False)
    point = OperatingPoint(0.5, "", "")
    unlike = SimpleNamespace(assessed=False, label="tumor", probability=0.9, operating_point=point)
    assert verdict.text(unlike) == "Not classified" and "Tumour" not in verdict.line(unlike)
    assert verdict.text(SimpleNamespace(assessed=True, label="tumor")) == "▲ Tumour"


def test_an_upload_is_read_without_a_copy():
    class Upload:
        name, size, data = "a", 3, b"abc"

        def getvalue(self):
            return self.data

    file = arrivals.source(Upload())
    assert isinstance(file, SourceFile)
    with file.open() as first, file.open() as second:
        assert first.read() == second.read() == b"abc"
        assert first.getvalue() is Upload.data
