"""Who may do what: roles, actions, and the user who asks. Pure: claims and settings in, a user out."""

from brain_core.access.policy import user_of
from brain_core.access.roles import ALLOWED, Action, Role, User

__all__ = ["ALLOWED", "Action", "Role", "User", "user_of"]
