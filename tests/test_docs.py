"""The documents: they name everything that there is, and what they say to type does what they say."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
import typer.core
from serving import Service

from app.cli import cli
from app.settings import Settings

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = [README, *sorted((ROOT / "docs").glob("*.md"))]
WRITTEN = [
    ROOT / "CHANGELOG.md",
    *(path for folder in ("docs", "seed") for path in sorted((ROOT / folder).rglob("*.md"))),
    README,
]
SEARCHING = (ROOT / "docs" / "searching.md").read_text()
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
BIN = Path(sys.prefix) / "bin"
TIMEOUT_SECONDS = 600  # only for what hangs: a busy machine is no fault
PLACEHOLDER = "postgresql+psycopg://user:password@host/name"


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


def test_every_file_that_the_architecture_names_exists() -> None:
    whole = set(re.findall(r"`(app/[\w/]+\.py)`", ARCHITECTURE))
    rows = ARCHITECTURE.partition("## Where is ...?")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\| .* \| `app/", rows, re.MULTILINE)) == 12
    assert [path for path in whole if not (ROOT / path).is_file()] == []
    names = {path.name for path in (ROOT / "app").rglob("*.py")}
    told = {name.rpartition("/")[2] for name in re.findall(r"`([\w/]+\.py)`", ARCHITECTURE)}
    assert sorted(told - names) == []


@dataclass(frozen=True)
class Command:
    """A line that a document says to type, and the answer that it shows."""

    document: str
    line: str
    answer: str


def _commands(path: Path) -> Iterator[Command]:
    for block in re.findall(r"^```console\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE):
        for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, answer = typed.partition("\n")
            yield Command(path.name, line, answer)


GUIDES = [
    path for path in DOCS if path.name in ("editors.md", "imports.md")
]  # to be followed from top to bottom
COMMANDS = [command for path in DOCS if path not in GUIDES for command in _commands(path)]
ASKED = [command for command in COMMANDS if re.match(r"curl|model-districts", command.line)]
MADE = [command.line for command in COMMANDS if command not in ASKED]


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
@pytest.mark.parametrize(
    "command", ASKED, ids=lambda command: f"{command.document}: {command.line[:100]}"
)
def test_what_a_document_says_to_type_gives_the_answer_that_it_shows(
    command: Command, service: Service, tmp_path: Path
) -> None:
    line = command.line.replace("http://127.0.0.1:8000", service.url)
    environment = _environment() | {
        "DATABASE_URL": service.database_url,
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    typed = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert typed.returncode == 0, typed.stderr
    assert _missing(command.answer, typed.stdout) is None, typed.stdout[:3000]


@pytest.mark.one_database
@pytest.mark.few_records
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="this machine has no curl")
@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_guide_that_is_followed_from_top_to_bottom_gives_the_answers_that_it_shows(
    guide: Path, own_service: Service, tmp_path: Path
) -> None:
    commands = list(_commands(guide))
    environment = _environment() | {
        "DATABASE_URL": own_service.database_url,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "COLUMNS": "200",
    }
    script = "".join(
        f"printf '\\036'\n{command.line}\n" for command in commands
    )  # a record separator before each answer
    typed = subprocess.run(
        [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            script.replace("http://127.0.0.1:8000", own_service.url),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert typed.returncode == 0, typed.stdout[-2000:] + typed.stderr
    answers = typed.stdout.split("\036")[1:]
    wrong = [
        (command.line, answer)
        for command, answer in zip(commands, answers, strict=True)
        if _missing(command.answer, answer) is not None
    ]
    assert wrong == []


def test_the_other_lines_that_documents_say_to_type_are_the_two_commands() -> None:
    assert [*MADE] == ["make run", "make test", f"DATABASE_URL={PLACEHOLDER} make run"]


def test_make_test_runs_the_whole_suite(tmp_path: Path) -> None:
    planned = subprocess.run(
        ["make", "-n", "test"],
        cwd=_checkout(tmp_path),
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert planned.stdout.strip().endswith(".venv/bin/pytest")  # no file, no marker left out


@pytest.mark.slow
def test_make_run_serves_a_seeded_directory_and_a_second_start_changes_nothing(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = _checkout(tmp_path)
    if engine == "sqlite":
        first, second = _start("make run", folder), _start("make run", folder)
        assert (folder / "var" / "model-districts.sqlite").is_file()
    else:
        with request.getfixturevalue("postgresql").database() as url:
            line = next(line for line in MADE if PLACEHOLDER in line).replace(PLACEHOLDER, url)
            first, second = _start(line, folder), _start(line, folder)
    assert "records created" in first.printed
    assert "/v1/case-studies?q=attendance&rurality=rural" in first.printed
    assert first.found > 0
    assert "records created" not in second.printed
    assert (second.revision, second.found) == (first.revision, first.found)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `{name.upper()}` \|.*$", OPERATORS, re.MULTILINE)
    assert row is not None
    default = Settings.model_fields[name].default
    assert default is None or f"| `{default}` |" in row[0]


def test_every_command_is_documented() -> None:
    assert [
        name
        for name in _names(typer.main.get_command(cli), "model-districts")
        if f"`{name}`" not in OPERATORS
    ] == []


@pytest.mark.slow
@pytest.mark.one_database
def test_every_public_address_is_documented(service: Service) -> None:
    text = "".join(path.read_text() for path in DOCS)
    public = [path for path in _openapi(service)["paths"] if not path.startswith("/v1/admin")]
    assert [path for path in public if f"`{path}`" not in text] == []


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize("path", ["/v1/case-studies", "/v1/districts"])
def test_every_parameter_of_a_search_is_documented_with_the_orders_and_facets_it_takes(
    path: str, service: Service
) -> None:
    parameters = {
        parameter["name"]: parameter
        for parameter in _openapi(service)["paths"][path]["get"]["parameters"]
    }
    names = [*parameters]
    for name in ("sort", "facets", "include", "statistics"):
        values = parameters[name]["schema"]["items"]["enum"]
        names += [value for value in values if not value.startswith("-")]
    assert [name for name in names if f"`{name}`" not in SEARCHING] == []


@pytest.mark.one_database
def test_the_values_that_the_guide_lists_for_a_filter_are_those_that_it_takes(
    service: Service,
) -> None:
    listed = {
        name: re.findall("`([^`]+)`", cell)
        for name, cell in re.findall(
            r"^\| `(\w+)` \| `\1_all` .*\| ([^|]+) \|$", SEARCHING, re.MULTILINE
        )
    }
    short = {name: values for name, values in listed.items() if not values[0].startswith("/v1/")}
    asked = httpx.get(
        f"{service.url}/v1/case-studies", params=dict.fromkeys(short, "no-such-value")
    ).json()
    assert {fault["parameter"]: fault["allowed"] for fault in asked["errors"]} == {
        name: [*values, "not-stated"] for name, values in short.items()
    }


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    linked = re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text())
    assert [link for link in linked if not (path.parent / link).exists()] == []


@pytest.mark.one_database
def test_the_newest_version_in_the_changelog_is_the_one_that_runs(service: Service) -> None:
    newest = re.search(
        r"^## \[(\d+\.\d+\.\d+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest is not None
    assert newest[1] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (
        newest[1]
        == _openapi(service)["info"]["version"]
        == httpx.get(f"{service.url}/v1").json()["version"]
    )


@dataclass(frozen=True)
class Start:
    """What one start of the service showed."""

    printed: str
    revision: int
    found: int


def _start(line: str, folder: Path) -> Start:
    """Type a line that starts the service, ask it, and stop it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    with (
        (folder / "printed").open("w+") as printed,
        _typed(line, folder, port, printed.fileno()) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        while not _answers(url):
            given_up = process.poll() is not None or time.monotonic() > began + TIMEOUT_SECONDS
            assert not given_up, (folder / "printed").read_text()
            time.sleep(0.05)
        revision = httpx.get(f"{url}/v1").json()["revision"]
        found = httpx.get(f"{url}/v1/case-studies?q=attendance&rurality=rural").json()["meta"][
            "total"
        ]
        return Start((folder / "printed").read_text(), revision, found)


@contextmanager
def _typed(line: str, folder: Path, port: int, output: int) -> Iterator["subprocess.Popen[bytes]"]:
    environment = _environment() | {"PORT": str(port)}
    process = subprocess.Popen(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=TIMEOUT_SECONDS)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _checkout(folder: Path) -> Path:
    """A folder like a checkout whose dependencies are installed."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv").mkdir()
    for name in ("bin", "pyvenv.cfg"):
        (folder / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    for name in ("run.stamp", "dev.stamp"):
        (folder / ".venv" / name).touch()
    shutil.copytree(ROOT / "tests" / "clients", folder / "tests" / "clients")
    (folder / "var" / "clients").mkdir(parents=True)
    for name in ("node.stamp", "venv.stamp"):
        (folder / "var" / "clients" / name).touch()
    return folder


def _environment() -> dict[str, str]:
    """What a newcomer's shell has: nothing of ours, nor of a `make test` that runs this."""
    ours = {"ARGS", *(name.upper() for name in Settings.model_fields)}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("MAKE")
    }


def _missing(shown: str, printed: str) -> str | None:
    """The first piece that a document shows and that was not printed in its place. White space is free; `...` leaves out."""
    printed = "".join(printed.split())
    pieces = ["".join(piece.split()) for piece in shown.split("...")]
    if len(pieces) == 1:
        return None if pieces[0] == printed else pieces[0]
    at = 0
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        found = (
            len(printed) - len(piece)
            if last and printed.endswith(piece)
            else -1
            if last
            else printed.find(piece, at)
        )
        if found < at or (number == 0 and found > 0):
            return piece
        at = found + len(piece)
    return None


def _names(command: object, name: str) -> Iterator[str]:
    """Every command that does something, with the names that lead to it."""
    if not isinstance(command, typer.core.TyperGroup):
        yield name
        return
    for part, inner in command.commands.items():
        yield from _names(inner, f"{name} {part}")


def _openapi(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(f"{service.url}/openapi.json", timeout=60).json()
    return document
