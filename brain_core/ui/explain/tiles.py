"""Small pictures of feature maps, gradients and maps, in a grid that goes with the width of the screen."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from brain_core import overlay
from brain_core.palette import LABEL_COLORS
from brain_core.ui.markup import esc

SIDE = 224  # pixels of a tile's picture
STYLE = """
<style>
.brain-tiles {display: grid; gap: .75rem}
.brain-tiles figure {margin: 0} .brain-tiles img {width: 100%; display: block; border-radius: .25rem;
  image-rendering: pixelated; background: #000}
.brain-tiles figcaption {font-size: .8125rem; line-height: 1.35; padding-top: .25rem; overflow-wrap: anywhere}
</style>
"""


@dataclass(frozen=True, eq=False)
class Tile:
    """A picture, uint8 (h, w, 3), with its words; both texts are escaped."""

    picture: np.ndarray
    caption: str
    alt: str


def grid(tiles: list[Tile], width: int = 130) -> str:
    """HTML: as many in a row as find room, none narrower than ``width`` pixels."""
    columns = f"grid-template-columns: repeat(auto-fill, minmax(min({width}px, 100%), 1fr))"
    return f'{STYLE}<div class="brain-tiles" style="{columns}">{"".join(map(_figure, tiles))}</div>'


def strength(values: np.ndarray) -> np.ndarray:
    """float (h, w), 0 or more, as uint8 RGB (h, w, 3) from black to bright; what is 0 everywhere is black."""
    peak = float(np.max(values, initial=0))
    return overlay.colorize(np.maximum(values, 0) / peak if peak > 0 else np.zeros_like(values))


def signed(values: np.ndarray, limit: float | None = None) -> np.ndarray:
    """float (h, w) as uint8 RGB (h, w, 3): 0 is black, above it orange, below it blue.

    Args:
        limit: the size that is fully coloured; the largest there is by default.
    """
    limit = float(np.abs(values).max(initial=0)) if limit is None else limit
    share = np.clip(values / limit if limit > 0 else np.zeros_like(values), -1, 1)[..., None]
    up, down = (np.array(rgb(LABEL_COLORS[label]), float) for label in ("tumor", "no tumor"))
    return np.round(np.where(share > 0, share * up, -share * down)).astype(np.uint8)


def bars(values: np.ndarray, side: int = SIDE) -> np.ndarray:
    """float (n,) as bars from left to right, uint8 RGB (side, side, 3): above 0 up and orange, below down and blue."""
    picture = np.zeros((side, side, 3), np.uint8)
    limit, middle = float(np.abs(values).max(initial=0)) or 1.0, side // 2
    edges = np.linspace(0, side, len(values) + 1).round().astype(int)
    for left, right, value in zip(edges, edges[1:], values, strict=False):
        height = round(float(value) / limit * (middle - 1))
        rows = slice(middle - height, middle) if height > 0 else slice(middle, middle - height)
        picture[rows, left + 1 : right] = rgb(LABEL_COLORS["tumor" if height > 0 else "no tumor"])
    picture[middle] = 128
    return picture


def number(value: float) -> str:
    """Two digits and the sign; small ones as '+5.5·10⁻⁵'."""
    if value and abs(value) < 0.001:
        digits, power = f"{value:+.1e}".split("e")
        return f"{digits}·10{str(int(power)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"
    return f"{value:+.2g}"


def grey(values: np.ndarray) -> np.ndarray:
    """uint8 (h, w) as RGB (h, w, 3)."""
    return np.repeat(values[..., None], 3, axis=-1)


def rgb(color: str) -> tuple[int, int, int]:
    """``"#E69F00"`` as (230, 159, 0)."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _figure(tile: Tile) -> str:
    caption = f"<figcaption>{esc(tile.caption)}</figcaption>" if tile.caption else ""
    return f'<figure><img src="{_url(tile.picture)}" alt="{esc(tile.alt)}">{caption}</figure>'


def _url(picture: np.ndarray) -> str:
    factor = max(1, SIDE // max(picture.shape[:2]))  # whole pixels stay whole
    larger = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    data = cv2.imencode(".png", cv2.cvtColor(larger, cv2.COLOR_RGB2BGR))[1].tobytes()
    return "data:image/png;base64," + base64.b64encode(data).decode()
