"""From claims to a user: whose word counts, how roles are found, and what they may do."""

import pytest

from brain_core.access import ALLOWED, Action, Role, User, user_of
from brain_core.errors import AccessError
from brain_core.settings.access import AccessSettings

LISTS = AccessSettings(
    readers=frozenset({"ann@x.org"}), analysts=frozenset({"ann@x.org", "bob@x.org"}), admins=frozenset({"mark@x.org"})
)


def roles(settings=LISTS, **claims) -> set[str]:
    return {role.value for role in user_of({"sub": "7"} | claims, settings).roles}


def test_lists_give_roles_whatever_the_case_of_the_address():
    assert roles(email="Ann@X.org") == {"reader", "analyst"}
    assert roles(email="bob@x.org", email_verified=True) == {"analyst"}
    assert roles(email="eve@x.org") == roles() == set()


@pytest.mark.parametrize("verified", [False, "false", "False", 0, None, "no", ""])
def test_an_address_that_the_provider_does_not_vouch_for_is_nobodys(verified):
    user = user_of({"sub": "7", "email": "mark@x.org", "email_verified": verified}, LISTS)
    assert (user.name, user.roles) == ("subject 7", frozenset())


@pytest.mark.parametrize("verified", [True, "true"])
def test_one_that_it_vouches_for_counts(verified):
    assert roles(email="mark@x.org", email_verified=verified) == {"admin"}


@pytest.mark.parametrize(
    "email", ["mar\u212a@x.org", "mark", "", " ", 5, ["mark@x.org"], "mark@x.org\n", "a" * 250 + "@x.org"]
)
def test_what_is_no_address_or_looks_like_anothers_does_not_count(email):
    assert "mar\u212a@x.org".lower() == "mark@x.org"  # the Kelvin sign
    user = user_of({"sub": "7", "email": email}, LISTS)
    assert (user.name, user.roles) == ("subject 7", frozenset())


def test_a_subject_that_looks_like_an_address_is_on_no_list():
    assert user_of({"sub": "mark@x.org"}, LISTS) == User("subject mark@x.org", frozenset())


@pytest.mark.parametrize(
    "claims", [{}, {"sub": ""}, {"sub": 7}, {"sub": "a\nb"}, {"email": "a@x.org", "email_verified": False}]
)
def test_claims_that_name_nobody_are_refused(claims):
    with pytest.raises(AccessError, match="names nobody"):
        user_of(claims, LISTS)


@pytest.mark.parametrize(
    ("claim", "claims", "expected"),
    [
        ("roles", {"roles": ["reader", "admin"]}, {"reader", "admin"}),
        ("roles", {"roles": "Analyst"}, {"analyst"}),
        ("roles", {"roles": ["owner", 1, None, {"admin": 1}, "reader"]}, {"reader"}),
        ("roles", {"roles": {"admin": True}}, set()),
        ("roles", {"groups": ["admin"]}, set()),
        ("realm_access.roles", {"realm_access": {"roles": ["admin"]}}, {"admin"}),
        ("realm_access.roles", {"realm_access": ["roles"]}, set()),
        ("https://x.org/roles", {"https://x.org/roles": ["reader"]}, {"reader"}),
    ],
)
def test_roles_come_from_the_claim_that_the_settings_name(claim, claims, expected):
    assert roles(AccessSettings(roles_claim=claim), **claims) == expected


def test_claim_and_lists_add_up():
    assert roles(email="bob@x.org", roles=["reader"]) == {"reader", "analyst"}


def test_the_name_for_the_eye_is_one_short_line():
    assert user_of({"sub": "7", "name": " Ann\u202e\n Bell " + "x" * 100}, LISTS).shown == "Ann Bell " + "x" * 71
    assert user_of({"sub": "7", "preferred_username": "ann"}, LISTS).shown == "ann"


@pytest.mark.parametrize(
    ("role", "may_not"),
    [
        (Role.READER, {"SEE_METRICS", "SEE_MONITOR", "SET_THRESHOLD", "RETRAIN", "PROMOTE", "ROLL_BACK", "DELETE"}),
        (
            Role.ANALYST,
            {"DETECT", "SEARCH_ARCHIVE", "STORE_IN_ARCHIVE", "GIVE_FEEDBACK"}
            | {"RETRAIN", "PROMOTE", "ROLL_BACK", "DELETE"},
        ),
        (Role.ADMIN, set()),
    ],
)
def test_what_each_role_may_not(role, may_not):
    user = User("u", frozenset({role}))
    assert {action.name for action in Action if not user.may(action)} == may_not
    assert {action.name for action in Action if action not in ALLOWED[role]} == may_not


def test_who_has_no_role_may_do_nothing_and_is_told_which_it_takes():
    nobody = User("eve@x.org", frozenset())
    assert not any(nobody.may(action) for action in Action)
    with pytest.raises(AccessError, match="eve@x.org may not set thresholds: this takes the role analyst or admin."):
        nobody.check(Action.SET_THRESHOLD)
