"""A value that is made when it is first asked for, once, whatever threads ask."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Holds the value of ``make``; where that raises, the next one who asks tries again."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._made: tuple[T] | None = None

    def get(self, make: Callable[[], T]) -> T:
        with self._lock:
            if self._made is None:
                self._made = (make(),)
            return self._made[0]
