"""compose.yaml: hardened alike, on this machine alone, no secret in it."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from tests.deployment.reading import PROJECT, SECRET, command_line, tool

COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("dashboard", "monitor", "watch")
SETTING = re.compile(r"\bBRAIN_[A-Z_]+\b")


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service and "network_mode" not in service
    assert service["mem_limit"] and service["pids_limit"]
    assert service["tmpfs"][0].startswith("/tmp:size=")
    assert ":latest" not in service["image"] or name in OURS


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_on_this_machine_alone(name):
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_the_database_is_reached_by_the_others_alone():
    database = SERVICES["database"]
    assert "ports" not in database
    assert database["networks"] == ["inside"] and COMPOSE["networks"]["inside"]["internal"] is True
    assert database["user"] == "postgres"


def test_all_are_watched_and_waited_for():
    for name in ("monitor", "database", "orthanc"):
        assert SERVICES[name]["healthcheck"]["test"]
    assert "healthcheck" not in SERVICES["dashboard"]  # the image's own
    for name in OURS:
        assert SERVICES[name]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_no_secret_stands_in_it():
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            assert not SECRET.search(key) or str(value).startswith("/run/secrets/"), key
    assert not re.search(r"://[^/\s@]*:[^/\s@]*@", (PROJECT / "compose.yaml").read_text())
    for secret in COMPOSE["secrets"].values():
        assert list(secret) == ["file"] and secret["file"].startswith("deploy/secrets/")


def test_secrets_are_never_committed():
    assert (PROJECT / "deploy" / "secrets" / ".gitignore").read_text().splitlines()[1:] == ["*", "!.gitignore"]


def test_nothing_is_open_unless_somebody_says_so():
    settings = SERVICES["dashboard"]["environment"]
    assert settings["BRAIN_OPEN_ACCESS"] == "${BRAIN_OPEN_ACCESS:-}"
    assert settings["BRAIN_KEEP_SCANS"] == "${BRAIN_KEEP_SCANS:-no}"


def test_what_is_written_is_in_named_volumes():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount.split(":")[0] for mount in mounts} == set(COMPOSE["volumes"])
    assert all("var:/app/var" in SERVICES[name]["volumes"] for name in OURS)


@pytest.mark.parametrize("name", ["monitor", "watch"])
def test_its_commands_are_commands(name):
    command_line(SERVICES[name]["command"])


@pytest.mark.parametrize("name", ["compose.yaml", "deploy/brain.env.example"])
def test_its_settings_are_settings(name):
    known = "".join(path.read_text() for path in (PROJECT / "brain_core" / "settings").glob("*.py")) + "BRAIN_SECRETS"
    asked = set(SETTING.findall((PROJECT / name).read_text()))
    assert asked and {setting for setting in asked if f"{setting}" not in known} == set()


def test_the_archive_lets_nobody_in_without_a_password():
    archive = json.loads((PROJECT / "deploy" / "orthanc" / "orthanc.json").read_text())
    assert archive["AuthenticationEnabled"] is True
    assert archive["ExecuteLuaEnabled"] is False and archive["RestApiWriteToFileSystemEnabled"] is False
    assert "RegisteredUsers" not in archive  # in a secret of their own


def test_it_is_what_the_specification_says():
    words = [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
