"""The five questions of docs/researchers.md: each tool runs the page's own program, and all give one answer."""

import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest
from research_tools import missing
from serving import Service

pytestmark = pytest.mark.one_database
PAGE = (Path(__file__).parent.parent / "docs" / "researchers.md").read_text()
OF_THE_PAGE = "http://127.0.0.1:8000"
ATTENDANCE = {"attendance", "chronic-absence", "days-absent"}
BELOW = {1000: "under 1,000", 5000: "1,000 to 4,999", 25_000: "5,000 to 24,999"}
TIMEOUT_SECONDS = 300  # only for what hangs: a busy machine is no fault
Json = dict[str, Any]
Row = tuple[str, ...]
Answers = dict[str, list[Row]]


def program(tool: str, language: str) -> str:
    """The page's program in a tool."""
    section = PAGE.partition(f"\n### {tool}\n")[2].partition("\n##")[0]
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(block)


def printed(command: list[str], folder: Path) -> Answers:
    """What a program prints, by the titles between its answers."""
    ended = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    answers: Answers = {}
    for part in re.split(r"^# ", ended.stdout, flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        answers[title.strip()] = [tuple(row) for row in csv.reader(io.StringIO(text)) if row]
    return answers


@pytest.fixture(scope="module")
def expected(client: httpx.Client) -> Answers:
    """The answers, counted plainly from the documents."""
    cases = client.get("/v1/exports/case-studies.json").raise_for_status().json()
    districts = client.get("/v1/exports/districts.json").raise_for_status().json()
    answers = {
        "strategies": strategies(cases),
        "evidence": counted(
            (state["value"], case["evidence"] or "no outcome")
            for case in cases
            for state in case["states"]
        ),
        "funding": counted(
            (rurality, kind)
            for case in cases
            for rurality in case["rurality"]
            for kind in {part["kind"] for part in case["funding"]}
        ),
        "enrollment": counted(
            (size(district["enrollment"]["value"]),)
            for district in districts
            if district["enrollment"]
        ),
        "changes": changes(cases),
    }
    assert all(answers.values())
    return answers


def counted(keys: Any) -> list[Row]:
    """How often each key comes."""
    return [(*key, str(count)) for key, count in sorted(Counter(keys).items())]


def strategies(cases: list[Json]) -> list[Row]:
    """Strategies of rural case studies: in how many, and in how many attendance got better."""
    rural = [case for case in cases if "rural" in case["rurality"]]
    better = {
        case["slug"]
        for case in rural
        for outcome in case["outcomes"]
        if outcome["indicator"] in ATTENDANCE and outcome["direction"] == "better"
    }
    pairs = [(part["value"], case["slug"]) for case in rural for part in case["strategies"]]
    every = Counter(strategy for strategy, _ in pairs)
    good = Counter(strategy for strategy, slug in pairs if slug in better)
    order = sorted(good, key=lambda strategy: (-good[strategy], strategy))
    return [(strategy, str(every[strategy]), str(good[strategy])) for strategy in order]


def size(enrollment: int) -> str:
    """The name of a group of sizes."""
    return next((name for most, name in BELOW.items() if enrollment < most), "25,000 or more")


def changes(cases: list[Json]) -> list[Row]:
    """How many case studies changed last on each of the last 31 days."""
    since = (datetime.now(UTC) - timedelta(days=31)).date().isoformat()
    days = (case["updated_at"][:10] for case in cases)
    return counted((day,) for day in days if day >= since)


def is_right(answers: Answers, expected: Answers) -> bool:
    """Whether a tool's answers are these. The groups of sizes may come in any order."""
    answers["enrollment"] = sorted(answers["enrollment"])
    assert answers == expected
    return True


@pytest.mark.slow
@pytest.mark.skipif(bool(missing("jq")), reason=missing("jq"))
def test_curl_and_jq_answer_the_questions(
    service: Service, expected: Answers, tmp_path: Path
) -> None:
    script = program("curl and jq", "sh").replace(OF_THE_PAGE, service.url)
    assert is_right(printed(["bash", "-euc", script], tmp_path), expected)


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["pandas", "polars"])
def test_python_answers_the_questions(
    service: Service, expected: Answers, tmp_path: Path, tool: str
) -> None:
    script = program(tool, "python").replace(OF_THE_PAGE, service.url)
    assert is_right(printed([sys.executable, "-c", script], tmp_path), expected)


@pytest.mark.slow
def test_duckdb_answers_the_questions(
    client: httpx.Client,
    expected: Answers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = client.get("/v1/exports/model-districts-parquet.zip").raise_for_status().content
    with zipfile.ZipFile(io.BytesIO(files)) as package:
        package.extractall(tmp_path)
    monkeypatch.chdir(tmp_path)
    opened, answers = duckdb.connect(), {}
    for question in program("DuckDB over Parquet", "sql").split(";\n")[:-1]:
        title = question.partition("-- ")[2].partition("\n")[0]
        answers[title] = [tuple(map(str, row)) for row in opened.execute(question).fetchall()]
    assert is_right(answers, expected)


@pytest.mark.slow
@pytest.mark.skipif(bool(missing("Rscript")), reason=missing("Rscript"))
def test_r_answers_the_questions(service: Service, expected: Answers, tmp_path: Path) -> None:
    script = tmp_path / "questions.R"
    script.write_text(program("R", "r").replace(OF_THE_PAGE, service.url))
    assert is_right(printed(["Rscript", "--vanilla", str(script)], tmp_path), expected)


@pytest.mark.slow
def test_the_page_names_only_tables_that_exist(client: httpx.Client) -> None:
    tables = {
        table["name"] for table in client.get("/v1/codebook").raise_for_status().json()["data"]
    }
    for name in re.findall(r"table(?:_of)?\(\"([\w-]+)\"\)|'([\w-]+)\.parquet'", PAGE):
        assert "".join(name) in tables
