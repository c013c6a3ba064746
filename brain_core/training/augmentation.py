"""Random changes to training pictures: the brief's for fine-tuning, stronger ones for pretraining.

Pure functions of a picture and a `numpy.random.Generator`; the same generator state gives the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """The brief's augmentation for phase 2.

    Attributes:
        rotation: degrees, either way.
        shift: of width and height, either way.
        flip: probability of a horizontal flip.
        zoom: lowest and highest magnification.
        brightness: lowest and highest factor on the grey levels.
        strong: take `augment_strongly` instead, which goes by its own numbers.
    """

    rotation: float = 15.0
    shift: float = 0.05
    flip: float = 0.5
    zoom: tuple[float, float] = (0.95, 1.05)
    brightness: tuple[float, float] = (0.95, 1.05)
    strong: bool = False


def vary(picture: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """One random variant, `augment`'s or `augment_strongly`'s as the settings say: uint8 (size, size) both."""
    if settings.strong:
        return augment_strongly(picture, picture.shape[0], rng)
    return augment(picture, settings, rng)


def augment(picture: np.ndarray, settings: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """One random variant.

    Args:
        picture: uint8 (size, size).

    Returns:
        uint8 (size, size).
    """
    size = picture.shape[0]
    zoom = rng.uniform(*settings.zoom)
    angle = rng.uniform(-settings.rotation, settings.rotation)
    shift = rng.uniform(-settings.shift, settings.shift, 2) * size
    flip = rng.random() < settings.flip
    brightness = rng.uniform(*settings.brightness)
    moved = _warp(picture, size, angle, (zoom, zoom), shift, flip)
    return cv2.convertScaleAbs(moved, alpha=brightness)


def augment_strongly(picture: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Varies what scans from other hospitals, sequences and web sites vary in, so that features survive it.

    Crop, aspect ratio, rotation, flip; contrast (gamma, inversion, intensity curve: T1, T2 and FLAIR differ by
    little more); resolution, noise, JPEG quality; captions and borders in the picture.

    Args:
        picture: uint8 (side, side), side >= size.
        size: side of the result; the crop spans ``size / side`` to 1 of the picture, so that structures appear
            between the scale of the whole picture at ``size`` and their scale at full resolution.

    Returns:
        uint8 (size, size).
    """
    return augment_strongly_with_mask(picture, np.zeros_like(picture), size, rng)[0]


def augment_strongly_with_mask(
    picture: np.ndarray, mask: np.ndarray, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """As `augment_strongly`, of a picture and a mask of the same shape, which moves with it: uint8 (size, size)."""
    side = picture.shape[0]
    zoom = np.exp(rng.uniform(0, np.log(side / size)))
    aspect = np.exp(rng.uniform(-0.12, 0.12))
    room = (zoom - 1) / zoom / 2 + 0.03
    shift = rng.uniform(-room, room, 2) * size * zoom
    where = (size, rng.normal(0, 10), (zoom * aspect, zoom / aspect), shift, rng.random() < 0.5)
    x, mask = _warp(picture, *where), _warp(mask, *where)
    x = _contrast(x, rng)
    if rng.random() < 0.3:
        _overlay_text_or_border(x, rng)
    if rng.random() < 0.3:
        small = cv2.resize(x, None, fx=(factor := rng.uniform(0.4, 0.9)), fy=factor, interpolation=cv2.INTER_AREA)
        x = cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.3:
        noisy = x + rng.normal(0, rng.uniform(2, 12), x.shape)
        x = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        encoded = cv2.imencode(".jpg", x, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 95))])[1]
        x = cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)
    return x, mask


def _warp(picture, size, angle, zoom, shift, flip) -> np.ndarray:
    """Rotate, magnify (x, y) about the centre, shift in result pixels and flip, in one interpolation."""
    side = picture.shape[0]
    fit = size / side
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    linear = np.array([[zoom[0] * cos, -zoom[0] * sin], [zoom[1] * sin, zoom[1] * cos]]) * fit
    if flip:
        linear[:, 0] *= -1
    centre_in, centre_out = np.full(2, (side - 1) / 2), np.full(2, (size - 1) / 2)
    matrix = np.column_stack([linear, centre_out + shift - linear @ centre_in])
    return cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderValue=int(picture[0, 0]))


def _contrast(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    levels = np.linspace(0, 1, 256)
    curve = levels ** np.exp(rng.uniform(-0.7, 0.7))
    if rng.random() < 0.3:  # a random monotone curve through five points
        points = np.sort(rng.uniform(0, 1, 3))
        curve = np.interp(curve, np.linspace(0, 1, 5), [0, *points, 1])
    if rng.random() < 0.1:
        curve = 1 - curve
    low, high = rng.uniform(0, 0.1), rng.uniform(0.75, 1)
    return cv2.LUT(x, np.round((low + (high - low) * curve) * 255).astype(np.uint8))


def _overlay_text_or_border(x: np.ndarray, rng: np.random.Generator) -> None:
    size = x.shape[0]
    grey = int(rng.integers(120, 256))
    if rng.random() < 0.5:
        text = "".join(chr(c) for c in rng.integers(48, 91, rng.integers(2, 9)))
        place = (int(rng.integers(0, size // 2)), int(rng.choice([size // 12, size - 3])))
        cv2.putText(x, text, place, cv2.FONT_HERSHEY_SIMPLEX, float(rng.uniform(0.25, 0.5)), grey, 1)
    else:
        width = int(rng.integers(1, max(2, size // 16)))
        edge = rng.integers(4)
        rows, columns = [
            (slice(0, width), ...),
            (slice(-width, None), ...),
            (..., slice(0, width)),
            (..., slice(-width, None)),
        ][edge]
        x[rows, columns] = grey
