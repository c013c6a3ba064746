import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from brain_core.errors import ConfigError
from brain_core.scans import pseudonym

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def fresh():
    pseudonym._secret.cache_clear()
    yield
    pseudonym._secret.cache_clear()


def test_it_can_be_spoken_and_has_no_look_alikes():
    for number in range(200):
        assert re.fullmatch(r"P-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", pseudonym.of_patient(str(number)))


def test_the_same_patient_has_the_same_one_after_a_restart(settings):
    before = pseudonym.of_patient("PH-0001", "Clinic")
    pseudonym._secret.cache_clear()
    assert pseudonym.of_patient(" PH-0001 ", "Clinic ") == before


def test_what_differs_gets_another_one():
    others = [("PH-0001", ""), ("PH-0001", "Clinic"), ("PH-0002", ""), ("ph-0001", ""), ("PH-0001Clinic", "")]
    assert len({pseudonym.of_patient(*each) for each in others}) == len(others)


def test_without_an_id_the_study_tells_patients_apart():
    one, other = pseudonym.of_patient(" ", study_uid="1.2.3"), pseudonym.of_patient("", study_uid="1.2.4")
    assert one != other
    assert one == pseudonym.of_patient("", "Clinic", study_uid="1.2.3")
    assert pseudonym.of_patient("1.2.3") != one  # an ID that looks like a UID


def test_ten_thousand_patients_have_ten_thousand():
    assert len({pseudonym.of_patient(f"{number:06}") for number in range(10_000)}) == 10_000


def test_another_installation_gives_another_one(set_environment, tmp_path):
    one = (pseudonym.of_patient("PH-0001"), pseudonym.remapped_uid("1.2.3"), pseudonym.study_key("1.2.3"))
    set_environment(BRAIN_HOME=tmp_path / "other")
    other = (pseudonym.of_patient("PH-0001"), pseudonym.remapped_uid("1.2.3"), pseudonym.study_key("1.2.3"))
    assert not {*one} & {*other}


def test_known_answers(settings):
    """HMAC-SHA256 by openssl: printf 'patient\\0Clinic\\0PH-0001' | openssl dgst -sha256 -mac HMAC -macopt key:KEY."""
    settings.home.mkdir(parents=True)
    (settings.home / pseudonym.SECRET_FILE).write_bytes(b"k" * 32)
    assert pseudonym.of_patient("PH-0001", "Clinic") == "P-FCX2-RTMK"


def test_the_secret_is_for_the_owner_alone(settings):
    pseudonym.of_patient("PH-0001")
    (file,) = settings.home.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode), file.stat().st_size) == ("pseudonyms.key", 0o600, 32)


def test_processes_that_start_at_once_agree(settings):
    script = "from brain_core.scans import pseudonym; print(pseudonym.of_patient('PH-0001'))"
    environment = {"BRAIN_HOME": str(settings.home), "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}
    running = [
        subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({process.communicate()[0].strip() for process in running}) == 1
    assert [process.returncode for process in running] == [0] * 4
    assert [path.name for path in settings.home.iterdir()] == ["pseudonyms.key"]


def test_who_comes_second_takes_the_first_ones_secret(settings, monkeypatch):
    def late(name, path):
        Path(path).write_bytes(b"f" * 32)
        raise FileExistsError

    monkeypatch.setattr(pseudonym.os, "link", late)
    assert pseudonym._secret(settings.home) == b"f" * 32


def test_file_systems_without_links_do(settings, monkeypatch):
    def refuse(name, path):
        raise PermissionError

    monkeypatch.setattr(pseudonym.os, "link", refuse)
    secret = pseudonym._secret(settings.home)
    assert (settings.home / "pseudonyms.key").read_bytes() == secret


def test_a_home_that_cannot_be_written_has_a_secret_for_this_process(set_environment, tmp_path):
    (tmp_path / "file").write_text("no folder")
    set_environment(BRAIN_HOME=tmp_path / "file")
    one = pseudonym.of_patient("PH-0001")
    assert pseudonym.of_patient("PH-0001") == one
    pseudonym._secret.cache_clear()
    assert pseudonym.of_patient("PH-0001") != one


def test_a_damaged_secret_is_named(settings):
    settings.home.mkdir(parents=True)
    (settings.home / "pseudonyms.key").write_bytes(b"short")
    with pytest.raises(ConfigError, match="pseudonyms.key: expected 32 bytes. Received: 5. Restore"):
        pseudonym.of_patient("PH-0001")


def test_uids_are_valid_and_stay_what_they_became():
    uid = pseudonym.remapped_uid("1.2.3\0")
    assert uid == pseudonym.remapped_uid("1.2.3")
    assert re.fullmatch(r"2\.25\.(0|[1-9][0-9]*)", uid) and len(uid) <= 64
    assert uid != pseudonym.remapped_uid("1.2.4")


def test_studies_have_names_and_keys():
    assert re.fullmatch(r"S-.{4}-.{4}", pseudonym.of_study("1.2.3"))
    assert re.fullmatch(r"[0-9a-f]{64}", pseudonym.study_key("1.2.3"))
