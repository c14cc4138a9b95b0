"""What an operator meets at the command line: help, exit codes, errors in words, and nothing but the answer where a program reads.

A process of its own takes seconds to start. It is run where a test is about pipes, terminals,
signals or ports; elsewhere the command is typed in this process.
"""

import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from command_line import Typed, typing_on
from serving import Service
from templates import sqlite_file

from app.clock import now
from app.database import Database
from app.records import revisions, seed_loads

pytestmark = pytest.mark.few_records
COMMAND = str(Path(sys.executable).parent / "model-districts")
COMMANDS = ("serve", "migrate", "seed", "export")
NOWHERE = "postgresql+psycopg://nobody:secret@127.0.0.1:1/nowhere"


def environment(url: str = "", **more: str) -> dict[str, str]:
    """What a command finds in its environment."""
    others = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "PORT", "HOST", "FORCE_COLOR")
    }
    return others | ({"DATABASE_URL": url} if url else {}) | {"COLUMNS": "200"} | more


def run(
    *arguments: str, url: str = "", folder: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(url, **more),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Typed]:
    """Types a command in an empty folder, on the database of `url`."""
    monkeypatch.chdir(tmp_path)

    def type_(*words: str, url: str = "", **more: str) -> Typed:
        for name, value in more.items():
            monkeypatch.setenv(name, value)
        return typing_on(url or f"sqlite:///{tmp_path / 'a.sqlite'}", monkeypatch, capsys)(*words)

    return type_


@pytest.fixture
def few(tmp_path: Path) -> str:
    """The URL of a database with few records."""
    return f"sqlite:///{shutil.copy(sqlite_file('few'), tmp_path / 'few.sqlite')}"


@contextmanager
def serving_itself(
    url: str, port: int, folder: Path, **more: str
) -> Iterator[subprocess.Popen[str]]:
    """`model-districts serve`, up and answering."""
    with subprocess.Popen(
        [COMMAND, "serve"],
        env=environment(url, PORT=str(port), **more),
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(600):
            try:
                httpx.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.05)
        yield process
        process.kill()


@pytest.mark.slow
def test_limits_count_the_clients_that_a_trusted_proxy_names(
    sqlite_seeded: Path, free_port: int, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_seeded, tmp_path / 'own.sqlite')}"

    def wrong_key(client: str) -> int:
        return httpx.get(
            f"http://127.0.0.1:{free_port}/v1/admin/case-studies",
            headers={"Authorization": "Bearer md_wrong", "X-Forwarded-For": client},
            timeout=60,
        ).status_code

    for proxies, statuses in (("127.0.0.0/8", (429, 401)), ("192.0.2.1", (429, 429))):
        with serving_itself(url, free_port, tmp_path, TRUSTED_PROXIES=proxies):
            for _ in range(20):
                assert wrong_key("203.0.113.1") == 401
            assert (wrong_key("203.0.113.1"), wrong_key("203.0.113.2")) == statuses


@pytest.fixture
def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.mark.slow
def test_help_names_every_command(typed: Callable[..., Typed], tmp_path: Path) -> None:
    process = run("--help", folder=tmp_path)
    assert process.returncode == 0
    for shown in (process.stdout, typed("-h").out):
        assert all(re.search(rf"\b{command}\b", shown) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_and_needs_no_database_for_it(
    command: str, typed: Callable[..., Typed], tmp_path: Path
) -> None:
    told = typed(command, "--help")
    assert (told.code, told.err) == (0, "")
    assert "Usage: model-districts " + command in told.out
    assert len(told.out.splitlines()) > 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["serve", "--port", "70000"],
        ["serve", "--port", "x"],
        ["export"],
        ["migrate", "--now"],
    ],
)
def test_what_is_not_a_command_is_refused_with_code_2(
    arguments: list[str], typed: Callable[..., Typed]
) -> None:
    told = typed(*arguments)
    assert (told.code, told.out) == (2, "")
    assert "Usage" in told.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["export", "schools"], 2, ("schools", "case-studies", "districts")),
        (["export", "districts", "-f", "xlsx"], 2, ("xlsx", "csv", "ndjson", "json")),
        (["export", "districts", "-F", "stat=OR"], 1, ("stat", "state")),
        (
            ["export", "districts", "-F", "state=Oregn", "-F", "limit=5"],
            1,
            ("state", "Oregn", "OR", "limit"),
        ),
    ],
)
def test_a_wrong_word_is_refused_with_those_that_are_right(
    few: str, arguments: list[str], code: int, words: tuple[str, ...], typed: Callable[..., Typed]
) -> None:
    told = typed(*arguments, url=few)
    assert (told.code, told.out) == (code, "")
    assert all(word in told.err for word in words)


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize(("table", "form"), [("case-studies", "csv"), ("districts", "json")])
def test_an_export_on_standard_output_is_the_export_over_http(
    service: Service, client: httpx.Client, table: str, form: str
) -> None:
    told = subprocess.run(
        [COMMAND, "export", table, "-f", form, "-F", "q=school", "-F", "state_not=CA,OR"],
        env=environment(service.database_url),
        capture_output=True,
        check=True,
    )
    assert told.stderr == b""
    assert told.stdout == client.get(f"/v1/exports/{table}.{form}?q=school&state_not=CA,OR").content
    assert len(told.stdout) > 100


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_ends_an_export_quietly(few: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {COMMAND} export case-studies | head -c 10"],
        env=environment(few),
        capture_output=True,
        check=False,
    )
    assert len(ended.stdout) == 10
    assert b"Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.one_database  # tests/test_docs.py serves the whole seed from PostgreSQL
def test_migrate_and_seed_make_a_directory_and_do_nothing_again(
    empty_database_url: str, typed: Callable[..., Typed]
) -> None:
    first = [
        run(command, url=empty_database_url, TERM="xterm-256color")
        for command in ("migrate", "seed")
    ]
    assert [(process.returncode, process.stdout) for process in first] == [(0, ""), (0, "")]
    assert re.search(r"Seed: [\d,]+ records created, 0 changed", first[1].stderr)
    for process in first:  # for programs there is no color and no progress
        assert "\x1b" not in process.stderr
        assert "Loading the seed" not in process.stderr
    for command in ("seed", "migrate"):
        again = typed(command, url=empty_database_url)
        assert (again.code, again.out) == (0, "")
        assert "created" not in again.err
    assert len(typed("export", "case-studies", url=empty_database_url).out.splitlines()) >= 24


@pytest.mark.slow
def test_on_a_terminal_the_seed_shows_its_progress(sqlite_seeded: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_seeded, tmp_path / 'a.sqlite')}"
    with closing(Database(url)) as database, database.writing() as session:
        seed_loads.note(session, "of files that have changed since", at=now())
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "seed"], env=environment(url, TERM="xterm"), stderr=theirs, cwd=tmp_path
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += os.read(ours, 4096)
            except OSError:  # Linux: the other end is closed
                break
    os.close(ours)
    assert process.returncode == 0
    assert b"Loading the seed" in shown


def test_a_password_is_not_shown(
    database_url: str, engine: str, typed: Callable[..., Typed]
) -> None:
    shown = typed("migrate", url=database_url).err
    if engine == "postgresql":
        assert "postgresql+psycopg://postgres:***@" in shown
    else:
        assert database_url in shown


@pytest.mark.parametrize(
    ("command", "url", "words"),
    [
        ("seed", NOWHERE, "127.0.0.1"),
        ("export districts", NOWHERE, "127.0.0.1"),
        ("serve", "sqlite:////proc/nowhere/a.sqlite", "/proc/nowhere"),
        ("migrate", "mysql://here/there", "DATABASE_URL"),
        ("migrate", "nonsense", "DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_in_words(
    command: str, url: str, words: str, free_port: int, typed: Callable[..., Typed]
) -> None:
    told = typed(*command.split(), url=url, PORT=str(free_port))
    assert told.code == 1
    assert words in told.err
    assert "secret" not in told.err


def test_a_setting_that_makes_no_sense_is_told_by_its_name(typed: Callable[..., Typed]) -> None:
    told = typed("serve", PORT="eighty")
    assert told.code == 1
    assert "PORT" in told.err


@pytest.mark.slow
def test_an_export_of_a_database_without_tables_says_what_to_do(empty_database_url: str) -> None:
    told = run("export", "districts", url=empty_database_url)
    assert (told.returncode, told.stdout) == (1, "")
    assert "model-districts migrate" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_taken_port_is_a_clear_message_and_code_2(
    tmp_path: Path, typed: Callable[..., Typed]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = typed("serve", PORT=str(port))
    assert (told.code, told.out) == (2, "")
    assert f"Port {port} is taken" in told.err
    assert f"PORT={port + 1}" in told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_serve_says_where_it_serves_changes_nothing_and_ends_when_told_to(
    sqlite_seeded: Path, free_port: int, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_seeded, tmp_path / 'a.sqlite')}"
    with closing(Database(url)) as database, database.reading() as session:
        newest = revisions.newest_seq(session)
    with serving_itself(url, free_port, tmp_path) as process:
        service = httpx.get(f"http://127.0.0.1:{free_port}/v1").json()
        assert (service["revision"], service["case_studies"] >= 24) == (newest, True)
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert process.returncode in (0, -signal.SIGTERM, 143)
    assert f"http://127.0.0.1:{free_port}/docs" in said
    assert f"http://127.0.0.1:{free_port}/v1/case-studies?q=" in said
