"""How hard the suite attacks: a little in `make test`, as hard as the environment says in `make attack`."""

import os


def kills(engine: str) -> int:
    """How often a writing service is killed: KILLS_SQLITE and KILLS_POSTGRESQL."""
    return int(os.environ.get(f"KILLS_{engine.upper()}", "1"))


def soak_seconds() -> float:
    """How long a service is read and published to while its memory is watched: SOAK_MINUTES."""
    return 60 * float(os.environ.get("SOAK_MINUTES", "0.25"))
