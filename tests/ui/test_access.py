"""Who sees what and may do what, with and without sign-in; what the audit log knows of it."""

from __future__ import annotations

import re
import time

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from brain_core import audit, operating_points, versions
from brain_core.access import Action, Role, User
from brain_core.cli import audited
from brain_core.errors import AccessError, ModelError, StoreError
from brain_core.registry import read_card
from brain_core.ui import access
from brain_core.ui.access import server, visitor
from tests.pages.steps import PROJECT, assert_no_failure, words
from tests.ui.retrain import add_version
from tests.ui.service import store_predictions

CNN = "custom_cnn"
AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "c" * 32,
    "client_id": "brain",
    "client_secret": "very-secret",
    "server_metadata_url": "http://localhost:1/.well-known/openid-configuration",
}
PAGES = {
    "1_Detect": Action.DETECT,
    "2_Metrics": Action.SEE_METRICS,
    "3_Thresholds": Action.SEE_METRICS,
    "4_Retrain": Action.RETRAIN,
    "5_PACS": Action.SEARCH_ARCHIVE,
    "6_Review": Action.GIVE_FEEDBACK,
    "7_Monitor": Action.SEE_MONITOR,
    "8_Explain": Action.LEARN,
    "9_Playground": Action.LEARN,
    "10_When_it_fails": Action.LEARN,
    "11_Quiz": Action.LEARN,
}
TEACHING = {name for name, action in PAGES.items() if action == Action.LEARN}


@pytest.fixture(autouse=True)
def fresh(service_files, set_environment, monkeypatch, tmp_path):
    """What a server learns at its first visit is learned anew; a router has run."""
    set_environment(BRAIN_MODELS_DIR=service_files, BRAIN_HOME=tmp_path / "home", BRAIN_SECRETS=tmp_path / "none.toml")
    start = PagesManager.__init__

    def start_knowing(self, *arguments, **options):
        start(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", start_knowing)
    forget()
    yield
    forget()


def forget() -> None:
    """As a server that has just started."""
    server.sign_in.cache_clear()
    server._log_once.cache_clear()


@pytest.fixture
def measured(in_service):
    """A model with stored predictions, whose threshold can be chosen."""
    store_predictions(in_service, CNN, validation=((0.9, 0.6), (0.4, 0.1)), test=((0.9, 0.3), (0.7, 0.2)))


def claims(*roles: str, **more) -> dict:
    return {
        "is_logged_in": True,
        "sub": "7",
        "email": "Ann@x.org",
        "iat": int(time.time()),
        "roles": list(roles),
    } | more


def visit(file: str = "streamlit_app", user: dict | None = None, auth: object = AUTH, **parameters: str) -> AppTest:
    page = AppTest.from_file(PROJECT / f"{file}.py", default_timeout=60)
    if auth is not None:
        page.secrets["auth"] = auth
    if user is not None:
        page.user = user
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert_no_failure(page)
    return page


def titles(page: AppTest) -> list[str]:
    return [title.value for title in page.title]


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def recorded(action: str | None = None) -> list[tuple[str, str, dict]]:
    """The oldest first."""
    return [(e.action, e.user, dict(e.details)) for e in reversed(audit.entries(action=action))]


def press(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def unwritable(*_):
    raise StoreError("The prediction store cannot be used: disk full.")


def test_without_sign_in_whoever_sits_here_may_do_everything():
    page = visit(auth=None)
    assert titles(page) == ["Detect"] and "Sign out" not in labels(page)
    assert access.current() == User("local", frozenset({Role.ADMIN})) and recorded() == []


@pytest.mark.parametrize(
    ("file", "user"),
    [
        *((f"pages/{name}", None) for name in PAGES),
        ("streamlit_app", None),
        ("streamlit_app", {"is_logged_in": False}),
        ("streamlit_app", claims("admin", is_logged_in="yes")),
        ("streamlit_app", {"email": "ann@x.org", "roles": ["admin"]}),
    ],
)
def test_who_has_not_signed_in_sees_how_to_and_nothing_else(file, user):
    page = visit(file, user)
    assert titles(page) == ["BRAIN"] and labels(page) == ["Sign in"]
    assert not page.dataframe and not page.file_uploader


@pytest.mark.parametrize("file", ["streamlit_app", "pages/1_Detect"])
def test_who_is_on_no_list_sees_that_their_name_and_the_way_out(file):
    page = visit(file, claims("owner", name="Ann <b>Bell</b>"))
    assert titles(page) == ["BRAIN"] and labels(page) == ["Sign out"]
    assert "You are not entitled to use BRAIN." in words(page)
    assert "Ann &lt;b&gt;Bell&lt;/b&gt; ann@x.org" in words(page)
    assert not page.file_uploader
    page.run()
    assert recorded() == [("refused", "ann@x.org", {"action": "enter"})]


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        ("reader", {"1_Detect", "5_PACS", "6_Review", *TEACHING}),
        ("analyst", {"2_Metrics", "3_Thresholds", "7_Monitor", *TEACHING}),
        ("admin", set(PAGES)),
    ],
)
def test_every_page_asks_who_is_there(role, sees):
    for name, action in PAGES.items():
        page = visit(f"pages/{name}", claims(role))
        if name in sees:
            assert titles(page) == [name.partition("_")[2].replace("_", " ")]
        else:
            assert not titles(page) and not labels(page) and not page.dataframe
            assert f"ann@x.org may not {action}" in words(page)
            page.run()
    refused = [details for _, _, details in recorded("refused")]
    assert refused == [{"action": PAGES[n].value, "where": "page"} for n in PAGES if n not in sees]  # once a session


@pytest.mark.parametrize(("role", "first"), [("reader", "Detect"), ("analyst", "Metrics"), ("admin", "Detect")])
def test_the_start_is_a_page_that_they_may_see(role, first):
    page = visit(user=claims(role))
    assert titles(page) == [first] and "Sign out" in labels(page)


def test_lists_count_by_address_in_any_case(set_environment):
    set_environment(BRAIN_ANALYSTS="ANN@x.org")
    assert titles(visit("pages/2_Metrics", claims())) == ["Metrics"]
    assert titles(visit("pages/2_Metrics", claims(email_verified=False))) == ["BRAIN"]


def test_a_sign_in_ends_after_twelve_hours():
    page = visit(user=claims("admin", iat=int(time.time()) - 12 * 3600))
    assert labels(page) == ["Sign in"] and "Your sign-in has ended after 12 hours." in words(page)


def test_signing_in_is_recorded_once_a_session_and_signing_out():
    page = visit(user=claims("reader", "analyst", iat=int(time.time())))
    page.run()
    press(page, "Sign out")
    assert labels(page) == ["Sign in"]
    (first, second) = recorded()
    assert first[:2] == ("sign-in", "ann@x.org") and first[2]["roles"] == "analyst, reader"
    assert second == ("sign-out", "ann@x.org", {})


def test_a_sign_in_that_cannot_be_recorded_is_none_the_less_one(monkeypatch, caplog):
    monkeypatch.setattr(audit, "record", unwritable)
    assert titles(visit(user=claims("reader"))) == ["Detect"]
    assert "Not in the audit log: sign-in by ann@x.org" in caplog.text


def save_threshold(page: AppTest) -> AppTest:
    page.number_input(key=f"thresholds_{CNN}_field").set_value(0.25).run()
    page.text_input(key=f"thresholds_{CNN}_reason").set_value("screening")
    return press(page, "Save this operating point")


def test_an_analyst_sets_a_threshold_in_their_own_name(measured):
    page = visit("pages/3_Thresholds", claims("analyst"))
    name = page.text_input(key=f"thresholds_{CNN}_name")
    assert (name.value, name.disabled) == ("ann@x.org", True)
    page.session_state[f"thresholds_{CNN}_name"] = "Somebody else"  # as a browser that was tampered with
    save_threshold(page)
    (saved,) = operating_points.read(read_card(CNN)).history
    assert (saved.threshold, saved.name) == (0.25, "ann@x.org")
    expected = {"model": CNN, "version": "test-1", "threshold": 0.25}
    assert recorded("threshold") == [("threshold", "ann@x.org", expected)]
    press(page, "Back one step")
    assert operating_points.read(read_card(CNN)).history[-1].name == "ann@x.org"
    assert [e[1] for e in recorded("threshold reverted")] == ["ann@x.org"]


@pytest.mark.parametrize("change", [{"iat": 0}, {"roles": ["reader"]}])
def test_what_a_page_showed_before_is_asked_again_when_it_is_done(change, measured):
    page = save_threshold(visit("pages/3_Thresholds", claims("analyst")))
    page.user = page.user | change
    press(page, "Back one step")  # a callback: it runs before the page does
    assert [e.action for e in operating_points.read(read_card(CNN)).history] == ["set"]
    assert ("refused", "ann@x.org", {"action": "set thresholds"}) in recorded()


def test_without_an_audit_log_no_threshold_is_set(measured, monkeypatch):
    page = visit("pages/3_Thresholds", claims("analyst"))
    monkeypatch.setattr(audit, "record", unwritable)
    save_threshold(page)
    assert "Nothing was saved." in words(page) and "disk full. Nothing was done, since" in words(page)
    assert operating_points.read(read_card(CNN)).history == ()


def test_check_raises_and_is_recorded(monkeypatch):
    monkeypatch.setattr(
        visitor, "look", lambda: visitor.Visitor(User("eve@x.org", frozenset({Role.READER})), name="eve@x.org")
    )
    assert access.check(Action.DETECT).name == "eve@x.org"
    with pytest.raises(AccessError, match="eve@x.org may not delete: this takes the role admin."):
        access.check(Action.DELETE)
    assert access.may(Action.DETECT) and not access.may(Action.DELETE)
    assert recorded() == [("refused", "eve@x.org", {"action": "delete"})]


def test_an_act_is_recorded_before_it_is_done_and_again_where_it_fails():
    with pytest.raises(ModelError), access.acting(Action.DELETE, "delete", version="v1") as user:
        assert recorded() == [("delete", "local", {"version": "v1"})]
        versions.delete(CNN, "v1")
    assert user.name == "local"
    assert recorded()[1:] == [("delete", "local", {"version": "v1", "failed": "ModelError"})]


def test_what_only_takes_something_back_is_done_without_an_audit_log_too(monkeypatch, caplog):
    monkeypatch.setattr(audit, "record", unwritable)
    done = []
    with access.acting(Action.ROLL_BACK, "rollback", anyway=True, model=CNN):
        done.append("back")
    assert done == ["back"] and "Not in the audit log: rollback by local" in caplog.text
    with pytest.raises(StoreError, match="Nothing was done"), access.acting(Action.PROMOTE, "promote", model=CNN):
        done.append("promoted")
    assert done == ["back"]


def test_a_number_that_is_none_can_be_recorded():
    assert audited.note("threshold", "ann", {"threshold": float("nan")})
    assert recorded() == [("threshold", "ann", {"threshold": "nan"})]


def test_an_export_is_recorded_at_the_click():
    make = access.exported(lambda: "a,b", "csv", rows=2)
    assert recorded() == []
    assert make() == "a,b"
    assert recorded() == [("export", "local", {"what": "csv", "rows": 2})]


@pytest.fixture
def option(monkeypatch):
    """Sets an option of Streamlit's as the command line would."""

    def put(name: str, value: object) -> None:
        before = config.get_option
        changed = lambda key: value if key == name else before(key)  # noqa: E731
        monkeypatch.setattr(config, "get_option", changed)
        monkeypatch.setattr(st, "get_option", changed)

    return put


@pytest.mark.parametrize("address", [None, "", "0.0.0.0"])
def test_an_address_that_others_reach_serves_nobody_without_sign_in(option, address, caplog, set_environment):
    option("server.address", address)
    page = visit(auth=None)
    assert titles(page) == ["BRAIN"] and labels(page) == [] and "Nobody is let in." in words(page)
    assert "nobody would have to sign in" in words(page) and "nobody would have to sign in" in caplog.text
    with pytest.raises(AccessError):
        access.check(Action.DETECT)
    forget()
    assert labels(visit()) == ["Sign in"]
    forget()
    set_environment(BRAIN_OPEN_ACCESS="anyone who reaches this address may see and change everything")
    assert titles(visit(auth=None)) == ["Detect"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server.trustedUserHeaders", {"X-User": "email", "X-In": "is_logged_in"}),
        ("server.enableXsrfProtection", False),
        ("server.enableCORS", False),
    ],
)
@pytest.mark.parametrize("auth", [None, AUTH])
def test_without_streamlits_protection_nobody_gets_in(option, name, value, auth):
    option(name, value)
    page = visit(user=claims("admin"), auth=auth)
    assert labels(page) == [] and f"{name} is" in words(page)


@pytest.mark.parametrize("auth", [AUTH | {"cookie_secret": "short"}, {"client_id": "brain"}, "yes", {}])
def test_half_a_configuration_lets_nobody_in(auth):
    page = visit(user=claims("admin"), auth=auth)
    assert labels(page) == [] and "Nobody is let in. [auth]" in words(page)


def test_a_secrets_file_that_cannot_be_read_lets_nobody_in(option, monkeypatch, tmp_path):
    path = tmp_path / "secrets.toml"
    path.write_text("[auth")
    option("secrets.files", [str(path)])
    monkeypatch.setattr(st, "secrets", Secrets())
    page = visit(auth=None)
    assert labels(page) == [] and "secrets.toml cannot be read: whether [auth] is in it is open." in words(page)


def test_a_secrets_file_that_goes_away_lets_nobody_in():
    assert labels(visit()) == ["Sign in"]
    page = visit(auth=None)  # the same server
    assert labels(page) == ["Sign in"]


def test_sign_in_asked_for_where_streamlit_does_not_look_lets_nobody_in(set_environment, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text("[auth]\nclient_id = 'brain'\n")
    set_environment(BRAIN_SECRETS=path)
    assert "start with 'python -m brain_core serve'" in re.sub("&#x27;", "'", words(visit(auth=None)))


@pytest.mark.parametrize("headers", [{"Host": "brain.x.org"}, {"Host": "localhost", "X-Forwarded-For": "10.0.0.9"}])
def test_a_visit_that_comes_from_elsewhere_is_refused_without_sign_in(headers, monkeypatch):
    monkeypatch.setattr(type(st.context), "headers", property(lambda _: headers))
    assert labels(visit(auth=None)) == []
    forget()
    assert labels(visit()) == ["Sign in"]


def test_putting_a_version_in_service_and_going_back_are_recorded_in_the_users_name(in_service, tmp_path):
    add_version("2026-01-02-new", tmp_path)
    page = visit("pages/4_Retrain", claims("admin"), step="decide", model=CNN)
    assert page.text_input(key="retrain_promote_name").disabled
    page.text_input(key="retrain_promote_reason_2026-01-02-new").set_value("a try")
    press(page, "Promote")
    page.text_input(key="retrain_rollback_reason").set_value("worse")
    press(page, "Roll back")
    assert [change.name for change in versions.history(CNN)] == ["ann@x.org"] * 2
    about = {"model": CNN, "version": "2026-01-02-new", "before": "test-1", "gate": False}
    assert recorded("promote") == [("promote", "ann@x.org", about)]
    about = {"model": CNN, "version": "test-1", "from": "2026-01-02-new"}
    assert recorded("rollback") == [("rollback", "ann@x.org", about)]
