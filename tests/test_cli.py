"""What an operator meets at the command line: help, exit codes, errors in words, and nothing but the answer where a program reads."""

import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from serving import Service

COMMAND = str(Path(sys.executable).parent / "model-districts")
COMMANDS = ("serve", "migrate", "seed", "export")


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


def test_help_names_every_command() -> None:
    for asked in (["--help"], ["-h"]):
        told = run(*asked)
        assert told.returncode == 0
        assert all(re.search(rf"\b{command}\b", told.stdout) for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    told = run(command, "--help")
    assert (told.returncode, told.stderr) == (0, "")
    assert "Usage: model-districts " + command in told.stdout
    assert len(told.stdout.splitlines()) > 5


def test_help_needs_no_database(tmp_path: Path) -> None:
    assert run("serve", "--help", folder=tmp_path).returncode == 0
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
def test_what_is_not_a_command_is_refused_with_code_2(arguments: list[str]) -> None:
    told = run(*arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert "Usage" in told.stderr


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
    sqlite_seeded: Path, arguments: list[str], code: int, words: tuple[str, ...]
) -> None:
    told = run(*arguments, url=f"sqlite:///{sqlite_seeded}")
    assert (told.returncode, told.stdout) == (code, "")
    assert all(word in told.stderr for word in words)
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("table", "form"), [("case-studies", "csv"), ("case-studies", "json"), ("districts", "ndjson")]
)
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


def test_a_reader_that_has_seen_enough_ends_an_export_quietly(sqlite_seeded: Path) -> None:
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {COMMAND} export case-studies | head -c 10"],
        env=environment(f"sqlite:///{sqlite_seeded}"),
        capture_output=True,
        check=False,
    )
    assert len(ended.stdout) == 10
    assert b"Traceback" not in ended.stderr


def test_migrate_and_seed_make_a_directory_and_do_nothing_again(empty_database_url: str) -> None:
    told = [
        run(command, url=empty_database_url) for command in ("migrate", "seed", "seed", "migrate")
    ]
    assert [one.returncode for one in told] == [0, 0, 0, 0]
    assert "".join(one.stdout for one in told) == ""
    assert re.search(r"Seed: \d+ records created, 0 changed", told[1].stderr)
    assert told[2].stderr == ""
    assert len(run("export", "case-studies", url=empty_database_url).stdout.splitlines()) >= 24


def test_output_for_programs_has_no_colour_and_no_progress(tmp_path: Path) -> None:
    for command in ("migrate", "seed"):
        told = run(command, url=f"sqlite:///{tmp_path / 'a.sqlite'}", TERM="xterm-256color")
        assert "\x1b" not in told.stderr + told.stdout
        assert "Reading the seed" not in told.stderr


def test_on_a_terminal_the_seed_shows_its_progress(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "seed"],
        env=environment(f"sqlite:///{tmp_path / 'a.sqlite'}", TERM="xterm"),
        stderr=theirs,
        cwd=tmp_path,
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


def test_a_password_is_not_shown(database_url: str, engine: str) -> None:
    shown = run("migrate", url=database_url).stderr
    if engine == "postgresql":
        assert "postgresql+psycopg://postgres:***@" in shown
    else:
        assert database_url in shown


@pytest.mark.parametrize(
    ("command", "url", "words"),
    [
        ("seed", "postgresql+psycopg://nobody:secret@127.0.0.1:1/nowhere", "127.0.0.1"),
        ("export districts", "postgresql+psycopg://nobody:secret@127.0.0.1:1/nowhere", "127.0.0.1"),
        ("serve", "sqlite:////proc/nowhere/a.sqlite", "/proc/nowhere"),
        ("migrate", "mysql://here/there", "DATABASE_URL"),
        ("migrate", "nonsense", "DATABASE_URL"),
    ],
)
def test_a_database_that_cannot_be_reached_is_told_in_words(
    command: str, url: str, words: str, free_port: int
) -> None:
    told = run(*command.split(), url=url, PORT=str(free_port))
    assert told.returncode == 1
    assert words in told.stderr
    assert "Traceback" not in told.stderr
    assert "secret" not in told.stderr


def test_a_setting_that_makes_no_sense_is_told_by_its_name() -> None:
    told = run("serve", PORT="eighty")
    assert told.returncode == 1
    assert "PORT" in told.stderr
    assert "Traceback" not in told.stderr


def test_an_export_of_a_database_without_tables_says_what_to_do(empty_database_url: str) -> None:
    told = run("export", "districts", url=empty_database_url)
    assert (told.returncode, told.stdout) == (1, "")
    assert "model-districts migrate" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_taken_port_is_a_clear_message_and_code_2(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = run("serve", url=f"sqlite:///{tmp_path / 'a.sqlite'}", PORT=str(port))
    assert (told.returncode, told.stdout) == (2, "")
    assert f"Port {port} is taken" in told.stderr
    assert f"PORT={port + 1}" in told.stderr
    assert list(tmp_path.iterdir()) == []


def test_serve_makes_the_directory_and_a_second_time_changes_nothing(
    empty_database_url: str, free_port: int, tmp_path: Path
) -> None:
    revisions = []
    for _ in range(2):
        with serving_itself(empty_database_url, free_port, tmp_path) as process:
            service = httpx.get(f"http://127.0.0.1:{free_port}/").json()
            assert service["case_studies"] >= 24
            revisions.append(service["revision"])
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=20)[1]
        assert process.returncode in (0, -signal.SIGTERM, 143)
        assert f"http://127.0.0.1:{free_port}/docs" in said
        assert f"http://127.0.0.1:{free_port}/v1/case-studies?q=" in said
    assert revisions[0] == revisions[1]
