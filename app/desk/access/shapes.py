"""The shapes of keys."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.desk.shapes import DeskShape, Moment, RequestBody


class KeyRequest(RequestBody):
    """A request for a new key."""

    label: str = Field(
        min_length=1,
        max_length=100,
        description="Holder of the key; this name is on every change made with it.",
    )
    role: Literal["editor", "reviewer", "admin"] = Field(description="Role of the key.")
    expires_at: Moment | None = Field(default=None, description="When it expires; null for never.")


class KeyState(DeskShape):
    """A key, without its secret."""

    id: str = Field(description="First characters of the secret.")
    label: str = Field(description="Holder of the key.")
    role: str = Field(description="editor, reviewer or admin.")
    created_at: datetime = Field(description="When it was made (UTC).")
    created_by: str = Field(description="Who made it.")
    expires_at: datetime | None = Field(description="When it expires (UTC); null for never.")
    revoked_at: datetime | None = Field(
        description="When it was revoked (UTC); null if it was not."
    )
    revoked_by: str | None = Field(description="Who revoked it; null if it was not, or long ago.")
    used_at: datetime | None = Field(
        description="When it was last used (UTC), to the minute; null if never."
    )


class WhoAmI(DeskShape):
    """The key that sent the request."""

    label: str = Field(description="Who holds it.")
    role: str = Field(description="editor, reviewer or admin.")
    permissions: list[str] = Field(description="What it may do.")
    expires_at: datetime | None = Field(description="When it expires (UTC); null for never.")


class WhoAmIAnswer(DeskShape):
    """One's own key."""

    data: WhoAmI = Field(description="The key.")


class NewKey(KeyState):
    """A key with its secret."""

    secret: str = Field(description="The secret. It is shown only once and stored nowhere.")


class KeyAnswer(DeskShape):
    """A key."""

    data: KeyState = Field(description="The key.")


class NewKeyAnswer(DeskShape):
    """A new key."""

    data: NewKey = Field(description="The key with its secret.")


class KeyList(DeskShape):
    """Every key."""

    data: list[KeyState] = Field(description="The keys, the oldest first.")


REQUEST_BODIES = (KeyRequest,)
