"""Which tools of researchers this machine has."""

import shutil

PACKAGES = {"jq": "jq", "Rscript": "r-base-core"}  # by command


def missing(command: str) -> str:
    """What is not tested for want of a command, and what to do; empty where it is there."""
    if shutil.which(command):
        return ""
    return (
        f"{command} is missing, so its answers in docs/researchers.md are NOT tested. "
        f"Install {PACKAGES[command]}, as `make test` does as root."
    )
