"""Which instances count as whole."""

from __future__ import annotations

import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
    MRSpectroscopyStorage,
    ParametricMapStorage,
    RawDataStorage,
)

from brain_core.pacs.dicomweb import _save
from brain_core.pacs.inbox import receiving
from brain_core.pacs.whole import is_whole

SIZE = 16  # pixels
WHOLE = {16: bytes(SIZE * SIZE * 2), 32: bytes(SIZE * SIZE * 4), 64: bytes(SIZE * SIZE * 8)}  # by bits of a pixel


def instance(kind=MRImageStorage, syntax=ExplicitVRLittleEndian, **attributes) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = kind, "1.2.3.4", "MR"
    ds.Rows = ds.Columns = SIZE
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.update(attributes)
    return ds


def spectra() -> Dataset:
    return instance(MRSpectroscopyStorage, DataPointRows=1, DataPointColumns=512, SpectroscopyData=bytes(4096))


@pytest.mark.parametrize(("keyword", "bits"), [("PixelData", 16), ("FloatPixelData", 32), ("DoubleFloatPixelData", 64)])
def test_pixels_of_every_kind_are_whole_when_all_are_there(keyword, bits):
    whole = {"BitsAllocated": bits, keyword: WHOLE[bits]}
    assert is_whole(instance(ParametricMapStorage, **whole))
    assert not is_whole(instance(ParametricMapStorage, **whole | {keyword: WHOLE[bits][:-2]}))


def test_compressed_pixels_and_those_of_unknown_size_are_left_to_the_reader():
    assert is_whole(instance(syntax=JPEG2000Lossless, BitsAllocated=16, PixelData=b"\0\0"))
    assert is_whole(instance(FloatPixelData=b"\0\0\0\0"))


def test_spectra_have_rows_and_no_pixels():
    assert is_whole(spectra())


def test_rows_without_anything_in_them_are_not_whole():
    assert not is_whole(instance(BitsAllocated=16))
    report = instance(RawDataStorage)
    del report.Rows
    assert is_whole(report)


def test_a_study_with_spectra_is_fetched_over_dicomweb(tmp_path):
    with receiving(tmp_path, {"1.2.3.4": str(MRSpectroscopyStorage)}, None) as inbox:
        _save(spectra(), inbox)
        assert [path.name for path in inbox.files()] == ["1.2.3.4.dcm"]
