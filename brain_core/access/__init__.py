"""Who may do what: roles, actions, and the user who asks."""

from brain_core.access.roles import ALLOWED, Action, Role, User

__all__ = ["ALLOWED", "Action", "Role", "User"]
