"""The permissions: which role each action requires."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import Forbidden

ROLES = ("editor", "reviewer", "admin")  # each may do what the roles before it may

# The least role that an action requires.
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
    "freeze_snapshot": "admin",
    "bypass_review": "admin",
    "manage_keys": "admin",
}


# What each action is called in a sentence.
ACTIVITIES: Mapping[str, str] = {
    "read": "Reading drafts",
    "write": "Editing records",
    "submit": "Submitting a record",
    "restore": "Restoring a record",
    "import": "Importing",
    "return": "Returning a record",
    "publish": "Publishing",
    "withdraw": "Withdrawing a record",
    "rename": "Renaming a record",
    "handle_suggestions": "Handling suggestions",
    "write_vocabulary": "Editing the vocabulary",
    "publish_import": "Publishing an import",
    "freeze_snapshot": "Freezing a snapshot",
    "bypass_review": "Publishing without review",
    "manage_keys": "Managing keys",
}


@dataclass(frozen=True, slots=True)
class Editor:
    """The holder of the key that came with a request."""

    key_id: str
    label: str
    role: str

    def may(self, action: str) -> bool:
        """Whether the role allows an action."""
        return ROLES.index(self.role) >= ROLES.index(PERMISSIONS[action])

    def must(self, action: str) -> None:
        """Raise Forbidden, naming the required role, unless the role allows an action."""
        if not self.may(action):
            needs = PERMISSIONS[action]
            raise Forbidden(
                f"{ACTIVITIES[action]} requires the {needs} role. "
                f"This key ({self.label}) is {_with_article(self.role)} key.",
                needs=needs,
            )


def _with_article(role: str) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role}"
