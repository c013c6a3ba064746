"""Population stability index and test: by hand, against independent computations, and what no shift gives."""

import math

import numpy as np
import pytest
from scipy.stats import kstwobign

from brain_core.monitoring.drift import edges_of, psi, shift


def test_psi_by_hand():
    """Ten values, a bin each; ten of now, half in the first bin and half in the last; half a count added to each."""
    reference, current = np.arange(1.0, 11.0), np.array([1.0] * 5 + [10.0] * 5)
    assert edges_of(reference).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    p, full, empty = 1.5 / 15, 5.5 / 15, 0.5 / 15
    expected = 2 * (full - p) * math.log(full / p) + 8 * (empty - p) * math.log(empty / p)
    found = psi(reference, current)
    assert found.value == pytest.approx(expected) == pytest.approx(1.278877, abs=1e-6)
    assert found.bins == 10
    assert found.expected == pytest.approx(9 * (1 / 10 + 1 / 10))


def test_psi_and_distance_against_a_plain_computation():
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=143), rng.normal(0.3, 1.2, size=377)
    ordered = sorted(reference)
    edges = [ordered[math.ceil(len(ordered) * i / 10) - 1] for i in range(1, 10)]

    def counted(values):
        return [sum(sum(value > edge for edge in edges) == i for value in values) for i in range(10)]

    p, q = ([(n + 0.5) / (len(values) + 5) for n in counted(values)] for values in (reference, current))
    found = shift(reference, current)
    assert found.psi.value == pytest.approx(sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True)))
    everything = np.concatenate([reference, current])
    gaps = [abs(np.mean(reference <= x) - np.mean(current <= x)) for x in everything]
    assert found.distance == pytest.approx(max(gaps))
    scale = math.sqrt(143 * 377 / (143 + 377))
    assert found.p == pytest.approx(kstwobign.sf(scale * max(gaps)), rel=0.25)  # the limit of large samples


def test_without_a_shift_the_index_is_as_large_as_expected_and_seldom_passes_chance():
    rng = np.random.default_rng(1)
    found = [psi(rng.normal(size=200), rng.normal(size=100)) for _ in range(400)]
    assert found[0].expected == pytest.approx(9 * (1 / 200 + 1 / 100))
    assert np.mean([each.value for each in found]) == pytest.approx(found[0].expected, rel=0.1)
    assert np.mean([each.value > each.chance for each in found]) <= 0.03  # 0.01 is meant


def test_a_shift_passes_chance():
    rng = np.random.default_rng(2)
    found = shift(rng.normal(size=200), rng.normal(1.0, 1.0, size=200))
    assert found.psi.value > max(0.25, found.psi.chance) and found.p < 0.001


def test_a_sample_against_itself_is_no_shift():
    values = np.random.default_rng(3).normal(size=300)
    found = shift(values, values)
    assert found.psi.value == 0 and found.distance == 0 and found.p == 1
    assert found.median == found.reference_median == np.median(values)


def test_neither_scale_nor_order_matters():
    rng = np.random.default_rng(4)
    reference, current = rng.gamma(2, size=100), rng.gamma(3, size=150)
    turned = psi(10 * reference[::-1], 10 * current[::-1])
    assert turned == psi(reference, current)


@pytest.mark.parametrize("value", [256.0, 1024.0])
def test_a_constant_reference_tells_other_values_from_its_own(value):
    found = psi(np.full(100, 512.0), np.full(100, value))
    assert found.bins == 2 and found.value > 1
    assert psi(np.full(100, 512.0), np.full(60, 512.0)) == psi(np.ones(3), np.ones(9))  # nothing to tell apart
    assert psi(np.ones(3), np.ones(9)).value == 0


def test_values_that_repeat_share_a_bin():
    reference = np.array([0.0] * 40 + list(np.linspace(0.1, 1, 60)))
    edges = edges_of(reference)
    assert (reference[np.searchsorted(edges, reference) == 1] == 0).all()
    assert len(edges) == len(set(edges)) and len(edges) < 10
    assert psi(reference, reference).value == 0


@pytest.mark.parametrize(("m", "n"), [(0, 5), (5, 0), (0, 0)])
def test_an_empty_sample_is_not_compared(m, n):
    found = shift(np.ones(m), np.ones(n))
    assert (found.reference_n, found.n) == (m, n)
    assert found.psi is None and found.distance is None and found.p is None
    assert (found.median, found.reference_median) == (1.0 if n else None, 1.0 if m else None)
