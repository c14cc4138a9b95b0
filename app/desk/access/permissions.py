"""One table of permissions: which role each action requires."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import Forbidden

ROLES = ("editor", "reviewer", "admin")  # each may do what those before it may

# What an action needs. A role that is not named here may not do it.
PERMISSIONS: Mapping[str, str] = {
    "read": "editor",
    "write": "editor",
    "submit": "editor",
    "restore": "editor",
    "import": "editor",
    "return": "reviewer",
    "publish": "reviewer",
    "withdraw": "reviewer",
    "rename": "reviewer",
    "handle_suggestions": "editor",
    "write_vocabulary": "admin",
    "publish_import": "admin",
    "bypass_review": "admin",
    "manage_keys": "admin",
}


@dataclass(frozen=True, slots=True)
class Editor:
    """Whoever holds the key that came with a request."""

    key_id: str
    label: str
    role: str

    def may(self, action: str) -> bool:
        """Whether the role reaches far enough."""
        return ROLES.index(self.role) >= ROLES.index(PERMISSIONS[action])

    def must(self, action: str) -> None:
        """Raise Forbidden, naming the role that is needed."""
        if not self.may(action):
            needs = PERMISSIONS[action]
            raise Forbidden(
                f"to {action.replace('_', ' ')} takes the role {needs}; this key is of {self.label!r}, role {self.role}",
                needs=needs,
            )
