"""The split that the page shows is the one that a run makes."""

import pytest

from brain_core.datasets.check import check
from brain_core.datasets.index import load_dataset
from brain_core.ui.retrain import checking, remaining
from tests.ui.retrain import with_conflict


@pytest.mark.parametrize("inherit", [False, True])
@pytest.mark.parametrize("further", [0, 3])
def test_what_is_left_is_split_as_a_run_splits_it(phantom_dataset, tmp_path, further, inherit):
    folder = with_conflict(phantom_dataset, tmp_path / "odd", copies=1)
    dataset = load_dataset(folder)
    names = [dataset.key(i) for i in range(len(dataset.scans))]
    conflicting = [name for group in check(dataset).conflicts for name in group if name.startswith("no/")]
    leave = sorted({names[0], *names[len(names) - further :], *conflicting})
    found = checking.of(folder, inherit=inherit)
    assert found.settled.wait(60)
    left = remaining.without(found, leave)
    assert left.split_by_class == check(dataset.without(leave), inherit=inherit).split_by_class
    assert left.scans == len(dataset.scans) - len(leave)
