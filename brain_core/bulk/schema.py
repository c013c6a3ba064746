"""The rows of a result: one a slice and model, or one a slice that has an error."""

from __future__ import annotations

import pyarrow as pa

from brain_core.batch import Scored, to_records
from brain_core.bulk.items import Item
from brain_core.logs import printable

SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),  # the folder that path is relative to
        pa.field("path", pa.string(), nullable=False),  # as the source names it; bytes that are no UTF-8 as \udc..
        pa.field("slice", pa.int32()),  # from 1, where the file holds several
        pa.field("model", pa.string()),  # this and all up to seconds are null where there is an error
        pa.field("version", pa.string()),
        pa.field("probability", pa.float64()),  # of a tumour, 0 to 1
        pa.field("threshold", pa.float64()),
        pa.field("label", pa.string()),
        pa.field("heatmap", pa.string()),  # of the shape that all records share; no overlays are written here
        pa.field("flags", pa.list_(pa.string())),
        pa.field("seconds", pa.float64()),
        pa.field("sha256", pa.string()),  # of the file's bytes; of a slice of several, with its number
        pa.field("error", pa.string()),
        pa.field("error_kind", pa.string()),
    ]
)


def rows(item: Item, number: int | None, scored: Scored) -> list[dict]:
    """The rows of one slice.

    Args:
        number: of the slice, None where the file holds one.
    """
    own = {
        "source": printable(item.source),
        "path": printable(item.path),
        "slice": number,
        "sha256": scored.scan and scored.scan.sha256,
        "error_kind": scored.error_kind if scored.error is not None else None,
    }
    return [record | own for record in to_records(scored)]
