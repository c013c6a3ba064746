"""DICOM files for tests, drawn from phantoms: valid, with an invented patient, and changed by keyword.

Every builder takes attributes by their DICOM keyword; None takes an attribute away.
"""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from pydicom import Dataset, FileDataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import EnhancedMRImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

from brain_core.scans.phantom import Lesion, Phantom, draw

PATIENT = {"PatientName": "Phantom^Anna", "PatientID": "PH-0001", "PatientBirthDate": "19700131", "PatientSex": "F"}
SPACING = 1.5  # millimetres
GAP = 5.0  # millimetres between slices
SCALE = 6  # stored value of a grey level: 12-bit data, as scanners write it
SIZE = 128
NOISE = 4.0  # grey levels
SMALLEST = 0.35  # of the head's width; a slice with less of it is blank
LESION = Lesion((0.66, 0.42), 0.24, 0.4)
LESION_REACH = 0.4  # of the half-height of the head, above and below its middle


def head_volume(n: int = 24, *, size: int = SIZE, lesion: Lesion | None = LESION, seed: int = 0) -> np.ndarray:
    """A head from below to above, uint16 (n, size, size): smaller towards the ends, blank at the very ends.

    The lesion is in the middle slices only; the noise of every slice is its own.
    """
    plain, with_lesion = (
        draw(Phantom(seed, blob, "t1", 0.0, size)).pixels.astype(np.float32) for blob in (None, lesion)
    )
    rng = np.random.default_rng([seed, 7])
    slices = []
    for height in np.linspace(-1, 1, n) if n > 1 else [0.0]:
        picture = with_lesion if abs(height) <= LESION_REACH else plain
        real, imaginary = rng.normal(0, NOISE, (2, size, size))
        slices.append(np.hypot(_shrunk(picture, np.sqrt(1 - height**2)) + real, imaginary))
    return np.clip(np.round(SCALE * np.array(slices)), 0, 4095).astype(np.uint16)


def _shrunk(picture: np.ndarray, scale: float) -> np.ndarray:
    if scale < SMALLEST:
        return np.zeros_like(picture)
    size = len(picture)
    turn = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), 0, float(scale))
    return cv2.warpAffine(picture, turn, (size, size), flags=cv2.INTER_AREA)


def dataset(pixels: np.ndarray, **attributes) -> FileDataset:
    """A valid MR Image Storage instance of one slice, or of whatever the attributes make of it.

    Args:
        pixels: (rows, columns), (rows, columns, 3) RGB or, with NumberOfFrames, (frames, rows, columns), of any
            integer dtype; stored in the byte order of the transfer syntax.
        attributes: DICOM keywords and values; ``TransferSyntaxUID`` goes to the file meta information.
    """
    syntax = attributes.pop("TransferSyntaxUID", ExplicitVRLittleEndian)
    ds = Dataset()
    for keyword, value in (_defaults() | _pixel_attributes(pixels, attributes) | attributes).items():
        if value is not None:
            setattr(ds, keyword, value)
    if attributes.get("PixelData", b"") is not None and "PixelData" not in ds:
        order = "<" if syntax.is_little_endian else ">"
        data = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
        ds.PixelData = data + b"\0" * (len(data) % 2)
        ds["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = attributes.get("SOPClassUID") or MRImageStorage
    meta.MediaStorageSOPInstanceUID = ds.get("SOPInstanceUID") or generate_uid()
    whole = FileDataset("", ds, file_meta=meta, preamble=b"\0" * 128)
    whole.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian, "utf-8")
    return whole


def dicom_bytes(pixels: np.ndarray, **attributes) -> bytes:
    """The file of `dataset`."""
    return to_bytes(dataset(pixels, **attributes))


def to_bytes(ds: Dataset) -> bytes:
    """The file of a data set with its file meta information."""
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def series_datasets(
    n: int = 24, *, size: int = SIZE, lesion: Lesion | None = LESION, seed: int = 0, **attributes
) -> list[FileDataset]:
    """An axial series from below to above: one study, one series, one frame of reference."""
    start = -(n - 1) / 2 * GAP
    common = {
        "StudyInstanceUID": generate_uid(entropy_srcs=["study", str(seed)]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", str(seed)]),
        "FrameOfReferenceUID": generate_uid(entropy_srcs=["frame", str(seed)]),
    }
    return [
        dataset(
            pixels,
            **common
            | {
                "SOPInstanceUID": generate_uid(entropy_srcs=["instance", *map(str, (seed, i, *attributes.values()))]),
                "InstanceNumber": i + 1,
                "ImagePositionPatient": [-size / 2 * SPACING, -size / 2 * SPACING, start + i * GAP],
            }
            | attributes,
        )
        for i, pixels in enumerate(head_volume(n, size=size, lesion=lesion, seed=seed))
    ]


def write_series(folder: Path, n: int = 24, **options) -> list[Path]:
    """The files of `series_datasets` as ``0001.dcm`` and so on, from below to above."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i, ds in enumerate(series_datasets(n, **options)):
        paths.append(folder / f"{i + 1:04d}.dcm")
        paths[-1].write_bytes(to_bytes(ds))
    return paths


def enhanced(volume: np.ndarray, *, pixel_values: dict | None = None, **attributes) -> FileDataset:
    """An Enhanced MR multi-frame instance, its geometry in functional groups; not complete by the standard.

    Args:
        volume: uint16 (frames, rows, columns), from below to above.
        pixel_values: of the Pixel Value Transformation of every frame, by keyword.
    """
    n, rows, columns = volume.shape
    shared = Dataset()
    measures = {"PixelSpacing": [SPACING, SPACING], "SliceThickness": GAP, "SpacingBetweenSlices": GAP}
    shared.PixelMeasuresSequence = [_item(**measures)]
    shared.PlaneOrientationSequence = [_item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])]
    frames = []
    for i in range(n):
        frame = Dataset()
        place = [-columns / 2 * SPACING, -rows / 2 * SPACING, i * GAP]
        frame.PlanePositionSequence = [_item(ImagePositionPatient=place)]
        frame.FrameContentSequence = [_item(StackID="1", InStackPositionNumber=i + 1, DimensionIndexValues=[1, i + 1])]
        frame.FrameVOILUTSequence = [_item(WindowCenter=600 + i, WindowWidth=1200)]
        slope = pixel_values or {"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}
        frame.PixelValueTransformationSequence = [_item(**slope)]
        frames.append(frame)
    plain = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness", "WindowCenter")
    groups = {
        "SOPClassUID": EnhancedMRImageStorage,
        "NumberOfFrames": n,
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": frames,
    }
    return dataset(volume, **dict.fromkeys((*plain, "WindowWidth")) | groups | attributes)


def _item(**attributes) -> Dataset:
    ds = Dataset()
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def _defaults() -> dict:
    return PATIENT | {
        "SOPClassUID": MRImageStorage,
        "SOPInstanceUID": generate_uid(entropy_srcs=["instance"]),
        "StudyInstanceUID": generate_uid(entropy_srcs=["study"]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series"]),
        "FrameOfReferenceUID": generate_uid(entropy_srcs=["frame"]),
        "PositionReferenceIndicator": "",
        "SpecificCharacterSet": "ISO_IR 192",
        "StudyDate": "20260102",
        "StudyTime": "101500",
        "ContentDate": "20260102",
        "ContentTime": "101530",
        "AccessionNumber": "ACC-1",
        "ReferringPhysicianName": "",
        "StudyID": "1",
        "StudyDescription": "MRI brain",
        "SeriesDescription": "T1 axial",
        "SeriesNumber": 3,
        "InstanceNumber": 1,
        "Modality": "MR",
        "Manufacturer": "Phantom Works",
        "BodyPartExamined": "BRAIN",
        "PatientPosition": "HFS",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "SE"],
        "ScanningSequence": "SE",
        "SequenceVariant": "NONE",
        "ScanOptions": "",
        "MRAcquisitionType": "2D",
        "RepetitionTime": 500,
        "EchoTime": 15,
        "EchoTrainLength": 1,
        "MagneticFieldStrength": 1.5,
        "ImagePositionPatient": [-SIZE / 2 * SPACING, -SIZE / 2 * SPACING, 0],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [SPACING, SPACING],
        "SliceThickness": GAP,
        "WindowCenter": 700,
        "WindowWidth": 1400,
    }


def _pixel_attributes(pixels: np.ndarray, attributes: dict) -> dict:
    colour = pixels.ndim == 3 and "NumberOfFrames" not in attributes
    rows, columns = pixels.shape[:2] if colour or pixels.ndim == 2 else pixels.shape[1:3]
    bits = 8 * pixels.dtype.itemsize
    stored = 12 if bits == 16 and pixels.min() >= 0 and pixels.max() < 4096 else bits
    plain = {
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": bits,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
    }
    return plain | ({"PlanarConfiguration": 0, "WindowCenter": None, "WindowWidth": None} if colour else {})
