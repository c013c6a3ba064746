"""The chain of hashes, against one made by hand."""

import hashlib
from dataclasses import replace

import pytest

from brain_core.audit import chain
from brain_core.audit.chain import START, Line

BY_HAND = (  # as the docstring of `digest` says, written out
    '[1,"2026-03-01T12:00:00.000000+00:00","J\\u00fcrgen","sign-in","{\\"role\\":\\"reader\\"}","' + "0" * 64 + '"]'
)


def lines(count: int) -> list[Line]:
    """A log that is whole."""
    made, head = [], START
    for number in range(1, count + 1):
        values = (number, f"2026-03-01T12:00:0{number}.000000+00:00", "user", "sign-in", "{}", head)
        head = chain.digest(*values)
        made.append(Line(*values, head))
    return made


def test_a_digest_is_what_its_docstring_says():
    values = (1, "2026-03-01T12:00:00.000000+00:00", "Jürgen", "sign-in", '{"role":"reader"}', START)
    assert chain.digest(*values) == hashlib.sha256(BY_HAND.encode()).hexdigest()


def test_json_in_one_way_only():
    assert chain.canonical({"b": 1.5, "a": "é", "c": True}) == '{"a":"\\u00e9","b":1.5,"c":true}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        chain.canonical({"a": float("inf")})


def test_a_whole_log():
    log = lines(5)
    found = chain.verify(log)
    assert (found.ok, found.entries, found.first_bad, found.problem, found.head) == (True, 5, None, None, log[-1].hash)


def test_an_empty_log_is_whole():
    assert chain.verify([]) == chain.Verification(True, 0, None, None, START)
    assert chain.verify([], START).ok
    assert not chain.verify([], "a" * 64).ok


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-03-01T12:00:03.000001+00:00"},
        {"user": "other"},
        {"action": "delete"},
        {"details": "{ }"},
        {"details": '{"a":1}'},
        {"hash": "a" * 64},
        {"user": b"bytes"},
        {"user": "\ud800"},
        {"details": None},
    ],
)
def test_a_changed_entry_is_found(change):
    log = lines(5)
    log[2] = replace(log[2], **change)
    found = chain.verify(log)
    assert (found.ok, found.first_bad, found.entries) == (False, 3, 5)
    assert found.problem == "Entry 3 was changed: its hash does not fit."


def test_a_changed_entry_with_a_new_hash_is_found_by_the_next():
    log = lines(5)
    values = (3, log[2].at, "other", "sign-in", "{}", log[2].previous)
    log[2] = Line(*values, chain.digest(*values))
    found = chain.verify(log)
    assert (found.ok, found.first_bad) == (False, 4)
    assert found.problem.startswith("Entry 4 does not follow the one before")


@pytest.mark.parametrize(("gone", "first_bad"), [(0, 2), (2, 4), (3, 5)])
def test_a_removed_entry_is_found(gone, first_bad):
    log = lines(5)
    del log[gone]
    found = chain.verify(log)
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert f"expected {gone + 1}, found {first_bad}" in found.problem


def test_a_removed_entry_whose_followers_were_counted_anew_is_found():
    log = lines(5)
    log = [*log[:2], *(replace(line, number=line.number - 1) for line in log[3:])]
    assert chain.verify(log).first_bad == 3


def test_an_inserted_entry_is_found():
    log = lines(5)
    values = (3, log[2].at, "intruder", "sign-in", "{}", log[1].hash)
    inserted = Line(*values, chain.digest(*values))
    log = [*log[:2], inserted, *(replace(line, number=line.number + 1) for line in log[2:])]
    assert chain.verify(log).first_bad == 4


def test_swapped_entries_are_found():
    log = lines(5)
    log[1], log[2] = replace(log[2], number=2), replace(log[1], number=3)
    assert chain.verify(log).first_bad == 2


def test_a_tail_that_was_cut_off_is_found_with_a_kept_head():
    log = lines(5)
    assert chain.verify(log[:3]).ok  # nothing else can show it
    found = chain.verify(log[:3], log[4].hash)
    assert (found.ok, found.first_bad, found.entries) == (False, None, 3)
    assert found.problem.startswith("The kept head is not in the log")


def test_a_kept_head_may_be_older():
    log = lines(5)
    assert all(chain.verify(log, line.hash).ok for line in log)
    assert chain.verify(log, START).ok


def test_a_log_that_was_written_anew_is_found_with_a_kept_head():
    kept = lines(5)[2].hash
    values = (1, "2026-03-01T12:00:00.000000+00:00", "other", "sign-in", "{}", START)
    assert not chain.verify([Line(*values, chain.digest(*values))], kept).ok
