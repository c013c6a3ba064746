"""From what the identity provider says of somebody to a user: their name in the records, and their roles."""

from __future__ import annotations

from collections.abc import Mapping

from brain_core.access.roles import Role, User
from brain_core.errors import AccessError
from brain_core.settings.access import AccessSettings

LONGEST_ADDRESS = 254  # characters of an e-mail address (RFC 5321)
LONGEST_SUBJECT = 255  # characters of a subject (OpenID Connect Core 1.0, 2)
LONGEST_SHOWN = 80  # characters
SUBJECT = "subject "  # goes before it in a name, so that nobody's subject passes for another's e-mail address


def user_of(claims: Mapping, settings: AccessSettings) -> User:
    """The user whom the claims of a checked ID token name; without roles where no list and no claim gives any.

    Args:
        claims: as the provider signed them; they are taken at their word.

    Raises:
        AccessError: they name nobody.
    """
    address = _address(claims)
    subject = claims.get("sub")
    if address is None and not _is_line(subject, LONGEST_SUBJECT):
        raise AccessError("The identity provider names nobody: expected a subject (sub) in its ID token.")
    roles = _claimed(claims, settings.roles_claim) | _listed(address, settings)
    return User(address or SUBJECT + subject, roles, _shown(claims))


def _address(claims: Mapping) -> str | None:
    """The e-mail address in lower case; None without one, or where the provider does not vouch for it.

    Addresses beyond ASCII do not count: lower case turns the Kelvin sign into a k, and so one address into another.
    """
    address = claims.get("email")
    vouched = claims.get("email_verified", True)  # Entra ID and others never say
    if vouched is not True and str(vouched).lower() != "true":  # a few send it as a text
        return None
    if not _is_line(address, LONGEST_ADDRESS) or not address.isascii() or "@" not in address:
        return None
    return address.strip().lower()


def _listed(address: str | None, settings: AccessSettings) -> frozenset[Role]:
    lists = {Role.READER: settings.readers, Role.ANALYST: settings.analysts, Role.ADMIN: settings.admins}
    return frozenset(role for role, addresses in lists.items() if address in addresses)


def _claimed(claims: Mapping, path: str) -> frozenset[Role]:
    """Roles in a claim, a list or one text; others that stand there are for other programs."""
    found: object = claims.get(path)  # a claim named by an address has dots too
    if found is None:
        found = claims
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = found if isinstance(found, list | tuple) else [found]
    known = {role.value: role for role in Role}
    return frozenset(known[text.lower()] for text in values if isinstance(text, str) and text.lower() in known)


def _shown(claims: Mapping) -> str:
    for name in ("name", "preferred_username"):
        text = claims.get(name)
        if isinstance(text, str) and text.strip():
            return "".join(c for c in text.strip() if c.isprintable())[:LONGEST_SHOWN]
    return ""


def _is_line(text: object, longest: int) -> bool:
    return isinstance(text, str) and 0 < len(text.strip()) <= longest and text.isprintable()
