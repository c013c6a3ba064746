"""The files to score, and which of them are known already."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from brain_core.bulk.place import SEPARATOR, Place, joined
from brain_core.logs import printable

DIGEST = 16  # bytes of a path's hash: two paths of a million million share one with a chance of 1 to 10^15
FRESH = 1 << 16  # hashes that wait to be sorted in among the others


@dataclass(frozen=True, slots=True)
class Item:
    """A file to score.

    Attributes:
        source: the folder that ``path`` is relative to, a path or a URL.
        path: as the source names it.
    """

    source: str
    path: str

    @property
    def location(self) -> str:
        """Its full path or URL, as the source spells it."""
        if self._is_whole:
            return self.path
        return joined(self.source, self.path)

    @property
    def identity(self) -> str:
        """What it is known by: its location in one spelling, and as rows hold it. A URL is as whoever wrote it did."""
        if self._is_whole:
            found = self.path if SEPARATOR in self.path else os.path.normpath(self.path)
        elif SEPARATOR in self.source:
            found = joined(self.source, posixpath.normpath(self.path))
        else:
            found = os.path.normpath(self.location)
        return printable(found)

    @property
    def place(self) -> Place:
        return Place(self.location)

    @property
    def _is_whole(self) -> bool:
        return os.path.isabs(self.path) or SEPARATOR in self.path


class Seen:
    """A set of items in 16 bytes each."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._sorted = np.empty(0, f"S{DIGEST}")
        self._fresh: set[bytes] = set()
        for item in items:
            self.add(item)

    def add(self, item: Item) -> bool:
        """Whether it was new."""
        key = _key(item)
        if self._holds(key):
            return False
        self._fresh.add(key)
        if len(self._fresh) == FRESH:
            self._sorted = np.sort(np.concatenate([self._sorted, np.array([*self._fresh], self._sorted.dtype)]))
            self._fresh.clear()
        return True

    def __contains__(self, item: Item) -> bool:
        return self._holds(_key(item))

    def __len__(self) -> int:
        return len(self._sorted) + len(self._fresh)

    def _holds(self, key: bytes) -> bool:
        if key in self._fresh:
            return True
        index = np.searchsorted(self._sorted, np.array(key, self._sorted.dtype))
        return bool(index < len(self._sorted) and self._sorted[index] == key)


def _key(item: Item) -> bytes:
    digest = hashlib.blake2b(item.identity.encode(), digest_size=DIGEST).digest()
    return digest.rstrip(b"\0")  # as numpy compares


@dataclass
class Work:
    """What is still to be scored, shard by shard, as it is asked for.

    Attributes:
        seen: what is scored already.
        skipped: files that were, or that the source names twice, so far.
    """

    items: Iterable[Item]
    seen: Seen
    size: int
    skipped: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[tuple[Item, ...]]:
        shard: list[Item] = []
        for item in self.items:
            if not self.seen.add(item):
                self.skipped += 1
                continue
            shard.append(item)
            if len(shard) == self.size:
                yield tuple(shard)
                shard = []
        if shard:
            yield tuple(shard)
