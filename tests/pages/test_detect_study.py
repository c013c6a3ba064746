"""The study view of Detect: series in, answers along the slices, a viewer, privacy, bad slices, the reader first."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import RLELossless, generate_uid
from streamlit.testing.v1 import AppTest

from brain_core.inference import UNLIKE, Detector
from brain_core.scans import collect
from brain_core.scans.source_file import SourceFile
from brain_core.study import assess
from brain_core.study.background import Background
from brain_core.ui import models, session
from brain_core.ui.study import arrivals, memory
from brain_core.ui.study.window_controls import AS_SEEN, OWN
from tests.pages.steps import assert_no_failure, html, open_page, upload, words
from tests.scans.dicom_files import PATIENT, dicom_bytes, series_datasets, to_bytes
from tests.scans.nifti_files import nifti_file

COUNT, SIZE = 12, 64
NAME, DESCRIPTION = "<b>Muster</b>^<img src>", "<b>T1</b> **axial**"


def zipped(*datasets, **others: bytes) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, each in enumerate(datasets):
            archive.writestr(f"IM{number:04d}", each if isinstance(each, bytes) else to_bytes(each))
        for name, data in others.items():
            archive.writestr(name, data)
    return "study.zip", buffer.getvalue()


def damaged(dataset):
    """Its header is whole, its pixels cannot be decoded."""
    dataset.PixelData = encapsulate([b"\xff\xd8 no pixels"])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = RLELossless
    return dataset


def head(n: int = COUNT, **attributes) -> list:
    return series_datasets(n, size=SIZE, **attributes)


@pytest.fixture(scope="module")
def study() -> tuple[str, bytes]:
    """A zip with one series whose texts are hostile."""
    return zipped(*head(PatientName=NAME, SeriesDescription=DESCRIPTION))


@pytest.fixture
def page(in_service) -> AppTest:
    return open_page()


@pytest.fixture
def no_scoring(monkeypatch):
    """From when it is called on, scoring fails the test."""
    return lambda: monkeypatch.setattr(Detector, "predict", lambda *_, **__: pytest.fail("scored again"))


@pytest.fixture
def flag_first(monkeypatch):
    """The first slice of every batch is unlike the training data."""
    predict = Detector.predict

    def flagging(self, scans, **options):
        first, *others = predict(self, scans, **options)
        return [replace(first, flags=(*first.flags, UNLIKE)), *others]

    monkeypatch.setattr(Detector, "predict", flagging)


def slider(page: AppTest):
    return next(each for each in page.slider if each.label.startswith("Slice, of"))


def chart(page: AppTest) -> dict:
    (found,) = page.get("plotly_chart")
    return json.loads(found.proto.spec)


def line(page: AppTest, name: str) -> list[float | None]:
    """The values of a model along the slices."""
    (trace,) = [each for each in chart(page)["data"] if each["name"] == name]
    y = trace["y"]
    if isinstance(y, dict):
        y = [None if np.isnan(v) else v for v in np.frombuffer(base64.b64decode(y["bdata"]), y["dtype"])]
    return list(y)


def pictures(page: AppTest) -> list[str]:
    return [url for each in page.image for url in each.value]


def answer(file: tuple[str, bytes]):
    """What the command line gives for a file."""
    (found,) = collect([SourceFile.of_bytes(file[1], file[0])]).studies
    return assess.score(found.series[0], [Detector(model.card) for model in models.current()])


def test_a_series_is_scored_as_everywhere_else(page, study):
    upload(page, study)
    assert_no_failure(page)
    expected = answer(study)
    for summary, model in zip(expected.summaries, models.current(), strict=True):
        assert f'">{summary.value:.3f}</span>' in html(page)
        assert summary.method in words(page)
        shown = line(page, model.title)
        column = expected.predictions[model.name]
        assert shown == pytest.approx([None if i in expected.flagged else p.probability for i, p in enumerate(column)])
    assert f"{COUNT - len(expected.flagged)} of {COUNT} slices assessed" in words(page)
    assert "has not been measured" in words(page)
    assert chart(page)["layout"]["title"]["text"] == f"Probability along the slices, n = {COUNT}"


def test_texts_of_the_file_are_shown_literally(page, study):
    upload(page, study)
    assert "3: &lt;b&gt;T1&lt;/b&gt; **axial**" in html(page)
    for element in (*page.markdown, *page.caption, *page.subheader):
        assert "T1" not in element.value


def test_it_opens_at_the_most_suspicious_slice_and_goes_where_it_is_asked_to(page, study, no_scoring):
    upload(page, study)
    best = max(range(COUNT), key=lambda i: max(line(page, m.title)[i] or 0 for m in models.current()))
    assert slider(page).value == best + 1
    no_scoring()
    slider(page).set_value(3).run()
    assert f"Slice 3 of {COUNT}" in words(page) and len(pictures(page)) == 3
    page.button(key=next(b.key for b in page.button if b.label == "On")).click().run()
    assert slider(page).value == 4
    page.button(key=next(b.key for b in page.button if b.label == f"Slice {best + 1}")).click().run()
    assert slider(page).value == best + 1
    assert_no_failure(page)


def test_the_strip_shows_no_neighbours(page, study):
    upload(page, study)
    shown = [int(b.label.split()[1]) for b in page.button if b.label.startswith("Slice ")]
    assert 2 < len(shown) <= 5
    assert min(np.diff(sorted(shown))) > 1


def test_the_patient_is_named_only_on_request_and_kept_nowhere(page, study):
    upload(page, study)
    assert "Muster" not in html(page) and PATIENT["PatientID"] not in html(page)
    switch = next(each for each in page.toggle if each.label == "Show who the patient is")
    switch.set_value(True).run()
    assert "&lt;b&gt;Muster&lt;/b&gt;, &lt;img src&gt;" in html(page) and PATIENT["PatientID"] in html(page)
    assert not page.query_params
    kept = [page.session_state[each.KEY] for each in (memory, session, arrivals)]
    assert "Muster" not in repr(kept)
    upload(page, zipped(*head(seed=2, PatientName="Other^Anna", StudyInstanceUID=generate_uid())))
    switch = next(each for each in page.toggle if each.label == "Show who the patient is")
    assert not switch.value and "Other" not in html(page)


def test_reopening_and_another_operating_point_score_nothing(page, in_service, study, no_scoring):
    upload(page, study)
    no_scoring()
    upload(page, ("again.zip", study[1]))
    assert_no_failure(page)
    path = in_service / "custom_cnn_fixed.json"
    point = {"threshold": 0.999, "rule": "strict", "fitted_on": "nothing"}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"operating_point": point}))
    page.run()
    assert "Threshold 0.999: strict, nothing." in words(page)


def test_the_window_changes_the_picture_and_nothing_else(page, study, no_scoring):
    upload(page, study)
    no_scoring()
    before, said = pictures(page), line(page, "Custom CNN")
    assert next(s for s in page.selectbox if s.label == "Window").value == AS_SEEN
    next(s for s in page.slider if s.label == "Width").set_value(200.0).run()
    assert_no_failure(page)
    assert next(s for s in page.selectbox if s.label == "Window").value == OWN
    assert not set(pictures(page)) & set(before) and line(page, "Custom CNN") == said
    next(b for b in page.button if b.label == "Reset").click().run()
    assert pictures(page) == before


def test_flagged_slices_are_counted_and_not_classified(page, study, flag_first):
    upload(page, study)
    assert_no_failure(page)
    flagged = [i for i, y in enumerate(line(page, "Custom CNN, not counted")) if y is not None]
    assert flagged[0] == 0 and f"{COUNT - len(flagged)} of {COUNT} slices assessed" in words(page)
    assert f"{len(flagged)} flagged as flat or unlike the training data" in words(page)
    slider(page).set_value(1).run()
    assert words(page).count("Not classified: unlike the training data") == 2


def test_a_flagged_picture_is_not_classified_either(page, picture, flag_first):
    upload(page, ("head.png", picture(1)))
    assert words(page).count("Unlike the training data") == 2 and "Not classified by Custom CNN" in words(page)
    assert "Both models say" not in words(page)
    upload(page, *[(f"head{i}.png", picture(i)) for i in range(2)])
    assert "Not classified" in set(page.dataframe[0].value["Custom CNN: label"])


def test_slices_that_cannot_be_read_are_told_and_left_as_gaps(page):
    datasets = head()
    damaged(datasets[2])
    upload(page, zipped(*datasets))
    assert_no_failure(page)
    assert "1 unreadable" in words(page) and "Slice 3:" in words(page)
    assert line(page, "ResNet50")[2] is None
    slider(page).set_value(3).run()
    assert "Slice 3 cannot be shown." in words(page)


def test_a_series_without_a_readable_slice_says_so(page):
    upload(page, zipped(*map(damaged, head(4))))
    assert_no_failure(page)
    assert "0 of 4 slices assessed" in words(page) and "cannot be shown" in words(page)
    assert words(page).count("Not classified") >= 2
    assert not page.get("download_button")


def test_one_of_several_series_is_chosen(page):
    scout = {"SeriesInstanceUID": generate_uid(), "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"], "SeriesNumber": 1}
    upload(page, zipped(*head(), *head(3, SeriesDescription="Scout", **scout)))
    assert_no_failure(page)
    table = page.dataframe[0].value
    assert list(table["Kind"]) == ["images", "localiser"] and list(table["Slices"]) == [COUNT, 3]
    assert "3: T1 axial" in words(page)
    page.session_state[page.dataframe[0].key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    page.run()
    assert_no_failure(page)
    assert "1: Scout" in words(page) and "This is a localiser" in words(page)
    assert "3 of 3 slices assessed" in words(page) or "flagged" in words(page)


def test_pictures_and_studies_stand_on_one_page(page, study, picture):
    upload(page, study, ("head.png", picture(1)), ("note.txt", b"what"), ("DICOMDIR", b"\0" * 200))
    assert_no_failure(page)
    assert "1 file was not taken" in words(page) and "note.txt: neither DICOM" in words(page)
    assert "left aside" in words(page)
    assert f"{COUNT} slices assessed" in words(page) or "flagged" in words(page)
    assert "128 × 128 pixels · PNG" in words(page)


def test_pictures_in_a_zip_make_a_worklist(page, picture):
    upload(page, zipped(**{f"head{i}.png": picture(i) for i in range(3)}))
    assert_no_failure(page)
    assert sorted(page.dataframe[0].value["Name"]) == ["head0.png", "head1.png", "head2.png"]


def test_the_other_planes_of_a_volume_are_to_look_at(page):
    ramp = np.arange(20 * 22 * 24, dtype=np.int16).reshape(20, 22, 24)
    file = nifti_file(ramp, np.diag([2, 2, 2, 1.0]))
    with file.open() as content:
        upload(page, ("volume.nii", content.read()))
    assert_no_failure(page)
    assert not [each for each in page.toggle if each.label == "Show who the patient is"]
    plane = page.get("button_group")[0]
    plane.select("coronal").run()
    assert_no_failure(page)
    assert "of 22" in slider(page).label and "its slices are not scored" in words(page)
    assert len(pictures(page)) == 1


def test_my_read_comes_first(page, study):
    page.toggle(key="detect_read_first").set_value(True).run()
    upload(page, study)
    assert_no_failure(page)
    assert "hreshold" not in words(page) and not page.get("plotly_chart") and not page.get("download_button")
    assert slider(page).value == COUNT // 2 + 1 and len(pictures(page)) == 1
    page.radio[0].set_value("tumor")
    page.button(key="detect_opinion_submit").click().run()
    assert "Your read: tumour, recorded before the models were shown." in words(page)
    assert page.get("plotly_chart") and page.get("download_button")


@pytest.fixture
def cancel_early(monkeypatch):
    """Cancel, once, while the second batch of eight is in the first model."""
    begin, predict, begun = Background.__init__, Detector.predict, []

    def remembered(self, *arguments):
        begun.append(self)
        begin(self, *arguments)

    def cancelling(self, scans, **options):
        if scans[0].name == f"slice 9 of {COUNT}" and len(begun) == 1:
            begun[0].cancel()
        return predict(self, scans, **options)

    monkeypatch.setattr(Background, "__init__", remembered)
    monkeypatch.setattr(Detector, "predict", cancelling)


def test_cancel_keeps_what_is_scored_and_offers_the_rest(page, study, cancel_early):
    upload(page, study)
    assert_no_failure(page)
    assert f"Cancelled: 8 of {COUNT} slices are scored." in words(page)
    assert "Not all slices are scored yet" in words(page) and not page.get("download_button")
    page.button(key="study_resume").click().run()
    assert "Not all slices are scored yet" not in words(page)


def test_a_failure_in_the_middle_is_kept_to_its_slice(page, study, monkeypatch):
    predict, bad = Detector.predict, f"slice 5 of {COUNT}"

    def fails(self, scans, **options):
        if any(scan.name == bad for scan in scans):
            raise MemoryError
        return predict(self, scans, **options)

    monkeypatch.setattr(Detector, "predict", fails)
    upload(page, study)
    assert_no_failure(page)
    assert "Slice 5: This slice was not scored (MemoryError)." in words(page) and "1 unreadable" in words(page)


def test_without_a_model_slices_can_still_be_looked_at(set_environment, tmp_path, study):
    set_environment(BRAIN_MODELS_DIR=tmp_path / "nothing")
    page = open_page()
    upload(page, study)
    assert_no_failure(page)
    assert f"Slice {COUNT // 2 + 1} of {COUNT}" in words(page) and not page.get("plotly_chart")


def test_a_single_dicom_file_without_a_suffix_is_a_series_of_one(page):
    upload(page, ("IM0001", to_bytes(head()[COUNT // 2])))
    assert_no_failure(page)
    assert "1 slice" in words(page) and "the only one of the series" in words(page)
    assert not [each for each in page.slider if each.label.startswith("Slice, of")]


def test_coloured_slices_have_no_window(page):
    colour = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    upload(page, ("IM0001", dicom_bytes(colour)))
    assert_no_failure(page)
    assert not [each for each in page.selectbox if each.label == "Window"]
