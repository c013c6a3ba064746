"""Bad NIfTI files."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator

import numpy as np

from tests.scans.dicom_files import head_volume
from tests.scans.nifti_files import nifti_bytes

COUNT, SIDE = 6, 64
DIMS = {
    "no dimension": [0, 64, 64, 6, 1, 1, 1, 1],
    "eight dimensions": [8, 64, 64, 6, 1, 1, 1, 1],
    "negative count": [-3, 64, 64, 6, 1, 1, 1, 1],
    "a negative side": [3, -64, 64, 6, 1, 1, 1, 1],
    "a side of 0": [3, 64, 0, 6, 1, 1, 1, 1],
    "giant": [3, 32767, 32767, 32767, 1, 1, 1, 1],
    "giant in time": [4, 64, 64, 6, 32767, 1, 1, 1],
    "two GB": [3, 1000, 1000, 1000, 1, 1, 1, 1],
    "seven long": [7, 4, 4, 4, 4, 4, 4, 4],
    "a row": [1, 24576, 1, 1, 1, 1, 1, 1],
    "long slices": [3, 1, 1, 24576, 1, 1, 1, 1],
    "flat": [2, 64, 64, 1, 1, 1, 1, 1],
    "vectors": [5, 64, 64, 2, 1, 3, 1, 1],
}
FIELDS = {
    "datatype": (0, 1, 7, 32, 128, 1536, 2048, 2304, 32767, -1),
    "bitpix": (0, 1, -16, 32767),
    "vox_offset": (0.0, -1.0, 1e30, np.nan, np.inf, 351.5),
    "scl_slope": (np.nan, np.inf, 1e38, -1.0),
    "scl_inter": (np.nan, np.inf, 1e38),
    "sform_code": (-1, 32767),
    "intent_code": (3006, -5),
    "magic": (b"ni1", b"n+9", b"\0\0\0"),
    "xyzt_units": (255,),
    "sizeof_hdr": (0, 540, -348),
}


def volume() -> np.ndarray:
    return np.ascontiguousarray(head_volume(COUNT, size=SIDE).transpose(2, 1, 0))


def good() -> dict[str, bytes]:
    """By name, files that can be read."""
    plain = nifti_bytes(volume(), np.diag([2.0, 2.0, 5.0, 1.0]))
    return {
        "head.nii": plain,
        "head.nii.gz": gzip.compress(plain, 1, mtime=0),
        "second.nii": nifti_bytes(volume(), version=2),
        "big.nii": nifti_bytes(volume(), big_endian=True),
    }


def odd() -> Iterator[tuple[str, bytes, str]]:
    for what, dim in DIMS.items():
        data = nifti_bytes(volume(), dim=dim)
        yield "head.nii", data, what
        yield "head.nii.gz", gzip.compress(data, 1, mtime=0), f"{what}, packed"
    for field, values in FIELDS.items():
        for value in values:
            yield "head.nii", nifti_bytes(volume(), **{field: value}), f"{field} = {value}"
    for value in (np.nan, np.inf, -np.inf, 1e38):
        voxels = volume().astype(np.float32)
        voxels[..., 2] = value
        yield "float.nii", nifti_bytes(voxels), f"a slice of {value}"
        yield "float.nii", nifti_bytes(np.full_like(voxels, value)), f"nothing but {value}"
        yield "head.nii", nifti_bytes(volume(), pixdim=[1, value, 1, 1, 1, 1, 1, 1]), f"a spacing of {value}"
        affine = np.diag([value, 2.0, 2.0, 1.0])
        yield "head.nii", nifti_bytes(volume(), sform_code=1, srow_x=affine[0]), f"an affine with {value}"
    yield "head.nii", nifti_bytes(volume(), sform_code=1, srow_x=[0, 0, 0, 0]), "an affine that cannot be inverted"
    yield "head.nii", nifti_bytes(volume(), qform_code=1, quatern_b=5.0), "a quaternion longer than 1"
    yield from _packed()


def _packed() -> Iterator[tuple[str, bytes, str]]:
    plain = good()["head.nii"]
    packed = gzip.compress(plain, 1, mtime=0)
    yield "head.nii.gz", plain, "named as packed, but is not"
    yield "head.nii", packed, "packed, but not named so"
    yield "head.nii.gz", gzip.compress(packed, mtime=0), "packed twice"
    yield "head.nii.gz", packed + b"junk behind it" * 9, "junk behind it"
    yield "head.nii.gz", packed[:-8] + bytes(8), "a wrong checksum"
    yield "head.nii.gz", packed[:-4] + b"\xff\xff\xff\xff", "claims 4 GB"
    yield "head.nii.gz", b"", "empty"
    yield "head.nii.gz", packed[:12], "a header of gzip alone"
    yield "text.nii.gz", gzip.compress(b"text", mtime=0), "packed text"
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9, mtime=0) as bomb:
        bomb.write(nifti_bytes(volume(), dim=[3, 2000, 2000, 60, 1, 1, 1, 1])[:352])
        for _ in range(60):
            bomb.write(bytes(1_000_000))
    yield "bomb.nii.gz", buffer.getvalue(), "60 MB of nothing where 480 are claimed"
    yield "bomb.dcm.gz", gzip.compress(bytes(128) + b"DICM" + bytes(110_000_000), 1, mtime=0), "110 MB of nothing"
