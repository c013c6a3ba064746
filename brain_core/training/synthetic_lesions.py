"""Lesions painted into healthy scans: a training signal that no difference between sources can replace.

With and without a painted lesion, the picture comes from the same source, so that what tells them apart is the lesion.
After "natural synthetic anomalies" (Schlueter et al. 2022, arXiv:2109.15222) and synthetic tumours for
segmentation (Hu et al. 2023, arXiv:2303.14869), simplified to two dimensions.
"""

from __future__ import annotations

import cv2
import numpy as np

MIN_RADIUS, MAX_RADIUS = 0.05, 0.20  # of the picture's side
SCALP = 0.08  # of the picture's side: lesions are centred at least this far inside the head's outline


def insert_lesion(picture: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One random lesion in a head slice: brighter or darker than the tissue around it, even, mottled or rim-enhancing,
    sharp or soft, with or without oedema, displacing the tissue around it.

    Args:
        picture: uint8 (side, side), the head filling most of it.

    Returns:
        The picture with the lesion, and its mask, uint8 (side, side), 0 or 255.
    """
    side = picture.shape[0]
    head = _head(picture)
    radius = side * np.exp(rng.uniform(np.log(MIN_RADIUS), np.log(MAX_RADIUS)))
    centre = _centre(head, rng)
    distance = np.where(head, _distance(side, centre, radius, rng), np.float32(9))
    inside = np.clip((1 - distance) / rng.uniform(0.04, 0.5) + 0.5, 0, 1)
    grey = picture.astype(np.float32)
    if rng.random() < 0.5:
        grey = _displace(grey, centre, radius, rng)
    local = float(np.mean(grey[distance < 1])) if (distance < 1).any() else float(grey.mean())
    if rng.random() < 0.5:
        grey = _oedema(grey, distance, local, rng)
    painted = _interior(side, distance, local, rng) + rng.uniform(0, 0.6) * (grey - local)
    mixed = grey + inside * rng.uniform(0.7, 1) * (painted - grey)
    return np.clip(mixed, 0, 255).astype(np.uint8), np.where(distance < 1, 255, 0).astype(np.uint8)


def _head(picture: np.ndarray) -> np.ndarray:
    """bool (side, side): the head without holes."""
    tissue = (cv2.GaussianBlur(picture, (5, 5), 0) > 25).astype(np.uint8)
    outlines = cv2.findContours(tissue, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    filled = np.zeros_like(picture)
    if outlines:
        cv2.drawContours(filled, [max(outlines, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return filled > 0


def _centre(head: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(x, y) inside the head and away from its outline; the picture's middle where no head is found."""
    side = head.shape[0]
    depth = cv2.distanceTransform(np.pad(head.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    places = np.argwhere(depth > SCALP * side)
    if not len(places):
        return np.full(2, side / 2)
    return places[rng.integers(len(places)), ::-1].astype(float)


def _distance(side: int, centre, radius: float, rng: np.random.Generator) -> np.ndarray:
    """Distance from the centre, 1 on an irregular closed outline."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    dx, dy = x - centre[0], y - centre[1]
    angle = np.arctan2(dy, dx)
    stretch, tilt = np.exp(rng.uniform(-0.3, 0.3)), rng.uniform(0, np.pi)
    outline = np.hypot(np.cos(angle - tilt) * stretch, np.sin(angle - tilt) / stretch)
    lobes = sum(rng.normal(0, 0.25 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 4, 5))
    return (np.hypot(dx, dy) / radius * outline * np.exp(lobes * rng.uniform(0, 1))).astype(np.float32)


def _interior(side: int, distance: np.ndarray, local: float, rng: np.random.Generator) -> np.ndarray:
    """Grey levels of the lesion."""
    room = (255 - local) if rng.random() < 0.65 else -local
    level = local + room * rng.uniform(0.25, 1)
    texture = cv2.GaussianBlur(rng.normal(0, 1, (side, side)).astype(np.float32), (0, 0), rng.uniform(1, 8))
    painted = level + texture / max(float(texture.std()), 1e-6) * rng.uniform(0, 20)
    if rng.random() < 0.35:  # a rim around a core of another grey level
        core = np.clip((rng.uniform(0.5, 0.85) - distance) / 0.15 + 0.5, 0, 1)
        painted += core * (local + rng.uniform(-0.8, 0.3) * room - painted)
    return painted


def _oedema(grey: np.ndarray, distance: np.ndarray, local: float, rng: np.random.Generator) -> np.ndarray:
    reach = rng.uniform(1.3, 2.2)
    halo = np.clip((reach - distance) / (reach - 1), 0, 1) * (grey > 25)
    room = (255 - local) if rng.random() < 0.5 else -local
    return grey + halo * room * rng.uniform(0.1, 0.35)


def _displace(grey: np.ndarray, centre, radius: float, rng: np.random.Generator) -> np.ndarray:
    """Pushes the tissue outwards around the lesion."""
    side = grey.shape[0]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    dx, dy = x - np.float32(centre[0]), y - np.float32(centre[1])
    pull = rng.uniform(0.2, 0.5) * np.exp(-(dx**2 + dy**2) / (2 * (1.5 * radius) ** 2)).astype(np.float32)
    return cv2.remap(grey, x - dx * pull, y - dy * pull, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
