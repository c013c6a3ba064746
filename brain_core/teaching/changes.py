"""What is done to a scan in the playground, in one fixed order.

The lesion comes first, since it would be part of the patient, then the covers, both in the coordinates of the scan as
it was read; then the picture is mirrored, turned, made brighter, given a gamma, and compressed at last.
Every step takes and gives uint8 pixels, (height, width) or (height, width, 3), and leaves what it takes as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from brain_core.errors import ConfigError
from brain_core.scans import Scan
from brain_core.teaching.planted import NOTE, Blob, background, plant, redrawn

Place = tuple[float, float]  # (x, y), fractions of the picture's width and height


@dataclass(frozen=True)
class Changes:
    """What is to be done to a scan; by default nothing.

    Attributes:
        blob: a lesion to draw.
        covered: centres of square patches that are filled with the background.
        patch: their side, of the picture's shorter side, above 0 and up to 1.
        mirrored: left and right are exchanged.
        rotation: degrees, counter-clockwise; the picture grows so that nothing is cut off.
        brightness: added to every pixel, -1..1 of the full grey range.
        gamma: exponent on the grey values, above 0; below 1 lifts dark tissue.
        jpeg_quality: 1..100; None saves no JPEG in between.
    """

    blob: Blob | None = None
    covered: tuple[Place, ...] = ()
    patch: float = 0.16
    mirrored: bool = False
    rotation: float = 0.0
    brightness: float = 0.0
    gamma: float = 1.0
    jpeg_quality: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.patch <= 1 or not all(0 <= value <= 1 for place in self.covered for value in place):
            raise ConfigError(
                "Changes: expected patches with a side above 0 and up to 1 and centres in 0..1. "
                f"Received: side {self.patch}, centres {self.covered}."
            )
        if not -1 <= self.brightness <= 1 or not 0 < self.gamma < np.inf or not np.isfinite(self.rotation):
            raise ConfigError(
                "Changes: expected a brightness in -1..1, a gamma above 0 and a rotation in degrees. "
                f"Received: brightness {self.brightness}, gamma {self.gamma}, rotation {self.rotation}."
            )
        if self.jpeg_quality is not None and not 1 <= self.jpeg_quality <= 100:
            raise ConfigError(f"Changes: expected a JPEG quality in 1..100. Received: {self.jpeg_quality}.")


def apply(scan: Scan, changes: Changes) -> Scan:
    """The scan after all steps; the very scan where they change nothing."""
    planted = plant(scan, changes.blob) if changes.blob else scan
    if planted is scan:  # outside the head
        changes = replace(changes, blob=None)
    pixels = planted.pixels
    pixels = cover(pixels, changes.covered, changes.patch)
    pixels = mirror(pixels) if changes.mirrored else pixels
    pixels = rotate(pixels, changes.rotation)
    pixels = brighten(pixels, changes.brightness) if changes.brightness else pixels
    pixels = with_gamma(pixels, changes.gamma) if changes.gamma != 1 else pixels
    pixels = compress(pixels, changes.jpeg_quality) if changes.jpeg_quality else pixels
    if np.array_equal(pixels, scan.pixels):
        return scan
    found = redrawn(scan, pixels, *described(changes))
    return found if changes.rotation % 180 == 0 else replace(found, spacing=None)  # rows and columns are others now


def described(changes: Changes) -> tuple[str, ...]:
    """A sentence a step that is taken, in their order."""
    count = len(changes.covered)
    sentences = {
        NOTE: changes.blob is not None,
        f"{count} patch{'es were' if count > 1 else ' was'} covered.": count > 0,
        "The picture was mirrored.": changes.mirrored,
        f"It was turned by {changes.rotation:g} degrees counter-clockwise.": changes.rotation % 360 != 0,
        f"Its brightness was changed by {changes.brightness:+.0%}.": changes.brightness != 0,
        f"Its grey values have a gamma of {changes.gamma:g}.": changes.gamma != 1,
        f"It was saved as JPEG of quality {changes.jpeg_quality}.": changes.jpeg_quality is not None,
    }
    return tuple(sentence for sentence, taken in sentences.items() if taken)


def cover(pixels: np.ndarray, places: tuple[Place, ...], patch: float) -> np.ndarray:
    """Squares filled with the background.

    Args:
        places: their centres.
        patch: their side, of the shorter side of the picture.
    """
    if not places:
        return pixels
    height, width = pixels.shape[:2]
    half, fill, covered = patch * min(height, width) / 2, background(pixels), pixels.copy()
    row, column = np.arange(height) + 0.5, np.arange(width) + 0.5
    for x, y in places:
        rows, columns = np.abs(row - y * height) < half, np.abs(column - x * width) < half
        covered[np.ix_(rows, columns)] = fill
    return covered


def mirror(pixels: np.ndarray) -> np.ndarray:
    """Left and right exchanged."""
    return np.ascontiguousarray(pixels[:, ::-1])


def rotate(pixels: np.ndarray, degrees: float) -> np.ndarray:
    """Turned counter-clockwise about its middle, into the smallest upright picture that holds all of it.

    Quarter turns are exact; others are interpolated, and the corners that come with them hold the background.
    """
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(pixels, int(degrees // 90)))
    height, width = pixels.shape[:2]
    new_height, new_width = turned_size(height, width, degrees)
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    turn[:, 2] += (new_width - width) / 2, (new_height - height) / 2
    fill = np.resize(background(pixels), 4).tolist()
    return cv2.warpAffine(pixels, turn, (new_width, new_height), flags=cv2.INTER_LINEAR, borderValue=fill)


def turned_size(height: int, width: int, degrees: float) -> tuple[int, int]:
    """(height, width) of a picture after `rotate`."""
    if degrees % 90 == 0:
        return (height, width) if degrees % 180 == 0 else (width, height)
    cos, sin = abs(np.cos(np.radians(degrees))), abs(np.sin(np.radians(degrees)))
    return int(np.ceil(height * cos + width * sin)), int(np.ceil(height * sin + width * cos))


def brighten(pixels: np.ndarray, amount: float) -> np.ndarray:
    """``amount``, of the full grey range, added to every pixel; what is beyond black and white is lost."""
    return np.clip(pixels.astype(np.int16) + round(255 * amount), 0, 255).astype(np.uint8)


def with_gamma(pixels: np.ndarray, gamma: float) -> np.ndarray:
    """Grey values, 0..1, to the power of ``gamma``: black and white stay."""
    table = np.round(255 * (np.arange(256) / 255) ** gamma).astype(np.uint8)
    return table[pixels]


def compress(pixels: np.ndarray, quality: int) -> np.ndarray:
    """As it is after it was saved as a JPEG file of this quality, 1..100."""
    rgb = pixels.ndim == 3
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if rgb else pixels
    file = cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    read = cv2.imdecode(file, cv2.IMREAD_COLOR if rgb else cv2.IMREAD_GRAYSCALE)
    return cv2.cvtColor(read, cv2.COLOR_BGR2RGB) if rgb else read


def shown_place(changes: Changes, place: Place, height: int, width: int) -> Place:
    """Where a place of the scan as read lies in the changed picture.

    Args:
        height, width: of the scan as read.
    """
    x, y = ((1 - place[0]) if changes.mirrored else place[0]), place[1]
    x, y = _turned((x - 0.5) * width, (y - 0.5) * height, changes.rotation)
    new_height, new_width = turned_size(height, width, changes.rotation)
    return x / new_width + 0.5, y / new_height + 0.5


def place_in_scan(changes: Changes, place: Place, height: int, width: int) -> Place:
    """Where a place of the changed picture lies in the scan as read; the nearest one where it lies outside of it.

    Args:
        height, width: of the scan as read.
    """
    new_height, new_width = turned_size(height, width, changes.rotation)
    x, y = _turned((place[0] - 0.5) * new_width, (place[1] - 0.5) * new_height, -changes.rotation)
    x, y = float(np.clip(x / width + 0.5, 0, 1)), float(np.clip(y / height + 0.5, 0, 1))
    return (1 - x if changes.mirrored else x), y


def _turned(x: float, y: float, degrees: float) -> Place:
    """A vector turned counter-clockwise as seen on the screen, where y points down."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return float(cos * x + sin * y), float(cos * y - sin * x)
