"""Section [auth]: whole, or nobody gets in; a message names the key and shows no value."""

import pytest

from brain_core.access.provider import name, problem

HOST = {
    "client_id": "brain",
    "client_secret": "very-secret",
    "server_metadata_url": "https://login.x.org/.well-known/openid-configuration",
}
COMMON = {"redirect_uri": "https://brain.x.org/oauth2callback", "cookie_secret": "c" * 32}


def test_a_whole_section_has_no_problem():
    assert problem(COMMON | HOST | {"client_kwargs": {"prompt": "login"}}) is None
    assert name(COMMON | HOST | {"client_kwargs": {"prompt": "login"}}) is None
    assert (problem(COMMON | {"keycloak": HOST}), name(COMMON | {"keycloak": HOST})) == (None, "keycloak")


@pytest.mark.parametrize("key", [*COMMON, *HOST])
@pytest.mark.parametrize("value", [None, "", 5, "short-and-wrong"])
def test_half_of_it_names_the_key_and_shows_no_value(key, value):
    section = COMMON | HOST | {key: value}
    if key.startswith("client") and value == "short-and-wrong":
        assert problem(section) is None
    else:
        told = problem(section)
        assert f"[auth] {key}: expected" in told
        assert "short-and-wrong" not in told and "secret-" not in told


@pytest.mark.parametrize("key", [*COMMON, *HOST])
def test_a_missing_key_is_named(key):
    section = {k: v for k, v in (COMMON | HOST).items() if k != key}
    assert f"[auth] {key}: expected" in problem(section)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("redirect_uri", "http://brain.x.org/oauth2callback"),
        ("redirect_uri", "https://brain.x.org/"),
        ("redirect_uri", "https:///oauth2callback"),
        ("redirect_uri", "https://[/oauth2callback"),
        ("server_metadata_url", "http://login.x.org/.well-known/openid-configuration"),
        ("server_metadata_url", "ftp://localhost/x"),
        ("cookie_secret", "c" * 31),
    ],
)
def test_what_others_could_read_change_or_guess_is_refused(key, value):
    assert f"[auth] {key}: expected" in problem(COMMON | HOST | {key: value})


def test_http_is_for_this_machine_alone():
    local = {"redirect_uri": "http://localhost:{port}/oauth2callback", "server_metadata_url": "http://127.0.0.1:9/x"}
    assert problem(COMMON | HOST | local) is None


def test_several_providers_are_refused_since_their_users_could_pass_for_each_other():
    for section in (COMMON | {"a": HOST, "b": HOST}, COMMON | HOST | {"b": HOST}):
        assert "expected one identity provider" in problem(section)


@pytest.mark.parametrize("section", [None, [], "x", {}])
def test_what_is_no_section_is_refused(section):
    assert problem(section).startswith("[auth]")


def test_streamlits_rule_for_names_is_told():
    assert "without an underscore" in problem(COMMON | {"my_login": HOST})
