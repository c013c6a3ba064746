"""Find, fetch and store against a real archive, in each of the three ways."""

from __future__ import annotations

from datetime import date
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless, MRImageStorage, RLELossless

from brain_core.errors import PacsError
from brain_core.pacs import dicomweb
from brain_core.pacs.archive import Query
from brain_core.pacs.find import find
from tests.pacs.conftest import WAYS
from tests.pacs.studies import files, results, study, study_uid
from tests.scans.dicom_files import to_bytes


def uids(found) -> set[str]:
    return {each.uid for each in found}


def test_it_answers(archive):
    archive.echo()


def test_a_study_is_found_with_its_counts_and_its_patient(orthanc, archive):
    orthanc.put(*files(study("one", 3) + study("one", 2, series="b")))
    (found,) = archive.find_studies(Query())
    assert (found.uid, found.study_date, found.description) == (study_uid("one"), date(2026, 1, 2), "MRI brain")
    assert (found.modalities, found.series, found.instances) == (("MR",), 2, 5)
    assert (found.patient_name, found.patient_id) == ("Phantom^Anna", "PH-0001")
    for shown in (repr(found), str(Query(patient_id="PH-0001"))):
        assert not {"Phantom", "Anna", "PH-0001", found.uid} & set(shown.replace("'", " ").split())
        assert "PH-0001" not in shown and "Anna" not in shown and found.uid not in shown


def test_names_in_other_character_sets_are_read(orthanc, archive):
    latin = {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "M\u00fcller^J\u00f6rg", "PatientID": "1"}
    orthanc.put(*files(study("latin", 1, **latin)))
    (found,) = archive.find_studies(Query(patient_id=" 1 "))
    assert found.patient_name == "M\u00fcller^J\u00f6rg"


def test_dates_modality_and_patient_select(orthanc, archive):
    orthanc.put(*files(study("old", 1, StudyDate="20251231") + study("new", 1, StudyDate="20260301")))
    orthanc.put(*files(study("ct", 1, Modality="CT", StudyDate="20260301")))
    orthanc.put(*files(study("other", 1, PatientID="PH-2", StudyDate="20260301")))
    old, new, other = map(study_uid, ("old", "new", "other"))
    assert uids(archive.find_studies(Query())) == {old, new, other}
    assert uids(archive.find_studies(Query(since=date(2026, 1, 1)))) == {new, other}
    assert uids(archive.find_studies(Query(until=date(2025, 12, 31)))) == {old}
    assert uids(archive.find_studies(Query(date(2026, 3, 1), date(2026, 3, 1), "PH-2"))) == {other}
    assert archive.find_studies(Query(patient_id="PH-*")) == []  # no pattern
    assert len(archive.find_studies(Query(limit=2))) == 2


def test_a_study_is_of_the_brain_by_description_series_or_body_part(orthanc, archive):
    plain = {"StudyDescription": "Routine", "SeriesDescription": "t1", "BodyPartExamined": None}
    orthanc.put(*files(study("by-study", 1, **plain | {"StudyDescription": "NEURO routine"})))
    orthanc.put(*files(study("by-series", 1, **plain | {"SeriesDescription": "t1 Skull base"})))
    orthanc.put(*files(study("by-part", 1, **plain | {"BodyPartExamined": "HEAD"})))
    orthanc.put(*files(study("knee", 1, **plain | {"BodyPartExamined": "KNEE"})))
    words = ("brain", "head", "neuro", "skull")
    assert uids(find(archive, Query(), words)) == {study_uid(name) for name in ("by-study", "by-series", "by-part")}
    assert len(list(find(archive, Query(), ()))) == 4
    assert uids(find(archive, Query(), ("knee",))) == {study_uid("knee")}
    assert len(list(find(archive, Query(limit=1), words))) == 1


def test_more_answers_than_a_page_holds_are_all_found(orthanc, archive, monkeypatch):
    monkeypatch.setattr(dicomweb, "PAGE", 2)
    for i in range(5):
        orthanc.put(*files(study(f"s{i}", 5 if i == 0 else 1)))
    assert uids(archive.find_studies(Query())) == {study_uid(f"s{i}") for i in range(5)}
    (series,) = archive.find_series(study_uid("s0"))
    assert series.instances == 5 and len(archive.find_instances(study_uid("s0"), series.uid)) == 5


def test_a_study_is_fetched_whole_with_its_pixels(orthanc, archive, tmp_path):
    sent = study("one", 3) + study("one", 2, series="b")
    orthanc.put(*files(sent))
    steps = []
    found = archive.fetch_study(study_uid("one"), tmp_path / "in", lambda *step: steps.append(step))
    assert {path.name for path in found} == {f"{each.SOPInstanceUID}.dcm" for each in sent}
    assert steps == [(i, 5) for i in range(1, 6)]
    assert {path.name for path in (tmp_path / "in").iterdir()} == {path.name for path in found}
    by_uid = {each.SOPInstanceUID: each for each in sent}
    for path in found:
        ds = pydicom.dcmread(path)
        np.testing.assert_array_equal(ds.pixel_array, by_uid[ds.SOPInstanceUID].pixel_array)
        assert ds.PatientName == "Phantom^Anna"


def test_the_same_bytes_come_in_each_way(orthanc, connect, tmp_path):
    orthanc.put(*files(study("one", 2)))
    found = [
        {path.name: path.read_bytes() for path in connect(way).fetch_study(study_uid("one"), tmp_path / way)}
        for way in WAYS
    ]
    assert found[0] == found[1] == found[2]


def test_chosen_series_alone_are_fetched(orthanc, archive, tmp_path):
    orthanc.put(*files(study("one", 3) + study("one", 2, series="b")))
    wanted = study("one", 1, series="b")[0].SeriesInstanceUID
    assert len(archive.fetch_study(study_uid("one"), tmp_path, series=[wanted])) == 2


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless], ids=lambda syntax: syntax.keyword)
def test_compressed_instances_come_as_they_are_stored(orthanc, archive, tmp_path, syntax):
    plain = study("packed", 1)[0]
    packed = pydicom.dcmread(BytesIO(to_bytes(plain)))
    packed.compress(syntax, generate_instance_uid=False)
    orthanc.put(to_bytes(packed))
    (path,) = archive.fetch_study(study_uid("packed"), tmp_path)
    ds = pydicom.dcmread(path)
    assert ds.file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(ds.pixel_array, plain.pixel_array)


def test_private_objects_do_not_keep_images_away(orthanc, archive, way, tmp_path, caplog):
    csa = study("one", 2, start=3, SOPClassUID="1.3.12.2.1107.5.9.1")  # CSA Non-Image Storage, of Siemens' scanners
    orthanc.put(*files(study("one", 3) + csa[:1] + study("one", 1, series="b", SOPClassUID=csa[0].SOPClassUID)))
    kinds = [pydicom.dcmread(path).SOPClassUID for path in archive.fetch_study(study_uid("one"), tmp_path)]
    assert kinds.count(MRImageStorage) == 3
    if way == "get":  # Orthanc sends none of a class that it does not know over C-GET
        assert len(kinds) == 3 and caplog.text.count("1 objects of a private kind were left out") == 2
    else:
        assert len(kinds) == 5


def test_a_study_that_is_not_there_is_said_so(archive, tmp_path):
    with pytest.raises(PacsError, match="lists no instances of this study"):
        archive.fetch_study("1.2.3", tmp_path)


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2/../3", "1.2.3?x=1", "", "1" * 65, "1.2.*", "1.2\\1.3"])
def test_what_is_no_uid_goes_nowhere(archive, tmp_path, uid):
    with pytest.raises(PacsError, match="expected a DICOM UID"):
        archive.fetch_study(uid, tmp_path)


def test_results_are_stored_once_and_known_to_be_there(orthanc, archive):
    sources = study("one", 1)
    orthanc.put(*files(sources))
    objects = results(sources[0])
    assert archive.existing(objects) == set()
    assert all(outcome.stored for outcome in archive.store(objects[:2]))
    assert archive.existing(objects) == {each.SOPInstanceUID for each in objects[:2]}
    assert [outcome.error for outcome in archive.store(objects)] == [None] * 4  # twice does no harm
    assert sorted(orthanc.instances("SR")) == sorted(each.SOPInstanceUID for each in objects[::2])
    assert len(orthanc.instances("OT")) == 2
    (found,) = archive.find_studies(Query())
    assert set(found.modalities) == {"MR", "SR", "OT"}


def test_what_is_stored_is_what_was_given(orthanc, archive):
    capture = results(study("one", 1)[0])[1]
    capture.PixelData = bytes(range(16))
    del capture.file_meta  # as of an object just made
    before = capture.to_json()
    archive.store([capture])
    assert capture.to_json() == before
    (instance,) = orthanc.get("/instances")
    stored = pydicom.dcmread(BytesIO(orthanc.call("GET", f"/instances/{instance}/file").content))
    assert bytes(stored.PixelData) == bytes(range(16)) and stored.PatientName == "Phantom^Anna"


def test_an_object_of_another_study_is_refused_by_the_archive(orthanc, connect):
    stray = results(study("one", 1)[0])[0]
    stray.SOPClassUID = "1.2.3.4"  # no storage class
    stray.file_meta.MediaStorageSOPClassUID = "1.2.3.4"
    with pytest.raises(PacsError, match="accepts none of the services that were asked for"):
        connect("get").store([stray])
    assert orthanc.instances() == []
