"""Signing in at a real OpenID Connect provider, in a real browser: who gets in, sees what, does what, and gets out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.browser.server import PROJECT, SECONDS, free_port, settle, wait_for
from tests.needed import lacking
from tests.ui.service import store_predictions

USERS = {
    "u-reader": {"email": "Rita@x.org", "email_verified": True, "name": "Rita Reader"},
    "u-analyst": {"email": "ana@x.org", "name": "Ana <b>Analyst</b>", "realm": {"roles": ["analyst", "owner"]}},
    "u-admin": {"email": "ada@x.org", "email_verified": True},
    "u-nobody": {"email": "eve@x.org", "email_verified": True, "name": "Eve"},
    "u-pretends": {"email": "ada@x.org", "email_verified": False},
}
TEACHING = ["Explain", "Playground", "When it fails", "Quiz"]


@dataclass(frozen=True)
class Place:
    """The dashboard and what it writes."""

    address: str
    home: Path

    def recorded(self) -> list[dict]:
        """The audit log, the oldest first."""
        script = "import json; from brain_core import audit; print(json.dumps([[e.action, e.user, dict(e.details)] "
        script += "for e in reversed(audit.entries())]))"
        environment = os.environ | {"BRAIN_HOME": str(self.home)}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
        )
        return [dict(zip(("action", "user", "details"), row, strict=True)) for row in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def provider():
    """The address of one that knows `USERS`."""
    if find_spec("oidc_provider_mock") is None:
        lacking("The browser test needs an OpenID Connect provider (pip install oidc-provider-mock).")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://localhost:{port}"
    try:
        wait_for(f"{address}/.well-known/openid-configuration", process)
        for subject, claims in USERS.items():
            body, kind = json.dumps(claims).encode(), {"Content-Type": "application/json"}
            urllib.request.urlopen(urllib.request.Request(f"{address}/users/{subject}", body, kind, method="PUT"))
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def place(service_files, provider, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    shutil.copytree(service_files, folder / "models")
    store_predictions(folder / "models", "custom_cnn", validation=((0.9, 0.6), (0.4, 0.1)), test=((0.9,), (0.2,)))
    (folder / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{os.urandom(32).hex()}"\n'
        'client_id = "brain"\nclient_secret = "of the test"\n'
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"\n'
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAIN_")}
    environment |= {"BRAIN_MODELS_DIR": str(folder / "models"), "BRAIN_HOME": str(folder / "home")}
    environment |= {"BRAIN_SECRETS": str(folder / "secrets.toml"), "BRAIN_ROLES_CLAIM": "realm.roles"}
    environment |= {"BRAIN_READERS": "rita@x.org", "BRAIN_ADMINS": "ada@X.org"}
    command = [sys.executable, "-m", "brain_core", "serve", "--port", str(port)]
    with (folder / "log").open("a") as log:
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", server)
        yield Place(f"http://localhost:{port}", folder / "home")
    finally:
        server.terminate()
        server.wait(30)
    text = (folder / "log").read_text()
    assert "Traceback" not in text and "of the test" not in text


@pytest.fixture
def page(browser, place):
    """A new visitor's."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page, complaints = context.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def sign_in(page, place: Place, subject: str) -> None:
    page.goto(place.address)
    page.get_by_role("button", name="Sign in").click(timeout=SECONDS)
    page.get_by_placeholder("sub").fill(subject, timeout=SECONDS)
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("button", name="Sign out").wait_for(timeout=SECONDS)
    settle(page)


def menu(page) -> list[str]:
    links = page.get_by_test_id("stSidebarNavLink")
    links.first.wait_for(timeout=SECONDS)
    return [text.splitlines()[-1].strip() for text in links.all_inner_texts()]  # before it the name of the icon


def shows_nothing(page) -> None:
    assert page.get_by_test_id("stSidebarNavLink").count() == 0
    assert page.locator("input[type=file]").count() == 0


def test_nobody_gets_in_unsigned_whatever_their_headers_and_cookies_say(browser, place):
    faked = {f"X-{name}": "ada@x.org" for name in ("Forwarded-User", "Forwarded-Email", "Remote-User", "Auth-User")}
    context = browser.new_context(extra_http_headers=faked | {"Authorization": "Bearer ada"})
    cookie = '{"is_logged_in": true, "email": "ada@x.org", "sub": "1", "iat": 9999999999}'
    context.add_cookies([{"name": "_streamlit_user", "value": json.dumps(cookie), "url": place.address}])
    page = context.new_page()
    for path in ("", "/Retrain", "/Detect"):
        page.goto(place.address + path)
        page.get_by_role("button", name="Sign in").wait_for(timeout=SECONDS)
        shows_nothing(page)
    context.close()


def test_a_reader_sees_detect_and_is_sent_away_from_retrain(page, place):
    sign_in(page, place, "u-reader")
    page.get_by_role("heading", name="Detect").wait_for(timeout=SECONDS)
    assert menu(page) == ["Detect", "PACS", "Review", *TEACHING]
    assert page.get_by_text("Rita Reader").is_visible() and page.get_by_text("rita@x.org").is_visible()
    page.goto(f"{place.address}/Retrain")
    page.get_by_text("This page is not for you. ").wait_for(timeout=SECONDS)
    settle(page)
    assert page.get_by_text("rita@x.org may not retrain models: this takes the role admin.").is_visible()
    assert page.get_by_role("heading", name="Retrain").count() == 0 and menu(page) == [
        "Detect",
        "PACS",
        "Review",
        *TEACHING,
    ]
    mine = [(e["action"], e["details"].get("action")) for e in place.recorded() if e["user"] == "rita@x.org"]
    assert mine[0] == ("sign-in", None) and ("refused", "retrain models") in mine


@pytest.mark.parametrize(("subject", "name"), [("u-nobody", "eve@x.org"), ("u-pretends", "subject u-pretends")])
def test_who_is_on_no_list_gets_in_nowhere(page, place, subject, name):
    sign_in(page, place, subject)
    for path in ("", "/Metrics"):
        page.goto(place.address + path)
        page.get_by_text("You are not entitled to use BRAIN.").wait_for(timeout=SECONDS)
        assert page.get_by_text(name).is_visible()
        shows_nothing(page)


def test_an_analyst_sets_a_threshold_and_the_audit_log_names_them(page, place):
    sign_in(page, place, "u-analyst")
    page.get_by_role("heading", name="Metrics").wait_for(timeout=SECONDS)  # the first page that is theirs
    assert (
        menu(page) == ["Metrics", "Thresholds", "Monitor", *TEACHING]
        and page.get_by_text("Ana <b>Analyst</b>").is_visible()
    )
    page.goto(f"{place.address}/Thresholds?t_custom_cnn=0.25")
    page.get_by_text("Use 0.250 from now on").click(timeout=SECONDS)
    assert page.get_by_label("Your name").is_disabled()
    page.get_by_label("Reason").fill("screening")
    page.get_by_role("button", name="Save this operating point").click()
    page.get_by_text("0.250: set by ana@x.org").wait_for(timeout=SECONDS)
    (entry,) = [entry for entry in place.recorded() if entry["action"] == "threshold"]
    assert (entry["user"], entry["details"]["threshold"]) == ("ana@x.org", 0.25)


def test_an_admin_sees_all_and_signing_out_ends_it(page, place):
    sign_in(page, place, "u-admin")
    scans, models = ["Detect", "PACS", "Review"], ["Metrics", "Thresholds", "Retrain", "Monitor"]
    assert menu(page) == [*scans, *models, *TEACHING]
    page.goto(f"{place.address}/Retrain")
    page.get_by_role("heading", name="Retrain").wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Sign out").click(timeout=SECONDS)
    page.wait_for_url(lambda url: "/Retrain" not in url, timeout=SECONDS)
    page.goto(f"{place.address}/Retrain")
    page.get_by_role("button", name="Sign in").wait_for(timeout=SECONDS)
    shows_nothing(page)
    assert [e["action"] for e in place.recorded() if e["user"] == "ada@x.org"][-1] == "sign-out"
