"""Logs tell no password and steer no terminal, whatever logger and whatever library they come from."""

from __future__ import annotations

import io
import logging
import sys
from logging import Formatter

import pytest

from brain_core import logs
from brain_core.cli import terminal

SECRET = "s3cret-w0rd"


@pytest.fixture
def logged(monkeypatch, tmp_path):
    """``logged()``: what was logged so far, as a handler writes it."""
    before, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Formatter("%(levelname)s %(message)s"))
    logging.getLogger().addHandler(handler)
    monkeypatch.setenv("BRAIN_DATABASE_URL", f"postgresql+psycopg://brain:{SECRET}@db/brain")
    monkeypatch.setenv("BRAIN_PACS_PASSWORD", "another-one")
    (tmp_path / "secrets.toml").write_text('[auth.idp]\nclient_secret = "of-the-client"\nclient_id = "brain"\n')
    monkeypatch.setenv("BRAIN_SECRETS", str(tmp_path / "secrets.toml"))
    logging.setLogRecordFactory(logging.LogRecord)  # a page that ran before this test has protected the process
    logs.protect()
    yield stream.getvalue
    logging.setLogRecordFactory(before)
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql+psycopg://brain:pw@db/brain", "postgresql+psycopg://brain:***@db/brain"),
        ("at https://me:a@b@host/x and ftp://u:p@h", "at https://me:***@host/x and ftp://u:***@h"),
        ("password=pw, host=db", "password=***, host=db"),
        ("{'client_secret': 'pw pw', 'a': 1}", "{'client_secret': ***, 'a': 1}"),
        ("Authorization: Bearer abcdef.123456", "Authorization: Bearer ***"),
        ("Authorization: Basic dXNlcjpwdw==", "Authorization: Basic ***"),
        ("a Basic structured report at http://host:80/x", "a Basic structured report at http://host:80/x"),
        ("no password", "no password"),
    ],
)
def test_what_is_hidden(text, expected):
    assert logs.redacted(text) == expected


def test_the_database_password_is_hidden_wherever_it_stands(logged):
    logging.getLogger("sqlalchemy.pool").warning("connect %s failed", [SECRET])
    logging.getLogger("anything").error("another-one and %(x)s", {"x": SECRET})
    logging.getLogger("authlib").error("brain: of-the-client")
    assert logged() == "WARNING connect ['***'] failed\nERROR *** and ***\nERROR brain: ***\n"
    made = logging.getLogRecordFactory()
    logs.protect()
    assert logging.getLogRecordFactory() is made


def test_secrets_files_that_cannot_be_read_are_passed_over(tmp_path):
    (tmp_path / "bad.toml").write_text("[[[")
    (tmp_path / "good.toml").write_text('a = 1\n[pacs]\npassword = "long enough"\ntoken = "abc"\nhost = "name"')
    files = [tmp_path / "none.toml", tmp_path / "bad.toml", tmp_path / "good.toml", tmp_path]
    assert logs.secrets_in(files) == ("long enough",)


def test_tracebacks_are_treated_alike(logged):
    try:
        raise OSError(f"postgresql://brain:{SECRET}@db refused \x1b[2J")
    except OSError:
        logging.getLogger("streamlit").exception("Uncaught")
    assert "OSError: postgresql://brain:***@db refused \\x1b[2J" in logged() and SECRET not in logged()


def test_arguments_stay_where_there_is_nothing_to_hide(logged):
    arguments = ("127.0.0.1", "GET", "/")
    made = logging.getLogRecordFactory()("access", logging.INFO, "a.py", 1, '%s - "%s %s"', arguments, None)
    assert made.args == arguments and made.getMessage() == '127.0.0.1 - "GET /"'


def test_a_message_that_its_arguments_do_not_fit_is_logged_all_the_same(logged):
    logging.getLogger("careless").warning("%d files", "x")
    assert logged() == "WARNING %d files (TypeError in its arguments)\n"


def test_terminal_controls_are_written_out(logged):
    logging.getLogger("brain_core").warning("error: %s", "a\x1b]0;owned\x07\x9b31m\u202egnp.exe\tb\nc\udce9")
    assert logged() == "WARNING error: a\\x1b]0;owned\\x07\\x9b31m\\u202egnp.exe\tb\nc\\udce9\n"


def test_short_and_empty_secrets_are_no_words_to_hide():
    environment = {"X_TOKEN": "", "Y_SECRET": "abc", "BRAIN_DATABASE_URL": "sqlite:///a", "Z_PASSWORD": "abcd"}
    assert logs.secrets_of(environment) == ("abcd",)
    assert logs.secrets_of({"BRAIN_DATABASE_URL": "postgresql://u:p%40ss@h/d"}) == ("p@ss",)
    assert logs.secrets_of({"BRAIN_DATABASE_URL": "http://[bad"}) == ()


def test_where_an_error_comes_from_is_told_without_its_words():
    try:
        raise ValueError("Muster^Anna")
    except ValueError as error:
        told = logs.places(error)
    assert told.startswith("test_logs.py:") and "Muster" not in told


@pytest.mark.parametrize("is_terminal", [True, False])
def test_standard_output_is_guarded_on_a_terminal_alone(monkeypatch, is_terminal):
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal
    monkeypatch.setattr(sys, "stdout", stream)
    terminal.guard()
    sys.stdout.write("\x1b[31mred\u202e\n")
    sys.stdout.flush()
    assert stream.getvalue() == ("\\x1b[31mred\\u202e\n" if is_terminal else "\x1b[31mred\u202e\n")
