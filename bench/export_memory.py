"""Measure what an export of everything adds to the memory of the process that makes it.

python -m bench.export_memory 100000                                # over HTTP, beside the index
python -m bench.export_memory 100000 --file model-districts.sqlite
python -m bench.export_memory 100000 --copies 10                    # a million, without HTTP and index
"""

import argparse
import os
import platform
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from app.catalog import entry
from app.database import Database
from app.research import formats
from app.research.tables import TABLES
from bench.contenders import service
from bench.generate import FOLDER, directory

TABLE = TABLES["case-studies"]
SEARCH = "/v1/case-studies?q=attendance"
COPY = """
INSERT INTO entry (kind, slug, seq, state, updated_at, card, document)
SELECT kind, slug || '-copy-' || ?, seq, state, updated_at, '{}', document
FROM entry WHERE kind = 'case-study' AND state = 'public' AND slug NOT LIKE '%-copy-%'
"""


def memory_mb(process: int, name: str) -> float:
    """Memory of a process: VmRSS, what it holds now, or VmHWM, the most since it was asked to forget."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition(f"{name}:")[2].split()[0]) / 1024


def forget_peak(process: int) -> None:
    """Let VmHWM begin anew at what the process holds now."""
    Path(f"/proc/{process}/clear_refs").write_text("5")


def copied(size: int, copies: int) -> Path:
    """The directory with each document several times, under slugs of their own."""
    source = directory(size)
    path = source.with_name(f"{source.stem}-times-{copies}.sqlite")
    if not path.exists():
        part = path.with_suffix(".part")
        shutil.copyfile(source, part)
        with closing(sqlite3.connect(part, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for number in range(1, copies):
                connection.execute(COPY, (number,))
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        part.rename(path)
    return path


def over_http(size: int, file: str) -> tuple[float, float, int, float]:
    """Memory before, peak meanwhile, bytes and seconds of an export over HTTP."""
    with service("export memory", directory(size), SEARCH) as served:
        process = served.process.pid
        served.ask(SEARCH)
        forget_peak(process)
        before, sent, began = memory_mb(process, "VmRSS"), 0, time.perf_counter()
        with served.client.stream(
            "GET", f"/v1/exports/{file}", headers={"Accept-Encoding": "identity"}
        ) as answer:
            for chunk in answer.raise_for_status().iter_raw():
                sent += len(chunk)
        return before, memory_mb(process, "VmHWM"), sent, time.perf_counter() - began


def in_process(size: int, copies: int) -> tuple[float, float, int, float]:
    """The same, made here without HTTP and without an index."""
    database = Database(f"sqlite:///{copied(size, copies)}")
    process = os.getpid()
    forget_peak(process)
    before, sent, began = memory_mb(process, "VmRSS"), 0, time.perf_counter()
    with database.reading_export() as session:
        documents = entry.stream_documents(session, "case-study")
        for chunk in formats.encoded(TABLE, documents, "ndjson"):
            sent += len(chunk)
    peak = memory_mb(process, "VmHWM")
    database.close()
    return before, peak, sent, time.perf_counter() - began


def main() -> None:
    """Measure, and print one line."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("size", type=int)
    arguments.add_argument("--file", default="case-studies.ndjson")
    arguments.add_argument("--copies", type=int, default=1)
    options = arguments.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    before, peak, sent, seconds = (
        in_process(options.size, options.copies)
        if options.copies > 1
        else over_http(options.size, options.file)
    )
    print(
        f"{options.size * options.copies:,} case studies, {sent / 1e6:,.0f} MB of {options.file} in {seconds:.0f} s: "
        f"{before:.0f} MB before, {peak:.0f} MB at the peak, {peak - before:.0f} MB more; "
        f"{platform.machine()}, Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
