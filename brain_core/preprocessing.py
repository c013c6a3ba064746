"""From a scan to the array that a model takes: pure functions, one contract for training and for service.

The settings (`PreprocessingSpec`) travel in the model's metadata and are applied from there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np

from brain_core.errors import ConfigError
from brain_core.scans.scan import Scan

INPUT_SIZE = 224  # pixels, both models
BATCH = 8  # scans a pass: bounds memory; more gains nothing on a processor
# Keras' resnet.preprocess_input ("caffe" mode): BGR order, ImageNet channel means taken off, no scaling.
IMAGENET_MEAN_BGR = (103.939, 116.779, 123.68)

HEAD_CONTRAST = 0.08  # of the grey range: a pixel this far from the background belongs to the head
HEAD_MIN_AREA = 0.05  # of the picture: a smaller 'head' is noise, and the whole picture is used
HEAD_MARGIN = 0.02  # of the head's longer side, kept around it
FRAME_SHARE = 0.95  # of a line's pixels are as bright as the corners: it belongs to a frame around the scan
FRAME_CONTRAST = 0.2  # of the grey range, between a frame, the ground that it surrounds, and the scan on that

CROPS = ("head", "none")
FITS = ("pad", "stretch")
INTENSITIES = ("percentile", "none")
SCALINGS = ("unit", "caffe")


@dataclass(frozen=True)
class PreprocessingSpec:
    """How a model wants its input.

    Attributes:
        scaling: ``unit`` is RGB/255; ``caffe`` is Keras' ``resnet.preprocess_input``.
        crop: ``head`` cuts the picture to the head, since borders and captions give away where it came from; a
            bright frame around the scan is cut off first.
        fit: ``pad`` fills up to a square with the background; ``stretch`` changes the aspect ratio.
        intensity: ``percentile`` maps the head's 1st..99th percentile to 0..255, since brightness alone separates
            the classes of the public data sets; ``none`` leaves grey values as they are.
        size: side of the square input in pixels.
    """

    scaling: str
    crop: str = "head"
    fit: str = "pad"
    intensity: str = "percentile"
    size: int = INPUT_SIZE

    def __post_init__(self) -> None:
        for value, allowed in (
            (self.scaling, SCALINGS),
            (self.crop, CROPS),
            (self.fit, FITS),
            (self.intensity, INTENSITIES),
        ):
            if value not in allowed:
                raise ConfigError(f"Preprocessing: expected one of {allowed}. Received: {value!r}.")

    def to_json(self) -> dict:
        return asdict(self)


@dataclass(frozen=True)
class Box:
    """A rectangle in the scan's pixels, [top, bottom) x [left, right); it may reach beyond the scan (padding)."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def of(self, grey: np.ndarray) -> np.ndarray:
        """The part of a picture inside a box that does not reach beyond it."""
        return grey[self.top : self.bottom, self.left : self.right]

    def seen_from(self, other: Box) -> Box:
        """The same rectangle, counted from the top left corner of ``other``."""
        return Box(self.top - other.top, self.left - other.left, self.bottom - other.top, self.right - other.left)


@dataclass(frozen=True)
class Places:
    """Where things are in a picture: what a frame surrounds, and the head."""

    inside: Box
    head: Box

    @staticmethod
    def of(grey: np.ndarray) -> Places:
        inside = frame_inside(grey)
        return Places(inside, _head_inside(grey, inside, closing=0))


def places(scan: Scan) -> Places:
    """Of a scan, looked for once, whatever the number of models that ask."""
    return scan.once("places", lambda: Places.of(scan.grey))


def prepare(scan: Scan, spec: PreprocessingSpec) -> np.ndarray:
    """The model's input for one scan.

    Returns:
        float32 (size, size, 3), in the range of ``spec.scaling``.
    """
    seen = f"square {spec.crop} {spec.fit} {spec.intensity} {spec.size}"  # the models differ in scaling alone
    return scale(scan.once(seen, lambda: square(scan.grey, spec, places(scan))), spec.scaling)


def prepare_batch(scans: list[Scan], spec: PreprocessingSpec) -> np.ndarray:
    """The model's input for several scans, float32 (N, size, size, 3)."""
    if not scans:
        return np.empty((0, spec.size, spec.size, 3), np.float32)
    return np.stack([prepare(scan, spec) for scan in scans])


def square(grey: np.ndarray, spec: PreprocessingSpec, found: Places | None = None) -> np.ndarray:
    """Crop, intensity, square and resize.

    Args:
        grey: uint8 (height, width).
        found: its `Places`, looked for where they are not given.

    Returns:
        uint8 (size, size).
    """
    found = found or Places.of(grey)
    box = input_box(grey, spec, found)
    seen = found.inside if spec.crop == "head" else _whole(grey)
    inside = seen.of(grey)
    background = _background(inside)
    if spec.intensity == "percentile":
        inside, background = _stretch_intensity(inside, found.head.of(grey), background)
    cut = _cut(inside, box.seen_from(seen), background)
    shrinking = max(box.height, box.width) > spec.size
    return cv2.resize(cut, (spec.size, spec.size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)


def scale(grey: np.ndarray, scaling: str) -> np.ndarray:
    """Grey levels to the pixel range a network was built for.

    Args:
        grey: uint8 or float (..., height, width), 0..255.

    Returns:
        float32 (..., height, width, 3).
    """
    rgb = np.repeat(np.asarray(grey, np.float32)[..., None], 3, axis=-1)
    if scaling == "unit":
        return rgb / 255.0
    return rgb - np.asarray(IMAGENET_MEAN_BGR, np.float32)  # grey: RGB and BGR are the same


def input_box(grey: np.ndarray, spec: PreprocessingSpec, found: Places | None = None) -> Box:
    """The part of the scan that the model's square input shows; heatmaps are laid back onto the scan through it."""
    box = (found or Places.of(grey)).head if spec.crop == "head" else _whole(grey)
    if spec.fit == "stretch":
        return box
    side = max(box.height, box.width)
    top = box.top - (side - box.height) // 2
    left = box.left - (side - box.width) // 2
    return Box(top, left, top + side, left + side)


def head_box(grey: np.ndarray, *, closing: int = 0) -> Box:
    """Bounding box of the largest thing that stands out from the background, with a small margin.

    The background is the median grey level of the four corners, so that scans on white are cropped as well; a bright
    frame around the scan does not count. The whole picture inside it is returned where nothing large enough stands out.

    Args:
        grey: uint8 (height, width).
        closing: gaps up to this width are bridged first, in pixels of the picture at 256; 0 bridges none.
    """
    return _head_inside(grey, frame_inside(grey), closing)


def _head_inside(grey: np.ndarray, inside: Box, closing: int) -> Box:
    """`head_box` where the frame is known."""
    box = _head_box(inside.of(grey), closing)
    return box.seen_from(Box(-inside.top, -inside.left, 0, 0))


def frame_inside(grey: np.ndarray) -> Box:
    """The part of the picture that a bright, even frame surrounds; the whole picture where there is none.

    A frame's lines are as bright as the corners, and what it surrounds is a scan on a darker ground of its own: a scan
    on a white ground has no frame.

    Args:
        grey: uint8 (height, width).
    """
    whole, level = _whole(grey), _background(grey)
    if level < FRAME_CONTRAST * 255:
        return whole
    bright = grey > level / 2  # halfway to black: compression blurs a frame's edge
    (top, bottom), (left, right) = (_within(bright.mean(axis) >= FRAME_SHARE) for axis in (1, 0))
    inside = Box(top, left, bottom, right)
    if min(inside.height, inside.width) < min(grey.shape) / 2:
        return whole
    ground, contrast = _background(inside.of(grey)), FRAME_CONTRAST * 255
    scan_inside = ground < level - contrast and np.percentile(inside.of(grey), 90) > ground + contrast
    return inside if scan_inside else whole


def _within(frame: np.ndarray) -> tuple[int, int]:
    """Start and end of the lines between those of a frame."""
    return (0, 0) if frame.all() else (int(np.argmin(frame)), len(frame) - int(np.argmin(frame[::-1])))


def _whole(grey: np.ndarray) -> Box:
    return Box(0, 0, *grey.shape)


def _head_box(grey: np.ndarray, closing: int) -> Box:
    """`head_box` of a picture without a frame."""
    height, width = grey.shape
    # A coarse picture is enough to find a head, and fast; of a long strip at least a pixel's width remains.
    factor = min(1.0, max(256 / max(height, width), 1 / min(height, width)))
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA) if factor < 1 else grey
    distance = cv2.absdiff(cv2.GaussianBlur(small, (5, 5), 0), np.full_like(small, _background(small)))
    level = max(HEAD_CONTRAST * 255, 0.15 * float(np.percentile(distance, 99)))
    mask = (distance > level).astype(np.uint8)
    if closing:
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((closing, closing), np.uint8))
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8), iterations=2)
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if count < 2:
        return Box(0, 0, height, width)
    largest = stats[1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))]
    if largest[cv2.CC_STAT_AREA] < HEAD_MIN_AREA * mask.size:
        return Box(0, 0, height, width)
    y_scale, x_scale = height / small.shape[0], width / small.shape[1]
    top, left = largest[cv2.CC_STAT_TOP] * y_scale, largest[cv2.CC_STAT_LEFT] * x_scale
    bottom = top + largest[cv2.CC_STAT_HEIGHT] * y_scale
    right = left + largest[cv2.CC_STAT_WIDTH] * x_scale
    margin = HEAD_MARGIN * max(bottom - top, right - left)
    return Box(
        max(0, int(np.floor(top - margin))),
        max(0, int(np.floor(left - margin))),
        min(height, int(np.ceil(bottom + margin))),
        min(width, int(np.ceil(right + margin))),
    )


def _background(grey: np.ndarray) -> int:
    patch = max(2, min(grey.shape) // 20)
    ends = (slice(None, patch), slice(-patch, None))
    return int(np.median([np.median(grey[rows, columns]) for rows in ends for columns in ends]))


def _stretch_intensity(grey: np.ndarray, head: np.ndarray, background: int) -> tuple[np.ndarray, int]:
    low, high = np.percentile(head, (1, 99))
    if high - low < 1:
        return grey, background
    table = np.clip((np.arange(256) - low) * (255.0 / (high - low)), 0, 255).round().astype(np.uint8)
    return cv2.LUT(grey, table), int(table[background])


def _cut(grey: np.ndarray, box: Box, background: int) -> np.ndarray:
    height, width = grey.shape
    inside = grey[max(0, box.top) : min(height, box.bottom), max(0, box.left) : min(width, box.right)]
    return cv2.copyMakeBorder(
        inside,
        max(0, -box.top),
        max(0, box.bottom - height),
        max(0, -box.left),
        max(0, box.right - width),
        cv2.BORDER_CONSTANT,
        value=background,
    )
