"""Raster pictures (JPEG, PNG, ...) to `Scan`, through Pillow."""

from __future__ import annotations

import hashlib
import io
import warnings
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from brain_core.errors import ScanError, ShortageError
from brain_core.scans.scan import Scan
from brain_core.settings import settings

# Formats with a memory-safe, well-kept decoder in Pillow; anything that calls another program (EPS) stays out.
FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF", "PPM", "JPEG2000")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".gif", ".pgm", ".ppm", ".jp2")
MIN_SIDE = 16  # pixels; a head of fewer has no structure left to assess
MAX_ELONGATION = 5  # longer to shorter side; padded to a square, a longer strip would not fit into memory
FULL_SCALES = (255, 4095, 65535)  # 8-, 12- and 16-bit data in a 16-bit file


def read_bytes(data: bytes, name: str) -> Scan:
    """Decode one picture.

    Orientation from EXIF is applied, transparency is laid over black (the background of an MRI), CMYK and palettes
    become RGB, 16-bit grey is scaled to 8 bits by the depth that its maximum needs, and of an animation or a
    multi-page file the first frame is taken and the rest is named in the notes.

    Args:
        data: the whole file.
        name: the file's name as given; folders in it are dropped.

    Raises:
        ScanError: empty, not a picture, damaged, too large, too small or of a single grey value.
    """
    name = base_name(name)
    if not data:
        raise ScanError(f"{name}: the file is empty.")
    if len(data) > settings().max_file_bytes:
        raise ScanError(
            f"{name}: {len(data) / 1e6:.0f} MB; files of up to {settings().max_file_megabytes} MB are read."
        )
    image = _open(data, name)
    _check_size(image, name)
    notes = []
    frames = _count_frames(image, name)
    if frames > 1:
        notes.append(f"The file holds {frames} frames; the first one was read.")
    pixels = _decode(image, name)
    if pixels.min() == pixels.max():
        raise ScanError(f"{name}: every pixel has the same value; there is nothing to assess.")
    return Scan(pixels, name, image.format, hashlib.sha256(data).hexdigest(), notes=tuple(notes))


def read_file(path: str | Path) -> Scan:
    """Decode one picture on disk; see `read_bytes`.

    Raises:
        ScanError: the file cannot be opened, or as `read_bytes`.
    """
    path = Path(path)
    try:
        if path.is_file() and path.stat().st_size > settings().max_file_bytes:
            raise ScanError(f"{base_name(str(path))}: larger than {settings().max_file_megabytes} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise ScanError(f"{base_name(str(path))}: cannot be opened ({error.strerror or error}).") from error
    return read_bytes(data, path.name)


def base_name(name: str) -> str:
    """The last part of a POSIX or Windows path, without control characters; never empty."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return "".join(c for c in last if c.isprintable()).strip() or "unnamed"


def _open(data: bytes, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            # Pillow only warns of a large picture; the size check that follows is stricter and refuses it.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        raise ScanError(f"{name}: not a picture in a format that is read here ({', '.join(FORMATS)}).") from error
    except Image.DecompressionBombError as error:
        raise ScanError(
            f"{name}: claims more pixels than the {settings().max_megapixels} megapixels allowed."
        ) from error
    except Exception as error:  # Pillow's header parsers raise many types on damaged files
        raise ScanError(f"{name}: the file's header is damaged ({error}).") from error


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > settings().max_pixels:
        raise ScanError(
            f"{name}: {width} x {height} pixels; pictures of up to {settings().max_megapixels} megapixels are read."
        )
    if min(width, height) < MIN_SIDE:
        raise ScanError(f"{name}: {width} x {height} pixels; a scan needs at least {MIN_SIDE} x {MIN_SIDE}.")
    if max(width, height) > MAX_ELONGATION * min(width, height):
        raise ScanError(f"{name}: {width} x {height} pixels; a strip this long is not a scan of a head.")


def _count_frames(image: Image.Image, name: str) -> int:
    try:
        return getattr(image, "n_frames", 1)
    except Exception as error:  # counting walks through the whole file, and meets its damage
        raise ScanError(f"{name}: the picture is damaged ({error}).") from error


def _decode(image: Image.Image, name: str) -> np.ndarray:
    try:
        image.load()
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith("I") or image.mode == "F":
            return _to_8_bit(np.asarray(image), name)
        if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
        if image.mode in ("1", "L"):
            return np.array(image.convert("L"))
        return np.array(image.convert("RGB"))
    except ScanError:
        raise
    except MemoryError as error:
        raise ShortageError(f"{name}: not enough memory to decode the picture.") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, ValueError, ... on damaged data
        raise ScanError(f"{name}: the picture is damaged ({error}).") from error


def _to_8_bit(values: np.ndarray, name: str) -> np.ndarray:
    """Integer or float grey to uint8 by the smallest full scale (8, 12 or 16 bits) that holds the maximum."""
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > FULL_SCALES[-1]:
        raise ScanError(f"{name}: grey values from {values.min()} to {values.max()}; 0 to {FULL_SCALES[-1]} are read.")
    full = next(scale for scale in FULL_SCALES if values.max() <= scale)
    return np.round(values.astype(np.float32) * (255.0 / full)).astype(np.uint8)
