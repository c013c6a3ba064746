"""How far and how fast, told now and then."""

import logging

import pytest

from brain_core.bulk.meter import Meter
from brain_core.bulk.shard import ShardResult


def test_a_line_every_half_minute_and_a_rate_over_all(caplog):
    now = [100.0]
    meter = Meter(lambda: now[0])
    with caplog.at_level(logging.INFO, "brain_core"):
        for seconds in (10, 10, 10, 29, 1):
            now[0] += seconds
            meter(ShardResult("part", files=3, scans=30, errors=1))
    meter.close()
    assert caplog.messages == ["90 scans, 3 errors, 3.0 scans/s", "150 scans, 5 errors, 2.5 scans/s"]
    assert meter.rate == pytest.approx(150 / 60)
