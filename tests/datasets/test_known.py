"""What a model's metadata say of the scans that it knows."""

import pytest

from brain_core.datasets.known import known_parts


def test_each_part_is_read_and_what_was_learned_from_wins():
    metadata = {
        "data": {"train_sha256": ["a", "b"]},
        "predictions": {
            "validation": [{"sha256": "c"}, {"sha256": "b"}],
            "test": [{"sha256": "d"}, {"sha256": "c"}, {"sha256": ""}],
        },
    }
    assert known_parts(metadata) == {"a": "train", "b": "train", "c": "validation", "d": "test"}


@pytest.mark.parametrize(
    "metadata", [{}, {"data": None, "predictions": None}, {"data": {}, "predictions": {"test": []}}]
)
def test_nothing_stored_is_nothing_known(metadata):
    assert known_parts(metadata) == {}
