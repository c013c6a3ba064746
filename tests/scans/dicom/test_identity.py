"""Who the patient is: read for people, held and told nowhere; texts, headers and keys."""

import hashlib
import struct

import pytest
from pydicom import uid

from brain_core.errors import ScanError
from brain_core.scans.dicom import decode, digest, header_dataset, read_header, read_identity, slice_key
from brain_core.scans.source_file import SourceFile
from tests.scans.dicom.steps import refused, source
from tests.scans.dicom_files import dataset, dicom_bytes, to_bytes


def test_an_instance_holds_nothing_of_the_patient(pixels):
    instance = read_header(source(dicom_bytes(pixels)))
    held = repr(instance) + repr(instance.pixels) + str(instance.pixels.module) + repr(vars(instance.pixels))
    for secret in ("Phantom^Anna", "Phantom", "PH-0001", "19700131", "ACC-1"):
        assert secret not in held.replace("Phantom Works", "")


def test_nothing_of_the_file_is_logged_or_printed(pixels, caplog, capfd):
    data = dicom_bytes(pixels).replace(b"ISO_IR 192", b"KLINGON   ").replace(b"19700131", b"Secret^N")
    for function in (read_identity, header_dataset, decode):
        function(source(data))
    out = capfd.readouterr()
    assert ([record.message for record in caplog.records], out.out, out.err) == ([], "", "")


def test_errors_quote_nothing_of_the_file(pixels):
    data = dicom_bytes(pixels, Rows=None)
    assert "Phantom" not in refused(data)
    data = dicom_bytes(pixels).replace(b"US\x02\x00\x80\x00", b"PN\x06\x00Secret", 1)
    with pytest.raises(ScanError) as caught:
        decode(source(data))
    assert "Secret" not in str(caught.value) and caught.value.__cause__ is None


def test_who_the_patient_is_is_read_for_people(pixels):
    who = read_identity(source(dicom_bytes(pixels, PatientName="Phantom^Anna^B^Dr")))
    assert who.name == "Phantom, Anna B"
    assert (who.patient_id, who.birth_date, who.sex) == ("PH-0001", "1970-01-31", "F")
    assert (who.study_date, who.study_description, who.accession_number) == ("2026-01-02", "MRI brain", "ACC-1")


def test_a_patient_without_data_is_empty(pixels):
    keywords = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyDescription")
    who = read_identity(source(dicom_bytes(pixels, AccessionNumber=None, **dict.fromkeys(keywords))))
    assert set(vars(who).values()) == {""}


@pytest.mark.parametrize(
    ("charset", "raw", "name"),
    [
        ("ISO_IR 192", "Müller^Jörg".encode(), "Müller, Jörg"),
        ("ISO_IR 100", "Müller^Jörg".encode("latin-1"), "Müller, Jörg"),
        ("ISO_IR 192", "Müller^Jörg".encode("latin-1"), "M�ller, J�rg"),
        ("KLINGON", b"M\xfcller^J", "Müller, J"),
        ("", b"M\xfcller^J", "Müller, J"),
        ("ISO_IR 144", "Люкceмбypг^A".encode("iso8859-5"), "Люкceмбypг, A"),
        ("ISO 2022 IR 6\\ISO 2022 IR 87", b"=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "山田, 太郎"),
        ("ISO 2022 IR 87", b"\x1b$B;3\xff\xff", None),
    ],
)
def test_names_in_any_character_set_never_raise(pixels, charset, raw, name):
    charset = charset.encode() + b" " * (len(charset) % 2)
    raw += b" " * (len(raw) % 2)
    data = dicom_bytes(pixels)
    for written, new in (
        (b"CS\x0a\x00ISO_IR 192", b"CS" + struct.pack("<H", len(charset)) + charset),
        (b"PN\x0c\x00Phantom^Anna", b"PN" + struct.pack("<H", len(raw)) + raw),
    ):
        assert data.count(written) == 1
        data = data.replace(written, new)
    who = read_identity(source(data))
    assert name is None or who.name == name
    assert read_header(source(data)).series_description == "T1 axial"


def test_texts_are_cleaned_and_cut_but_not_escaped(pixels):
    instance = read_header(source(dicom_bytes(pixels, SeriesDescription="<b>T1</b>\r\n\t ax\x1b[0m")))
    assert instance.series_description == "<b>T1</b> ax [0m"
    ds = dataset(pixels, SeriesDescription=None)
    ds.add_new("SeriesDescription", "UT", "x" * 5000)
    long = read_header(source(to_bytes(ds))).series_description
    assert len(long) == 64 and long.endswith("…")


def test_the_header_for_reports_is_whole_but_for_what_is_damaged(pixels):
    data = dicom_bytes(pixels).replace(b"IS\x02\x003 ", b"UL\x02\x0033")
    ds = header_dataset(source(data))
    assert str(ds.PatientName) == "Phantom^Anna" and "PixelData" not in ds
    assert "SeriesNumber" not in ds
    assert ds.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert read_header(source(data)).series_number is None


def test_checksums_and_keys(pixels, tmp_path):
    data = dicom_bytes(pixels)
    path = tmp_path / "a.dcm"
    path.write_bytes(data)
    expected = hashlib.sha256(data).hexdigest()
    assert digest(SourceFile.of_path(path)) == digest(source(data)) == expected
    assert slice_key(expected) == expected
    assert slice_key(expected, 2) == hashlib.sha256(f"{expected}:2".encode()).hexdigest()
