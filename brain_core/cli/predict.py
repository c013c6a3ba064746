"""``predict``: score pictures and folders."""

from __future__ import annotations

import argparse
import csv
import io
import json
import logging
import sys
from contextlib import nullcontext
from pathlib import Path

from brain_core.cli.options import add_model, load_detectors
from brain_core.cli.predict_inputs import inputs
from brain_core.cli.progress import Counter
from brain_core.cli.recording import Recorder, add_record
from brain_core.errors import ConfigError
from brain_core.files import replacing
from brain_core.logs import printable
from brain_core.reports.study_records import harmless
from brain_core.store.records import Source

_log = logging.getLogger("brain_core")
COLUMNS = (
    "path",
    "slice",
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
    parser = commands.add_parser(
        "predict",
        help="score scans",
        description="Score pictures and the slices of DICOM and NIfTI files, or all below a folder, each by itself. "
        "See 'study' for series as a whole.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
    add_model(parser)
    parser.add_argument("--threshold", type=float, metavar="T", help="in place of each model's operating point, 0 to 1")
    parser.add_argument("--heatmaps", type=Path, metavar="DIR", help="write overlay and bare map of every scan here")
    parser.add_argument("--format", choices=tuple(FORMATS), default="table", help="default: %(default)s")
    parser.add_argument("--output", type=Path, metavar="FILE", help="in place of standard output")
    add_record(parser)
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
    found = inputs(options.paths)
    show, names, records = Counter("scans"), batch.UniqueNames(), []
    scored = batch.score([(str(each.path), each.read) for each in found], detectors, threshold=options.threshold)
    with Recorder(Source.COMMAND, detectors) if options.record else nullcontext() as recorder:
        for done, (each, row) in enumerate(zip(found, scored, strict=True), 1):
            written = _write_heatmaps(row, options.heatmaps, names) if options.heatmaps and row.scan else {}
            records += [_numbered(record, each.number) for record in batch.to_records(row, written)]
            failed |= row.error is not None
            if recorder:
                recorder.scan(row)
            show(done, len(found))
    _write(FORMATS[options.format](records), options.output)
    return int(failed)


def _check_folder(folder: Path | None) -> None:
    if folder is not None and folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: expected a folder; it is a file.")


def _numbered(record: dict, number: int | None) -> dict:
    """With the slice's number behind the path, where the file holds several."""
    return record if number is None else {"path": record["path"], "slice": number, **record}


def _write_heatmaps(row, folder: Path, names) -> dict[str, str]:
    from brain_core.batch import heatmap_files

    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for file_name, data in heatmap_files(row, names.of(printable(row.scan.name))).items():
        with replacing(folder / file_name) as temporary:
            temporary.write_bytes(data)
        if not file_name.endswith(".map.png"):
            written[file_name.split(".")[-2]] = printable(str(folder / file_name))
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
    columns = [name for name in COLUMNS if name != "slice" or any("slice" in record for record in records)]
    writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
    writer.writeheader()
    for record in records:
        texts = {name: harmless(record[name]) for name in ("path", "error", "heatmap") if record.get(name)}
        writer.writerow({**record, "flags": " ".join(record.get("flags", ())), **texts})
    return buffer.getvalue()


def _table(records: list[dict]) -> str:
    width = max((len(_place(record)) for record in records), default=4)
    lines = [f"{'path':{width}}  {'model':10}  probability  threshold  label"]
    for record in records:
        if "error" in record:
            lines.append(f"{_place(record):{width}}  error: {record['error']}")
        else:
            flags = f"  [{', '.join(record['flags'])}]" if record["flags"] else ""
            lines.append(
                f"{_place(record):{width}}  {record['model']:10}  {record['probability']:11.4f}  "
                f"{record['threshold']:9.3f}  {record['label']}{flags}"
            )
    return "\n".join(lines) + "\n"


def _place(record: dict) -> str:
    return record["path"] + (f" slice {record['slice']}" if "slice" in record else "")


FORMATS = {"table": _table, "json": _json, "csv": _csv}
