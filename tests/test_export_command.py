"""What a person gets who exports at the command line: the same files as over HTTP, whole or not at all."""

import io
import os
import pty
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from command_line import Typed
from serving import Service

from app.research import export_files
from app.research.archives import ARCHIVES

pytestmark = pytest.mark.few_records
COMMAND = str(Path(sys.executable).parent / "model-districts")
TABLE_FORMATS = [
    (name, format_)
    for name in export_files.NAMES
    for format_ in export_files.formats_of(name)
    if name != export_files.EVERYTHING
]
ADDRESSES = [(archive.format, archive.name) for archive in ARCHIVES]
Typing = Callable[..., Typed]


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize(("name", "format_"), TABLE_FORMATS)
def test_a_file_is_the_export_over_http(
    typed: Typing, client: httpx.Client, tmp_path: Path, name: str, format_: str
) -> None:
    file = tmp_path / f"{name}.{format_}"
    told = typed("export", name, "-f", format_, "-o", str(file))
    assert (told.code, told.out, told.err) == (0, "", "")
    sent = client.get(f"/v1/exports/{name}.{format_}").raise_for_status()
    assert file.read_bytes() == sent.content
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.slow
@pytest.mark.parametrize(("format_", "address"), ADDRESSES)
def test_everything_is_the_archive_over_http(
    typed: Typing,
    service: Service,
    client: httpx.Client,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    format_: str,
    address: str,
) -> None:
    monkeypatch.setenv("PUBLIC_URL", service.url)
    file = tmp_path / "everything"
    assert typed("export", "everything", "-f", format_, "-o", str(file)).code == 0
    assert file.read_bytes() == client.get(f"/v1/exports/{address}").raise_for_status().content


@pytest.mark.one_database
def test_filters_select_what_a_file_holds(
    typed: Typing, client: httpx.Client, tmp_path: Path
) -> None:
    file = tmp_path / "outcomes.csv"
    filters = ("-F", "rurality=rural", "-F", "q=school")
    assert typed("export", "outcomes", "-f", "csv", *filters, "-o", str(file)).code == 0
    sent = client.get("/v1/exports/outcomes.csv?rurality=rural&q=school").raise_for_status()
    assert file.read_bytes() == sent.content
    assert len(file.read_bytes().splitlines()) > 1


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("everything",), "Use -f with one of: zip, sqlite, parquet."),
        (("everything", "-f", "zip", "-F", "state=OR"), "takes no filters"),
        (("strategies", "-F", "state=OR"), "takes no filters"),
        (("outcomes", "-f", "geojson"), "csv, ndjson, json, parquet"),
        (("case-studies", "-F", "state=Oregn"), "state"),
    ],
)
def test_an_export_that_does_not_exist_leaves_no_file(
    typed: Typing, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    told = typed("export", *words, "-o", str(tmp_path / "file"))
    assert told.code != 0
    assert said in " ".join(told.err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["case-studies"], "File too large"),
        (["everything", "-f", "zip"], "File too large"),
        (["everything", "-f", "sqlite"], "The SQLite file cannot be written"),
    ],
)
def test_a_run_that_is_cut_leaves_the_file_that_was_there(
    service: Service, tmp_path: Path, words: list[str], said: str
) -> None:
    file = tmp_path / "export"
    file.write_text("of yesterday")
    cut = subprocess.run(
        [COMMAND, "export", *words, "-o", str(file)],
        # Compiled modules would be cut as well.
        env=os.environ | {"DATABASE_URL": service.database_url, "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert cut.returncode == 1
    assert said in cut.stderr
    assert "Traceback" not in cut.stderr
    assert file.read_text() == "of yesterday"
    assert [path.name for path in tmp_path.iterdir()] == [file.name]


@pytest.mark.slow
@pytest.mark.one_database
def test_progress_is_shown_on_a_terminal_and_never_among_the_data(
    service: Service, tmp_path: Path
) -> None:
    ours, theirs = pty.openpty()
    file = tmp_path / "districts.csv"
    with file.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "export", "districts", "-f", "csv"],
            env=os.environ | {"DATABASE_URL": service.database_url, "TERM": "xterm"},
            stdout=output,
            stderr=theirs,
        )
        os.close(theirs)
        shown = _read_to_the_end(ours)
        assert process.wait(timeout=60) == 0
    assert b"Exporting districts" in shown
    assert b"Exporting" not in file.read_bytes()
    assert file.read_bytes().startswith(b"\xef\xbb\xbfslug,")


def _read_to_the_end(terminal: int) -> bytes:
    shown = io.BytesIO()
    while True:
        try:
            shown.write(os.read(terminal, 4096))
        except OSError:  # Linux: the other end is closed
            break
    os.close(terminal)
    return shown.getvalue()
