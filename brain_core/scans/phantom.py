"""Synthetic head slices for demonstrations and tests: drawn, not measured, and never of a patient.

A phantom is drawn in the coordinates of the head, turned by its tilt: ``u`` from -1 (left edge of the head) to 1
(right edge) and ``v`` from -1 (forehead) to 1 (back of the head).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from brain_core.errors import ConfigError
from brain_core.scans.scan import Scan

NOTE = "Synthetic phantom, not a patient."

SEQUENCES = ("t1", "t2")
# Mean grey of each tissue, 0..1. What matters is the order: fluid is the darkest inside the skull on T1 and
# the brightest on T2, and white matter is brighter than grey matter on T1 and darker on T2. Bone stands for bone
# and its marrow, bright enough for the scalp to be one thing with the brain at every scale.
TISSUES = {
    "t1": {"scalp": 0.90, "bone": 0.30, "fluid": 0.13, "grey": 0.46, "white": 0.66},
    "t2": {"scalp": 0.55, "bone": 0.27, "fluid": 0.92, "grey": 0.58, "white": 0.36},
}
MIN_SIZE = 64  # pixels; the skull is thinner than a pixel below
BRAIN_EDGE = 0.87  # radius of the brain, where the head's is 1; the skull and the scalp lie outside
BONE_EDGE = 0.915
CELLS = 20  # folds of the cortex across the head, roughly
SULCUS_DEPTH = 0.24  # radius, how far the folds reach inward
SULCUS_WIDTH, CORTEX_WIDTH = 0.13, 0.55  # of the fold noise's standard deviation
LESION_COVER = 0.8  # share of the tissue under it that a lesion hides


@dataclass(frozen=True)
class Lesion:
    """A round lesion.

    Attributes:
        centre: (x, y) of its centre as fractions 0..1 of the head's width (from the left of the picture) and
            length (from the forehead), along the head's own axes; inside the brain.
        radius: of the head's mean half-axis, 0..1.
        contrast: grey above the tissue around it, -1..1 of the full range; negative is darker.
        softness: of the radius, over which the edge fades outwards; 0 is a sharp edge.
    """

    centre: tuple[float, float] = (0.68, 0.42)
    radius: float = 0.18
    contrast: float = 0.35
    softness: float = 0.25

    def __post_init__(self) -> None:
        if np.hypot(*(2 * x - 1 for x in self.centre)) >= BRAIN_EDGE or not 0 < self.radius < 1:
            raise ConfigError(
                "Lesion: expected a centre inside the brain and a radius between 0 and 1 of the head. "
                f"Received: centre {self.centre}, radius {self.radius}."
            )
        if not -1 <= self.contrast <= 1 or self.softness < 0:
            raise ConfigError(
                "Lesion: expected a contrast in -1..1 and a softness of at least 0. "
                f"Received: contrast {self.contrast}, softness {self.softness}."
            )


@dataclass(frozen=True)
class Phantom:
    """What to draw.

    Attributes:
        seed: all that differs between heads: aspect, tilt, position, ventricles, folds, brightness, noise.
        lesion: None for a head without one.
        sequence: which tissue is bright, one of `SEQUENCES`.
        noise: standard deviation of the two channels whose magnitude is the picture (Rician); 1 is the full
            grey range.
        size: side of the square picture in pixels.
    """

    seed: int = 0
    lesion: Lesion | None = None
    sequence: str = "t1"
    noise: float = 0.025
    size: int = 256

    def __post_init__(self) -> None:
        if self.sequence not in SEQUENCES:
            raise ConfigError(f"Phantom: expected a sequence of {SEQUENCES}. Received: {self.sequence!r}.")
        if self.size < MIN_SIZE or self.noise < 0 or self.seed < 0:
            raise ConfigError(
                f"Phantom: expected a size of at least {MIN_SIZE} pixels, noise and seed of at least 0. "
                f"Received: size {self.size}, noise {self.noise}, seed {self.seed}."
            )

    @property
    def name(self) -> str:
        """``synthetic-lesion-3.png`` or ``synthetic-normal-3.png``, by seed."""
        return f"synthetic-{'lesion' if self.lesion else 'normal'}-{self.seed}.png"


# Caption -> phantom, to offer where no real scan is at hand.
SAMPLES = {
    "T1, no lesion": Phantom(seed=2),
    "T1, bright lesion": Phantom(seed=3, lesion=Lesion((0.70, 0.36), 0.20, 0.40)),
    "T1, dark lesion": Phantom(seed=4, lesion=Lesion((0.30, 0.64), 0.22, -0.35, 0.4)),
    "T2, no lesion": Phantom(seed=5, sequence="t2"),
    "T2, bright lesion": Phantom(seed=6, sequence="t2", lesion=Lesion((0.33, 0.40), 0.21, 0.45, 0.4)),
    "T2, small lesion": Phantom(seed=7, sequence="t2", lesion=Lesion((0.66, 0.66), 0.11, 0.50, 0.2)),
}


def draw(phantom: Phantom) -> Scan:
    """The phantom as a scan, always the same for the same phantom.

    Returns:
        uint8 (size, size) pixels; ``sha256`` is of the pixels.
    """
    head = _Head.of(phantom)
    picture = _tissue(phantom, head)
    if phantom.lesion:
        picture = _with_lesion(picture, phantom, head)
    picture = cv2.GaussianBlur(np.clip(picture, 0, 1), (0, 0), 0.5 * phantom.size / 256)  # the scanner's blur
    rng = np.random.default_rng([phantom.seed, 2])
    real, imaginary = rng.normal(0, phantom.noise, (2, *picture.shape))
    pixels = np.round(np.clip(np.hypot(picture + real, imaginary), 0, 1) * 255).astype(np.uint8)
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return Scan(pixels, phantom.name, "synthetic", digest, modality="MR", notes=(NOTE,))


def lesion_mask(phantom: Phantom) -> np.ndarray:
    """Where the lesion is at full contrast, bool (size, size); all False without one."""
    if phantom.lesion is None:
        return np.zeros((phantom.size, phantom.size), bool)
    return _lesion_distance(phantom, _Head.of(phantom)) <= 1


def random_phantom(seed: int, *, lesion: bool, size: int = 256) -> Phantom:
    """A phantom whose sequence and lesion follow from the seed too."""
    rng = np.random.default_rng([seed, 3])
    sequence = SEQUENCES[int(rng.integers(2))]
    side = rng.choice([-1, 1])
    centre = (0.5 + side * rng.uniform(0.14, 0.24), rng.uniform(0.3, 0.7))
    contrast = rng.uniform(0.3, 0.45) * (rng.choice([-1, 1]) if sequence == "t1" else 1)
    blob = Lesion(centre, rng.uniform(0.16, 0.26), contrast, rng.uniform(0.1, 0.5)) if lesion else None
    return Phantom(seed, blob, sequence, rng.uniform(0.01, 0.04), size)


def write_dataset(root: str | Path, n_per_class: int, seed: int = 0, *, size: int = 256) -> Path:
    """PNG files of distinct phantoms in ``root/yes`` (with a lesion) and ``root/no``.

    Args:
        seed: another seed gives other heads; data sets of seeds that differ share none.

    Returns:
        ``root``.
    """
    root = Path(root)
    for folder, offset in (("yes", 0), ("no", 1)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for i in range(n_per_class):
            scan = draw(random_phantom(1_000_000 * seed + 2 * i + offset, lesion=folder == "yes", size=size))
            (root / folder / scan.name).write_bytes(cv2.imencode(".png", scan.pixels)[1].tobytes())
    return root


@dataclass(frozen=True)
class _Head:
    """Geometry and brightness of one head; lengths in units of the picture's side, angles in radians."""

    half_width: float
    half_length: float
    tilt: float
    centre: tuple[float, float]
    ventricle: float  # size, 1 is normal
    narrowing: float  # of the forehead
    gain: float  # overall brightness
    contrast: float  # exponent on the brightness
    scalp: float  # factor on the scalp's brightness

    @staticmethod
    def of(phantom: Phantom) -> _Head:
        rng = np.random.default_rng([phantom.seed, 0])
        length = rng.uniform(0.39, 0.46)
        return _Head(
            half_width=length * rng.uniform(0.68, 0.98),
            half_length=length,
            tilt=np.radians(rng.uniform(-14, 14)),
            centre=(0.5 + rng.uniform(-0.015, 0.015), 0.5 + rng.uniform(-0.015, 0.015)),
            ventricle=rng.uniform(0.55, 1.7),
            narrowing=rng.uniform(0.0, 0.1),
            gain=rng.uniform(0.8, 1.05),
            contrast=rng.uniform(0.75, 1.4),
            scalp=rng.uniform(0.6, 1.1),
        )

    def coordinates(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """(u, v) of every pixel centre, float64 (size, size) each."""
        y, x = (np.mgrid[:size, :size] + 0.5) / size
        x, y = x - self.centre[0], y - self.centre[1]
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return (cos * x + sin * y) / self.half_width, (cos * y - sin * x) / self.half_length

    def radius(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """0 in the middle of the head, 1 on the skin."""
        return np.hypot(u * (1 - self.narrowing * v), v)


def _tissue(phantom: Phantom, head: _Head) -> np.ndarray:
    """The head without lesion and noise, float64 (size, size), 0..1."""
    grey = TISSUES[phantom.sequence]
    rng = np.random.default_rng([phantom.seed, 1])
    u, v = head.coordinates(phantom.size)
    radius = head.radius(u, v) * (1 + 0.012 * _noise(rng, 4, phantom.size))
    folds, waves, shading = (_noise(rng, cells, phantom.size) for cells in (CELLS, 7, 3))

    depth = BRAIN_EDGE - radius
    cortex = (depth < 0.05 + 0.02 * waves) | (
        (np.abs(folds) < CORTEX_WIDTH) & (depth < SULCUS_DEPTH * (1.25 + 0.35 * waves))
    )
    sulci = (np.abs(folds) < SULCUS_WIDTH) & (depth < SULCUS_DEPTH * (1 + 0.35 * waves))
    fissure = (np.abs(u + 0.012 * waves) < 0.014) & (np.abs(v) > 0.36)
    nuclei = _ellipse(np.abs(u) - 0.27, v - 0.03, 0.13, 0.19, 0.35) < 1

    picture = np.where(cortex | nuclei, grey["grey"], grey["white"])
    fluid = sulci | fissure | (depth < 0.02) | _ventricles(u, v + 0.02 * waves, head.ventricle)
    picture = np.where(fluid, grey["fluid"], picture)
    picture = picture * (1 + 0.12 * shading + 0.03 * waves)
    picture[radius > BRAIN_EDGE] = grey["bone"]
    picture[radius > BONE_EDGE] = grey["scalp"] * head.scalp
    picture[radius > 1] = 0
    return np.clip(head.gain * np.clip(picture, 0, 1) ** head.contrast, 0, 1)


def _ventricles(u: np.ndarray, v: np.ndarray, size: float) -> np.ndarray:
    """The lateral ventricles: a frontal and an occipital horn a side, met in the middle by their bodies."""
    side, wide, long = np.abs(u), 0.6 + 0.4 * size, 0.7 + 0.3 * size
    frontal = _ellipse(side - 0.10 * wide, v + 0.20 * long, 0.065 * size, 0.20 * long, -0.35) < 1
    occipital = _ellipse(side - 0.17 * wide, v - 0.27 * long, 0.070 * size, 0.19 * long, 0.45) < 1
    body = _ellipse(side - 0.06 * wide, v - 0.02, 0.045 * size, 0.17 * long, 0.1) < 1
    return (frontal | occipital | body) & (side > 0.012)


def _ellipse(u: np.ndarray, v: np.ndarray, a: float, b: float, turn: float) -> np.ndarray:
    """Below 1 inside an ellipse of half-axes ``a`` and ``b`` at the origin, turned by ``turn`` radians."""
    cos, sin = np.cos(turn), np.sin(turn)
    return np.hypot((cos * u + sin * v) / a, (cos * v - sin * u) / b)


def _noise(rng: np.random.Generator, cells: int, size: int) -> np.ndarray:
    """Smooth noise of about ``cells`` bumps across, alike at any ``size``.

    Returns:
        float64 (size, size), mean 0, standard deviation 1.
    """
    coarse = rng.normal(size=(cells, cells))
    smooth = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    return (smooth - smooth.mean()) / smooth.std()


def _lesion_distance(phantom: Phantom, head: _Head) -> np.ndarray:
    """Distance from the lesion's centre in its radii, float64 (size, size)."""
    u, v = head.coordinates(phantom.size)
    x, y = phantom.lesion.centre
    mean_axis = (head.half_width + head.half_length) / 2
    across, along = (u - (2 * x - 1)) * head.half_width, (v - (2 * y - 1)) * head.half_length
    return np.hypot(across, along) / (phantom.lesion.radius * mean_axis)


def _with_lesion(picture: np.ndarray, phantom: Phantom, head: _Head) -> np.ndarray:
    """The lesion blended in: full inside its radius, fading over its soft edge, never outside the brain."""
    u, v = head.coordinates(phantom.size)
    distance = _lesion_distance(phantom, head)
    weight = np.clip(1 - (distance - 1) / max(phantom.lesion.softness, 1e-6), 0, 1)
    weight[head.radius(u, v) > BRAIN_EDGE] = 0
    around = np.median(picture[distance <= max(1, distance.min())])
    cover = LESION_COVER * weight
    return picture * (1 - cover) + cover * around + phantom.lesion.contrast * weight
