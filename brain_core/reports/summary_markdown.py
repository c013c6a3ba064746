"""The summary as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable

from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.models import MODELS
from brain_core.reports.estimates import FIGURES, RULE, cell, has_no_width
from brain_core.reports.stored import PART_TITLES

NOT_STORED = "not stored"
ABOUT_PARTS = {
    "test": "Chose nothing; at the operating point in service.",
    "validation": "Chose the threshold, so these figures flatter.",
}
COUNTS = (("n", "n"), ("distinct groups", "groups"), ("with a tumour", "positives"))
NO_WIDTH = (
    "An interval without width is no sign of certainty: all its scans show the same, so that no draw of them can differ"
)
CAVEATS = """Research and education only: it assists a reader and never replaces one. Internal testing on one public
collection without patient identifiers; who set its reference standard, and how, is unknown.
"""


def markdown(summary: dict) -> str:
    """The document; what could not be had says why."""
    return "\n".join(
        [
            "# Results\n",
            f"Written by `{summary['command']}`. Intervals: {summary['intervals']}.\n",
            CAVEATS,
            _models(summary["models"]),
            *(_part(summary["models"], part) for part in ("test", "validation")),
            _cross_validation(summary["cross_validation"]),
        ]
    )


def _models(models: dict[str, dict]) -> str:
    rows = []
    for model in models.values():
        if "reason" in model:
            rows.append([model["title"], model["reason"], "", "", ""])
            continue
        point, parameters = model["operating_point"], model.get("parameters")
        rows.append(
            [
                model["title"],
                f"`{model['version']}`",
                NOT_STORED if parameters is None else f"{parameters:,}",
                f"{point['threshold']:.3f} ({point['rule']}, {point['fitted_on']})",
                f"`{model['sha256'][:12]}`",
            ]
        )
    return "## Models in service\n\n" + _table(["", "version", "parameters", "operating point", "SHA-256"], rows)


def _part(models: dict[str, dict], which: str) -> str:
    columns = {model["title"]: model.get(which, model) for model in models.values()}
    return f"## {PART_TITLES[which].capitalize()}\n\n{ABOUT_PARTS[which]}\n\n{_figures(columns)}"


def _cross_validation(found: dict) -> str:
    if "reason" in found:
        return f"## Cross-validation\n\n{found['reason']}.\n"
    plan = found.get("protocol", {})
    columns = {_title(name): row["at"].get(RULE, {"reason": NOT_STORED}) for name, row in found["rows"].items()}
    gains = [
        [_title(name), Estimate(**row["optimised_against_default"][RULE]).text(signed=True)]
        for name, row in found["rows"].items()
        if RULE in row.get("optimised_against_default", {})
    ]
    return f"""## Cross-validation and shortcut baselines

{plan.get("repeats", "?")} times {plan.get("folds", "?")} folds by near-duplicate group, one scan a group; each figure
is the mean over the repeats, at the threshold of best balanced accuracy of the fold's own validation scans.
{_fewer(plan)}
{_figures(columns)}
### Optimised threshold against 0.5

{_table(["", "change in balanced accuracy"], gains)}"""


def _fewer(plan: dict) -> str:
    """Which rows have fewer repeats."""
    told = ", ".join(f"{_title(name)} {count}" for name, count in plan.get("repeats_of", {}).items())
    return f"Repeats where there are fewer: {told}.\n" if told else ""


def _title(name: str) -> str:
    return MODELS[name].title if name in MODELS else name


def _figures(columns: dict[str, dict]) -> str:
    """A row a figure, a column a model or baseline; below, why another has none or those of an earlier day."""
    why = {title: column["reason"] for title, column in columns.items() if "reason" in column}
    why |= {
        title: f"as stored; {column['predictions']}" for title, column in columns.items() if "predictions" in column
    }
    notes = "".join(f"\n{title}: {each}.\n" for title, each in why.items())
    found = {title: Metrics.from_json(column) for title, column in columns.items() if "reason" not in column}
    if not found:
        return notes.lstrip()
    rows = [
        *([title, *(str(getattr(each, key)) for each in found.values())] for title, key in COUNTS),
        ["threshold", *(f"{each.threshold:.3f}" for each in found.values())],
        *([title, *(cell(each, key) for each in found.values())] for title, key in FIGURES),
    ]
    return _table(["", *found], rows) + _about_no_width(columns, found) + notes


def _about_no_width(columns: dict[str, dict], found: dict[str, Metrics]) -> str:
    """A sentence where the table holds such an interval, with Wilson's of the proportions whose scans are stored."""
    if not any(has_no_width(each.shown(key)) for each in found.values() for _, key in FIGURES):
        return ""
    titles = {key: title for title, key in FIGURES}
    limits = [
        ", ".join([model, *(f"{titles[key]} {each['low']:.3f} to {each['high']:.3f}" for key, each in wilson.items())])
        for model, column in columns.items()
        if (wilson := column.get("wilson"))
    ]
    more = f"; Wilson's, for the scans that the groups are worth: {'; '.join(limits)}" if limits else ""
    return f"\n{NO_WIDTH}{more}.\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
