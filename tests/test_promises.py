"""The tests that docs/security.md and docs/reliability.md name exist, and every risk of OWASP's list has one."""

import re
from pathlib import Path

import pytest
from attacks.promises import PROMISES
from migrating import ROOT

TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(
        r"^(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE
    )
}
NAMED = re.compile(r"`(test_\w+)`")
SECURITY = ROOT / "docs" / "security.md"


@pytest.mark.parametrize("path", [SECURITY, ROOT / "docs" / "reliability.md"], ids=lambda p: p.name)
def test_each_named_test_exists(path: Path) -> None:
    named = NAMED.findall(path.read_text(encoding="utf-8"))
    assert named
    assert [name for name in named if name not in TESTS] == []


def test_each_attack_is_there_and_its_promise_stands_in_the_documents() -> None:
    document = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    for promise in PROMISES:
        file = (ROOT / "tests" / promise.file).read_text(encoding="utf-8")
        assert [name for name in promise.tests if f"def {name}(" not in file] == []
        assert f"| {promise.text} |" in document


def test_each_of_the_ten_risks_has_a_test_for_each_of_its_threats() -> None:
    parts = re.split(r"^## ", SECURITY.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert [part.partition(":")[0] for part in parts] == [f"API{n}" for n in range(1, 11)]
    for part in parts:
        threats = [line for line in part.splitlines() if line.startswith("| ")][2:]
        assert threats
        assert [threat for threat in threats if not NAMED.search(threat)] == []
