"""Settings come from the environment, once, and nonsense in it is refused by name."""

import dataclasses
import os

import pytest

from brain_core import settings as module
from brain_core.errors import ConfigError
from brain_core.settings import PROJECT, Settings
from brain_core.settings.access import OPEN_WORDS, AccessSettings
from brain_core.settings.monitor import MonitorSettings
from brain_core.settings.store import StoreSettings


def test_defaults_lie_inside_the_project():
    found = Settings.from_environment({})
    assert found.home == PROJECT / "var"
    assert found.models_dir == PROJECT / "saved_models"
    assert found.data_dir is None
    assert (found.max_pixels, found.max_file_bytes) == (40_000_000, 100_000_000)


def test_every_variable_is_read(tmp_path):
    found = Settings.from_environment(
        {
            "BRAIN_HOME": str(tmp_path / "a"),
            "BRAIN_MODELS_DIR": str(tmp_path / "b"),
            "BRAIN_DATA_DIR": str(tmp_path / "c"),
            "BRAIN_MAX_MEGAPIXELS": "7",
            "BRAIN_MAX_FILE_MEGABYTES": "3",
        }
    )
    assert found == Settings(tmp_path / "a", tmp_path / "b", tmp_path / "c", 7, 3)
    assert (found.max_pixels, found.max_file_bytes) == (7_000_000, 3_000_000)


def test_every_variable_of_the_service_is_read():
    found = Settings.from_environment(
        {
            "BRAIN_MAX_FILES": "12",
            "BRAIN_MAX_TOTAL_MEGABYTES": "34",
            "BRAIN_DATABASE_URL": "postgresql+psycopg://brain:secret@db/brain",
            "BRAIN_KEEP_SCANS": "yes",
            "BRAIN_RETENTION_DAYS": "365",
            "BRAIN_READERS": "A@example.org, b@example.org,",
            "BRAIN_ANALYSTS": "c@example.org",
            "BRAIN_ADMINS": "d@example.org",
            "BRAIN_ROLES_CLAIM": "realm_access.roles",
            "BRAIN_OPEN_ACCESS": OPEN_WORDS,
            "BRAIN_MONITOR_DAYS": "7",
            "BRAIN_ALERT_LEAST_N": "10",
            "BRAIN_ALERT_ERROR_SHARE": "0.2",
            "BRAIN_ALERT_FLAG_SHARE": "0.3",
            "BRAIN_ALERT_SECONDS": "2.5",
            "BRAIN_ALERT_PSI": "0.1",
            "BRAIN_ALERT_SENSITIVITY": "0.95",
            "BRAIN_ALERT_ECE": "0.05",
        }
    )
    assert (found.max_files, found.max_total_bytes) == (12, 34_000_000)
    assert found.store == StoreSettings("postgresql+psycopg://brain:secret@db/brain", True, 365)
    assert found.access == AccessSettings(
        frozenset({"a@example.org", "b@example.org"}),
        frozenset({"c@example.org"}),
        frozenset({"d@example.org"}),
        "realm_access.roles",
        True,
    )
    assert found.monitor == MonitorSettings(7, 10, 0.2, 0.3, 2.5, 0.1, 0.95, 0.05)


def test_the_password_of_the_database_is_in_no_text_of_the_settings():
    assert "secret" not in repr(Settings.from_environment({"BRAIN_DATABASE_URL": "postgresql://a:secret@b/c"}))


def test_open_access_is_asked_for_in_so_many_words():
    assert not Settings().access.open_access
    with pytest.raises(ConfigError, match="BRAIN_OPEN_ACCESS: expected nothing, or exactly: anyone who reaches"):
        Settings.from_environment({"BRAIN_OPEN_ACCESS": "yes"})


@pytest.mark.parametrize("text", ["maybe", "2"])
def test_a_switch_that_is_neither_yes_nor_no_is_refused(text):
    with pytest.raises(ConfigError, match=f"BRAIN_KEEP_SCANS: expected yes or no. Received: '{text}'"):
        Settings.from_environment({"BRAIN_KEEP_SCANS": text})


def test_data_roots_are_separated_as_in_path(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    text = os.pathsep.join([str(tmp_path / "a"), "", "~/b"])
    assert Settings.from_environment({"BRAIN_DATA_ROOTS": text}).data_roots == (tmp_path / "a", tmp_path / "b")
    assert Settings.from_environment({"BRAIN_DATA_ROOTS": ""}).data_roots == ()


def test_an_empty_variable_counts_as_not_set():
    empty = dict.fromkeys(("BRAIN_HOME", "BRAIN_DATA_DIR", "BRAIN_MAX_MEGAPIXELS"), "")
    assert Settings.from_environment(empty) == Settings()


def test_paths_become_absolute_and_the_home_folder_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    found = Settings.from_environment({"BRAIN_HOME": "~/brain", "BRAIN_MODELS_DIR": "models"})
    assert (found.home, found.models_dir) == (tmp_path / "brain", tmp_path / "models")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", " "])
@pytest.mark.parametrize("name", ["BRAIN_MAX_MEGAPIXELS", "BRAIN_MAX_FILE_MEGABYTES"])
def test_a_limit_that_is_no_positive_whole_number_is_refused(name, text):
    with pytest.raises(ConfigError, match=f"{name}: expected a positive whole number. Received: '{text}'"):
        Settings.from_environment({name: text})


def test_the_margin_of_the_gate_is_two_hundredths_unless_set():
    assert Settings.from_environment({"BRAIN_GATE_MARGIN": ""}).gate_margin == 0.02
    for text, value in (("0", 0), ("0.05", 0.05), ("0.5", 0.5)):
        assert Settings.from_environment({"BRAIN_GATE_MARGIN": text}).gate_margin == value


@pytest.mark.parametrize("text", ["-0.01", "0.51", "nan", "2 %"])
def test_a_margin_out_of_range_is_refused(text):
    message = f"BRAIN_GATE_MARGIN: expected a number from 0 to 0.5. Received: '{text}'"
    with pytest.raises(ConfigError, match=message):
        Settings.from_environment({"BRAIN_GATE_MARGIN": text})


def test_settings_are_read_once_and_cannot_be_changed(set_environment, monkeypatch):
    before = set_environment(BRAIN_MAX_MEGAPIXELS=5)
    monkeypatch.setenv("BRAIN_MAX_MEGAPIXELS", "6")
    assert module.settings() is before
    with pytest.raises(dataclasses.FrozenInstanceError):
        before.max_megapixels = 6


def test_the_fixture_keeps_tests_out_of_the_project(settings, tmp_path):
    assert settings.home == tmp_path / "var"
