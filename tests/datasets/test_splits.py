"""70/15/15 by group: complete, disjoint, deterministic, and honest about data that cannot be split."""

import numpy as np
import pytest

from brain_core.datasets.splits import MIN_GROUPS, PARTS, grouped_split, mixed_groups
from brain_core.errors import DatasetError


@pytest.fixture
def data():
    """253 scans in about 200 groups of one class each, like the Kaggle data set: labels and groups."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(204), 1)
    copies = rng.choice(204, 49)
    groups = np.concatenate([groups, copies])
    label_of_group = rng.random(204) < 0.6
    order = rng.permutation(len(groups))
    return label_of_group[groups].astype(int)[order], groups[order]


@pytest.mark.parametrize("seed", range(5))
def test_a_split_is_complete_and_no_group_is_on_two_sides(data, seed):
    labels, groups = data
    split = grouped_split(labels, groups, seed=seed)
    parts = [split.part(name) for name in PARTS]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for i, one in enumerate(parts):
        assert (np.diff(one) > 0).all()
        for other in parts[i + 1 :]:
            assert not set(groups[one]) & set(groups[other])


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_are_70_15_15_and_balanced_alike(data, seed):
    labels, groups = data
    split = grouped_split(labels, groups, seed=seed)
    shares = [len(split.part(name)) / len(labels) for name in PARTS]
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.03)
    for name in PARTS:
        assert labels[split.part(name)].mean() == pytest.approx(labels.mean(), abs=0.06)


def test_the_seed_decides(data):
    first, again, other = (grouped_split(*data, seed=seed) for seed in (3, 3, 4))
    for name in PARTS:
        np.testing.assert_array_equal(first.part(name), again.part(name))
    assert set(first.test) != set(other.test)


def test_the_smallest_data_set_that_can_be_split():
    labels = np.repeat([0, 1], MIN_GROUPS)
    split = grouped_split(labels, np.arange(len(labels)))
    assert [len(split.part(name)) for name in PARTS] == [10, 2, 2]
    for name in PARTS:
        assert set(labels[split.part(name)]) == {0, 1}


@pytest.mark.parametrize(("label", "missing"), [(1, "no tumor"), (0, "tumor")])
def test_one_class_only_is_refused(label, missing):
    with pytest.raises(DatasetError, match=f"Only one class: no scan of class '{missing}' among 30"):
        grouped_split(np.full(30, label), np.arange(30))


def test_too_few_distinct_scans_are_refused_however_many_copies_there_are():
    labels = np.array([0] * 50 + [1] * 50)
    groups = np.concatenate([np.arange(50) % (MIN_GROUPS - 1), 100 + np.arange(50)])
    with pytest.raises(DatasetError, match="Class 'no tumor': 6 distinct scans .* at least 7"):
        grouped_split(labels, groups)


def test_a_picture_under_both_labels_is_refused():
    labels, groups = np.repeat([0, 1], 20), np.arange(40)
    groups[[0, 25]] = 99
    groups[[1, 26]] = 98
    assert mixed_groups(labels, groups) == [98, 99]
    with pytest.raises(DatasetError, match="2 near-duplicate groups hold both classes"):
        grouped_split(labels, groups)


def test_one_group_that_swallows_a_class_is_refused():
    labels = np.array([0] * 30 + [1] * 30)
    groups = np.concatenate([np.zeros(30), np.arange(1, 31)]).astype(int)
    with pytest.raises(DatasetError, match="Class 'no tumor': 1 distinct scans"):
        grouped_split(labels, groups)
