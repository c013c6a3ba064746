"""The systemd units: what they start, and what that may touch."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.deployment.reading import PROJECT, SECRET, command_line, tool, unit

UNITS = PROJECT / "deploy" / "systemd"
SERVICES = ("brain", "brain-monitor", "brain-prune")
MOST_EXPOSURE = 2.0  # of 10, by `systemd-analyze security`


@pytest.fixture(params=SERVICES)
def service(request) -> dict[str, list[str]]:
    return unit(UNITS / f"{request.param}.service")


def test_it_writes_to_its_own_folders_alone(service):
    assert service["ProtectSystem"] == ["strict"] and service["ProtectHome"] == ["yes"]
    assert service["ReadWritePaths"] == ["/var/lib/brain"]
    assert service["StateDirectory"][0].split()[0] == "brain" and service["StateDirectoryMode"] == ["0700"]
    assert service["PrivateTmp"] == ["yes"] and service["UMask"] == ["0077"]


def test_it_has_no_privileges(service):
    assert service["User"] == ["brain"] and service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["MemoryMax"] and service["TasksMax"]


def test_no_secret_stands_in_it(service):
    for line in service["Environment"]:
        assert not [word for word in line.split() if SECRET.search(word.split("=")[0]) and "/" not in word]


def test_it_starts_a_command_that_exists(service):
    (start,) = service["ExecStart"]
    command_line(start.split())


def test_the_dashboard_stands_behind_its_proxy():
    dashboard = unit(UNITS / "brain.service")
    assert "serve --address 127.0.0.1 --port 8501 --behind-proxy" in dashboard["ExecStart"][0]
    assert dashboard["KillMode"] == ["process"]  # a training run goes on
    assert "brain/versions" in dashboard["StateDirectory"][0]


@pytest.mark.parametrize("name", [*SERVICES, "brain-prune.timer"])
def test_systemd_understands_it(name, tmp_path):
    for path in UNITS.iterdir():
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)  # ours is not installed here
    path = tmp_path / (name if "." in name else f"{name}.service")
    done = subprocess.run([tool("systemd-analyze"), "verify", path], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_little_is_exposed(name):
    words = [tool("systemd-analyze"), "security", "--offline=yes", "--no-pager", UNITS / f"{name}.service"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)[1]) <= MOST_EXPOSURE
