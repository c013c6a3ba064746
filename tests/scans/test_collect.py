import gzip
import io
import logging
import time
import warnings
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom.fileset import FileSet

from brain_core.scans import collect, pseudonym
from brain_core.scans.phantom import Phantom, draw
from brain_core.scans.source_file import SourceFile
from tests.scans.dicom_files import PATIENT, dicom_bytes, enhanced, head_volume, series_datasets, to_bytes, write_series
from tests.scans.nifti_files import nifti_bytes
from tests.scans.zip_files import zip_bytes, zip_file

SIZE = 64
PIXELS = head_volume(1, size=SIZE)[0]
OF_NEITHER = "neither DICOM nor NIfTI, nor a picture of a format that is read."


def png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(draw(Phantom(seed=1)).pixels).save(buffer, "PNG")
    return buffer.getvalue()


def study_files(n: int = 6, **options) -> dict[str, bytes]:
    return {f"IM{i}": to_bytes(ds) for i, ds in enumerate(series_datasets(n, size=SIZE, **options))}


def of(data: bytes, name: str = "file"):
    return collect([SourceFile.of_bytes(data, name)])


def reason(data: bytes, name: str = "file") -> str:
    collection = of(data, name)
    assert (collection.studies, collection.pictures) == ((), ())
    ((refused),) = collection.refused
    assert refused.name == name
    return refused.reason


def test_a_mixed_zip():
    one, other = study_files(seed=1), study_files(seed=2, PatientID="PH-0002")
    members = {f"DICOM/{name}": data for name, data in one.items()}
    members |= {f"other/{name}": data for name, data in other.items()}
    members |= {"head.nii.gz": gzip.compress(nifti_bytes(np.ones((16, 16, 4), np.int16))), "scan.PNG": png()}
    members |= {"__MACOSX/._x": b"x", "DICOMDIR": b"x" * 200, "README.txt": b"hello", "empty.dcm": b""}
    collection = collect([zip_file(members)])
    assert [[len(series) for series in study.series] for study in collection.studies] == [[6], [6], [4]]
    assert len({study.key for study in collection.studies}) == len({s.pseudonym for s in collection.studies}) == 3
    assert [file.name for file in collection.pictures] == ["scan.PNG"]
    assert {(x.name, x.reason) for x in collection.refused} == {
        ("README.txt", OF_NEITHER),
        ("empty.dcm", "the file is empty."),
    }
    assert collection.ignored == 2
    assert collection.studies[0].series[0].scan(3).pixels.shape == (SIZE, SIZE)


def test_files_on_disk_in_memory_and_in_a_zip_give_the_same(tmp_path):
    paths = write_series(tmp_path, 4, size=SIZE)
    ways = (
        [SourceFile.of_path(path) for path in paths],
        [SourceFile.of_bytes(path.read_bytes(), path.name) for path in paths],
        [zip_file({path.name: path.read_bytes() for path in reversed(paths)})],
    )
    found = [collect(way).studies[0] for way in ways]
    assert len({study.key for study in found}) == len({study.series[0].key for study in found}) == 1
    for study in found[1:]:
        for index in range(4):
            expected = found[0].series[0].frame(index).values
            np.testing.assert_array_equal(study.series[0].frame(index).values, expected)


def test_series_are_listed_images_first_and_by_number():
    members = {}
    for number, kind in ((9, "ORIGINAL"), (1, "DERIVED"), (10, "ORIGINAL"), (2, "LOCALIZER"), (None, "ORIGINAL")):
        uid = f"1.2.3.{number or 77}"
        kinds = [kind, "PRIMARY"] if kind != "LOCALIZER" else ["ORIGINAL", "PRIMARY", kind]
        for name, data in study_files(2, SeriesInstanceUID=uid, SeriesNumber=number, ImageType=kinds).items():
            members[f"{uid}/{name}"] = data
    (study,) = collect([zip_file(members)]).studies
    assert [series.number for series in study.series] == [9, 10, None, 1, 2]


def test_the_patient_is_read_only_when_asked_for():
    (study,) = collect([zip_file(study_files())]).studies
    held = repr(study) + "".join(repr(series) for series in study.series)
    assert "Anna" not in held and "PH-0001" not in held
    assert study.pseudonym == pseudonym.of_patient("PH-0001")
    identity = study.identity()
    assert (identity.patient_id, identity.birth_date) == (PATIENT["PatientID"], "1970-01-31")
    assert study.series[0].slices[0].header().PatientID == "PH-0001"


def test_two_patients_under_one_study_uid_are_told_and_not_mixed():
    one = series_datasets(3, size=SIZE)
    other = series_datasets(3, size=SIZE, PatientID="PH-0002", PatientName="Other^Ben")
    first, second = collect([SourceFile.of_bytes(to_bytes(ds), "x") for ds in one + other]).studies
    for study, patient_id, name in ((first, "PH-0001", "Phantom, Anna"), (second, "PH-0002", "Other, Ben")):
        assert [len(series) for series in study.series] == [3]
        assert (study.identity().patient_id, study.identity().name) == (patient_id, name)
        assert study.pseudonym == pseudonym.of_patient(patient_id)
        assert "Files of 2 patients carry the same study UID" in study.notes[0]
        assert study.notes[0] in study.series[0].notes
    assert first.key != second.key


@pytest.mark.parametrize("uids", [{}, {"StudyInstanceUID": None, "SeriesInstanceUID": None}])
def test_patients_without_an_id_are_told_apart_by_name_and_date_of_birth(uids):
    one, other, twin = (
        series_datasets(3, size=SIZE, PatientID="", **uids | more)
        for more in ({}, {"PatientName": "Other^Ben"}, {"PatientBirthDate": "19710131"})
    )
    studies = collect([SourceFile.of_bytes(to_bytes(ds), "x") for ds in one + other + twin]).studies
    assert [[len(series) for series in study.series] for study in studies] == [[3], [3], [3]]
    assert len({study.pseudonym for study in studies}) == len({study.key for study in studies}) == 3


def test_files_without_uids_are_kept_apart_by_patient():
    datasets = series_datasets(3, size=SIZE, StudyInstanceUID=None, SeriesInstanceUID=None)
    others = series_datasets(3, size=SIZE, StudyInstanceUID=None, SeriesInstanceUID=None, PatientID="PH-0002")
    studies = collect([SourceFile.of_bytes(to_bytes(ds), "x") for ds in datasets + others]).studies
    assert [[len(series) for series in study.series] for study in studies] == [[3], [3]]
    assert studies[0].pseudonym == pseudonym.of_patient("PH-0001")


def test_without_patient_id_the_study_stands_for_the_patient():
    (study,) = collect([zip_file(study_files(PatientID=""))]).studies
    uid = series_datasets(1, size=SIZE)[0].StudyInstanceUID
    assert study.pseudonym == pseudonym.of_patient("", study_uid=uid)
    assert study.key == pseudonym.study_key(uid)


def test_a_copy_in_a_zip_and_beside_it_is_one_file():
    files = study_files(3)
    (study,) = collect([zip_file(files), SourceFile.of_bytes(files["IM1"], "copy.dcm")]).studies
    assert [len(series) for series in study.series] == [3]
    assert study.series[0].notes == ("1 file came more than once; one copy was kept.",)


def test_a_copy_of_a_volume_is_refused():
    file = SourceFile.of_bytes(nifti_bytes(np.ones((16, 16, 4), np.int16)), "head.nii")
    collection = collect([file, file])
    assert len(collection.studies) == 1
    assert [refused.reason for refused in collection.refused] == ["a copy of a file that is here already."]


def test_html_in_names_comes_through_as_it_is():
    html = "<img src=x onerror=alert(1)>"
    (study,) = collect([zip_file(study_files(2, SeriesDescription=html, PatientName=f"{html}^A"))]).studies
    assert study.series[0].description == html  # to be escaped where it is shown
    assert "<" not in study.pseudonym + study.key


def test_progress():
    seen = []
    members = study_files(3) | {"x.txt": b"x", ".DS_Store": b"x"}
    collect([zip_file(members), SourceFile.of_bytes(png(), "a.png")], lambda done, total: seen.append((done, total)))
    assert seen == [(i, 5) for i in range(1, 6)]


def test_a_directory_is_known_by_its_content(tmp_path):
    files = FileSet()
    for ds in series_datasets(2, size=SIZE):
        files.add(ds)
    files.write(tmp_path)
    collection = of((tmp_path / "DICOMDIR").read_bytes(), "renamed")
    assert (collection.ignored, collection.refused) == (1, ())


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (zip_bytes({"a": b"x"}), "inner.bin", "an archive; a zip of the files themselves is read"),
        (b"Rar!\x1a\x07\x00" + bytes(100), "a.rar", "an archive; a zip of the files themselves is read"),
        (gzip.compress(b"hello" * 300), "a.gz", "a file packed by gzip that holds neither NIfTI nor DICOM."),
        (gzip.compress(b"hello" * 300)[:15], "a.nii.gz", "its compression (gzip) is truncated or damaged."),
        (b"\x1f\x8b", "a.nii.gz", "its compression (gzip) is truncated or damaged."),
        (b"%PDF-1.7" + bytes(2000), "a.pdf", OF_NEITHER),
        (bytes(2000), "a.img", "half of a volume in two files (.hdr and .img); save it as one .nii file."),
        (dicom_bytes(PIXELS, Modality="CT"), "a.dcm", "is a computed tomography image (CT); BRAIN reads MR."),
        (dicom_bytes(PIXELS)[:500], "a.dcm", ""),
        (bytes(128) + b"DICM" + bytes(40), "a.dcm", ""),
    ],
    ids=lambda value: "data" if isinstance(value, bytes) else None,  # gzip writes the time into its bytes
)
def test_what_is_refused(data, name, expected):
    found = collect([zip_file({name: data})]).refused if name == "inner.bin" else of(data, name).refused
    assert [refused.name for refused in found] == [name]
    assert found[0].reason.startswith(expected) and found[0].reason.endswith((".", "kind."))


def test_a_dicom_file_is_one_whatever_its_name():
    for name in ("scan.png", "scan", "scan.nii", "Phantom^Anna.txt"):
        assert len(of(dicom_bytes(PIXELS), name).studies) == 1


def test_a_dicom_file_packed_by_gzip(set_environment):
    data = gzip.compress(dicom_bytes(PIXELS))
    (study,) = of(data, "a.dcm.gz").studies
    np.testing.assert_array_equal(study.series[0].frame(0).values, PIXELS)
    set_environment(BRAIN_MAX_FILE_MEGABYTES=1)
    large = gzip.compress(dicom_bytes(np.zeros((1024, 1024), np.uint16)))
    assert reason(large, "b.dcm.gz") == "unpacks to more than the 1 MB that are read."


def test_a_member_that_is_damaged_is_refused_alone():
    data = bytearray(zip_bytes(study_files(3), zipfile.ZIP_STORED))
    data[data.index(b"Phantom^Anna") + 3] ^= 1  # its checksum is no longer right
    collection = of(bytes(data), "study.zip")
    assert [refused.reason for refused in collection.refused] == ["the file cannot be read."]
    assert len(collection.studies[0].series[0]) == 2


def test_damaged_zips_are_refused_by_name():
    assert reason(zip_bytes(study_files(1))[:-30], "study.zip") == "the zip is damaged or not whole."


def test_a_file_that_cannot_be_opened_does_not_stop_the_others():
    def gone():
        raise PermissionError("/home/anna/x")

    collection = collect([SourceFile("x.dcm", 9, gone), SourceFile.of_bytes(dicom_bytes(PIXELS), "a")])
    assert [(x.name, x.reason) for x in collection.refused] == [("x.dcm", "the file cannot be read.")]
    assert len(collection.studies) == 1


def test_frames_of_a_packed_file_are_unpacked_once():
    data, opened = to_bytes(enhanced(head_volume(8, size=SIZE))), []

    def open_counted():
        opened.append(1)
        return io.BytesIO(data)

    (study,) = collect([SourceFile("IM1", len(data), open_counted)]).studies
    (series,) = study.series
    before = len(opened)
    for index in (0, 5, 3, 7):
        series.frame(index)
    assert len(opened) <= before + 1


def test_a_thousand_headers_take_a_few_seconds():
    datasets = {}
    data = dicom_bytes(PIXELS, SOPInstanceUID="1.2.3.1000")
    for i in range(1000):
        datasets[f"IM{i}"] = data.replace(b"1.2.3.1000", b"1.2.3.%04d" % i)
    file = zip_file(datasets, method=zipfile.ZIP_STORED)
    start = time.perf_counter()
    (study,) = collect([file]).studies
    assert time.perf_counter() - start < 15  # 3 s on two free cores
    assert sum(len(series) for series in study.series) == 24  # repetitions of one place, the first of which are listed


def test_nothing_of_the_patient_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        (study,) = collect([zip_file(study_files(PatientID="PH-0001", PatientName="Phantom^Anna"))]).studies
        study.series[0].scan(0)
        study.identity()
    assert "Anna" not in caplog.text and "PH-0001" not in caplog.text and not warned


# What becomes of nibabel's own test files: series, slices of the first, its plane, and a part of the notes of its
# middle slice; or a part of the reason. Whatever else is there is of neither kind.
NIBABEL = Path(nibabel.__file__).parent
VOLUMES = {
    "tests/data/anatomical.nii": (1, 25, "axial", ""),
    "tests/data/example4d.nii.gz": (2, 24, "axial", ""),
    "tests/data/example_nifti2.nii.gz": (2, 12, "axial", ""),
    "tests/data/functional.nii": (20, 3, "axial", ""),
    "tests/data/reoriented_anat_moved.nii": (1, 22, "axial", ""),
    "tests/data/resampled_anat_moved.nii": (1, 3, "axial", "40 pixels hold no number"),
    "tests/data/0.dcm": (1, 1, "axial", ""),
    "tests/data/1.dcm": (1, 1, "axial", ""),
    "nicom/tests/data/0.dcm": (1, 1, "axial", ""),
    "nicom/tests/data/1.dcm": (1, 1, "axial", ""),
    "nicom/tests/data/decimal_rescale.dcm": (1, 1, "axial", ""),
    "nicom/tests/data/philips_mprage.dcm.gz": (1, 176, "sagittal", ""),
    "nicom/tests/data/siemens_dwi_0.dcm.gz": (1, 1, "axial", ""),
    "nicom/tests/data/siemens_dwi_1000.dcm.gz": (1, 1, "axial", ""),
    "nicom/tests/data/slicethickness_empty_string.dcm": (1, 1, "oblique", "graphics laid over the image"),
}
BLANK = {  # every pixel is the same: their pictures were taken out
    "nicom/tests/data/decimal_rescale.dcm",
    "nicom/tests/data/philips_mprage.dcm.gz",
    "nicom/tests/data/siemens_dwi_0.dcm.gz",
    "nicom/tests/data/siemens_dwi_1000.dcm.gz",
}
REFUSED = {
    "tests/data/standard.nii.gz": "4 x 7 pixels; a scan needs at least 16 x 16.",
    "tests/data/row_major.dconn.nii": "is CIFTI",
    "tests/data/nifti1.hdr": "in two files (.hdr and .img)",
    "tests/data/nifti2.hdr": "in two files (.hdr and .img)",
    "tests/data/analyze.hdr": "half of a volume in two files (.hdr and .img)",
    "tests/data/test.mgz": "packed by gzip that holds neither",
    "tests/data/example4d+orig.BRIK.gz": "packed by gzip that holds neither",
    "nicom/tests/data/csa2_zero_len.bin.gz": "packed by gzip that holds neither",
    "nicom/tests/data/csa_slice_norm.dcm": "the attribute PixelData is missing",
}
FILES = sorted(
    path.relative_to(NIBABEL).as_posix()
    for folder in ("tests/data", "nicom/tests/data")
    for path in (NIBABEL / folder).iterdir()
    if path.is_file() and not path.name.startswith(".")
)


def test_the_table_names_files_that_are_there():
    assert {*VOLUMES, *REFUSED} <= {*FILES}


@pytest.mark.parametrize("name", FILES)
def test_what_becomes_of_every_file_of_nibabels_tests(name):
    collection = collect([SourceFile.of_path(NIBABEL / name)])
    if name not in VOLUMES:
        ((refused),) = collection.refused
        assert REFUSED.get(name, OF_NEITHER) in refused.reason
        return
    count, slices, plane, note = VOLUMES[name]
    (study,) = collection.studies
    first = study.series[0]
    assert (len(study.series), len(first), first.plane) == (count, slices, plane)
    scan = first.scan(slices // 2)
    assert (scan.pixels.std() == 0) == (name in BLANK) and note in " ".join(scan.notes)


@pytest.mark.parametrize("name", [name for name in VOLUMES if ".nii" in name])
def test_pictures_of_nibabels_files_are_those_of_its_closest_canonical_order(name):
    """As nibabel reads and turns them to RAS+: an axial slice with its rows to the back and its columns to the left."""
    canonical = nibabel.as_closest_canonical(nibabel.load(NIBABEL / name)).get_fdata()
    canonical = canonical[..., 0] if canonical.ndim == 4 else canonical
    series = collect([SourceFile.of_path(NIBABEL / name)]).studies[0].series[0]
    for index in (0, len(series) // 2):
        expected = canonical[::-1, ::-1, index].T
        frame = series.frame(index)
        here = np.isfinite(expected)
        np.testing.assert_allclose(frame.values[here], expected[here], rtol=1e-5)
        assert (frame.padding is None) == here.all()


def test_all_of_them_at_once():
    collection = collect(SourceFile.of_path(NIBABEL / name) for name in FILES)
    assert len(collection.refused) == len(FILES) - len(VOLUMES)
    listed = sum(len(study.series) for study in collection.studies)
    assert (
        listed == sum(count for count, *_ in VOLUMES.values()) - 3
    )  # 0.dcm and 1.dcm lie there twice, and make one series
    copies = [
        note for study in collection.studies for s in study.series for note in s.notes if "came more than" in note
    ]
    assert copies


def test_nothing_at_all():
    collection = collect([])
    assert (collection.studies, collection.pictures, collection.refused, collection.ignored) == ((), (), (), 0)
