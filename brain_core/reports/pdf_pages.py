"""What stands on the pages of a PDF report, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from reportlab.platypus import Flowable, KeepTogether, Spacer

from brain_core.errors import ScanError
from brain_core.inference import FLAG_DESCRIPTIONS
from brain_core.models import MODELS
from brain_core.palette import LABEL_SHAPES, LABEL_WORDS
from brain_core.reports import pdf_chart, pdf_pictures, ranking
from brain_core.reports.pdf_layout import NOTICE, NOTICE_EDGE, RULE, WIDTH, boxed, build, grid, paragraph, stated
from brain_core.reports.wording import DISCLAIMER, EMPTY, HEATMAP, INTENDED_USE, SOFTWARE
from brain_core.scans.deidentify import BURNED_IN

if TYPE_CHECKING:
    from brain_core.inference import Prediction
    from brain_core.operating_points import OperatingPoint
    from brain_core.reports.pdf import Heading, Opinion
    from brain_core.scans import Scan
    from brain_core.scans.series import Identity, Series
    from brain_core.study.result import SeriesResult

STRIP = 6  # most suspicious slices shown small
MOST_NOTES = 4
LONGEST_FACT = 100  # characters; DICOM allows 64 in most of them
READ_WORDS = LABEL_WORDS | {"unsure": "Unsure"}
NO_FLAGS = "No quality flag was raised. That does not mean that the picture is fit to be judged."


def scan_pages(scan: Scan, predictions: Sequence[Prediction], heading: Heading, name: str | None) -> bytes:
    """See `pdf.of_scan`."""
    if not predictions:
        raise ScanError(EMPTY)
    facts = [("Scan", scan.key), ("Format", f"{scan.source}, {scan.width} × {scan.height} pixels")]
    facts[:0] = [("File", name)] if name else []
    title = "Brain MRI scan: what two models say" if len(predictions) > 1 else "Brain MRI scan: what one model says"
    story = [
        *_head(title, heading, facts),
        paragraph("Result", "heading"),
        _answers(
            [
                (p.model, p.version, p.probability, p.label if p.assessed else None, p.operating_point)
                for p in predictions
            ]
        ),
        *_opinion(heading.opinion),
        paragraph("Scan and overlays", "heading"),
        _pictures(scan, predictions),
        paragraph(HEATMAP, "quiet"),
        paragraph("Quality", "heading"),
        *_flags(predictions),
        *(paragraph(note) for note in scan.notes[:MOST_NOTES]),
        paragraph(BURNED_IN, "quiet"),
    ]
    return build(story, f"{SOFTWARE} report of a scan", heading.made)


def series_pages(result: SeriesResult, heading: Heading) -> bytes:
    """See `pdf.of_series`."""
    if not result.summaries:
        raise ScanError(EMPTY)
    series = result.series
    story = [
        *_head("Brain MRI series: what the models say", heading, _about(series, heading.identity is not None)),
        paragraph("Result over the series", "heading"),
        _answers([(s.model, s.version, s.value, s.label, s.operating_point) for s in result.summaries]),
        Spacer(0, 4),
        *(paragraph(f"{MODELS[s.model].title}: {s.method}", "quiet") for s in result.summaries),
        Spacer(0, 3),
        paragraph(result.caveat, "bold"),
        *_opinion(heading.opinion),
        paragraph("Quality", "heading"),
        *_quality(result),
        paragraph(BURNED_IN, "quiet"),
        *_most_suspicious(result),
        KeepTogether([paragraph("Along the series", "heading"), pdf_chart.along_slices(result)]),
        *_strip(result),
    ]
    return build(story, f"{SOFTWARE} report of a series", heading.made)


def _head(title: str, heading: Heading, facts: list[tuple[str, str]]) -> list[Flowable]:
    """Title, disclaimer and intended use, whose scan it is, when the report was made."""
    who = _patient(heading.identity) if heading.identity else [("Patient", heading.pseudonym or "not named")]
    pairs = [*who, *facts, ("Report made", stated(heading.made))]
    half = -(-len(pairs) // 2)
    rows = [
        [cell for key, value in line for cell in (paragraph(key, "quiet"), paragraph(value, longest=LONGEST_FACT))]
        for line in zip_longest(pairs[:half], pairs[half:], fillvalue=("", ""))
    ]
    widths = [WIDTH * share for share in (0.14, 0.36, 0.14, 0.36)]
    return [
        paragraph(f"{SOFTWARE}", "quiet"),
        paragraph(title, "title"),
        Spacer(0, 5),
        boxed([paragraph(DISCLAIMER, "notice"), paragraph(INTENDED_USE)], NOTICE, NOTICE_EDGE),
        Spacer(0, 6),
        grid(rows, widths, ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)),
    ]


def _patient(identity: Identity) -> list[tuple[str, str]]:
    pairs = [
        ("Name", identity.name.replace("^", " ").replace("=", " / ")),
        ("Patient ID", identity.patient_id),
        ("Born", _day(identity.birth_date)),
        ("Sex", identity.sex),
        ("Study", identity.study_description),
        ("Study date", _day(identity.study_date)),
        ("Accession", identity.accession_number),
    ]
    return [(key, value or "not stated") for key, value in pairs]


def _day(value: str) -> str:
    """A DICOM date as 1970-01-31; anything else as it is."""
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdecimal() else value


def _about(series: Series, described: bool) -> list[tuple[str, str]]:
    number = f"Series {series.number}" if series.number is not None else "Series"
    words = [number, series.plane, series.modality, f"{len(series)} slices" if len(series) != 1 else "1 slice"]
    words += [f"{series.gap:g} mm apart"] if series.gap else []
    facts = [("Series", ", ".join(word for word in words if word))]
    return [("Description", series.description or "none"), *facts] if described else facts


def _answers(answers: list[tuple[str, str, float | None, str | None, OperatingPoint]]) -> Flowable:
    """A row a model: who it is, what it says, where its operating point is and where that comes from."""
    names = ("Model", "Probability of a tumour", "", "Operating point")
    rows: list[list] = [[paragraph(each, "quiet") for each in names]]
    for model, version, value, label, point in answers:
        said = f"{LABEL_SHAPES[label]} {LABEL_WORDS[label]}" if label else "Not assessed"
        rows.append(
            [
                [paragraph(MODELS[model].title, "bold"), paragraph(f"version {version}", "quiet")],
                [paragraph("–" if value is None else f"{value:.3f}", "large"), paragraph(said, "bold")],
                pdf_chart.scale(value, point.threshold, label, WIDTH * 0.19),
                [paragraph(f"{point.threshold:.3f}", "bold"), paragraph(point.source, "quiet")],
            ]
        )
    widths = [WIDTH * share for share in (0.24, 0.16, 0.22, 0.38)]
    lines = [("LINEABOVE", (0, each), (-1, each), 0.5, RULE) for each in range(1, len(rows) + 1)]
    spacing = [("SPAN", (1, 0), (2, 0)), ("TOPPADDING", (2, 1), (2, -1), 6), ("BOTTOMPADDING", (0, 1), (-1, -1), 5)]
    return grid(rows, widths, *lines[:-1], ("LINEBELOW", (0, -1), (-1, -1), 0.5, RULE), *spacing)


def _opinion(opinion: Opinion | None) -> list[Flowable]:
    if opinion is None:
        return []
    when = "before the models were shown" if opinion.blind else "after the models had been shown"
    return [
        paragraph("Reader's opinion", "heading"),
        paragraph(f"{READ_WORDS.get(opinion.label, opinion.label)}, recorded {when}."),
    ]


def _pictures(scan: Scan, predictions: Sequence[Prediction]) -> Flowable:
    """The scan and the overlay of each model."""
    pictures = [(scan.rgb, ["Scan as read"])]
    for p in predictions:
        pictures.append((p.overlay_on(scan), [f"{MODELS[p.model].title}, Grad-CAM", _answered(p)]))
    side = pdf_pictures.side_of(max(3, len(pictures)))
    return pdf_pictures.row(pictures, side, pdf_pictures.LARGE, scan.spacing)


def _most_suspicious(result: SeriesResult) -> list[Flowable]:
    for index in ranking.suspicious(result, STRIP):
        if scan := _scan(result, index):
            predictions = [p for p in (column[index] for column in result.predictions.values()) if p is not None]
            title = f"Most suspicious slice: {index + 1} of {len(result.series)}"
            picture = [paragraph(title, "heading"), _pictures(scan, predictions), paragraph(HEATMAP, "quiet")]
            return [KeepTogether(picture)]
    return [paragraph("Most suspicious slice", "heading"), paragraph("No slice was assessed.")]


def _strip(result: SeriesResult) -> list[Flowable]:
    """The most suspicious slices in the order of the series, bare and with the overlay of each model."""
    found = [(index, _scan(result, index)) for index in sorted(ranking.suspicious(result, STRIP))]
    scans = {index: scan for index, scan in found if scan is not None}
    if len(scans) < 2:
        return []
    spacing = next(iter(scans.values())).spacing
    tiles = [[(scan.rgb, [f"Slice {index + 1}"]) for index, scan in scans.items()]]
    titles = ["As read"]
    for model, column in result.predictions.items():
        titles.append(f"{MODELS[model].title}: Grad-CAM, probability of a tumour")
        tiles.append([(column[i].overlay_on(scan), [_said(column[i])]) for i, scan in scans.items()])
    side = pdf_pictures.side_of(STRIP)
    story: list[Flowable] = [paragraph(f"The {len(scans)} most suspicious slices, in the series' order", "heading")]
    for title, line in zip(titles, tiles, strict=True):
        story += [paragraph(title, "quiet"), pdf_pictures.row(line, side, pdf_pictures.SMALL, spacing)]
    return [KeepTogether(story)]


def _answered(prediction: Prediction) -> str:
    return f"{_said(prediction)} {LABEL_WORDS[prediction.label]}" if prediction.assessed else "Not classified"


def _said(prediction: Prediction) -> str:
    return f"{LABEL_SHAPES[prediction.label]} {prediction.probability:.3f}"


def _scan(result: SeriesResult, index: int) -> Scan | None:
    """The slice; None where it cannot be read any more."""
    try:
        return result.series.scan(index)
    except ScanError:
        return None


def _quality(result: SeriesResult) -> list[Flowable]:
    """Counts of slices that did not count, and of every flag in words."""
    n = len(result.series)
    found = [paragraph(ranking.counts(result))]
    flags: Counter[str] = Counter()
    for index in range(n):
        predictions = [column[index] for column in result.predictions.values()]
        flags.update({flag for p in predictions if p is not None for flag in p.flags})
    for flag, count in flags.most_common():
        found.append(paragraph(f"{count} of {n} slices: {FLAG_DESCRIPTIONS.get(flag, flag)}"))
    if not flags:
        found.append(paragraph(NO_FLAGS))
    return [*found, *(paragraph(note) for note in result.series.notes[:MOST_NOTES])]


def _flags(predictions: Sequence[Prediction]) -> list[Flowable]:
    """What is unusual about one scan; what only one model says names it."""
    lines = []
    for flag in dict.fromkeys(flag for p in predictions for flag in p.flags):
        by = [MODELS[p.model].title for p in predictions if flag in p.flags]
        who = "" if len(by) == len(predictions) else f"{' and '.join(by)}: "
        lines.append(f"⚠ {who}{FLAG_DESCRIPTIONS.get(flag, flag)}")
    return [paragraph(line) for line in lines or [NO_FLAGS]]
