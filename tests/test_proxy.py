"""The nginx example of docs/operators.md, in front of a real service: clients are told apart, and nothing is lost."""

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
OWN = (
    "daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}}\n"
    "http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
    "fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;\n"
    "{example} }}\n"
)


@pytest.fixture(scope="module")
def behind(
    sqlite_seeded: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Service, str]]:
    """A service, and its address through nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: the example of docs/operators.md is NOT tested")
    folder, port = tmp_path_factory.mktemp("proxy"), free_port()
    folder.chmod(0o755)
    url = f"sqlite:///{shutil.copy(sqlite_seeded, folder / 'own.sqlite')}"
    with serving(url, trusted_proxies="127.0.0.1", rate_limit_exports=3) as service:
        example = re.findall(r"```nginx\n(.*?)```", OPERATORS.read_text(), re.DOTALL)[0]
        example = example.replace("127.0.0.1:8000", service.url.removeprefix("http://"))
        example = example.replace("listen 80;", f"listen 127.0.0.1:{port};")
        config = folder / "nginx.conf"
        config.write_text(OWN.format(folder=folder, example=example))
        command = [program, "-e", str(folder / "error.log"), "-c", str(config)]
        with subprocess.Popen(command) as process:
            began = time.monotonic()
            while True:
                assert process.poll() is None, (folder / "error.log").read_text()
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert time.monotonic() - began < PATIENCE
                    time.sleep(0.05)
            try:
                yield service, f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


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
