"""Where the files to score are named: a folder, or a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from brain_core.bulk.items import Item
from brain_core.bulk.place import Place
from brain_core.bulk.reading import source_file
from brain_core.errors import ConfigError
from brain_core.scans.single_file import is_scan

COLUMN = "path"
MANIFESTS = (".csv", ".parquet")


def items(source: str) -> Iterator[Item]:
    """The files that a source names, as they are asked for.

    Args:
        source: a folder, of which all pictures, DICOM and NIfTI files below it count, folder by folder in sorted order;
            or a manifest, ``.csv`` or ``.parquet`` with a column ``path``, relative to the manifest's folder. Either on
            a disk or behind a URL.

    Raises:
        ConfigError: it is neither; at once. A manifest without the column or a damaged one; when it is read.
    """
    place = Place.of(source)
    try:
        if place.system.isfile(place.path) and place.name.lower().endswith(MANIFESTS):
            return _of_manifest(place)
        if place.system.isdir(place.path):
            return (Item(place.address, path) for path in _below(place, ""))
    except OSError as error:
        raise ConfigError(f"{source}: cannot be opened ({error.strerror or error}).") from error
    raise ConfigError(f"{source}: expected a folder, or a manifest ({', '.join(MANIFESTS)}), that is there.")


def _below(folder: Place, prefix: str) -> Iterator[str]:
    try:
        folders, files = folder.entries()
    except OSError as error:
        raise ConfigError(f"{folder.address}: cannot be listed ({error.strerror or error}).") from error
    inside = set(folders)
    for name in sorted([*folders, *files]):
        below = folder.child(name)
        if name in inside:
            yield from _below(below, f"{prefix}{name}/")
        elif is_scan(name, partial(source_file, below)):
            yield prefix + name


def _of_manifest(place: Place) -> Iterator[Item]:
    folder = place.parent.address
    read = _csv if place.name.lower().endswith(".csv") else _parquet
    try:
        with place.system.open(place.path, "rb") as file:
            for batch in read(file, place):
                yield from (Item(folder, path or "") for path in batch.column(COLUMN).cast(pa.string()).to_pylist())
    except (OSError, pa.ArrowException) as error:
        raise ConfigError(f"{place.name}: the manifest cannot be read ({error}).") from error


def _csv(file, place: Place) -> Iterator[pa.RecordBatch]:
    options = pyarrow.csv.ConvertOptions(include_columns=[COLUMN], column_types={COLUMN: pa.string()})
    try:
        reader = pyarrow.csv.open_csv(file, convert_options=options)
    except KeyError:  # no such column; opened again for the names of those that there are, since a thread still reads
        with place.system.open(place.path, "rb") as again, pyarrow.csv.open_csv(again) as found:
            raise _no_path(found.schema, place) from None
    with reader:
        yield from reader


def _parquet(file, place: Place) -> Iterator[pa.RecordBatch]:
    reader = pyarrow.parquet.ParquetFile(file)
    if COLUMN not in reader.schema_arrow.names:
        raise _no_path(reader.schema_arrow, place)
    yield from reader.iter_batches(columns=[COLUMN])


def _no_path(schema: pa.Schema, place: Place) -> ConfigError:
    try:
        names = ", ".join(schema.names)
    except UnicodeDecodeError:
        names = "names that are not UTF-8"
    return ConfigError(f"{place.name}: expected a column '{COLUMN}'. Received: {names}.")
