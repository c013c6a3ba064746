"""Which objects are read, which are refused by the name of what they are, and what a decoder may do."""

import numpy as np
import pytest
from pydicom import uid

from brain_core.scans.dicom import read_header
from brain_core.scans.dicom.decoders import BY_IMAGECODECS, PLUGINS, missing_decoder
from tests.scans.dicom.steps import ramp, refused, source, with_codestream
from tests.scans.dicom_files import dicom_bytes

SECONDARY_CAPTURE = uid.SecondaryCaptureImageStorage


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"SOPClassUID": uid.ComprehensiveSRStorage}, "is a Comprehensive SR (a report), not an image"),
        ({"SOPClassUID": uid.EncapsulatedPDFStorage}, "is an Encapsulated PDF (a document), not an image"),
        (
            {"SOPClassUID": uid.GrayscaleSoftcopyPresentationStateStorage},
            "is a Grayscale Softcopy Presentation State (display settings for images), not an image",
        ),
        ({"SOPClassUID": uid.KeyObjectSelectionDocumentStorage}, "(a list of notable images), not an image"),
        ({"SOPClassUID": uid.SegmentationStorage}, "is a Segmentation (outlines drawn on images), not an image"),
        ({"SOPClassUID": uid.RTStructureSetStorage}, "(outlines drawn for radiotherapy), not an image"),
        ({"SOPClassUID": uid.MRSpectroscopyStorage}, "is MR Spectroscopy (spectra), not an image"),
        ({"SOPClassUID": uid.RawDataStorage}, "is Raw Data (measurements before reconstruction), not an image"),
        ({"SOPClassUID": uid.CTImageStorage, "Modality": "MR"}, "is a computed tomography image (CT); BRAIN reads MR"),
        ({"SOPClassUID": uid.CTImageStorage, "Modality": None}, "is a computed tomography image (CT); BRAIN reads MR"),
        (
            {"SOPClassUID": uid.ComputedRadiographyImageStorage, "Modality": "CR"},
            "is a computed radiography X-ray image (CR); BRAIN reads MR",
        ),
        ({"SOPClassUID": SECONDARY_CAPTURE, "Modality": "US"}, "is an ultrasound image (US); BRAIN reads MR"),
        ({"Modality": "PT"}, "is a positron emission tomography image (PT); BRAIN reads MR"),
        ({"Modality": "XYZ"}, "is of a modality that is not known here"),
        ({"SOPClassUID": None, "Modality": None, "Rows": None}, "is missing"),
        ({"SOPClassUID": "1.2.3.4", "Modality": None}, "is of no known kind"),
        ({"Rows": None}, "the attribute Rows is missing"),
        ({"Columns": None}, "the attribute Columns is missing"),
        ({"BitsAllocated": None}, "the attribute BitsAllocated is missing"),
        ({"BitsStored": None}, "the attribute BitsStored is missing"),
        ({"SamplesPerPixel": None}, "the attribute SamplesPerPixel is missing"),
        ({"PixelRepresentation": None}, "the attribute PixelRepresentation is missing"),
        ({"PhotometricInterpretation": None}, "the attribute PhotometricInterpretation is missing"),
        ({"PixelData": None}, "the attribute PixelData is missing"),
        ({"PixelData": b""}, "the pixels are truncated (0 of 960 bytes)"),
        ({"PixelData": b"\0" * 100}, "the pixels are truncated (100 of 960 bytes)"),
        ({"Rows": 65535, "Columns": 65535}, "claims 65535 x 65535 pixels; pictures of up to 40 megapixels are read"),
        ({"Rows": 0}, "24 x 0 pixels; a scan needs at least 16 x 16"),
        ({"Rows": 16, "Columns": 100}, "a strip this long is not a scan of a head"),
        ({"NumberOfFrames": 0}, "holds 0 frames; there is nothing to read"),
        ({"NumberOfFrames": -3}, "holds -3 frames"),
        ({"NumberOfFrames": 7}, "claims 7 frames, but its pixels suffice for 1"),
        ({"NumberOfFrames": 2**31 - 1}, "claims 2147483647 frames; files of up to 50000 are read"),
        ({"SamplesPerPixel": 2}, "2 samples per pixel; MONOCHROME2 has 1"),
        ({"SamplesPerPixel": 3}, "3 samples per pixel; MONOCHROME2 has 1"),
        ({"PhotometricInterpretation": "RGB"}, "1 samples per pixel; RGB has 3"),
        ({"PhotometricInterpretation": "CMYK"}, "pixels of the kind 'CMYK' (PhotometricInterpretation) are not read"),
        (
            {"BitsAllocated": 12},
            "in 12; expected pixels in 1, 8, 16, 32 bits",
        ),
        ({"BitsStored": 17}, "17 bits stored in 16"),
        ({"BitsStored": 0}, "0 bits stored in 16"),
    ],
)
def test_what_is_no_readable_mr_image_is_refused_by_name(attributes, message):
    values = ramp()
    if {"BitsStored", "BitsAllocated"} & set(attributes):
        values = values + np.uint16(40_000)  # all 16 bits in use
    assert message in refused(dicom_bytes(values, **attributes))


def test_video_is_refused_by_the_name_of_its_transfer_syntax(pixels):
    data = with_codestream(pixels, b"\0" * 50, uid.MPEG2MPML)
    assert "its transfer syntax is not read (MPEG2 Main Profile / Main Level)" in refused(data)


def test_no_decoder_is_used_that_ends_the_process_at_damaged_data():
    compressed = [syntax for syntax in uid.AllTransferSyntaxes if syntax.is_encapsulated]
    read = [syntax for syntax in compressed if missing_decoder(syntax) is None]
    assert len(read) >= 12
    for syntax in set(read) - set(BY_IMAGECODECS):
        assert PLUGINS[syntax] in ("pydicom", "pillow", "pyjpegls", "pylibjpeg")  # GDCM aborts at damaged JPEG
    assert PLUGINS[uid.RLELossless] == "pydicom"  # pylibjpeg-rle panics
    assert uid.JPEGLossless not in PLUGINS  # pylibjpeg would want a decoder under another licence


def test_a_missing_decoder_says_what_to_install(pixels, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    data = with_codestream(pixels, b"\0" * 50, uid.JPEGLosslessSV1)
    assert "its pixels are compressed (JPEG Lossless" in refused(data)
    assert "install imagecodecs to read them" in refused(data)


def test_secondary_captures_and_files_without_modality_are_read(pixels):
    capture = read_header(source(dicom_bytes(pixels, SOPClassUID=SECONDARY_CAPTURE, Modality="OT")))
    assert capture.modality == "OT"
    assert read_header(source(dicom_bytes(pixels, Modality=None))).modality == "MR"
    assert read_header(source(dicom_bytes(pixels, SOPClassUID="1.3.46.670589.5.0.2"))).modality == "MR"
