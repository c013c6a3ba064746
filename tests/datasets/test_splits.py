"""70/15/15 by group: complete, disjoint, deterministic, and honest about data that cannot be split."""

import numpy as np
import pytest

from brain_core.datasets.splits import MIN_GROUPS, PARTS, grouped_split, inherited_split, mixed_groups
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


def parts_of(split) -> list[list[int]]:
    return [split.part(name).tolist() for name in PARTS]


def keys_of(n: int) -> list[str]:
    return [f"{i:016x}" for i in range(n)]


def known_of(**parts: list[int]) -> dict[str, str]:
    return {f"{i:016x}": part for part, positions in parts.items() for i in positions}


def test_known_groups_stay_and_few_new_ones_are_learned_from():
    """Scans 0 to 5 are known, two a part; 6 is a near-copy of 4, 7 of 2; 8 and 9 are new."""
    labels = np.array([0, 1, 0, 1, 0, 1, 0, 0, 0, 1])
    groups = np.array([0, 1, 2, 3, 4, 5, 4, 2, 6, 7])
    known = known_of(train=[0, 1], validation=[2, 3], test=[4, 5])
    split = inherited_split(labels, groups, keys_of(10), known)
    assert parts_of(split) == [[0, 1, 8, 9], [2, 3, 7], [4, 5, 6]]
    assert all(split.part(name).dtype == np.int64 for name in PARTS)


def test_of_several_parts_in_one_group_the_one_that_was_learned_from_wins():
    """Scan 6, new, ties the known scans 0 (train) and 2 (test) to one group; 7 ties 4 (test) and 5 (validation)."""
    labels = np.array([0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1])
    groups = np.array([0, 1, 0, 2, 3, 3, 0, 3, 4, 5, 6, 7])
    known = known_of(train=[0, 1], test=[2, 4, 3, 9], validation=[5, 8, 10])
    split = inherited_split(labels, groups, keys_of(12), known)
    assert parts_of(split) == [[0, 1, 2, 6, 11], [4, 5, 7, 8, 10], [3, 9]]


def test_new_groups_of_both_classes_are_divided_among_themselves(data):
    """The new data alone would be divided so: what was known before does not change it."""
    labels, groups = data
    own = grouped_split(labels, groups, seed=2)
    before = np.array([0, 1] * 3)
    split = inherited_split(
        np.concatenate([before, labels]),
        np.concatenate([1000 + np.arange(6), groups]),
        keys_of(6 + len(labels)),
        known_of(train=[0, 1], validation=[2, 3], test=[4, 5]),
        seed=2,
    )
    assert parts_of(split) == [[2 * n, 2 * n + 1, *(own.part(part) + 6)] for n, part in enumerate(PARTS)]


def test_new_scans_of_one_class_are_all_learned_from():
    labels = np.array([0, 1] * 3 + [1] * 50)
    known = known_of(train=[0, 1], validation=[2, 3], test=[4, 5])
    split = inherited_split(labels, np.arange(56), keys_of(56), known)
    assert parts_of(split) == [[0, 1, *range(6, 56)], [2, 3], [4, 5]]


@pytest.mark.parametrize("known", [{}, {"f" * 16: "test"}], ids=["none", "of other data"])
@pytest.mark.parametrize("seed", range(3))
def test_without_known_scans_it_is_the_grouped_split(data, known, seed):
    labels, groups = data
    inherited = inherited_split(labels, groups, keys_of(len(labels)), known, seed=seed)
    assert parts_of(inherited) == parts_of(grouped_split(labels, groups, seed=seed))


@pytest.mark.parametrize("seed", range(8))
def test_what_was_learned_from_is_never_tested_on(data, seed):
    """Half of the scans are known, in parts drawn at random, so that groups with several parts occur."""
    labels, groups = data
    rng = np.random.default_rng(seed)
    keys = keys_of(len(labels))
    chosen = rng.choice(len(keys), len(keys) // 2, replace=False).tolist()
    known = {keys[i]: str(rng.choice(PARTS, p=(0.7, 0.15, 0.15))) for i in chosen}
    split = inherited_split(labels, groups, keys, known, seed=seed)
    parts = {name: split.part(name) for name in PARTS}
    np.testing.assert_array_equal(np.sort(np.concatenate(list(parts.values()))), np.arange(len(labels)))
    part_of = {i: name for name, positions in parts.items() for i in positions.tolist()}
    for group in set(groups.tolist()):
        members = np.flatnonzero(groups == group).tolist()
        (part,) = {part_of[i] for i in members}
        before = {known[keys[i]] for i in members if keys[i] in known}
        assert not before or part == min(before, key=PARTS.index)
    shares = [len(positions) / len(labels) for positions in parts.values()]
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.1)
    again = inherited_split(labels, groups, keys, known, seed=seed)
    assert parts_of(again) == parts_of(split)


def test_a_part_that_would_lack_a_class_asks_for_a_fresh_split():
    labels = np.array([0, 1, 0, 1, 0, 1])
    with pytest.raises(DatasetError, match="The test part .* no scan of class 'tumor'; a fresh split is needed"):
        inherited_split(labels, np.arange(6), keys_of(6), known_of(train=[0, 1], validation=[2, 3], test=[4]))
    with pytest.raises(DatasetError, match="The train part .* no scan of class 'no tumor'; a fresh split"):
        inherited_split(labels, np.arange(6), keys_of(6), known_of(validation=[0, 2, 3], test=[4, 5]))


def test_what_cannot_be_split_cannot_be_inherited_either():
    known = known_of(train=[0])
    with pytest.raises(DatasetError, match="Only one class: no scan of class 'no tumor' among 30"):
        inherited_split(np.ones(30, int), np.arange(30), keys_of(30), known)
    with pytest.raises(DatasetError, match="1 near-duplicate groups hold both classes"):
        inherited_split(np.array([0, 1, 1]), np.array([0, 0, 1]), keys_of(3), known)
    with pytest.raises(DatasetError, match="expected the parts train, validation, test. Received: testing"):
        inherited_split(np.array([0, 1]), np.array([0, 1]), keys_of(2), known_of(testing=[0]))
