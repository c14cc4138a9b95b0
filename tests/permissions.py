"""The tables of docs/permissions.md, made from the routes' own declarations and from `PERMISSIONS`.

Run it to write them anew: .venv/bin/python tests/permissions.py
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from serving import serving

from app.desk.access.permissions import PERMISSIONS, ROLES
from app.records.kinds import EDITABLE, KINDS
from app.settings import Settings
from app.setup import migrate

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"
BEGIN, END = "<!-- begin of what tests/permissions.py makes -->\n", "<!-- end -->\n"
METHODS = ("get", "post", "put", "patch", "delete")
Operation = tuple[str, str, dict[str, Any]]


def desk_operations(openapi: dict[str, Any]) -> Iterator[Operation]:
    """Method, path and description of everything that the desk takes."""
    for path, item in openapi["paths"].items():
        if path.startswith("/v1/admin"):
            yield from (
                (method.upper(), path, item[method]) for method in METHODS if method in item
            )


def permission(operation: dict[str, Any]) -> str:
    """What an operation takes, as it declares."""
    [requirement] = operation["security"]
    [name] = requirement["key"]
    return str(name)


def tables(openapi: dict[str, Any]) -> str:
    """Which role has which permission, and which permission each request takes."""
    roles = "".join(f" {role} |" for role in ROLES)
    lines = [f"| permission |{roles}", f"| --- |{' --- |' * len(ROLES)}"]
    lines += [f"| `{name}` | {' | '.join(_marks(name))} |" for name in PERMISSIONS]
    lines += ["", f"| request | of | takes |{roles}", f"| --- | --- | --- |{' --- |' * len(ROLES)}"]
    kinds: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for method, path, operation in desk_operations(openapi):
        first, *rest = path.removeprefix("/v1/admin/").split("/")
        of_records = first in [KINDS[kind].path for kind in EDITABLE]
        address = "/".join(["/v1/admin", "{records}" if of_records else first, *rest])
        kinds[method, address, permission(operation)] += [first] if of_records else []
    for (method, address, name), records in kinds.items():
        of = "all" if len(records) == len(EDITABLE) else ", ".join(records)
        lines.append(f"| `{method} {address}` | {of} | `{name}` | {' | '.join(_marks(name))} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """The tables as the document has them."""
    return DOCUMENT.read_text().split(BEGIN)[1].split(END)[0]


def write(made: str) -> None:
    """Put the tables into the document."""
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}{made}{END}{rest.split(END)[1]}")


def _marks(name: str) -> Iterator[str]:
    least = ROLES.index(PERMISSIONS[name])
    return ("yes" if rank >= least else "" for rank in range(len(ROLES)))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/empty.sqlite")
        migrate(settings)
        with serving(settings.database_url) as service:
            write(tables(httpx.get(f"{service.url}/v1/admin/openapi.json", timeout=60).json()))
