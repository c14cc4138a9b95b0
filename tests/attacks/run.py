"""make attack: attack the service, print which promises it kept, and exit with 1 if it broke one.

make attack                       500 kills on SQLite and 100 on PostgreSQL, a soak of a minute on each
make attack ARGS=--write          also write the table into docs/reliability.md
KILLS_SQLITE, KILLS_POSTGRESQL, SOAK_MINUTES    more or less of it
"""

import os
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from attacks.promises import CHAPTERS, PROMISES, Promise
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
MARKS = ("<!-- make attack: begin -->\n", "<!-- make attack: end -->\n")
EFFORT = {"KILLS_SQLITE": "500", "KILLS_POSTGRESQL": "100", "SOAK_MINUTES": "1"}
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
HELD, BROKEN, NOT_TRIED = "held", "BROKEN", "not tried"


@dataclass
class Result:
    """What became of one promise on one database."""

    seconds: float = 0.0
    passed: int = 0
    broken: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """Whether it was kept."""
        if self.broken:
            return BROKEN
        return HELD if self.passed and not self.skipped else NOT_TRIED


class Results:
    """A plugin of pytest that notes the result of every promise, by database."""

    def __init__(self) -> None:
        self.by_promise: dict[Promise, dict[str, Result]] = {
            promise: defaultdict(Result) for promise in PROMISES
        }

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the end of one step of a test."""
        path, _, rest = report.nodeid.partition("::")
        name, _, parameters = rest.partition("[")
        for promise in PROMISES:
            if path == f"tests/{promise.file}" and name in promise.tests:
                named = [
                    ENGINES[part] for part in parameters.strip("]").split("-") if part in ENGINES
                ]
                self._note(
                    self.by_promise[promise][named[0] if named else promise.database], report
                )

    def _note(self, result: Result, report: pytest.TestReport) -> None:
        result.seconds += report.duration
        if report.failed:
            result.broken.append(report.nodeid)
        elif report.skipped:
            result.skipped.append(report.nodeid)
        elif report.when == "call":
            result.passed += 1
            result.figures += [
                str(value) for name, value in report.user_properties if name == "figure"
            ]


def main() -> None:
    """Run the attacks, and tell."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--write"]
    for name, amount in EFFORT.items():
        os.environ.setdefault(name, amount)
    results, began = Results(), time.monotonic()
    nodes = [f"tests/{promise.file}::{name}" for promise in PROMISES for name in promise.tests]
    os.chdir(ROOT)
    ended = pytest.main(["-q", "--tb=short", *arguments, *dict.fromkeys(nodes)], plugins=[results])
    minutes = (time.monotonic() - began) / 60
    show(results)
    if "--write" in sys.argv:
        write(results, minutes)
    every = [each for by in results.by_promise.values() for each in by.values()]
    unheard = [promise.text for promise, by in results.by_promise.items() if not by]
    console = Console()
    for text in unheard:
        console.print(f"No test ran for: {text}")
    broken = sum(each.state == BROKEN for each in every)
    console.print(f"{len(PROMISES)} promises, {broken} broken, in {minutes:.0f} minutes.")
    sys.exit(1 if broken or unheard or ended != pytest.ExitCode.OK else 0)


def show(results: Results) -> None:
    """Print the table."""
    table = Table("promise", "database", "", "seconds", "figure", show_lines=True)
    for promise, by_database in results.by_promise.items():
        for database, result in sorted(by_database.items()):
            figure = "; ".join(result.figures)
            table.add_row(promise.text, database, result.state, f"{result.seconds:.0f}", figure)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def write(results: Results, minutes: float) -> None:
    """Write the table into the document, between its marks."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    made = "\n".join(
        [about(minutes), *(line for part in CHAPTERS for line in chapter(part, results))]
    )
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n{made}\n{MARKS[1]}{after}", encoding="utf-8")


def about(minutes: float) -> str:
    """When, on what and how hard."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    day = datetime.now(UTC)
    return (
        f"Run on {day:%B} {day.day}, {day.year} at commit {commit}, on {os.cpu_count()} cores, in "
        f"{minutes:.0f} minutes: {os.environ['KILLS_SQLITE']} kills on SQLite and "
        f"{os.environ['KILLS_POSTGRESQL']} on PostgreSQL, a soak on each "
        f"(SOAK_MINUTES={os.environ['SOAK_MINUTES']}). Seconds are those of all tests of a promise, with making their databases."
    )


def chapter(name: str, results: Results) -> list[str]:
    """The lines of one table."""
    lines = ["", f"### {name}", "", "| promise | result | tests |", "| --- | --- | --- |"]
    for promise in CHAPTERS[name]:
        told = [
            f"{database}: {result.state}, {result.seconds:.0f} s"
            + "".join(f"; {figure}" for figure in result.figures)
            for database, result in sorted(results.by_promise[promise].items(), reverse=True)
        ]
        tests = ", ".join(f"`{test}`" for test in promise.tests)
        lines.append(f"| {promise.text} | {'<br>'.join(told)} | {tests} |")
    return lines


if __name__ == "__main__":
    main()
