"""How hard the suite attacks: a little in `make test`, as hard as the environment says elsewhere, as in `make attack`."""

import os


def kills(engine: str) -> int:
    """How often a writing service is killed: KILLS_SQLITE and KILLS_POSTGRESQL."""
    return int(os.environ.get(f"KILLS_{engine.upper()}", "1"))


def mirror_edits() -> int:
    """How many random edits a mirror follows: MIRROR_EDITS."""
    return int(os.environ.get("MIRROR_EDITS", "60"))


def soak_seconds() -> float:
    """How long a service is read and published to while its memory is watched: SOAK_MINUTES."""
    return 60 * float(os.environ.get("SOAK_MINUTES", "0.25"))
