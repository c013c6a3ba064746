"""What a model's metadata say of the scans that it knows."""

import pytest

from brain_core.datasets.known import known_parts, learned_before, learned_from, merged


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


def test_what_the_model_before_knew_counts_as_learned_from_and_is_handed_on():
    """But for its test part, which was never learned from."""
    metadata = {
        "data": {"train_sha256": ["a"], "learned_before": ["z", "c"]},
        "predictions": {"validation": [{"sha256": "b"}], "test": [{"sha256": "c"}, {"sha256": "d"}]},
    }
    assert learned_from(metadata) == {"a", "c", "z"}
    assert known_parts(metadata) == {"a": "train", "b": "validation", "c": "train", "d": "test", "z": "train"}
    assert learned_before(metadata) == ["a", "b", "c", "z"]
    assert learned_before({}) == []


def test_of_several_models_what_one_has_learned_from_counts_as_learned_from():
    first, second = {"a": "test", "b": "validation", "c": "train"}, {"a": "train", "b": "test", "d": "test"}
    assert merged([first, second]) == {"a": "train", "b": "validation", "c": "train", "d": "test"}
    assert merged([]) == {}
