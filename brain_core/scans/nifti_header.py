"""What the header of a NIfTI file says, checked before anything else is read of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from brain_core.errors import ScanError
from brain_core.scans import geometry
from brain_core.scans.raster import base_name
from brain_core.scans.source_file import SourceFile
from brain_core.scans.stored_bytes import StoredBytes, first_bytes
from brain_core.settings import MEGABYTE

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

HEADER = 540  # bytes of version 2; version 1 has 348
SIZES = {348: 344, 540: 4}  # bytes of a header, and where its magic is
EXTENDER = 4  # bytes that follow the header in any single file
SINGLE, PAIR = (b"n+1", b"n+2"), (b"ni1", b"ni2")
MOST_VOLUME = 4_000 * MEGABYTE  # inflated; never in memory
CIFTI_INTENTS = range(3000, 3100)


@dataclass(frozen=True, eq=False)
class Volume:
    """The volumes of a file.

    Attributes:
        shape: of three axes, then volumes.
        dtype: as stored; with the fields R, G and B of colour files.
        affine: from voxel indices to patient millimetres (LPS+), usable.
        oriented: whether the file says how the head lies.
    """

    stored: StoredBytes
    name: str
    shape: tuple[int, int, int, int]
    dtype: np.dtype
    offset: int
    slope: float
    intercept: float
    affine: np.ndarray
    oriented: bool

    def array(self) -> np.ndarray:
        """(x, y, z, volumes) of the stored values, a view."""
        count = math.prod(self.shape)
        flat = np.frombuffer(self.stored.view(), self.dtype, count=count, offset=self.offset)
        return flat.reshape(self.shape, order="F")


def is_nifti(start: bytes) -> bool:
    """Whether a file that starts so is NIfTI, in one file or two; at least 348 bytes are needed."""
    return _magic(start) in SINGLE + PAIR


def read_header(file: SourceFile) -> Volume:
    """The volumes of a file; the file is long enough for them.

    Raises:
        ScanError: not NIfTI in one file, truncated, too large, or of a kind that is not read. Damage may raise others.
    """
    name, stored = base_name(file.name), StoredBytes(file, MOST_VOLUME)
    header = _header(first_bytes(stored.file, HEADER), name)
    shape = _shape(header, name)
    dtype = _dtype(header, name)
    offset = max(int(header.get_data_offset()), header.sizeof_hdr + EXTENDER)
    needed = math.prod(shape) * dtype.itemsize + offset
    if needed > MOST_VOLUME:
        raise ScanError(
            f"{name}: claims {needed / MEGABYTE:.0f} MB; volumes of up to {MOST_VOLUME // MEGABYTE} MB are read."
        )
    stored.expect(needed)
    slope, intercept = float(header["scl_slope"]), float(header["scl_inter"])
    affine, oriented = _affine(header)
    usable_slope = np.isfinite(slope) and slope != 0  # 0 stands for none
    return Volume(
        stored,
        name,
        shape,
        dtype,
        offset,
        slope if usable_slope else 1.0,
        intercept if usable_slope and np.isfinite(intercept) else 0.0,
        affine,
        oriented,
    )


def _magic(start: bytes) -> bytes:
    for size, place in SIZES.items():
        if any(start[:4] == size.to_bytes(4, order) for order in ("little", "big")):
            return start[place : place + 3]
    return b""


def _header(start: bytes, name: str) -> Nifti1Header:
    from nibabel.nifti1 import Nifti1Header  # 0.4 s
    from nibabel.nifti2 import Nifti2Header

    magic = _magic(start)
    if magic in PAIR:
        raise ScanError(f"{name}: is the header of a NIfTI in two files (.hdr and .img); save it as one .nii file.")
    if magic not in SINGLE:
        raise ScanError(f"{name}: not a NIfTI file.")
    kind, size = (Nifti1Header, 348) if magic == SINGLE[0] else (Nifti2Header, 540)
    if len(start) < size:
        raise ScanError(f"{name}: the file ends within its header.")
    little = start[:4] == size.to_bytes(4, "little")
    return kind(start[:size], endianness="<" if little else ">", check=False)


def _shape(header: Nifti1Header, name: str) -> tuple[int, int, int, int]:
    if int(header["intent_code"]) in CIFTI_INTENTS:
        raise ScanError(f"{name}: is CIFTI (values on the brain's surface), not a volume.")
    axes = int(header["dim"][0])
    if not 1 <= axes <= 7:
        raise ScanError(f"{name}: claims {axes} dimensions; the NIfTI header is damaged.")
    sizes = [int(n) for n in header.get_data_shape()]
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes.pop()
    shown = " x ".join(map(str, sizes))
    if min(sizes, default=0) < 1:
        raise ScanError(f"{name}: claims {shown} voxels; there is nothing to read.")
    if len(sizes) == 5 and sizes[3] == 1:
        raise ScanError(f"{name}: holds {sizes[4]} values a voxel ({shown}), such as vectors; volumes are read.")
    if len(sizes) > 4:
        raise ScanError(f"{name}: has {len(sizes)} dimensions ({shown}); volumes of 3 and 4 are read.")
    return tuple([*sizes, 1, 1, 1][:4])


def _dtype(header: Nifti1Header, name: str) -> np.dtype:
    from nibabel.spatialimages import HeaderDataError

    try:
        dtype = header.get_data_dtype()
    except (HeaderDataError, KeyError):
        raise ScanError(
            f"{name}: its datatype {int(header['datatype'])} is not one of NIfTI's that are read."
        ) from None
    if dtype.kind == "c":
        raise ScanError(f"{name}: holds complex numbers; save their magnitude.")
    if dtype.names is None and dtype.kind not in "iuf":
        raise ScanError(f"{name}: its datatype {int(header['datatype'])} is not one of NIfTI's that are read.")
    return dtype


def _affine(header: Nifti1Header) -> tuple[np.ndarray, bool]:
    """In LPS+, and whether the file says it; else the axes are taken as they most often are."""
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0])
    stated = int(header["sform_code"]) > 0 or int(header["qform_code"]) > 0
    if stated:
        affine = to_lps @ np.asarray(header.get_best_affine(), np.float64)
        if geometry.is_usable(affine):
            return affine, True
    spacing = [float(x) if np.isfinite(x) and x > 0 else 1.0 for x in np.abs(header["pixdim"][1:4])]
    return to_lps @ np.diag([*spacing, 1.0]), False
