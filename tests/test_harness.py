"""The benchmarks' harness: medians, ratios, the order of turns, and what does not count."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

SPEC = importlib.util.spec_from_file_location(
    "benchmark_harness", Path(__file__).parents[1] / "benchmarks" / "harness.py"
)
harness = sys.modules["benchmark_harness"] = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(harness)

TIMING = harness.Timing({"a": (2.0, 3.0, 10.0), "b": (1.0, 2.0, 2.0)})


def test_median_quartiles_and_ratio_are_those_computed_by_hand():
    assert TIMING.median("a") == 3.0 and TIMING.median("b") == 2.0
    assert TIMING.quantile("a", 0.25) == 2.5 and TIMING.quantile("a", 0.75) == 6.5
    assert TIMING.ratio("a", "b") == 2.0  # of 2, 1.5 and 5; the medians' ratio would be 1.5
    assert TIMING.difference("a", "b") == (1.0, 1.0, 8.0)


def test_rows_are_milliseconds_a_scan():
    assert TIMING.rows(against="b", scans=2)[0] == {
        "way": "a",
        "ms": 1500.0,
        "25%": 1250.0,
        "75%": 3250.0,
        "times b": 2.0,
    }


def test_each_round_starts_with_the_next_way_and_the_warm_up_does_not_count():
    calls = []
    ways = {name: lambda name=name: calls.append(name) or float(len(calls)) for name in "abc"}
    timing = harness.measure(ways, 3, warm_up=2, timer=harness.reported)
    assert "".join(calls) == "bcacababcbcacab"
    assert timing.seconds == {"a": (7.0, 12.0, 14.0), "b": (8.0, 10.0, 15.0), "c": (9.0, 11.0, 13.0)}


def test_what_comes_before_a_run_is_told_which():
    calls = []
    harness.measure({"x": lambda: calls.append("run")}, 2, 0, before=calls.append)
    assert calls == ["x", "run", "x", "run"]


def test_a_command_runs_with_its_environment_and_its_failure_is_told():
    show = harness.Command(["-c", "import os; print(os.environ['WHICH'])"], {"WHICH": "this"})
    assert show() == "this\n"
    with pytest.raises(SystemExit, match=r"failed \(3\):\nwhy"):
        harness.Command(["-c", "import sys; sys.stderr.write('why'); sys.exit(3)"])()


def test_the_peak_of_a_process_holds_what_it_had_for_a_while_only():
    hold = harness.Command(
        ["-c", "import time; x = bytes(b'1') * 100_000_000; time.sleep(0.2); del x; time.sleep(0.2)"]
    )
    assert 100 < hold.peak() < 200


def test_a_table_is_aligned():
    assert harness.table([{"way": "a", "ms": 1.0}, {"way": "longer", "ms": 10.256}]) == (
        "way        ms\na        1.00\nlonger  10.26"
    )


def test_the_machine_is_described():
    found = harness.machine()
    assert found["threads"] >= 1 and found["memory GB"] > 0 and found["openvino"]
    assert harness.machine_line().startswith(f"processor {found['processor']}, ")
