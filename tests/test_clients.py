"""Clients generated from the OpenAPI documents compile under the strictest checks, and work."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving import Service, serving
from templates import sqlite_file

pytestmark = pytest.mark.slow

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
CLIENTS = ROOT / "tests" / "clients"
NODE_MODULES = ROOT / "var" / "clients" / "node" / "node_modules"
PYTHON = ROOT / "var" / "clients" / "venv" / "bin"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service over few records. Documents do not differ by database, so one is enough."""
    path = shutil.copy(sqlite_file("few"), tmp_path_factory.mktemp("service") / "seeded.sqlite")
    with serving(f"sqlite:///{path}") as service:
        yield service


@pytest.fixture(scope="module")
def documents(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two documents."""
    folder = tmp_path_factory.mktemp("documents")
    for name, path in (("public", "/openapi.json"), ("desk", "/v1/admin/openapi.json")):
        answer = httpx.get(service.url + path, timeout=60).raise_for_status()
        (folder / f"{name}.json").write_bytes(answer.content)
    return folder


@pytest.fixture(scope="module")
def expected(service: Service) -> Json:
    """What each client prints, read here without a client."""
    results = httpx.get(
        f"{service.url}/v1/case-studies?q=attendance&rurality=rural&limit=3&facets=state"
    ).json()
    hits = results["data"]
    return {
        "titles": [
            f"{hit['title']} ({', '.join(state['label'] for state in hit['states'])})"
            for hit in hits
        ],
        "outcomes": [
            f"{outcome['label']} got {outcome['direction']}"
            for hit in hits
            for outcome in hit["outcomes"]
        ],
        "facets": [[value["value"], value["count"]] for value in results["facets"]["state"]],
        "errors": [["limit", "out_of_range"]],
    }


@pytest.fixture(scope="module")
def typescript(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our two TypeScript clients over what was generated, compiled with --strict."""
    _need(NODE_MODULES / ".bin" / "tsc", "Install Node.js 20.19 or newer")
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "node_modules").symlink_to(NODE_MODULES)
    for name in ("openapi_fetch.ts", "hey_api.ts", "tsconfig.json"):
        shutil.copy(CLIENTS / name, folder)
    tools = folder / "node_modules" / ".bin"
    for name in ("public", "desk"):
        types = ["--output", f"generated/{name}.ts"]
        _run(folder, tools / "openapi-typescript", documents / f"{name}.json", *types)
    _run(
        folder,
        tools / "openapi-ts",
        *("--input", documents / "public.json"),
        *("--output", "generated/hey-api", "--client", "@hey-api/client-fetch"),
    )
    _run(folder, tools / "tsc", "--project", "tsconfig.json")
    return folder


@pytest.fixture(scope="module")
def python(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our Python client over what was generated."""
    _need(PYTHON / "openapi-python-client", "Install it")
    folder = tmp_path_factory.mktemp("python")
    shutil.copy(CLIENTS / "python_client.py", folder)
    _run(
        folder,
        PYTHON / "openapi-python-client",
        *("generate", "--path", documents / "public.json", "--meta", "none"),
        *("--config", CLIENTS / "python_client.yaml", "--fail-on-warning"),
        *("--output-path", "model_districts_client"),
    )
    return folder


@pytest.mark.parametrize("client", ["openapi_fetch", "hey_api"])
def test_a_strict_typescript_client_reads_titles_facets_and_errors(
    service: Service, typescript: Path, expected: Json, client: str
) -> None:
    printed = json.loads(_run(typescript, "node", f"built/{client}.js", service.url))
    assert {name: printed[name] for name in expected} == expected
    assert expected["titles"]


def test_a_strict_python_client_reads_titles_facets_and_errors(
    service: Service, python: Path, expected: Json
) -> None:
    mypy = Path(sys.executable).parent / "mypy"
    interpreter = ("--python-executable", PYTHON / "python")
    cache = ("--cache-dir", ROOT / "var" / "clients" / "mypy")
    _run(python, mypy, "--strict", *cache, *interpreter, "python_client.py")
    printed = json.loads(_run(python, PYTHON / "python", "python_client.py", service.url))
    assert printed == expected


def test_the_locks_name_no_registry() -> None:
    lock = json.loads((CLIENTS / "package-lock.json").read_text())
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
    assert "http" not in (CLIENTS / "requirements.txt").read_text().replace("httpx", "").replace(
        "httpcore", ""
    )


def _need(tool: Path, advice: str) -> None:
    """Skip loudly where a tool is missing; in CI, fail."""
    if tool.exists():
        return
    message = f"{tool.name} is missing, so generated clients are NOT tested. {advice}, then run make test."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def _run(folder: Path, *command: object) -> str:
    """What a command prints. Fails with all that it printed."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout
