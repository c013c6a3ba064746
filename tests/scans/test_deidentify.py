import io
import re
import warnings

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, MRImageStorage

from brain_core.reports.dicom_common import header
from brain_core.scans import SourceFile, collect, pseudonym
from brain_core.scans.deidentify import ALLOWED, BURNED_IN, METHOD, deidentify
from tests.scans.dicom_files import PATIENT, dataset, enhanced, head_volume, series_datasets, to_bytes

SECRET = "Zaphod"
NUMBER = 9182736  # of the same patient, in binary attributes
TEXT = ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT")
BYTES = ("OB", "OW", "OF", "OD", "OL", "OV", "UN")
INTEGERS = ("UL", "SL", "SV", "UV")
PIXELS = head_volume(1, size=64)[0]


def encoded(ds: Dataset) -> bytes:
    return to_bytes(ds)


def every_attribute() -> Dataset:
    """One of the dictionary's attributes for each, with the secret in whatever can hold text, nested twice."""
    inner = Dataset()
    for tag, (vr, _, _, retired, keyword) in sorted(DicomDictionary.items()):
        group = tag >> 16
        if not keyword or retired or group in (0x0000, 0x0002, 0xFFFE, 0x7FE0) or "or" in vr:
            continue
        if keyword in ("Rows", "Columns", "BitsAllocated", "SpecificCharacterSet"):
            continue
        if (value := secret_value(vr)) is not None:
            inner.add(DataElement(tag, vr, value))
    return inner


def secret_value(vr: str):
    if vr in TEXT:
        return {"AS": "047Y", "DA": "19520311", "DT": "19520311101112", "TM": "231159"}.get(vr, SECRET)
    if vr in BYTES:
        return SECRET.encode() * 4
    if vr in ("DS", "IS"):
        return str(NUMBER)
    if vr == "UI":
        return f"1.2.{NUMBER}"
    return NUMBER if vr in INTEGERS else float(NUMBER) if vr in ("FL", "FD") else None


def unsafe(**attributes) -> Dataset:
    """A slice with every attribute at the top and nested, privately and publicly."""
    inner = every_attribute()
    deeper = Dataset()
    deeper.ReferencedImageSequence = [inner]
    ds = dataset(PIXELS, **attributes)
    for element in inner:
        if element.tag not in ds:
            ds.add(element)
    ds.ReferencedImageSequence = Sequence([inner, deeper])
    ds.RequestAttributesSequence = Sequence([inner])
    ds.OriginalAttributesSequence = Sequence([deeper])
    block = ds.private_block(0x0011, SECRET, create=True)
    block.add_new(1, "PN", f"{SECRET}^Private")
    block.add_new(2, "SQ", [inner])
    ds.add_new(0x00110099, "UN", SECRET.encode())
    return ds


@pytest.fixture(scope="module")
def unsafe_dataset() -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return unsafe()


def test_no_text_date_or_uid_of_the_source_is_left(unsafe_dataset):
    data = encoded(deidentify(unsafe_dataset))
    for trace in (SECRET, "ZAPHOD", "19520311", "231159", "047Y", f"1.2.{NUMBER}", "Phantom", "PH-0001", "19700131"):
        assert trace.encode() not in data, trace
        assert trace.encode("utf-16-le") not in data, trace


def test_the_same_holds_with_texts_that_look_like_codes():
    ds = dataset(PIXELS, PatientName="ANNA", PatientID="MAGNITUDE", StudyDescription="ANNA", ProtocolName="ANNA")
    assert b"ANNA" not in encoded(deidentify(ds))


def test_after_writing_and_reading_as_well(unsafe_dataset):
    """Read back, values come as raw bytes, which take another way through the code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = pydicom.dcmread(io.BytesIO(encoded(unsafe_dataset)))
    assert SECRET.encode() not in encoded(deidentify(back))


@pytest.mark.parametrize("kind", ["LT", "OB"])
@pytest.mark.parametrize("keyword", sorted(keyword for keyword in ALLOWED if not keyword.endswith("Data")))
def test_an_allowed_attribute_that_holds_something_else_goes(keyword, kind):
    ds = dataset(PIXELS)
    words = f"{SECRET} of 11 March"
    ds[keyword] = DataElement(keyword, kind, words if kind == "LT" else words.encode())
    kept = deidentify(ds)
    assert SECRET not in str(kept) and SECRET.encode() not in repr(kept.get(keyword)).encode()


def test_only_what_is_listed_stays(unsafe_dataset):
    def keywords(ds: Dataset) -> set[str]:
        found = set()
        for element in ds:
            found.add(element.keyword)
            for item in element.value if element.VR == "SQ" else ():
                found |= keywords(item)
        return found

    added = {
        "PatientName",
        "PatientID",
        "PatientIdentityRemoved",
        "DeidentificationMethod",
        "LongitudinalTemporalInformationModified",
        "SpecificCharacterSet",
    }
    assert keywords(deidentify(unsafe_dataset)) <= ALLOWED | added


def test_nothing_on_the_list_is_text_or_a_date():
    kinds = {pydicom.datadict.dictionary_VR(keyword) for keyword in ALLOWED}
    assert not kinds & {"PN", "LO", "LT", "SH", "ST", "UT", "UC", "UR", "DA", "DT", "TM", "AS", "AE", "UN"}


def test_the_patient_becomes_a_pseudonym():
    ds = deidentify(dataset(PIXELS))
    name = pseudonym.of_patient(PATIENT["PatientID"])
    assert (str(ds.PatientName), ds.PatientID) == (name, name)
    assert (ds.PatientIdentityRemoved, ds.DeidentificationMethod) == ("YES", METHOD)
    assert "PatientBirthDate" not in ds and "PatientSex" not in ds and "StudyDate" not in ds


def test_without_a_patient_id_the_study_stands_for_the_patient():
    ds = dataset(PIXELS, PatientID="")
    assert deidentify(ds).PatientID == pseudonym.of_patient("", study_uid=str(ds.StudyInstanceUID))


def test_uids_stay_together():
    first, second = series_datasets(2, size=64)
    first.ReferencedImageSequence = [item := Dataset()]
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = MRImageStorage, second.SOPInstanceUID
    one, other = deidentify(first), deidentify(second)
    assert one.StudyInstanceUID == other.StudyInstanceUID != first.StudyInstanceUID
    assert one.SeriesInstanceUID == other.SeriesInstanceUID
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert one.ReferencedImageSequence[0].ReferencedSOPInstanceUID == other.SOPInstanceUID
    assert one.ReferencedImageSequence[0].ReferencedSOPClassUID == one.SOPClassUID == MRImageStorage
    assert one.file_meta.MediaStorageSOPInstanceUID == one.SOPInstanceUID
    assert re.fullmatch(r"2\.25\.[0-9]+", one.SOPInstanceUID)


def test_a_made_up_uid_below_the_standards_root_is_not_believed():
    assert deidentify(dataset(PIXELS, FrameOfReferenceUID="1.2.840.10008.19520311")).FrameOfReferenceUID.startswith(
        "2.25"
    )


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian], ids=lambda uid: uid.name)
def test_picture_and_geometry_are_the_same(syntax):
    ds = dataset(PIXELS, TransferSyntaxUID=syntax, PixelPaddingValue=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # big endian is retired
        back = pydicom.dcmread(io.BytesIO(encoded(deidentify(ds))))
    np.testing.assert_array_equal(back.pixel_array, PIXELS)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "EchoTime", "WindowCenter"):
        assert back[keyword].value == ds[keyword].value, keyword
    assert back.Modality == "MR" and list(back.ImageType) == list(ds.ImageType)


def test_functional_groups_stay():
    kept = deidentify(enhanced(head_volume(3, size=64)))
    assert [f.PlanePositionSequence[0].ImagePositionPatient[2] for f in kept.PerFrameFunctionalGroupsSequence] == [
        0,
        5,
        10,
    ]
    assert kept.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness == 5


def test_long_numbers_fit_into_their_16_characters():
    ds = dataset(PIXELS)
    ds.ImagePositionPatient = [-123.456789012345, 1.0000000000001, -1.234567890123e-10][:3]
    encoded(kept := deidentify(ds))
    assert all(len(str(x)) <= 16 for x in kept.ImagePositionPatient)
    np.testing.assert_allclose(np.array(kept.ImagePositionPatient, float), [-123.456789, 1, 0], atol=1e-6)


def test_what_the_file_says_of_burned_in_text_stays():
    assert deidentify(dataset(PIXELS, BurnedInAnnotation="YES")).BurnedInAnnotation == "YES"
    assert "BurnedInAnnotation" not in deidentify(dataset(PIXELS))
    assert "not found and not removed" in BURNED_IN


def test_the_source_stays_as_it_is():
    ds = dataset(PIXELS)
    before = to_bytes(ds)
    deidentify(ds)
    assert to_bytes(ds) == before


def test_patients_without_an_id_in_one_study_are_kept_apart_as_the_studies_are():
    one = series_datasets(4, size=64, PatientID="", PatientName="A^A")
    other = series_datasets(
        4, size=64, seed=1, PatientID="", PatientName="B^B", StudyInstanceUID=one[0].StudyInstanceUID
    )
    files = [SourceFile.of_bytes(to_bytes(ds), f"{i}.dcm") for i, ds in enumerate(one + other)]
    studies = collect(files).studies
    shown = [study.pseudonym for study in studies]
    written = [header(study.series[0], 0, True) for study in studies]
    assert len(set(shown)) == 2 and [str(ds.PatientID) for ds in written] == shown
    assert [str(ds.PatientName) for ds in written] == shown
