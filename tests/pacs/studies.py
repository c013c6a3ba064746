"""Small studies to put into the archive, and an assessment that takes no time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
from pydicom import FileDataset
from pydicom.uid import (
    ComprehensiveSRStorage,
    MRImageStorage,
    SecondaryCaptureImageStorage,
    generate_uid,
)

from brain_core.study.documents import Documents
from tests.scans.dicom_files import dataset, to_bytes

MODELS = ("custom_cnn", "resnet50")
FIRST_DAY = date(2026, 1, 1)
SIZE = 64  # pixels; JPEG 2000 wants some


def study(name: str, n: int = 3, *, series: str = "a", start: int = 0, **attributes) -> list[FileDataset]:
    """Instances of one series of a study; UIDs follow from the names."""
    made = []
    for i in range(start, start + n):
        uids = {
            "StudyInstanceUID": study_uid(name),
            "SeriesInstanceUID": generate_uid(entropy_srcs=[name, "series", series]),
            "SOPInstanceUID": generate_uid(entropy_srcs=[name, series, str(i)]),
        }
        pixels = np.full((SIZE, SIZE), 100 + i, np.uint16)
        made.append(dataset(pixels, **uids | {"InstanceNumber": i + 1, "StudyID": name[:16]} | attributes))
    return made


def study_uid(name: str) -> str:
    return generate_uid(entropy_srcs=[name, "study"])


def files(datasets: Sequence[FileDataset]) -> list[bytes]:
    return [to_bytes(each) for each in datasets]


def results(source: pydicom.Dataset, version: str = "1") -> list[FileDataset]:
    """One SR and one SC a model, in a series each; the same for the same study and version."""
    made = []
    for model in MODELS:
        for kind, modality in ((ComprehensiveSRStorage, "SR"), (SecondaryCaptureImageStorage, "OT")):
            seeds = [str(source.StudyInstanceUID), model, modality, version]
            uids = {
                "StudyInstanceUID": source.StudyInstanceUID,
                "SeriesInstanceUID": generate_uid(entropy_srcs=["series", *seeds]),
                "SOPInstanceUID": generate_uid(entropy_srcs=["object", *seeds]),
                "SOPClassUID": kind,
                "Modality": modality,
                "SeriesDescription": f"BRAIN {model}",
            }
            made.append(dataset(np.zeros((4, 4), np.uint8), **uids | (WITHOUT_PIXELS if modality == "SR" else {})))
    return made


WITHOUT_PIXELS = dict.fromkeys(
    (
        "PixelData",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "SamplesPerPixel",
        "PhotometricInterpretation",
    )
)


@dataclass
class FakeAssessed:
    objects: list = field(default_factory=list)
    summary: object = "no tumor, 0.12"
    refused: str | None = None
    results: tuple = ()
    files: dict = field(default_factory=dict)
    asked: list[bool] = field(default_factory=list)

    def documents(self, *, identity: bool = False) -> Documents:
        self.asked.append(identity)
        return Documents(self.files, {})


@dataclass
class FakeAssess:
    """Makes `results` of the first file, and remembers how many files it was given.

    Attributes:
        fails: by study UID, what is raised.
    """

    seen: list[int] = field(default_factory=list)
    fails: dict[str, Exception] = field(default_factory=dict)
    change: Callable[[list[Path], FakeAssessed], FakeAssessed] = lambda files, assessed: assessed

    def __call__(self, paths: list[Path]) -> FakeAssessed:
        self.seen.append(len(paths))
        source = pydicom.dcmread(paths[0], stop_before_pixels=True)
        if source.StudyInstanceUID in self.fails:
            raise self.fails[source.StudyInstanceUID]
        assert all(pydicom.dcmread(path).SOPClassUID == MRImageStorage for path in paths)
        return self.change(paths, FakeAssessed(results(source)))
