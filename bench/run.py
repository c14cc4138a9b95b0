"""Measure this service beside the limit, the least of frameworks and a peer; print the table of targets, keep numbers and a plot.

python -m bench.run [--quick | --million]    --million: search alone, at a million entries
"""

import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from app.database import Database
from app.records import revisions
from bench import contenders, report
from bench.contenders import BIN, CLIENT_CORE, CORES, INDEXES, SERVER_CORE, Server
from bench.generate import (
    DISTRICTS,
    FOLDER,
    LEAN,
    ROOT,
    World,
    directory,
    publish,
    read_vocabulary,
    tables,
)
from bench.queries import PATH, QUESTIONS, deep_cursor, deep_token, pages, varied

MANY, ONE = 16, 1  # connections
EXPORT = "SELECT document FROM entry WHERE kind = 'case-study' AND state = 'public' ORDER BY slug"
FIRST = QUESTIONS[0].address()
LIMITS = {"warm_page": "bare_page", "cold_page": "bare_page"}  # of other loads, "bare"
WORK = FOLDER / "work.sqlite"  # a copy that a run may write to


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    sizes: tuple[int, ...]
    rounds: int
    seconds: int  # of load, at each measurement
    slow_seconds: int  # of load on what is slow
    publications: int


FULL = Effort((1000, 100_000), rounds=9, seconds=2, slow_seconds=30, publications=20)
QUICK = Effort((1000, 10_000), rounds=1, seconds=1, slow_seconds=2, publications=5)


def main() -> None:
    """Make the data, measure each size, tell."""
    quick, million = "--quick" in sys.argv, "--million" in sys.argv
    need_tools()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = measure_million() if million else measure_all(QUICK if quick else FULL)
    to = (
        FOLDER / "quick"
        if quick
        else ROOT / "bench" / "results" / ("million" if million else "latest")
    )
    to.parent.mkdir(exist_ok=True)
    to.with_suffix(".json").write_bytes(
        orjson.dumps(rounded(results), option=orjson.OPT_INDENT_2) + b"\n"
    )
    to.with_suffix(".svg").write_text(report.plot(results), encoding="utf-8")
    print(report.text(results), f"Written: {to}.json and .svg", sep="\n")


def measure_all(effort: Effort) -> dict[str, Any]:
    """Everything at each size, and what was reached of the targets."""
    sizes = {size: tables(size) for size in effort.sizes}
    os.sched_setaffinity(0, {int(CLIENT_CORE)})
    results: dict[str, Any] = {"machine": machine(), "seed": real_seed(), "sizes": {}}
    for size, flat in sizes.items():
        shutil.copyfile(directory(size), WORK)
        results["sizes"][str(size)] = measure(size, WORK, flat, effort)
        forget(WORK)
    return results | {"targets": report.targets(results)}


def measure_million() -> dict[str, Any]:
    """Search alone, in a directory of a million: does its cost grow with what it finds?"""
    database = directory(LEAN)
    os.sched_setaffinity(0, {int(CLIENT_CORE)})
    return {"machine": machine(), "sizes": {str(LEAN): measure(LEAN, database, None, FULL)}}


def measure(size: int, database: Path, flat: Path | None, effort: Effort) -> dict[str, Any]:
    """Everything at one size; without `flat`, the tables for the peer, search alone."""
    shutil.rmtree(INDEXES, ignore_errors=True)
    with contenders.service("anew", database, FIRST, cache=False) as server:
        found: dict[str, Any] = {
            "anew": {"start_s": server.start_s[-1], "peak_mb": server.peak_mb()}
        }
    with ExitStack() as stack:
        cold = stack.enter_context(contenders.service("cold", database, FIRST, cache=False))
        found["ready_s"], found["start_s"] = cold.start_s
        lines = [
            question.address(cursor=deep_cursor(question, cold.ask) if question.deep else "")
            for question in QUESTIONS
        ]
        found["questions"] = questions(cold, lines, flat)
        loads: dict[str, tuple[Server, list[str]]] = {
            "cold": (cold, lines),
            "cold_varied": (cold, varied(2000)),
        }
        if flat is None:
            found["loads"] = in_rounds(loads, effort)
            return found | {"peak_mb": {"cold": cold.peak_mb()}}
        warm = stack.enter_context(contenders.service("warm", database, FIRST))
        addresses = pages(warm.ask)
        with_etags = captured(warm, [*lines, *addresses], FOLDER / "answers.json")[: len(lines)]
        bare, fastapi = (
            stack.enter_context(contenders.sender(app, FOLDER / "answers.json", lines[0]))
            for app in ("bare", "fastapi")
        )
        loads = {
            "bare": (bare, lines),
            "not_modified": (warm, with_etags),
            "warm": (warm, lines),
            "fastapi": (fastapi, lines),
            **loads,
            "bare_page": (bare, addresses),
            "warm_page": (warm, addresses),
            "cold_page": (cold, addresses),
        }
        found["loads"] = in_rounds({name: load for name, load in loads.items() if load[1]}, effort)
        found["peak_mb"] = {server.name: server.peak_mb() for server in (bare, fastapi, warm, cold)}
        peer = stack.enter_context(contenders.datasette(flat))
        found["loads"]["datasette"] = peer_load(peer, flat.stem, found["questions"], effort)
        found["export"] = exports(database, warm, peer, flat.stem, effort)
        found["peak_mb"]["datasette"] = peer.peak_mb()
        if size == max(effort.sizes):
            found["two_workers"] = {
                name: two_workers(name, database, found["loads"][name], lines, effort)
                for name in ("warm", "cold")
            }
        found["visible_ms"] = publications(warm, database, size, effort)
    return found


def questions(server: Server, lines: list[str], flat: Path | None) -> dict[str, dict[str, Any]]:
    """Of each question: hits and milliseconds; and that plain SQL counts as many hits."""
    found: dict[str, dict[str, Any]] = {}
    for question, line in zip(QUESTIONS, lines, strict=True):
        hits = server.ask(line)["meta"]["total"]
        # SQL knows no synonyms and no spelling: it is held against the words as they stand.
        exact = server.ask(question.address(match="exact"))["meta"]["total"]
        if flat:
            with closing(sqlite3.connect(flat)) as connection:
                same(question.name, exact, connection.execute(*question.sql()).fetchone()[0])
        found[question.name] = {
            "hits": hits,
            "exact": exact,
            "ms": server.load([line], connections=ONE, seconds=1)["p50_ms"],
        }
    return found


def captured(warm: Server, lines: list[str], to: Path) -> list[str]:
    """Keep the warm answers for those that only send. Returns the addresses with their ETags; none if one is not answered by 304."""
    answers, found = {}, []
    for line in lines:
        warm.client.get(line).raise_for_status()
        answer = warm.client.get(line)
        answers[line.partition("?")[2] or line] = (
            {name: value for name, value in answer.headers.items() if name != "date"},
            answer.text,
        )
        same("cache of answers", "hit" in answer.headers.get("cache-status", ""), True)
        etag = answer.headers.get("etag", "")
        if warm.client.get(line, headers={"If-None-Match": etag}).status_code == 304:
            found.append(f"{line}\t{etag}")
    to.write_bytes(orjson.dumps(answers))
    return found if len(found) == len(lines) else []


def in_rounds(loads: dict[str, tuple[Server, list[str]]], effort: Effort) -> dict[str, Any]:
    """Load them in turn, again and again, each for a short while: what disturbs the machine disturbs all. Ratios are to the limit of the
    same round."""
    rounds: list[dict[str, dict[str, float]]] = []
    for server, lines in loads.values():
        server.load(lines, connections=MANY, seconds=1)
    for number in range(effort.rounds):
        rounds.append({})
        for name, (server, lines) in loads.items():
            say(f"round {number + 1} of {effort.rounds}: {name}")
            rounds[-1][name] = run = server.load(lines, connections=MANY, seconds=effort.seconds)
            run |= {
                f"one_{figure}": value
                for figure, value in server.load(
                    lines, connections=ONE, seconds=(effort.seconds + 1) // 2
                ).items()
            }
            limit = rounds[-1].get(LIMITS.get(name, "bare"))
            run |= {"of_limit": run["rps"] / limit["rps"]} if limit else {}
    return {
        name: {figure: spread(one[name][figure] for one in rounds) for figure in rounds[0][name]}
        for name in loads
    }


def peer_load(peer: Server, database: str, ours: dict[str, Any], effort: Effort) -> dict[str, Any]:
    """Datasette under the same questions, once its totals are seen to be the same."""
    lines, began = [], time.perf_counter()
    for question in QUESTIONS:
        hits = ours[question.name]["exact"]
        token = {"_next": deep_token(question, database, hits, peer.ask)} if question.deep else {}
        lines.append(question.datasette(database, **token))
        same(question.name, hits, peer.ask(lines[-1])["filtered_table_rows_count"])
    seconds = effort.slow_seconds if time.perf_counter() - began > 2 else effort.seconds
    one, many = (
        peer.load(lines, connections=connections, seconds=seconds) for connections in (ONE, MANY)
    )
    return {
        figure: spread([value])
        for figure, value in (
            many | {f"one_{figure}": value for figure, value in one.items()}
        ).items()
    }


def exports(
    database: Path, ours: Server, peer: Server, table: str, effort: Effort
) -> dict[str, Any]:
    """Seconds to get everything: our NDJSON over HTTP, the same JSON from the sqlite3 shell, Datasette's CSV stream."""
    runs: dict[str, list[tuple[float, float, int]]] = {"ndjson": [], "sqlite3": [], "datasette": []}
    for number in range(effort.rounds + 1):
        say("exports")
        runs["ndjson"].append(fetched(ours, "/v1/exports/case-studies.ndjson"))
        runs["sqlite3"].append(piped("sqlite3", "-readonly", str(database), EXPORT))
        if number == 0:
            runs["datasette"].append(fetched(peer, f"/{table}/case_study.csv?_stream=on&_size=max"))
    same("bytes of the export", runs["ndjson"][0][2], runs["sqlite3"][0][2])
    found: dict[str, Any] = {
        name: {
            "first_byte_s": min(first for first, _, _ in of),
            "s": spread(total for _, total, _ in of),
            "megabytes": of[0][2] / 1e6,
        }
        for name, of in runs.items()
    }
    return found | {
        "over_sqlite3": spread(
            mine[1] / theirs[1]
            for mine, theirs in zip(runs["ndjson"], runs["sqlite3"], strict=True)
        )
    }


def two_workers(
    name: str, database: Path, alone: dict[str, Any], lines: list[str], effort: Effort
) -> dict[str, Any]:
    """Two workers over one. With two cores the client must share theirs, and the ratio says little."""
    core = "2" if CORES > 2 else f"0-{CORES - 1}"
    with contenders.service(
        f"two-{name}", database, FIRST, cache=name == "warm", workers=2
    ) as server:
        say(f"two workers: {name}")
        server.load(lines, connections=MANY, seconds=1)
        rps = server.load(lines, connections=MANY, seconds=effort.seconds, core=core)["rps"]
        return {
            "rps": rps,
            "over_one": rps / alone["rps"]["median"],
            "core_for_client": CORES > 2,
            "peak_mb": server.peak_mb(),
        }


def publications(server: Server, path: Path, size: int, effort: Effort) -> dict[str, float]:
    """Milliseconds from the commit of an entry, in this process, until the server's search gives it."""
    database = Database(f"sqlite:///{path}")
    world = World(read_vocabulary(database))
    took = []
    for number in range(effort.publications):
        word = "quokka" + "abcdefghijklmnopqrstuvwxyz"[number] * 3
        with database.reading() as session:
            made = world.prepared(DISTRICTS + size + number, revisions.newest_seq(session) + 1)
        made.entry.text["text"] += f" {word}"
        publish(database, [made])
        began = time.perf_counter()
        while not any(
            hit["slug"] == made.entry.slug
            for hit in server.ask(f"{PATH}?q={word}&limit=5&facets=none")["data"]
        ):
            time.sleep(0.0005)
        took.append((time.perf_counter() - began) * 1000)
    database.close()
    return spread(took)


def real_seed() -> dict[str, Any]:
    """The command itself on the real seed: the first start, which loads it, and the next."""
    path, found = FOLDER / "seed.sqlite", {}
    forget(path)
    for name in ("first", "next"):
        server = contenders.service("seed", path, f"{PATH}?q=attendance")
        server.command = [str(BIN / "model-districts"), "serve"]
        with server:
            server.ask(f"{PATH}?q=attendance&rurality=rural")
            found[name] = {"start_s": server.start_s[-1], "peak_mb": server.peak_mb()}
    forget(path)
    return found


def fetched(server: Server, path: str) -> tuple[float, float, int]:
    """Seconds to the first and to the last byte of an answer, and how many there are."""
    command = [
        "curl",
        "-sSf",
        "-m300",
        "-o/dev/null",
        "-w%{time_starttransfer} %{time_total} %{size_download}",
        f"{server.client.base_url}{path}",
    ]
    first, last, size = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    return float(first), float(last), int(size)


def piped(*command: str) -> tuple[float, float, int]:
    """The same of what a command writes, on the core of the servers."""
    began, first, size = time.perf_counter(), 0.0, 0
    with subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, *command], stdout=subprocess.PIPE, pipesize=1 << 20
    ) as process:
        assert process.stdout is not None
        while part := os.read(process.stdout.fileno(), 1 << 20):
            first, size = first or time.perf_counter() - began, size + len(part)
    same(f"exit code of {command[0]}", process.returncode, 0)
    return first, time.perf_counter() - began, size


def need_tools() -> None:
    """wrk loads the servers; it is a package of the system."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "wrk"],
            stdout=subprocess.DEVNULL,
            check=False,
        )
    if missing := [
        tool for tool in ("wrk", "sqlite3", "curl", "taskset") if shutil.which(tool) is None
    ]:
        sys.exit(
            f"The benchmark needs {', '.join(missing)}: apt-get install wrk sqlite3 curl util-linux (as root), then again."
        )


def machine() -> dict[str, Any]:
    """What it was measured on, and whether something else was running."""
    cpu = [
        line.partition(": ")[2]
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    about = {
        "cores": CORES,
        "processor": cpu[0] if cpu else platform.machine(),
        "python": platform.python_version(),
    }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **about,
        "sqlite": sqlite3.sqlite_version,
        "load_before": os.getloadavg()[0],
    }


def same(what: str, one: int, other: int) -> None:
    """Refuse to go on where two that must be equal are not."""
    if one != other:
        raise RuntimeError(f"{what}: {one} against {other}")


def forget(database: Path) -> None:
    """Remove a database with all that lies beside it."""
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()


def spread(values: Iterable[float]) -> dict[str, float]:
    """The middle and the ends."""
    found = list(values)
    return {"median": statistics.median(found), "least": min(found), "most": max(found)}


def rounded(value: Any) -> Any:
    """Four digits are more than is known."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    return (
        [rounded(part) for part in value]
        if isinstance(value, list)
        else float(f"{value:.4g}")
        if isinstance(value, float)
        else value
    )


def say(text: str) -> None:
    """How far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
