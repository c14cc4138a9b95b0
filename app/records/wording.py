"""Numbers and lists as sentences have them."""

from collections.abc import Sequence


def counted(count: int, singular: str, many: str | None = None) -> str:
    """A number with its noun: 1 outcome, 2 outcomes."""
    return f"{count:,} {singular if count == 1 else many or singular + 's'}"


def listed(parts: Sequence[str]) -> str:
    """Parts in a row: a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
