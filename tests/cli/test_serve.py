"""`serve` starts where nobody gets in who should not, and nowhere else."""

import sys

import pytest

from brain_core.cli import main, serve
from brain_core.settings.access import OPEN_WORDS

AUTH = """[auth]
redirect_uri = "https://brain.x.org/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "brain"
client_secret = "very-secret"
server_metadata_url = "https://login.x.org/.well-known/openid-configuration"
"""


class Started(Exception):
    pass


@pytest.fixture(autouse=True)
def places(monkeypatch, tmp_path):
    """No secrets of the machine's own; what would become Streamlit is raised."""

    def execute(program, words):
        raise Started(program, words)

    monkeypatch.setattr(serve.os, "execv", execute)
    monkeypatch.setattr(serve, "PROJECT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def secrets(tmp_path):
    """Writes the file that Streamlit reads."""

    def write(text: str):
        path = tmp_path / ".streamlit" / "secrets.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def words(*arguments: str) -> list[str]:
    with pytest.raises(Started) as started:
        main(["serve", *arguments])
    program, found = started.value.args
    assert program == sys.executable == found[0]
    return found


def option(found: list[str], name: str) -> list[str]:
    return [found[place + 1] for place, word in enumerate(found) if word == name]


def test_localhost_is_served_by_default_with_streamlits_protection_on():
    found = words()
    assert option(found, "--server.address") == ["localhost"] and option(found, "--server.port") == ["8501"]
    assert option(found, "--server.enableXsrfProtection") == option(found, "--server.enableCORS") == ["true"]
    assert "--secrets.files" not in found


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machines_other_names_are_served(address):
    assert option(words("--address", address, "--port", "9000"), "--server.address") == [address]


@pytest.mark.parametrize("address", ["0.0.0.0", "", "192.168.1.5", "::"])
def test_other_addresses_are_refused_with_what_to_do(address, capsys):
    assert main(["serve", "--address", address]) == 2
    told = capsys.readouterr().err
    assert "nobody would have to sign in" in told and "[auth]" in told and OPEN_WORDS in told


def test_a_proxy_takes_sign_in_too(capsys, secrets):
    assert main(["serve", "--behind-proxy"]) == 2
    assert "--behind-proxy: nobody would have to sign in" in capsys.readouterr().err
    secrets(AUTH)
    assert words("--behind-proxy")


def test_with_sign_in_or_in_so_many_words_any_address_is_served(secrets, set_environment):
    set_environment(BRAIN_OPEN_ACCESS=OPEN_WORDS)
    assert option(words("--address", "0.0.0.0"), "--server.address") == ["0.0.0.0"]
    set_environment(BRAIN_OPEN_ACCESS="")
    secrets(AUTH)
    assert option(words("--address", "0.0.0.0"), "--server.address") == ["0.0.0.0"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (AUTH.replace("0123456789abcdef", "", 1), "[auth] cookie_secret: expected 32 random characters"),
        (AUTH.replace("redirect_uri", "redirect"), "[auth] redirect_uri: expected"),
        ("[auth", "secrets.toml is not valid TOML"),
        ("auth = 5", "[auth]: expected a table"),
    ],
)
def test_half_a_section_starts_nothing_even_on_localhost(text, reason, secrets, capsys):
    secrets(text)
    assert main(["serve"]) == 2
    told = capsys.readouterr().err
    assert reason in told and "very-secret" not in told and "89abcdef" not in told


def test_the_file_of_brain_secrets_is_read_by_streamlit_as_well(tmp_path, set_environment, secrets):
    named = tmp_path / "other.toml"
    named.write_text(AUTH)
    set_environment(BRAIN_SECRETS=named)
    files = option(words("--address", "0.0.0.0"), "--secrets.files")
    assert files[-1] == str(named)
    assert str(secrets("")) in files  # as without it
    named.write_text("[pacs]")
    assert main(["serve", "--address", "0.0.0.0"]) == 2


def test_a_secrets_file_that_streamlit_would_not_read_is_refused(tmp_path, set_environment, capsys):
    set_environment(BRAIN_SECRETS=tmp_path / "brain.conf")
    assert main(["serve"]) == 2
    assert "BRAIN_SECRETS: expected a name that ends in .toml. Received: brain.conf." in capsys.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_port_is_a_port(port, capsys):
    assert main(["serve", "--port", port]) == 2
    assert "--port: expected a port" in capsys.readouterr().err
