"""Model cards (Mitchell et al. 2019, arXiv:1810.03993) in Markdown; every number comes from stored results."""

from __future__ import annotations

from brain_core.evaluation.stored_results import differences
from brain_core.intervals import Estimate
from brain_core.metrics import Metrics
from brain_core.registry import ModelCard
from brain_core.reports import gate_section
from brain_core.reports.estimates import FIGURES, RULE, cell
from brain_core.reports.subgroups import as_they_are, subgroup_rows, worst
from brain_core.thresholds import DEFAULT, DEFAULT_RULE

USES = """## Intended use

Research and education: a second look at single axial, coronal or sagittal brain MRI slices, with a heatmap that shows
which regions spoke for a tumour. It assists a reader and never replaces one.

**Not for** diagnosis, triage or any decision about a patient; pictures other than brain MRI slices; children,
post-operative scans or other lesions (bleeding, infarct, multiple sclerosis, metastases in particular), of which the
training data say nothing.
"""
AT_DEFAULT = (
    (f"accuracy at {DEFAULT}", "accuracy"),
    (f"sensitivity at {DEFAULT}", "recall"),
    (f"specificity at {DEFAULT}", "specificity"),
)
BRIEFS_DATA = "51e5ab2868ea879905512839fd807bba6b1f206af429afea2b930710dd7f19ae"  # fingerprint of the brief's data set
OF_THE_BRIEFS_DATA = "A public collection of pictures from the web. It has"
OF_OTHER_DATA = "As far as this program knows, it has"
LIMITS = """{} **no patient identifiers**, so that slices of one
patient may lie in different parts; copies and near-copies are kept together, but re-cropped ones are found in part
only. **Who set the reference standard, and how, is unknown**; so are scanners, sequences, ages and hospitals. Picture
size and file format may go with the class: the shortcut baselines below show how much they give away.
"""


def model_card(
    card: ModelCard, cross_validation: dict | None, localisation: dict | None, input_gate: dict | None = None
) -> str:
    """The card of a model in service; a section whose results are not stored says so."""
    parts = [
        f"# {card.title}: model card\n",
        f"Version `{card.version}`, SHA-256 `{card.sha256}`. Written by `python -m brain_core models cards`.\n",
        USES,
        _model(card.metadata),
        _data(card.metadata),
        _cross_validated(card, cross_validation),
        _locked_test(card.metadata),
        _calibration(card.metadata),
        _subgroups(card.name, cross_validation),
        _robustness(card.name, cross_validation),
        _localisation(card, localisation),
        gate_section.section(card, input_gate),
        _failures(card.name, cross_validation),
    ]
    return "\n".join(parts)


def _model(data: dict) -> str:
    training, spec = data["training"], data["preprocessing"]
    start = data.get("backbone") or {}
    return f"""## Model

{data["parameters"]:,} parameters; trained on {data["created"][:10]} in {data["training_seconds"]} s.
Started from: {_start(start)}.

| setting | value |
|---|---|
{_table((name, _shown(value)) for name, value in training.items())}

Input: {spec["size"]} x {spec["size"]} pixels, crop: {spec["crop"]}, fit: {spec["fit"]},
intensity: {spec["intensity"]}, scaling: {spec["scaling"]}.
Heatmap: Grad-CAM of the logit at `{data["gradcam_layer"]}`.
"""


def _start(start: dict) -> str:
    pretraining = start.get("pretraining")
    if not start:
        return "random weights"
    if not pretraining:
        return f"{start['source']}"
    steps, step = [], pretraining
    while step:
        # Records of the first runs do not name their objectives.
        objectives = ", ".join(step.get("objectives") or ("distillation", "kind"))
        steps.append(
            f"{len(step['epochs'])} epochs ({objectives}) on {step['data']['n']:,} pictures of `{step['data']['name']}`"
        )
        last, step = step, step.get("init_pretraining")
    return f"`{last['init'] or 'random weights'}`, then " + ", then ".join(reversed(steps))


def _data(data: dict) -> str:
    about, rows = data["data"], data["predictions"]
    known = about.get("inherited", 0)
    split = f"split by group, {known} scans in the part that they had before" if known else "split 70/15/15 by group"
    limits = LIMITS.format(OF_THE_BRIEFS_DATA if about["fingerprint"] == BRIEFS_DATA else OF_OTHER_DATA)
    return f"""## Training data

`{about["name"]}`: {about["n"]} scans in {about["groups"]} near-duplicate groups, {split}:
{len(about["train"])} for training, {len(rows["validation"])} for validation, {len(rows["test"])} for the locked test.
{_extra(data)}
{limits}"""


def _extra(data: dict) -> str:
    """Of what it learned from besides; nothing where there was none."""
    extra = data["data"].get("extra")
    if not extra:
        return ""
    left_out = (extra.get("excluded") or {}).get("n", 0)
    return f"""
Beside it, {data["training"]["extra_scans"]} scans an epoch, classes and kinds alike, of the {extra["n"]:,} of
`{extra["name"]}`; {left_out:,} copies and near-copies of `{data["data"]["name"]}` were left out of it first.
"""


def _cross_validated(card: ModelCard, record: dict | None) -> str:
    name = card.name
    if not record or name not in record["rows"]:
        return "## Cross-validation\n\nNot stored: `python -m brain_core evaluate DATASET --protocol cv --store`.\n"
    plan, rows = record["protocol"], record["rows"]
    n = rows[name]["at"]["default"]
    names = [name, *(other for other in rows if other != name)]
    head = "| | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|"
    lines = [
        f"| {title} | " + " | ".join(cell(column, key) for column in columns) + " |"
        for rule, figures in ((RULE, FIGURES), (DEFAULT_RULE, AT_DEFAULT))
        for columns in [[Metrics.from_json(rows[other]["at"][rule]) for other in names]]
        for title, key in figures
    ]
    gain = Estimate(**rows[name]["optimised_against_default"][RULE])
    done = {other: plan.get("repeats_of", {}).get(other, plan["repeats"]) for other in names}
    repeats = done[name]
    fewer = ", ".join(f"{other} {count}" for other, count in done.items() if count != repeats)
    columns_of_others = f" Repeats of other columns: {fewer}." if fewer else ""
    notes = "".join(f"\n\n**{note[:1].upper() + note[1:]}.**" for note in differences(record, card))
    return f"""## Cross-validation

{repeats} times {plan["folds"]} folds by near-duplicate group, one scan a group (n = {n["n"]}, {n["positives"]}
with a tumour). Trained anew in each fold: {record["setups"][name]["trained_in_each_fold"]}; the weights to start from
stayed. Threshold (best balanced accuracy) and calibration come from the fold's own validation scans.
95 % intervals by bootstrap over groups.{columns_of_others}{notes}

{head}
{chr(10).join(lines)}

The optimised threshold against 0.5 changes the balanced accuracy by {gain.text(signed=True)}.
Before calibration: Brier {rows[name]["brier_uncalibrated"]:.3f}, ECE {rows[name]["ece_uncalibrated"]:.3f}.
"""


def _locked_test(data: dict) -> str:
    test, point = data["metrics"]["test"], data["operating_point"]
    found = Metrics.from_json(test)
    lines = "\n".join(f"| {title} | {cell(found, key)} |" for title, key in FIGURES)
    return f"""## Locked test

n = {test["n"]} ({test["groups"]} groups, {test["positives"]} with a tumour), at the operating point
{test["threshold"]:.3f} ({point["rule"]}, {point["fitted_on"]}).

| | |
|---|---|
{lines}
"""


def _calibration(data: dict) -> str:
    found = data.get("calibration")
    if not found:
        return "## Calibration\n\nNot calibrated.\n"
    lines = "\n".join(
        f"| {part} | {found['before'][part]['brier']:.3f} | {found['after'][part]['brier']:.3f} "
        f"| {found['before'][part]['ece']:.3f} | {found['after'][part]['ece']:.3f} |"
        for part in found["before"]
    )
    return f"""## Calibration

{found["method"].capitalize()} scaling, slope {found["slope"]:.3f}, intercept {found["intercept"]:.3f}, fitted on
{found["fitted_on"]}, applied {found["applied"]}.

| | Brier before | after | ECE before | after |
|---|---|---|---|---|
{lines}
"""


def _subgroups(name: str, record: dict | None) -> str:
    if not record or name not in record["rows"]:
        return ""
    lines = [
        f"| {by}: {value} | {n} | {positives} | " + " | ".join("" if x is None else f"{x:.3f}" for x in figures) + " |"
        for by, value, n, positives, *figures in subgroup_rows(record["scans"], name)
    ]
    return f"""## Subgroups

Cross-validation, mean over the repeats, at the folds' thresholds of best balanced accuracy; without intervals, and
small where n is small.

| | n | with tumour | ROC-AUC | sensitivity | specificity |
|---|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _robustness(name: str, record: dict | None) -> str:
    if not record or name not in record["robustness"]:
        return ""
    lines = [
        f"| {s['change']} | {s['mean']:.3f} | {s['worst']:.3f} | {s['relabelled']:.1%} | {s['roc_auc']:.3f} |"
        for s in record["robustness"][name]
    ]
    return f"""## Changes that leave the diagnosis as it is

Cross-validation, first repeat, one scan a group: how far the probability moves. As they are, these scans have ROC-AUC
{as_they_are(record["scans"], name):.3f}.

| change | mean | worst | scans with another label | ROC-AUC then |
|---|---|---|---|---|
{chr(10).join(lines)}
"""


def _localisation(card: ModelCard, record: dict | None) -> str:
    if not record or record["versions"].get(card.name) != card.version:
        return "## Where it looks\n\nNot stored for this version: `python -m brain_core localise FOLDER --store`.\n"
    lines = [
        f"| {row['source']} | {_estimate(row, 'pointing')} | {_estimate(row, 'energy')} | {row['flat']} |"
        for row in record["rows"]
    ]
    return f"""## Where it looks

{record["n"]} scans of `{record["data"]}` with tumours outlined by readers, none of them trained on. Pointing game: the
map's highest point lies in the outline or at most 15 pixels of 256 away. Energy: share of the map inside the outline.

| | pointing game | energy inside | flat maps |
|---|---|---|---|
{chr(10).join(lines)}
{_erased(card, record)}"""


def _erased(card: ModelCard, record: dict) -> str:
    """What the model says where the tumour is erased; nothing in records of before that was measured."""
    row = next((row for row in record.get("erased", ()) if row["source"] == card.name), None)
    if row is None:
        return ""
    n, left_out, still, found = row["n"], row["left_out"], _estimate(row, "still"), _estimate(row, "found")
    return f"""
With the tumour erased (the healthy side of the head, mirrored, stands in; {n} scans, in {left_out} the tumour lies
across the middle), a tumour is still called in {still} of the scans, against {found} before. The nearer
that is to 0, the more the model goes by the tumour, and the less by what such scans look like otherwise.
"""


def _estimate(row: dict, key: str) -> str:
    return Estimate(**row[key]).text()


def _failures(name: str, record: dict | None) -> str:
    if not record or name not in record["rows"]:
        return ""
    misses, alarms = worst(record["scans"], name)

    def listed(scans: list[dict]) -> str:
        rows = [f"- `{s['id']}`, {s['width']} x {s['height']}: mean probability {s['mean']:.2f}" for s in scans]
        return "\n".join(rows) or "- none"

    return f"""## Failure cases

Wrong in most repeats of the cross-validation, at the folds' thresholds of best balanced accuracy, the furthest from
the truth first.

Tumours missed:

{listed(misses)}

False alarms:

{listed(alarms)}
"""


def _shown(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return " to ".join(str(each) for each in value)
    return str(value) if value != "" else "none"


def _table(rows) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in rows)
