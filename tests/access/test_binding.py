"""Without sign-in the dashboard is for the machine that it runs on."""

import pytest

from brain_core.access.binding import is_local, refusal, refusal_of_visit


@pytest.mark.parametrize(
    "address", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.2", "::1", "[::1]", " localhost "]
)
def test_this_machine(address):
    assert is_local(address)
    assert refusal(address, signs_in=False, open_access=False) is None


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        " ",
        "0.0.0.0",
        "::",
        "192.168.1.5",
        "brain.x.org",
        "localhost.evil.org",
        "127.0.0.1.evil.org",
        "unix:///run/x",
        "2130706433",
    ],
)
def test_others_reach_it(address):
    assert not is_local(address)
    told = refusal(address, signs_in=False, open_access=False)
    assert "nobody would have to sign in" in told and "[auth]" in told and "BRAIN_OPEN_ACCESS" in told
    assert refusal(address, signs_in=True, open_access=False) is None
    assert refusal(address, signs_in=False, open_access=True) is None


@pytest.mark.parametrize("headers", [{}, {"Host": "localhost:8501"}, {"Host": "127.0.0.1"}, {"Host": "[::1]:8501"}])
def test_a_visit_from_this_machine(headers):
    assert refusal_of_visit(headers, signs_in=False, open_access=False) is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Host": "brain.x.org"}, "another name than localhost"),
        ({"Host": "evil.org:8501"}, "another name than localhost"),
        ({"Host": "[::1"}, "another name than localhost"),
        ({"Host": "localhost:8501", "X-Forwarded-For": "10.0.0.9"}, "through a proxy"),
        ({"Host": "localhost", "Forwarded": "for=10.0.0.9"}, "through a proxy"),
        ({"Host": "localhost", "X-Real-Ip": "10.0.0.9"}, "through a proxy"),
    ],
)
def test_a_visit_from_elsewhere(headers, reason):
    assert reason in refusal_of_visit(headers, signs_in=False, open_access=False)
    assert refusal_of_visit(headers, signs_in=True, open_access=False) is None
    assert refusal_of_visit(headers, signs_in=False, open_access=True) is None
