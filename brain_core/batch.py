"""Many scans, several models: scored in batches, each failure kept to its own scan.

Reading goes on while the models score, and both while the caller works on what was scored before.
"""

from __future__ import annotations

import io
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from brain_core import input_gate, overlay
from brain_core.errors import ScanError
from brain_core.logs import printable
from brain_core.preprocessing import BATCH, places
from brain_core.scans import Scan
from brain_core.scans.quality import quality_flags

if TYPE_CHECKING:  # their module brings TensorFlow, which rows that failed do not need
    from brain_core.inference import Detector, Prediction


@dataclass(frozen=True, eq=False)
class Scored:
    """A scan with its predictions, or the reason why it has none.

    Attributes:
        source: what the caller calls it: a path, an upload's name; bytes that are no UTF-8 are escaped.
        predictions: one a model, in the order of the models.
        error: fit to show, None where the scan was scored.
        error_kind: its class, for records that must not hold its words.
    """

    source: str
    scan: Scan | None = None
    predictions: tuple[Prediction, ...] = ()
    error: str | None = None
    error_kind: str = ScanError.__name__

    @property
    def suspicion(self) -> float:
        """Order of a worklist: the highest probability of any model; scans that failed come first."""
        return max((p.probability for p in self.predictions), default=2.0)

    @property
    def models_disagree(self) -> bool:
        return len({p.label for p in self.predictions}) > 1


LONGEST = 200  # bytes of a name, of 255 that file systems take: a model's name and suffixes follow
LONGEST_SUFFIX = 20  # bytes; what is longer is no suffix
AHEAD = 2  # batches that are read or scored while the caller works on another: bounds memory
PNG_EFFORT = 1  # of 9: a tenth of the time, files a fifth larger
Source = tuple[str, Callable[[], Scan]]
"""What to call a scan, and how to read it (may raise `ScanError`)."""


def score(
    sources: Iterable[Source],
    detectors: Sequence[Detector],
    *,
    threshold: float | None = None,
    batch: int = BATCH,
) -> Iterator[Scored]:
    """Read and score scans, in order, two batches ahead of what is asked for.

    A scan that cannot be read never stops the others.
    """
    batches = _batches(sources, batch)
    with ThreadPoolExecutor(1, "read") as reader, ThreadPoolExecutor(1, "score") as scorer:

        def scored_later(taken: list[Source]):
            rows = reader.submit(_read_batch, taken)
            return scorer.submit(lambda: _score_batch(rows.result(), detectors, threshold))

        ahead = deque(scored_later(taken) for taken in islice(batches, AHEAD))
        try:
            while ahead:
                rows = ahead.popleft().result()
                ahead.extend(scored_later(taken) for taken in islice(batches, 1))
                yield from rows
        finally:  # the caller has had enough, or something failed: what has not begun never does
            for pool in (reader, scorer):
                pool.shutdown(wait=False, cancel_futures=True)


def _batches(sources: Iterable[Source], size: int) -> Iterator[list[Source]]:
    rest = iter(sources)
    while taken := list(islice(rest, size)):
        yield taken


def _read_batch(sources: list[Source]) -> list[Scored]:
    return [_read(name, read) for name, read in sources]


def _read(name: str, read: Callable[[], Scan]) -> Scored:
    name = printable(name)
    try:
        scan = read()
    except ScanError as error:
        return Scored(name, error=printable(str(error)), error_kind=type(error).__name__)
    places(scan)  # kept with the scan, so that scoring finds them done
    quality_flags(scan)
    return Scored(name, scan)


def _score_batch(rows: list[Scored], detectors: Sequence[Detector], threshold: float | None) -> list[Scored]:
    scans = [row.scan for row in rows if row.scan is not None]
    by_model = [detector.predict(scans, threshold=threshold) for detector in detectors]
    by_scan = iter(zip(*by_model, strict=True)) if by_model else iter(())
    return [
        row if row.scan is None else Scored(row.source, row.scan, input_gate.shared(next(by_scan, ()))) for row in rows
    ]


def to_records(row: Scored, heatmaps: dict[str, str] | None = None) -> list[dict]:
    """The stable JSON shape: one object a scan and model, or one with ``path`` and ``error``.

    Args:
        heatmaps: overlay file by model name, where they were written.
    """
    if row.error is not None:
        return [{"path": row.source, "error": row.error}]
    return [
        {
            "path": row.source,
            "model": p.model,
            "version": p.version,
            "probability": p.probability,
            "threshold": p.threshold,
            "label": p.label,
            "heatmap": (heatmaps or {}).get(p.model),
            "flags": list(p.flags),
            "seconds": round(p.seconds, 4),
        }
        for p in row.predictions
    ]


class UniqueNames:
    """File names for outputs: two inputs of one name never overwrite each other."""

    def __init__(self):
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """``name`` the first time, then ``stem-2.suffix``, ``stem-3.suffix``, ... (case counts as equal).

        The stem is cut where the name would be too long for a file system.
        """
        path, number = Path(name), 1
        stem, suffix = (path.stem, path.suffix) if _bytes(path.suffix) <= LONGEST_SUFFIX else (name, "")
        candidate = name if _bytes(name) <= LONGEST else _cut(stem, suffix)
        while candidate.lower() in self._taken:
            number += 1
            candidate = _cut(stem, f"-{number}{suffix}")
        self._taken.add(candidate.lower())
        return candidate


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _cut(stem: str, end: str) -> str:
    """Both, with as much of the stem as there is room for."""
    return stem.encode("utf-8", "surrogatepass")[: LONGEST - _bytes(end)].decode("utf-8", "ignore") + end


def heatmap_files(row: Scored, name: str) -> dict[str, bytes]:
    """PNG files of one scan: ``<name>.<model>.png`` (overlay) and ``<name>.<model>.map.png`` (bare map).

    The bare map is 8-bit grey, 0..255 over 0..1; both have the scan's own width and height.
    """
    files = {}
    for prediction in row.predictions:
        placed = prediction.map_on(row.scan)
        files[f"{name}.{prediction.model}.png"] = _png(overlay.blend(row.scan.rgb, placed))
        files[f"{name}.{prediction.model}.map.png"] = _png(overlay.to_8_bit(placed))
    return files


def zip_of_overlays(rows: Iterable[Scored]) -> bytes:
    """A zip archive with the files of `heatmap_files` for every scan that was scored."""
    buffer, names = io.BytesIO(), UniqueNames()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNG does not deflate further
        for row in rows:
            if row.scan is not None:
                for name, data in heatmap_files(row, names.of(row.scan.name)).items():
                    archive.writestr(name, data)
    return buffer.getvalue()


def _png(pixels: np.ndarray) -> bytes:
    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    return cv2.imencode(".png", bgr, [cv2.IMWRITE_PNG_COMPRESSION, PNG_EFFORT])[1].tobytes()
