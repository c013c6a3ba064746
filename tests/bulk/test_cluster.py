"""The engine on a Ray cluster of two nodes: a node that is lost in the middle, and errors told as what they are."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from brain_core.bulk import cluster
from brain_core.bulk.connection import check_reached
from brain_core.bulk.items import Item
from brain_core.errors import ConfigError
from brain_core.settings import PROJECT
from tests.bulk.ray_nodes import Nodes, free_port, missing
from tests.helpers import put_in_service, tiny_network
from tests.needed import lacking

SHARDS, SHARD = 6, 3
ENDS_IN = 150  # seconds, at most


@pytest.fixture(scope="module")
def nodes(models_dir, tmp_path_factory):
    """The cluster; without Ray the test is skipped, or fails where everything is required."""
    if reason := missing():
        lacking(reason)
    started = Nodes(
        BRAIN_MODELS_DIR=models_dir,
        BRAIN_HOME=tmp_path_factory.mktemp("home"),
        PYTHONPATH=PROJECT,
        RAY_health_check_period_ms=500,
    )
    yield started
    started.stop()


@pytest.fixture
def command(nodes):
    """``command(source, out, models_dir)``: ``score`` of the small custom CNN on the cluster, begun."""
    begun = []

    def begin(source, out, models_dir) -> subprocess.Popen:
        words = [source, "--out", out, "--model", "custom_cnn", "--shard", SHARD]
        words += ["--engine", "ray", "--address", nodes.address]
        process = subprocess.Popen(
            [sys.executable, "-m", "brain_core", "score", *map(str, words)],
            cwd=PROJECT,
            env=os.environ | nodes.access | {"BRAIN_MODELS_DIR": str(models_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()  # of no effect on one that has ended
        process.communicate()


class Gates:
    """Pipes in place of pictures: whoever reads one is held until it is opened."""

    def __init__(self, paths: list[Path], picture: bytes):
        self._paths, self._picture = paths, picture
        self.held: dict[Path, int] = {}
        for path in paths:
            os.mkfifo(path)

    def hold(self) -> int:
        """Hold all who read now; how many are held."""
        for path in self._paths:
            if path not in self.held:
                with contextlib.suppress(OSError):  # nobody reads it
                    self.held[path] = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        return len(self.held)

    def open(self) -> None:
        """Let all who are held go on, as often as they come."""
        self.hold()
        for handle in self.held.values():
            with contextlib.suppress(BrokenPipeError):  # the reader was killed
                os.write(handle, self._picture)
            os.close(handle)
        self.held.clear()


def wait_for(process: subprocess.Popen, done) -> None:
    """Ask again and again until it is so, or the process ends."""
    for _ in range(ENDS_IN * 10):
        if done():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    if not done():
        process.kill()
        pytest.fail("\n".join(process.communicate()))


def test_every_scan_is_scored_once_though_a_node_is_killed_in_the_middle(
    nodes, command, models_dir, scans, tmp_path, table
):
    pictures = [path.read_bytes() for path in sorted(scans.rglob("*.png"))]
    names = [f"{number:02d}.png" for number in range(SHARDS * SHARD)]
    for name in names:
        if int(name[:2]) % SHARD:
            (scans / name).write_bytes(pictures[int(name[:2]) % len(pictures)])
    gates = Gates([scans / name for name in names[::SHARD]], pictures[0])  # one a shard
    (scans / "list.csv").write_text("\n".join(["path", *names]))
    process = command(scans / "list.csv", tmp_path / "out", models_dir)
    wait_for(process, lambda: gates.hold() == 2)  # a worker on either node is in the middle of a shard
    gates.open()
    wait_for(process, lambda: len(list(tmp_path.glob("out/scoring=*/part-*"))) == 2)
    wait_for(process, lambda: gates.hold() == 2)  # each has finished one, and is in the middle of the next
    nodes.kill_worker()

    def ended() -> bool:
        gates.open()
        return process.poll() is not None

    wait_for(process, ended)
    told, log = process.communicate()
    assert process.returncode == 0, log
    summary = json.loads(told)
    assert (summary["scored"], summary["errors"]) == (len(names), 0)
    rows = table(tmp_path / "out")
    assert Counter(row["path"] for row in rows) == dict.fromkeys(names, 1)
    assert len(list(tmp_path.glob("out/scoring=*/*"))) == SHARDS


def test_a_machine_with_other_models_ends_the_job_with_a_reason(command, scans, tmp_path):
    put_in_service(tmp_path / "models", "custom_cnn", tiny_network("custom_cnn", seed=7))
    process = command(scans, tmp_path / "out", tmp_path / "models")
    told, log = process.communicate(timeout=ENDS_IN)
    assert process.returncode == 1 and not told
    (line,) = [line for line in log.splitlines() if line.startswith("error: ")]
    assert "custom_cnn on " in line and line.endswith("Put the same models in service on every machine.")


def test_a_cluster_that_does_not_answer_is_named():
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(ConfigError, match=rf"expected a Ray cluster that answers at {address}.*refused"):
        check_reached(address)


def test_names_that_are_no_utf8_reach_the_workers():
    shard = [Item("/data", "1.png"), Item("/d\udcff", "\udce9.png")]
    assert cluster._items(cluster._table(shard)) == shard
