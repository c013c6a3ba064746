"""``study``: DICOM and NIfTI series, slice by slice and in summary."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from brain_core.cli.options import add_model, load_detectors
from brain_core.cli.progress import Counter
from brain_core.cli.recording import Recorder, add_record
from brain_core.errors import ConfigError, ScanError
from brain_core.files import replacing
from brain_core.scans.collect import collect
from brain_core.scans.deidentify import BURNED_IN
from brain_core.scans.series import Collection, Series, Study
from brain_core.scans.source_file import SourceFile
from brain_core.store.records import Source

if TYPE_CHECKING:
    from brain_core.study.result import SeriesResult

_log = logging.getLogger("brain_core")


def add(commands) -> None:
    parser = commands.add_parser(
        "study",
        help="score series: DICOM, NIfTI",
        description="Score the series in files, folders and zips of DICOM and NIfTI, slice by slice and in summary.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path)
    add_model(parser)
    parser.add_argument("--list", action="store_true", help="say which series there are, and score none")
    parser.add_argument(
        "--series", type=int, nargs="+", metavar="N", help="as --list counts them; default: all that were acquired"
    )
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table", help="default: %(default)s")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="write PDF, CSV, JSON and DICOM objects here")
    parser.add_argument(
        "--identity", action="store_true", help="have the reports name the patient; default: a pseudonym, de-identified"
    )
    add_record(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if options.reports and options.reports.exists() and not options.reports.is_dir():
        raise ConfigError(f"{options.reports}: expected a folder; it is a file.")
    collection = collect([SourceFile.of_path(path) for path in _files(options.paths)], Counter("files"))
    for refused in collection.refused:
        _log.error("error: %s: %s", refused.name, refused.reason)
    listed = [(study, series) for study in collection.studies for series in study.series]
    if options.list or not listed:
        sys.stdout.write(_list(listed))
        return int(bool(collection.refused) or not listed)
    chosen = _chosen(options, collection, listed)
    detectors, failed = load_detectors(options.model)
    results = []
    with Recorder(Source.COMMAND, detectors) if options.record else nullcontext() as recorder:
        for study, series in chosen:
            results.append((study, _score(series, detectors)))
            if recorder:
                recorder.series(results[-1][1])
    sys.stdout.write(_shown(results, options.format))
    if options.reports:
        failed |= not _write(results, options.reports, options.identity)
    return int(failed or bool(collection.refused) or any(result.errors for _, result in results))


def _files(paths: list[Path]) -> Iterator[Path]:
    """Files as they are named, and all below a folder in sorted order.

    Raises:
        ConfigError: a path leads nowhere.
    """
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        elif path.is_file():
            yield path
        else:
            raise ConfigError(f"{path}: no such file or folder.")


def _chosen(
    options: argparse.Namespace, collection: Collection, listed: list[tuple[Study, Series]]
) -> list[tuple[Study, Series]]:
    from brain_core.study.choice import image_series

    if options.series is None:
        chosen = [(study, series) for study in collection.studies for series in image_series(study)]
        if not chosen:
            raise ScanError("Localisers and derived series only: name with --series what to score (see --list).")
        return chosen
    wrong = [number for number in options.series if not 1 <= number <= len(listed)]
    if wrong:
        raise ConfigError(f"--series: expected 1 to {len(listed)}, as --list counts them. Received: {wrong[0]}.")
    return [listed[number - 1] for number in options.series]


def _score(series: Series, detectors: list) -> SeriesResult:
    from brain_core.study.assess import score

    return score(series, detectors, Counter("slices"))


def _list(listed: list[tuple[Study, Series]]) -> str:
    lines = [
        f"{number:3}  {study.pseudonym}  {_about(series)}  {series.description!r}"
        for number, (study, series) in enumerate(listed, 1)
    ]
    return "\n".join(lines or ["No series."]) + "\n"


def _about(series: Series) -> str:
    return f"{len(series)} slices, {series.plane or 'plane unknown'}, {series.role}, {series.source}"


def _shown(results: list[tuple[Study, SeriesResult]], form: str) -> str:
    from brain_core.reports import study_records

    if form == "csv":
        return study_records.to_csv([result for _, result in results], messages=True)
    if form == "json":
        made = datetime.now().astimezone()
        return study_records.to_json([(study.pseudonym, result) for study, result in results], made=made)
    return "\n".join(_table(study, result) for study, result in results)


def _table(study: Study, result: SeriesResult) -> str:
    lines = [f"{study.pseudonym}  {_about(result.series)}"]
    for summary in result.summaries:
        value = "-" if summary.value is None else f"{summary.value:.4f}"
        lines.append(f"  {summary.model:10}  {value:>6}  {summary.label or 'no answer':9}  {summary.method}")
    lines.append(f"  {len(result.flagged)} slices flat or unlike the training data, {len(result.errors)} unreadable")
    return "\n".join(lines) + "\n"


def _write(results: list[tuple[Study, SeriesResult]], folder: Path, identity: bool) -> bool:
    """Reports of every series and DICOM objects of DICOM series; whether all were made."""
    from brain_core.study.documents import documents

    made = documents(results, made=datetime.now().astimezone(), identity=identity)
    for name, data in made.files.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(data)
    for stem, reason in made.unanswered.items():
        _log.error("error: %s: no DICOM objects. %s", stem, reason)
    _log.info("Reports in %s. %s", folder, BURNED_IN)
    return not made.unanswered
