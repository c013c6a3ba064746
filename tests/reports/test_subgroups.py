"""Subgroup figures and failure cases by hand."""

from brain_core.reports.subgroups import subgroup_rows, worst


def scan(number, label, probability, *, width=300, height=300, group=None, form="jpg"):
    return {
        "id": f"{number}.jpg", "sha256": str(number), "group": number if group is None else group, "label": label,
        "width": width, "height": height, "format": form,
        "probability": {"m": probability}, "threshold": {"m": [0.5] * len(probability)},
    }  # fmt: skip


SCANS = [
    scan(0, 1, [0.9, 0.9]),
    scan(1, 1, [0.2, 0.4], width=200),
    scan(2, 0, [0.1, 0.3]),
    scan(3, 0, [0.8, 0.6], width=500, height=500, form="png"),
    scan(4, 0, [0.9, 0.1]),
    scan(5, 1, [0.0, 0.0], group=0),
]


def test_figures_are_means_over_repeats_on_one_scan_a_group():
    """Scan 5, a copy of 0, counts nowhere.

    Middle resolution: scans 0, 2, 4. AUC: (1 + 1/2 of the tie with 4) / 2 = 3/4 first, then 1."""
    rows = {(by, value): figures for by, value, *figures in subgroup_rows(SCANS, "m")}
    assert rows["resolution", "225 to 399 pixels"] == [3, 1, (3 / 4 + 1) / 2, 1, 3 / 4]
    assert rows["resolution", "shorter side below 225 pixels"] == [1, 1, None, 0, None]
    assert rows["file format", "png"] == [1, 0, None, None, 0]
    assert rows["aspect", "width to height below 0.85"][0] == 1


def test_failures_are_wrong_in_most_repeats():
    """Scan 5 is a copy of 0. Scan 4 is wrong in one repeat of two, which is not most."""
    misses, alarms = worst(SCANS, "m")
    assert [(s["id"], round(s["mean"], 6)) for s in misses] == [("1.jpg", 0.3)]
    assert [s["id"] for s in alarms] == ["3.jpg"]
