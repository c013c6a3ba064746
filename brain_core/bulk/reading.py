"""From a file to be scored to its slices, wherever it lies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

from brain_core import logs
from brain_core.bulk.items import Item
from brain_core.bulk.place import Place
from brain_core.errors import BrainError, ConfigError, ScanError
from brain_core.scans import Scan, SourceFile, base_name, read_bytes, read_file
from brain_core.scans.picture import content
from brain_core.scans.single_file import FileSlice, is_picture, slices

_log = logging.getLogger("brain_core")


def source_file(place: Place) -> SourceFile:
    """The file there, unopened.

    Raises:
        OSError: there is none.
    """
    if place.local:
        return SourceFile.of_path(place.local)
    size = int(place.system.info(place.path)["size"] or 0)
    return SourceFile(place.name, size, partial(place.system.open, place.path, "rb"))


def slices_of(item: Item) -> Iterator[FileSlice]:
    """At least one slice; of a file that cannot be read, one that fails with a `ScanError` when it is read."""
    name = base_name(item.path)
    try:
        found = [FileSlice(partial(_guarded, each.read, name), each.number) for each in _guarded(_list(item), name)]
    except ScanError as error:
        found = [FileSlice(partial(_fail, error))]
    yield from found or [FileSlice(partial(_fail, ScanError(f"{name}: holds no slices.")))]


def _list(item: Item) -> Callable[[], list[FileSlice]]:
    if not item.path:
        return partial(_fail, ScanError("the manifest names no path in this row."))
    place = item.place
    try:
        _ = place.system
    except ConfigError as error:
        return partial(_fail, ScanError(str(error)))
    if is_picture(item.path) or (place.local and not place.local.is_file()):
        return lambda: [FileSlice(partial(_picture, place))]
    return lambda: list(slices(_at_hand(place)))


def _picture(place: Place) -> Scan:
    return read_file(place.local) if place.local else read_bytes(content(source_file(place)), place.name)


def _at_hand(place: Place) -> SourceFile:
    """A file whose parts may be read in any order and many times: one from elsewhere is fetched first."""
    if place.local:
        return SourceFile.of_path(place.local)
    data = content(source_file(place))
    return SourceFile.of_bytes(data, place.name)


def _guarded(read: Callable, name: str):
    """What ``read`` returns; whatever a storage or a decoder raises stays this one file's error."""
    try:
        return read()
    except BrainError:
        raise
    except OSError as error:
        raise ScanError(f"{name}: cannot be opened ({error.strerror or type(error).__name__}).") from error
    except Exception as error:  # storage drivers and decoders raise what they like
        _log.debug("%s: %s", type(error).__name__, logs.places(error))
        raise ScanError(f"{name}: cannot be read ({type(error).__name__}).") from error


def _fail(error: ScanError):
    raise error
