"""Drawn pictures of what is no brain slice, to measure whether it is recognised: `KINDS` by name, varied by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import cv2
import numpy as np

from brain_core.scans.scan import Scan

SIZE = 256  # pixels, side of every picture
AIR = 0.03  # noise of the air round a head, of the full grey range


def other(kind: str, seed: int) -> Scan:
    """One picture of a kind of `KINDS`, always the same for the same seed; uint8 (256, 256)."""
    picture = KINDS[kind](np.random.default_rng([seed, list(KINDS).index(kind)]))
    pixels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return Scan(
        pixels, f"{kind.replace(' ', '-')}-{seed}.png", "synthetic", hashlib.sha256(pixels.tobytes()).hexdigest()
    )


def chest_film(rng: np.random.Generator) -> np.ndarray:
    """Two dark lungs crossed by ribs, a bright heart and spine, in a grey body that fills the picture."""
    x, y = _grid(rng)
    body = _smooth(1.05 - np.hypot(x / 1.0, (y - 0.15) / 1.25), 0.08)
    picture = 0.62 * body + 0.05 * _blobs(rng, 6) * body
    for side in (-1, 1):
        lung = _smooth(1 - np.hypot((x - 0.43 * side) / 0.33, (y + 0.05) / rng.uniform(0.66, 0.78)), 0.12)
        picture -= (0.42 + 0.04 * _blobs(rng, 30)) * lung
    ribs = np.maximum(0, np.cos((y + 0.55 * np.abs(x) ** 1.6) * rng.uniform(20, 26))) ** 3
    picture += 0.13 * ribs * body * (np.abs(x) > 0.1)
    picture += 0.22 * _smooth(1 - np.abs(x) / 0.09, 0.3) * body
    picture += 0.40 * _smooth(1 - np.hypot((x - 0.14) / 0.32, (y - 0.30) / 0.30), 0.2)
    picture += 0.35 * _smooth((y - 0.62 - 0.2 * np.abs(x)) / 0.2, 0.5) * body
    return _scanned(rng, picture, 0.02)


def neck(rng: np.random.Generator) -> np.ndarray:
    """Axial: skin and fat, muscles, a vertebra with its canal, the dark airway, vessels."""
    x, y = _grid(rng)
    size = rng.uniform(0.6, 0.85)
    x, y = x / size, y / (size * rng.uniform(0.85, 1.05))
    radius = np.hypot(x, y)
    picture = np.where(radius < 1, 0.85, 0.0)
    picture = np.where(radius < 0.88, 0.38 + 0.05 * _blobs(rng, 9), picture)
    for side in (-1, 1):
        for cx, cy, a, b in ((0.42, 0.48, 0.24, 0.18), (0.30, 0.72, 0.22, 0.1), (0.60, -0.12, 0.13, 0.25)):
            edge = np.abs(np.hypot((x - side * cx) / a, (y - cy) / b) - 1)
            picture = np.where((edge < 0.12) & (radius < 0.88), 0.72, picture)
        picture = np.where(np.hypot(x - side * 0.42, y + 0.08) < 0.07, rng.choice([0.05, 0.95]), picture)
    picture = np.where(np.hypot(x / 0.24, (y - 0.18) / 0.17) < 1, 0.55, picture)
    picture = np.where(np.hypot(x / 0.15, (y - 0.42) / 0.10) < 1, 0.18, picture)
    picture = np.where(np.hypot(x / 0.09, (y - 0.42) / 0.06) < 1, 0.6, picture)
    picture = np.where(np.hypot(x / 0.15, (y + 0.42) / 0.20) < 1, 0.02, picture)
    return _scanned(rng, picture, 0.025)


def abdomen(rng: np.random.Generator) -> np.ndarray:
    """Axial: an ellipse of fat and muscle with liver, spleen, kidneys, bowel, spine and aorta."""
    x, y = _grid(rng)
    x, y = x / rng.uniform(0.86, 0.97), y / rng.uniform(0.58, 0.72)
    radius = np.hypot(x, y)
    picture = np.where(radius < 1, 0.8, 0.0)
    picture = np.where(radius < 0.87, 0.35, picture)
    picture = np.where(radius < 0.8, 0.7 + 0.06 * _blobs(rng, 12), picture)
    organs = [(-0.42, -0.1, 0.36, 0.5, 0.5), (0.55, 0.15, 0.17, 0.3, 0.38), (-0.4, 0.42, 0.14, 0.2, 0.6)]
    organs += [(0.38, 0.42, 0.14, 0.2, 0.6), (0.0, 0.45, 0.15, 0.2, 0.45), (0.06, 0.16, 0.06, 0.09, 0.1)]
    organs += [(rng.uniform(-0.1, 0.5), rng.uniform(-0.5, 0), 0.1, 0.13, rng.uniform(0.05, 0.6)) for _ in range(7)]
    for cx, cy, a, b, grey in organs:
        picture = np.where((np.hypot((x - cx) / a, (y - cy) / b) < 1) & (radius < 0.8), grey, picture)
    return _scanned(rng, picture, 0.025)


def knee(rng: np.random.Generator) -> np.ndarray:
    """Sagittal: bright thigh bone, shin bone and kneecap, dark tendons, grey muscle, cut off above and below."""
    x, y = _grid(rng)
    x = x + 0.08 * np.sin(2 * y + rng.uniform(-0.3, 0.3))
    leg = np.abs(x) < 0.68 + 0.06 * np.cos(3 * y)
    picture = np.where(leg, 0.75, 0.0)
    picture = np.where(leg & (np.abs(x) < 0.58), 0.36 + 0.05 * _blobs(rng, 10), picture)
    bones = ((np.abs(x) < 0.24) & (np.abs(y) > 0.2)) | (np.hypot(x / 0.42, (y + 0.32) / 0.24) < 1)
    bones |= ((np.abs(x) < 0.42) & (y > 0.04) & (y < 0.24)) | (np.hypot((x + 0.52) / 0.12, (y + 0.26) / 0.2) < 1)
    rim = cv2.dilate(bones.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    picture = np.where(rim, 0.08, picture)
    picture = np.where(bones, 0.8 + 0.04 * _blobs(rng, 20), picture)
    return _scanned(rng, picture, 0.025)


def photograph(rng: np.random.Generator) -> np.ndarray:
    """A scene: light from above, a textured ground, things with edges and shadows, detail at every scale."""
    x, y = _grid(rng)
    horizon = rng.uniform(-0.4, 0.3)
    picture = np.where(y < horizon, 0.8 - 0.2 * (y + 1), 0.35 + 0.2 * (y - horizon)) + 0.07 * _fractal(rng)
    for _ in range(rng.integers(4, 10)):
        cx, cy, a, b = *rng.uniform(-0.9, 0.9, 2), *rng.uniform(0.08, 0.5, 2)
        inside = (
            np.hypot((x - cx) / a, (y - cy) / b) < 1 if rng.random() < 0.5 else (abs(x - cx) < a) & (abs(y - cy) < b)
        )
        picture = np.where(inside, rng.uniform(0.05, 0.95) + 0.25 * (x - cx) + 0.08 * _fractal(rng), picture)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def portrait(rng: np.random.Generator) -> np.ndarray:
    """An animal's head seen from the front: a round face with ears, eyes and nose on a blurred ground."""
    x, y = _grid(rng)
    picture = 0.5 + 0.15 * _blobs(rng, 4)
    for side in (-1, 1):
        ear = (np.abs(x - side * 0.42) < 0.28 * (y + 1.0)) & (y < -0.15) & (y > -0.95)
        picture = np.where(ear, 0.45, picture)
    face = np.hypot(x / 0.68, (y - 0.1) / 0.66) < 1
    picture = np.where(face, rng.uniform(0.4, 0.75) + 0.12 * _fractal(rng), picture)
    for side in (-1, 1):
        eye = np.hypot((x - side * 0.27) / 0.14, (y + 0.05) / 0.1)
        picture = np.where(eye < 1, 0.9, picture)
        picture = np.where(np.abs(x - side * 0.27) + 0.3 * np.abs(y + 0.05) < 0.03, 0.02, picture)
    picture = np.where(np.hypot(x / 0.09, (y - 0.25) / 0.06) < 1, 0.15, picture)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def text_page(rng: np.random.Generator) -> np.ndarray:
    """Dark letters in lines on a white page."""
    page = np.full((SIZE, SIZE), 245, np.uint8)
    step = int(rng.integers(11, 20))
    for line in range(step, SIZE - 6, step):
        letters = "".join(chr(c) for c in rng.integers(97, 123, 60))
        words = " ".join(letters[i : i + int(rng.integers(2, 9))] for i in range(0, 60, 8))
        cv2.putText(page, words, (10, line), cv2.FONT_HERSHEY_SIMPLEX, step / 40, 20, 1, cv2.LINE_AA)
    page[:, SIZE - 10 :] = 245
    return page / 255


def noise(rng: np.random.Generator) -> np.ndarray:
    """Grey noise without structure, fine or blurred."""
    fine = rng.normal(0.5, 0.2, (SIZE, SIZE))
    blur = rng.choice([0.0, 1.0, 3.0])
    return 0.5 + (cv2.GaussianBlur(fine, (0, 0), blur) - 0.5) * (1 + 2 * blur) if blur else fine


def blank(rng: np.random.Generator) -> np.ndarray:
    """One grey level."""
    return np.full((SIZE, SIZE), rng.choice([0.0, rng.random(), 1.0]))


def gradient(rng: np.random.Generator) -> np.ndarray:
    """Grey that grows in one direction."""
    x, y = _grid(rng)
    angle = rng.uniform(0, 2 * np.pi)
    return 0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y)


def checkerboard(rng: np.random.Generator) -> np.ndarray:
    """Black and white squares."""
    side = int(rng.integers(8, 48))
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.where((x // side + y // side) % 2, 0.9, 0.1)


def air(rng: np.random.Generator) -> np.ndarray:
    """A slice beside the head, at the blank end of a volume: the noise of air, in the window of the whole series."""
    return _scanned(rng, np.zeros((SIZE, SIZE)), rng.uniform(0.3, 1.5) * AIR)


def air_stretched(rng: np.random.Generator) -> np.ndarray:
    """The same, in a window of its own: noise over the full grey range."""
    picture = air(rng)
    low, high = np.percentile(picture, (1, 99))
    return (picture - low) / (high - low)


def crown(rng: np.random.Generator) -> np.ndarray:
    """The last slice that touches the head: a small round of scalp, no brain."""
    x, y = _grid(rng)
    radius = np.hypot(x, y / rng.uniform(1.0, 1.3)) / rng.uniform(0.12, 0.35)
    picture = np.where(radius < 1, rng.uniform(0.5, 0.9) - 0.4 * (radius < 0.6) * rng.uniform(0, 1), 0)
    return _scanned(rng, picture + 0.04 * _blobs(rng, 20) * (radius < 1), AIR / 2)


KINDS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "chest film": chest_film,
    "neck": neck,
    "abdomen": abdomen,
    "knee": knee,
    "photograph": photograph,
    "portrait": portrait,
    "text page": text_page,
    "noise": noise,
    "blank": blank,
    "gradient": gradient,
    "checkerboard": checkerboard,
    "air": air,
    "air stretched": air_stretched,
    "crown": crown,
}
ENDS = ("air", "air stretched", "crown")  # kinds that the ends of a volume show


def _grid(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(x, y) of every pixel, -1..1, a little shifted and turned."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE * 2 - 1
    dx, dy, turn = *rng.uniform(-0.04, 0.04, 2), rng.uniform(-0.1, 0.1)
    x, y = x - dx, y - dy
    return np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x


def _smooth(distance: np.ndarray, width: float) -> np.ndarray:
    """0 below 0, 1 from ``width`` on."""
    return np.clip(distance / width, 0, 1)


def _blobs(rng: np.random.Generator, cells: int) -> np.ndarray:
    """Smooth noise of ``cells`` bumps across, standard deviation about 1."""
    return cv2.resize(rng.normal(size=(cells, cells)), (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)


def _fractal(rng: np.random.Generator) -> np.ndarray:
    """Noise at every scale, the coarser the stronger, as in pictures of nature."""
    return sum(_blobs(rng, cells) / np.sqrt(cells / 3) for cells in (3, 6, 12, 25, 50, 100))


def _scanned(rng: np.random.Generator, picture: np.ndarray, sigma: float) -> np.ndarray:
    """Blurred a little and with the noise of a magnitude image."""
    blurred = cv2.GaussianBlur(np.clip(picture, 0, 1), (0, 0), 0.6)
    real, imaginary = rng.normal(0, sigma, (2, SIZE, SIZE))
    return np.hypot(blurred + real, imaginary)
