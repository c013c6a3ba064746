"""Who gets in, and as what."""

from __future__ import annotations

from dataclasses import dataclass

from brain_core.errors import ConfigError
from brain_core.settings import values

OPEN_WORDS = "anyone who reaches this address may see and change everything"


@dataclass(frozen=True)
class AccessSettings:
    """Roles by e-mail address or by a claim of the identity provider; see `brain_core.access`.

    Attributes:
        readers, analysts, admins: e-mail addresses of those who have the role (``BRAIN_READERS``, ``BRAIN_ANALYSTS``,
            ``BRAIN_ADMINS``); compared in lower case.
        roles_claim: the claim that lists a user's roles (``BRAIN_ROLES_CLAIM``); dots lead into objects, as in
            ``realm_access.roles``.
        open_access: serve an address other than localhost without sign-in; only the very sentence turns it on
            (``BRAIN_OPEN_ACCESS``, see `OPEN_WORDS`).
    """

    readers: frozenset[str] = frozenset()
    analysts: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    roles_claim: str = "roles"
    open_access: bool = False

    @staticmethod
    def from_environment(environment: values.Environment) -> AccessSettings:
        """Raises `ConfigError` where open access is asked for in other words."""
        words = environment.get("BRAIN_OPEN_ACCESS", "").strip()
        if words not in ("", OPEN_WORDS):
            raise ConfigError(f"BRAIN_OPEN_ACCESS: expected nothing, or exactly: {OPEN_WORDS}. Received: {words!r}.")
        return AccessSettings(
            readers=values.names(environment, "BRAIN_READERS"),
            analysts=values.names(environment, "BRAIN_ANALYSTS"),
            admins=values.names(environment, "BRAIN_ADMINS"),
            roles_claim=environment.get("BRAIN_ROLES_CLAIM") or AccessSettings.roles_claim,
            open_access=words == OPEN_WORDS,
        )
