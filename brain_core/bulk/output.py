"""Where the rows go: one partition of a Parquet data set a scoring, one file a shard, each file written whole.

OUT/scoring=<fingerprint>/part-<hash>.parquet     the rows
OUT/_scorings/<fingerprint>.json                  what the fingerprint stands for
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
from filelock import FileLock, Timeout

from brain_core.bulk.items import Item, Seen
from brain_core.bulk.place import Place
from brain_core.bulk.schema import SCHEMA
from brain_core.bulk.scoring import ModelInUse, description, fingerprint
from brain_core.errors import ConfigError, ResultsError
from brain_core.logs import printable

PART, SUFFIX = "part-", ".parquet"
KEY = ["source", "path"]
LENGTH = 24  # hexadecimal digits of a part's name


@dataclass(frozen=True)
class Partition:
    """The rows of one scoring; it may be sent to other machines.

    Attributes:
        out: the folder of all scorings.
    """

    out: Place
    scoring: str

    @staticmethod
    def of(out: str, models: Sequence[ModelInUse]) -> Partition:
        """The partition of these models, with what it stands for written beside it.

        Raises:
            ConfigError: a file is there, or the path is one that readers of Parquet cannot open.
        """
        place, name = Place.of(out), fingerprint(models)
        if (told := printable(place.address)) != place.address:
            raise ConfigError(f"--out: expected a path in UTF-8. Received: {told}.")
        if place.system.isfile(place.path):
            raise ConfigError(f"{out}: expected a folder; it is a file.")
        described = place.child(f"_scorings/{name}.json")
        if not described.system.exists(described.path):
            described.write(description(models))
        return Partition(place, name)

    @property
    def folder(self) -> Place:
        return self.out.child(f"scoring={self.scoring}")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else on this machine adds to the partition meanwhile; what killed writers left in it is removed.

        Raises:
            ConfigError: somebody does.
        """
        if self.out.local is None:  # an object store knows no locks
            self.folder.remove_leftovers()
            yield
            return
        lock = FileLock(self.out.local / f".scoring={self.scoring}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise ConfigError(f"{self.folder.address}: another run writes there; wait for its end.") from error
        try:
            self.folder.remove_leftovers()
            yield
        finally:
            lock.release()

    def write(self, items: Sequence[Item], rows: list[dict]) -> str:
        """Have the rows of these items in a file of its own, whose name follows from the items.

        Whoever scores the same items again replaces the file.

        Returns:
            its name.
        """
        names = "\n".join(item.identity for item in items)
        name = PART + hashlib.sha256(names.encode()).hexdigest()[:LENGTH] + SUFFIX
        self.folder.child(name).write(_encoded(pa.Table.from_pylist(rows, SCHEMA)))
        return name

    def seen(self) -> tuple[Seen, int]:
        """The items with rows, and how many rows have an error.

        Raises:
            ResultsError: a file in the partition is damaged.
        """
        found, errors = Seen(), 0
        for part in self._parts():
            with _naming(part):
                for batch in part.to_batches(columns=[*KEY, "error"]):
                    errors += len(batch) - batch.column("error").null_count
                    for source, path in set(zip(*(batch.column(n).to_pylist() for n in KEY), strict=True)):
                        found.add(Item(source, path))
        return found, errors

    def drop_errors(self, listed: Seen) -> int:
        """Take out all rows of the files that have an error in any of their slices, so that they are scored again.

        Args:
            listed: what will be scored again; rows of other files stay.

        Returns:
            how many files.

        Raises:
            ResultsError: a file in the partition is damaged.
        """
        dropped = 0
        for part in self._parts():
            with _naming(part):
                if not part.count_rows(filter=~pa.dataset.field("error").is_null()):
                    continue
                table = part.to_table(schema=SCHEMA)
            keys = list(zip(*(table.column(n).to_pylist() for n in KEY), strict=True))
            wrong = {
                key for key, error in zip(keys, table.column("error").to_pylist(), strict=True) if error is not None
            }
            bad = {key for key in wrong if Item(*key) in listed}
            if not bad:
                continue
            kept = table.filter(pa.array([key not in bad for key in keys], pa.bool_()))
            place = self.folder.child(part.path.rsplit("/", 1)[-1])
            if len(kept):
                place.write(_encoded(kept))
            else:
                place.system.rm_file(place.path)
            dropped += len(bad)
        return dropped

    def _parts(self) -> list:
        folder = self.folder
        if not folder.system.isdir(folder.path):
            return []
        system = None if folder.local else folder.system
        return sorted(
            pa.dataset.dataset(folder.path, SCHEMA, "parquet", filesystem=system).get_fragments(), key=lambda e: e.path
        )


@contextmanager
def _naming(part) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise ResultsError(
            f"{part.path}: expected Parquet as this program writes it. Remove the file, and its scans are scored again."
        ) from error


def _encoded(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
