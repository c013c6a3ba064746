"""Every file that pydicom brings for its own tests ends in a picture or in a clear sentence, whole or damaged."""

import fnmatch
import resource
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from brain_core.errors import ScanError
from brain_core.scans.dicom import decode, header_dataset, read_header, read_identity
from brain_core.scans.source_file import SourceFile

ROOT = Path(pydicom.__file__).parent / "data"
FOLDERS = ("test_files", "charset_files", "palettes")
SECONDS = 2  # for any file; each takes a few hundredths
MEGABYTES = 300  # that reading them all may add to the process

# What becomes of a file: a picture (of one frame where no number follows), or the sentence that refuses it. Names are
# relative to test_files and charset_files, palettes by their folder; a star stands for the files of a folder.
OUTCOMES = {
    "not a DICOM file": """
        FileInfo.txt palettes/README.md README.txt crayons.icc dicomdirtests/README.txt
        dicomdirtests/TINY_ALPHA/README no_meta.dcm rtplan.dump rtstruct.dump test1.json test_PN.json
        zipMR.gz
    """,
    "picture": """
        chrArab.dcm chrFren.dcm chrFrenMulti.dcm chrGerm.dcm chrGreek.dcm chrH31.dcm chrH32.dcm chrHbrw.dcm
        chrI2.dcm chrRuss.dcm chrX1.dcm chrX2.dcm MR_small.dcm MR_small_RLE.dcm MR_small_bigendian.dcm
        MR_small_expb.dcm MR_small_implicit.dcm MR_small_jp2klossless.dcm MR_small_jpeg_ls_lossless.dcm
        MR_small_padded.dcm dicomdirtests/98892003/MR1/* dicomdirtests/98892003/MR2/*
        dicomdirtests/98892003/MR700/* examples_overlay.dcm image_dfl.dcm
    """,
    "is a computed radiography X-ray image (CR); BRAIN reads MR": """
        chrJapMulti.dcm chrJapMultiExplicitIR6.dcm chrKoreanMulti.dcm dicomdirtests/77654033/CR1/*
        dicomdirtests/77654033/CR2/* dicomdirtests/77654033/CR3/*
    """,
    "the attribute Rows is missing or empty; without it there is no image": """
        chrSQEncoding.dcm chrSQEncoding1.dcm priv_SQ.dcm
    """,
    "is a Color Palette (a table of colours), not an image": """
        palettes/*.dcm
    """,
    "is a computed tomography image (CT); BRAIN reads MR": """
        693_J2KI.dcm CT_small.dcm J2K_pixelrep_mismatch.dcm UN_sequence.dcm dicomdirtests/77654033/CT2/*
        dicomdirtests/98892001/CT2N/* dicomdirtests/98892001/CT5N/*
        dicomdirtests/TINY_ALPHA/PT000000/ST000000/SE000000/*
    """,
    "is an ultrasound image (US); BRAIN reads MR": """
        ExplVR_BigEnd.dcm examples_jpeg2k.dcm examples_palette.dcm examples_rgb_color.dcm
        examples_ybr_color.dcm
    """,
    "is an RT Ion Plan (a plan or record of radiotherapy), not an image": """
        ExplVR_BigEndNoMeta.dcm ExplVR_LitEndNoMeta.dcm
    """,
    "colour picture": """
        GDCMJ2K_TextGBR.dcm SC_jpeg_no_color_transform.dcm SC_jpeg_no_color_transform_2.dcm
        SC_rgb_dcmtk_+eb+cr.dcm SC_rgb_dcmtk_+eb+cy+n1.dcm SC_rgb_dcmtk_+eb+cy+n2.dcm
        SC_rgb_dcmtk_+eb+cy+np.dcm SC_rgb_dcmtk_+eb+cy+s2.dcm SC_rgb_dcmtk_+eb+cy+s4.dcm SC_rgb_gdcm_KY.dcm
        SC_rgb_jls_lossy_line.dcm SC_rgb_jls_lossy_sample.dcm SC_rgb_jpeg.dcm SC_rgb_jpeg_app14_dcmd.dcm
        SC_rgb_jpeg_dcmd.dcm SC_rgb_jpeg_dcmtk.dcm SC_rgb_jpeg_gdcm.dcm SC_rgb_jpeg_lossy_gdcm.dcm
        SC_rgb_rle.dcm SC_rgb_rle_16bit.dcm SC_rgb_rle_32bit.dcm SC_ybr_full_422_uncompressed.dcm
    """,
    "is a nuclear medicine image (NM); BRAIN reads MR": """
        JPEG-lossy.dcm JPEG2000-embedded-sequence-delimiter.dcm JPEG2000.dcm JPGExtended.dcm
    """,
    "10 x 45 pixels; a scan needs at least 16 x 16": """
        JPEGLSNearLossless_08.dcm
    """,
    "10 x 50 pixels; a scan needs at least 16 x 16": """
        JPEGLSNearLossless_16.dcm
    """,
    "the pixels are truncated (8130 of 8192 bytes)": """
        MR_truncated.dcm
    """,
    "colour picture x2": """
        SC_rgb_rle_16bit_2frame.dcm SC_rgb_rle_2frame.dcm SC_rgb_rle_32bit_2frame.dcm
    """,
    "3 x 3 pixels; a scan needs at least 16 x 16": """
        SC_rgb_small_odd.dcm SC_rgb_small_odd_big_endian.dcm SC_rgb_small_odd_jpeg.dcm
    """,
    "is an RT Dose (a plan of doses), not an image": """
        badVR.dcm rtdose.dcm rtdose_1frame.dcm rtdose_expb.dcm rtdose_expb_1frame.dcm rtdose_rle.dcm
        rtdose_rle_1frame.dcm
    """,
    "is a DICOMDIR (a directory of files), not an image": """
        dicomdirtests/DICOMDIR dicomdirtests/DICOMDIR-bigEnd dicomdirtests/DICOMDIR-empty.dcm
        dicomdirtests/DICOMDIR-implicit dicomdirtests/DICOMDIR-nooffset dicomdirtests/DICOMDIR-nopatient
        dicomdirtests/DICOMDIR-reordered dicomdirtests/TINY_ALPHA/DICOMDIR
    """,
    "is of no known kind (neither its SOP class nor its modality says MR); BRAIN reads MR": """
        empty_charset_LEI.dcm meta_missing_tsyntax.dcm nested_priv_SQ.dcm
    """,
    "is a Segmentation (outlines drawn on images), not an image": """
        liver_1frame.dcm liver_expb_1frame.dcm
    """,
    "is an image of a treatment beam (RTIMAGE); BRAIN reads MR": """
        no_meta_group_length.dcm
    """,
    "is a Basic Text SR (a report), not an image": """
        reportsi.dcm reportsi_with_empty_number_tags.dcm
    """,
    "is an RT Plan (a plan or record of radiotherapy), not an image": """
        rtplan.dcm rtplan_truncated.dcm
    """,
    "is an RT Structure Set (outlines drawn for radiotherapy), not an image": """
        rtstruct.dcm
    """,
    "is a Comprehensive SR (a report), not an image": """
        test-SR.dcm
    """,
    "is a 12-lead ECG Waveform (signals), not an image": """
        waveform_ecg.dcm
    """,
}
DAMAGED = (
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "MR_small_jp2klossless.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_rle_2frame.dcm",
    "GDCMJ2K_TextGBR.dcm",
    "image_dfl.dcm",
)
VARIANTS = 60  # of each of them


def files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())


def short(path: Path) -> str:
    name = path.relative_to(ROOT).as_posix()
    return name.removeprefix("test_files/").removeprefix("charset_files/")


def expected(name: str) -> list[str]:
    return [
        outcome
        for outcome, patterns in OUTCOMES.items()
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split())
    ]


def outcome_of(path: Path) -> str:
    file = SourceFile.of_path(path)
    try:
        instance = read_header(file)
        frames = [instance.read(frame.number) for frame in instance.frames]
    except ScanError as error:
        assert str(error).startswith(f"{path.name}: ") and str(error).endswith(".")
        return str(error)[len(path.name) + 2 : -1]
    for frame in frames:
        assert frame.levels().dtype == np.uint8 and np.isfinite(frame.values).all()
        assert frame.values.shape[:2] == (instance.rows, instance.columns)
    kind = "colour picture" if frames[0].is_colour else "picture"
    return kind if len(frames) == 1 else f"{kind} x{len(frames)}"


def pixels_of(name: str, frame_number: int = 1) -> np.ndarray:
    return decode(SourceFile.of_path(ROOT / "test_files" / name), frame_number).values


@pytest.mark.parametrize("path", files(), ids=short)
def test_every_file_has_its_outcome(path):
    start = time.perf_counter()
    assert [outcome_of(path)] == expected(short(path))
    assert time.perf_counter() - start < SECONDS


def test_no_row_of_the_table_is_idle():
    names = [short(path) for path in files()]
    assert len(names) > 200
    for patterns in OUTCOMES.values():
        assert [pattern for pattern in patterns.split() if not fnmatch.filter(names, pattern)] == []


def test_all_files_are_read_in_bounded_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for path in files():
        outcome_of(path)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def test_identities_and_headers_never_raise_anything_but_a_scan_error():
    for path in files():
        for function in (read_identity, header_dataset):
            try:
                function(SourceFile.of_path(path))
            except ScanError as error:
                assert str(error).startswith(f"{path.name}: ")


@pytest.mark.parametrize(
    "name",
    ["RLE", "bigendian", "implicit", "expb", "jp2klossless", "jpeg_ls_lossless", "padded"],
)
def test_one_picture_in_every_encoding_is_the_same(name):
    np.testing.assert_array_equal(pixels_of(f"MR_small_{name}.dcm"), pixels_of("MR_small.dcm"))


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("SC_rgb_rle.dcm", 0),
        ("SC_rgb_jpeg_gdcm.dcm", 0),
        ("SC_rgb_gdcm_KY.dcm", 0),
        ("SC_rgb_dcmtk_+eb+cr.dcm", 3),
        ("SC_rgb_jpeg_dcmtk.dcm", 5),
        ("SC_rgb_jpeg_lossy_gdcm.dcm", 5),
        ("SC_rgb_jls_lossy_line.dcm", 5),
        ("SC_rgb_jls_lossy_sample.dcm", 5),
        ("SC_ybr_full_422_uncompressed.dcm", 5),
    ],
)
def test_one_colour_picture_in_every_encoding_is_the_same(name, largest):
    reference = pixels_of("SC_rgb_rle.dcm").astype(int)  # stripes of plain colours
    assert np.abs(np.median(pixels_of(name).astype(int) - reference, axis=(0, 1))).max() <= largest


@pytest.mark.parametrize(
    ("name", "plugin", "largest"),
    [
        ("SC_rgb_jpeg_dcmtk.dcm", "gdcm", 1),
        ("SC_rgb_jpeg_gdcm.dcm", "gdcm", 0),
        ("SC_rgb_gdcm_KY.dcm", "gdcm", 0),
        ("MR_small_jp2klossless.dcm", "gdcm", 0),
        ("GDCMJ2K_TextGBR.dcm", "gdcm", 0),
        ("MR_small_jpeg_ls_lossless.dcm", "gdcm", 0),
        ("MR_small_RLE.dcm", "pylibjpeg", 0),
        ("SC_rgb_rle_2frame.dcm", "pylibjpeg", 0),
    ],
)
def test_an_independent_decoder_gives_the_same_pixels(name, plugin, largest):
    if plugin == "gdcm":
        pytest.importorskip("gdcm")
    theirs = pixel_array(ROOT / "test_files" / name, index=0, decoding_plugin=plugin)
    assert np.abs(pixels_of(name) - theirs.astype(np.float64)).max() <= largest


def damaged(data: bytes, rng: np.random.Generator, variant: int) -> bytes:
    """Cut somewhere, or with a few bytes changed: anywhere, or where the header is."""
    changed = bytearray(data[: rng.integers(1, len(data) + 1)] if variant % 2 else data)
    reach = min(len(changed), 2000) if variant % 3 == 0 else len(changed)
    for place in rng.integers(0, reach, rng.integers(0 if variant % 2 else 1, 8)):
        changed[place] = rng.integers(256)
    return bytes(changed)


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_anywhere_ends_in_a_frame_or_a_scan_error(name):
    data, rng = (ROOT / "test_files" / name).read_bytes(), np.random.default_rng(0)
    seen = set()
    for variant in range(VARIANTS):
        file = SourceFile.of_bytes(damaged(data, rng, variant), "a.dcm")
        start = time.perf_counter()
        for function in (decode, read_identity, header_dataset):
            try:
                result = function(file)
                if function is decode:
                    assert result.levels().dtype == np.uint8
                seen.add(function)
            except ScanError as error:
                assert str(error).startswith("a.dcm: ")
                seen.add(ScanError)
        assert time.perf_counter() - start < SECONDS
    assert {decode, ScanError} <= seen
