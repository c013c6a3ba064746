"""``predict``: score pictures and folders."""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from brain_core.cli.options import add_model, load_detectors
from brain_core.cli.progress import Counter
from brain_core.errors import ConfigError
from brain_core.files import replacing
from brain_core.scans import SUFFIXES, read_file

_log = logging.getLogger("brain_core")
COLUMNS = (
    "path",
    "model",
    "version",
    "probability",
    "threshold",
    "label",
    "heatmap",
    "flags",
    "seconds",
    "error",
)


def add(commands) -> None:
    parser = commands.add_parser("predict", help="score scans", description="Score pictures, or all below a folder.")
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
    add_model(parser)
    parser.add_argument("--threshold", type=float, metavar="T", help="in place of each model's operating point, 0 to 1")
    parser.add_argument("--heatmaps", type=Path, metavar="DIR", help="write overlay and bare map of every scan here")
    parser.add_argument("--format", choices=tuple(FORMATS), default="table", help="default: %(default)s")
    parser.add_argument("--output", type=Path, metavar="FILE", help="in place of standard output")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.threshold is not None and not 0 <= options.threshold <= 1:
        raise ConfigError(f"--threshold: expected 0 to 1. Received: {options.threshold}.")
    for target in (options.heatmaps, options.output and options.output.parent):
        _check_folder(target)
    from brain_core import batch  # loads TensorFlow

    detectors, failed = load_detectors(options.model)
    for detector in detectors:
        point = detector.operating_point(options.threshold)
        _log.info("%s: threshold %.3f (%s)", detector.card.name, point.threshold, point.source)
    paths = list(_expand(options.paths))
    show, names, records = Counter("scans"), batch.UniqueNames(), []
    sources = [(str(path), partial(read_file, path)) for path in paths]
    for done, row in enumerate(batch.score(sources, detectors, threshold=options.threshold), 1):
        written = _write_heatmaps(row, options.heatmaps, names) if options.heatmaps and row.scan else {}
        records += batch.to_records(row, written)
        failed |= row.error is not None
        show(done, len(paths))
    _write(FORMATS[options.format](records), options.output)
    return int(failed)


def _check_folder(folder: Path | None) -> None:
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: expected a folder; it is a file.")


def _expand(paths: list[Path]) -> Iterator[Path]:
    """Files as they are named; of a folder, all pictures below it in sorted order. What is missing fails when read."""
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            yield from found or [path]
        else:
            yield path


def _write_heatmaps(row, folder: Path, names) -> dict[str, str]:
    from brain_core.batch import heatmap_files

    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for file_name, data in heatmap_files(row, names.of(row.scan.name)).items():
        with replacing(folder / file_name) as temporary:
            temporary.write_bytes(data)
        if not file_name.endswith(".map.png"):
            written[file_name.split(".")[-2]] = str(folder / file_name)
    return written


def _write(text: str, output: Path | None) -> None:
    if output is None:
        sys.stdout.write(text)
        return
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _json(records: list[dict]) -> str:
    return json.dumps(records, indent=1, ensure_ascii=False) + "\n"


def _csv(records: list[dict]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow({**record, "flags": " ".join(record.get("flags", ()))})
    return buffer.getvalue()


def _table(records: list[dict]) -> str:
    width = max((len(record["path"]) for record in records), default=4)
    lines = [f"{'path':{width}}  {'model':10}  probability  threshold  label"]
    for record in records:
        if "error" in record:
            lines.append(f"{record['path']:{width}}  error: {record['error']}")
        else:
            flags = f"  [{', '.join(record['flags'])}]" if record["flags"] else ""
            lines.append(
                f"{record['path']:{width}}  {record['model']:10}  {record['probability']:11.4f}  "
                f"{record['threshold']:9.3f}  {record['label']}{flags}"
            )
    return "\n".join(lines) + "\n"


FORMATS = {"table": _table, "json": _json, "csv": _csv}
