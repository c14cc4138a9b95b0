"""The proxies of docs/operators.md, in front of a real service: clients are told apart, and nothing is lost."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import Service, serving
from test_limits import free_port

pytestmark = pytest.mark.one_database  # what HTTP does cannot differ by database
OPERATORS = Path(__file__).parent.parent / "docs" / "operators.md"
PATIENCE = 60  # seconds; a busy machine is no fault
OF_NGINX = (
    "daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
    "http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
    "fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;\n"
    "{example} }}\n"
)
OF_CADDY = "{{\n    admin off\n    auto_https off\n}}\n{example}"


def program_of(name: str) -> str:
    """Where a proxy is installed."""
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if program is None:
        pytest.skip(f"{name} is not installed: its example in docs/operators.md is NOT tested")
    return program


def command_of(name: str, folder: Path, port: int, service: Service) -> list[str]:
    """Starts a proxy with its example in front of the service."""
    program, config = program_of(name), folder / "config"
    example = re.findall(rf"```{name}\n(.*?)```", OPERATORS.read_text(), re.DOTALL)[0]
    example = example.replace("127.0.0.1:8000", service.url.removeprefix("http://"))
    if name == "nginx":
        example = example.replace("listen 80;", f"listen 127.0.0.1:{port};")
        config.write_text(OF_NGINX.format(folder=folder, example=example))
        return [program, "-e", str(folder / "error.log"), "-c", str(config)]
    example = example.replace("districts.example.org", f"http://127.0.0.1:{port}")
    config.write_text(OF_CADDY.format(example=example))
    return [program, "run", "--config", str(config), "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def behind(
    request: pytest.FixtureRequest, sqlite_seeded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, str]]:
    """A service, and its address through a proxy."""
    program_of(request.param)
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    url = f"sqlite:///{shutil.copy(sqlite_seeded, folder / 'own.sqlite')}"
    with serving(url, trusted_proxies="127.0.0.1", rate_limit_exports=3) as service:
        command = command_of(request.param, folder, port, service)
        home = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
        with subprocess.Popen(command, env=home, stderr=subprocess.DEVNULL) as process:
            began = time.monotonic()
            while not listens(port):
                assert process.poll() is None, f"{request.param} does not start"
                assert time.monotonic() - began < PATIENCE
                time.sleep(0.05)
            try:
                yield service, f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def listens(port: int) -> bool:
    """Whether a program answers on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/v1/states", "/v1/case-studies?q=attendance", "/v1/exports/case-studies.ndjson", "/docs"],
)
def test_answers_through_the_proxy_are_those_of_the_service(
    behind: tuple[Service, str], path: str
) -> None:
    service, proxy = behind
    own, through = (httpx.get(base + path, timeout=PATIENCE) for base in (service.url, proxy))
    assert (through.status_code, through.content) == (200, own.content)


def test_an_address_of_eight_thousand_bytes_passes_the_proxy(behind: tuple[Service, str]) -> None:
    _, proxy = behind
    answer = httpx.get(f"{proxy}/v1/districts?q={'a' * 8000}", timeout=PATIENCE)
    assert answer.status_code == 422
    assert "300 characters" in answer.json()["detail"]


def test_a_client_cannot_give_itself_another_address(behind: tuple[Service, str]) -> None:
    _, proxy = behind

    def export(claimed: str) -> int:
        return httpx.get(
            f"{proxy}/v1/exports/districts.csv?state=OR",
            headers={"X-Forwarded-For": claimed},
            timeout=PATIENCE,
        ).status_code

    statuses = [export(f"203.0.113.{number}") for number in range(5)]
    assert statuses[-1] == 429
