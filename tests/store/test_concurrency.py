"""Many at once, and processes that die: what was reported as recorded is there, whole, and the audit log is whole."""

import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from brain_core.store import engine
from tests.store import writer
from tests.store.databases import program
from tests.store.seen import steps_in_store

pytestmark = pytest.mark.usefixtures("database")
MOMENTS = ("1", "2", "3", "4", "commit", "done")  # four statements a step, in both databases


def names(name: str, threads: int, steps: int) -> set[str]:
    return {f"{name}.{thread}-{number}" for thread in range(threads) for number in range(steps)}


def test_twenty_threads_lose_nothing():
    writer.main("one", "20", "5")
    assert steps_in_store() == names("one", 20, 5)


def test_threads_of_several_processes_lose_nothing():
    started = [subprocess.Popen(**program("writer.py", name, 5, 5), stdout=subprocess.PIPE) for name in "abc"]
    said = {line for process in started for line in process.communicate(timeout=60)[0].split()}
    assert [process.returncode for process in started] == [0] * 3
    assert steps_in_store() == said == set.union(*(names(name, 5, 5) for name in "abc"))


def test_the_same_rows_from_many_at_once_are_written_once():
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: writer.step("same", 0), range(20)))
    assert steps_in_store() == {"same-0"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_process_that_dies_within_a_step_leaves_nothing_of_it(moment):
    died = subprocess.run(**program("writer.py", "p", 1, 3, moment), stdout=subprocess.PIPE)
    assert died.returncode == -signal.SIGKILL
    assert died.stdout.split() == ["p.0-0", "p.0-1"]
    assert steps_in_store() == names("p", 1, 3 if moment == "done" else 2)
    writer.main("after", "1", "1")  # no lock is left behind
    assert "after.0-0" in steps_in_store()


def test_processes_that_are_killed_at_random_lose_nothing_that_they_reported():
    chance, said = random.Random(7), set()
    for number in range(3):
        process = subprocess.Popen(**program("writer.py", f"p{number}", 4, 10_000), stdout=subprocess.PIPE)
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.2))
        process.kill()
        said |= {*first.split(), *process.stdout.read().split()}
        process.wait()
    found = steps_in_store()
    assert said <= found
    assert len(found - said) <= 3 * 4  # written, and killed before they could say so


def test_a_forked_process_does_not_use_its_parents_connections():
    subprocess.run(**program("forks.py"), check=True)
    assert steps_in_store() == {"parent-0", "parent-1", "child-0"}


def test_a_second_look_at_the_schema_takes_no_lock_away():
    writer.step("parent", 0)
    engine.migrate()
    subprocess.run(**program("writer.py", "child", 1, 1), stdout=subprocess.PIPE, check=True)
    writer.step("parent", 1)
    seen = subprocess.run(**program("seen.py"), stdout=subprocess.PIPE, check=True)
    assert set(seen.stdout.split()) == {"parent-0", "parent-1", "child.0-0"}
