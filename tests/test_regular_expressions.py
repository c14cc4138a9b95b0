"""No text can stop the service: every regular expression takes time in proportion to its text."""

import ast
import importlib
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest
from migrating import ROOT
from pattern_texts import texts

from app.records import prose
from app.search.analysis import spelled

FUNCTIONS = {"compile", "search", "match", "sub", "fullmatch", "split", "findall", "finditer"}
LONG = 20_000  # characters, as many as a field of prose may have
WORTH_JUDGING = 0.05  # seconds of processor time; what takes less stops nobody
MOST_GROWTH = 10  # times as long for four times the text: 4 is in proportion, 16 is its square
# Patterns that a function puts together from words: one of each shape, by the file they stand in.
PUT_TOGETHER = {
    "app/search/snippets.py": rf"(?:scho\w*|out\W+of\W+{spelled('1000000', ())}|{spelled('schools', ())})(?!\w)",
}
ANCHORED = {"match", "fullmatch"}  # they begin at the first character alone
SOURCES = {
    str(path.relative_to(ROOT)): "\n".join(
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if " = re.compile(" not in line and "import " not in line
    )
    for path in sorted((ROOT / "app").rglob("*.py"))
}
pytestmark = pytest.mark.one_database


def written(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Each regular expression of a file, with its flags, and whether texts are searched for it."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {
        node.value: ast.unparse(node.targets[0]) for node in nodes if isinstance(node, ast.Assign)
    }
    for node in nodes:
        if isinstance(node, ast.Call):
            yield from _of_call(node, module, str(path.relative_to(ROOT)), names)


def _of_call(
    call: ast.Call, module: ModuleType, path: str, names: Mapping[ast.expr, str]
) -> Iterator[tuple[str, int, bool]]:
    function = call.func
    if (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in FUNCTIONS
    ):
        flags = [argument for argument in call.args[1:] if "re." in ast.unparse(argument)]
        flags += [word.value for word in call.keywords if word.arg == "flags"]
        pattern = _value(call.args[0], module, path)
        number = sum(_number(flag) for flag in flags)
        yield pattern, number, _is_searched(function.attr, names.get(call), path)
    for word in call.keywords:
        if word.arg in ("pattern", "regex"):
            yield _value(word.value, module, path), 0, False


def _is_searched(function: str, name: str | None, path: str) -> bool:
    """Whether a pattern is looked for at every place of a text, in its file or others."""
    uses = {function} if function != "compile" else set()
    if name is not None:
        sources = [path] if name.startswith("_") else SOURCES
        code = "\n".join(SOURCES[source] for source in sources)
        uses = set(re.findall(rf"\b{name}\b(?:\.(\w+)\()?", code))
    return not uses or not uses <= ANCHORED


def _value(node: ast.expr, module: ModuleType, path: str) -> str:
    try:
        value = eval(ast.unparse(node), dict(vars(module)))
    except NameError:
        value = PUT_TOGETHER[path]
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    assert isinstance(value, str), f"{path}: {ast.unparse(node)} is no pattern this test can read"
    return value


def _number(flag: ast.expr) -> int:
    return int(eval(ast.unparse(flag), {"re": re}))


PATTERNS = sorted(
    {
        (str(path.relative_to(ROOT)), *pattern)
        for path in (ROOT / "app").rglob("*.py")
        for pattern in written(path)
    }
)


def seconds(compiled: re.Pattern[str], text: str, searched: bool) -> float:
    """Processor time to find every match in a text, and to ask whether it is one whole match."""
    began = time.process_time()
    if searched:
        for _ in compiled.finditer(text):
            pass
    compiled.match(text)
    compiled.fullmatch(text)
    return time.process_time() - began


def slow_text(pattern: str, flags: int, searched: bool) -> str | None:
    """A text on which the pattern is superlinear, as it begins and ends; None without one."""
    compiled = re.compile(pattern, flags)
    sizes = (*range(14, 40, 2), 200, LONG // 4)
    for size in sizes:  # what grows without bound is found before it takes minutes
        for text in texts(pattern, flags, size):
            if seconds(compiled, text, searched) > 1:
                return f"{text[:40]!r}...{text[-10:]!r} ({len(text)} characters)"
    longer = texts(pattern, flags, LONG)
    for short, long in zip(texts(pattern, flags, LONG // 4), longer, strict=True):
        if seconds(compiled, long, searched) < WORTH_JUDGING:
            continue
        growth = min(seconds(compiled, long, searched) for _ in range(3)) / max(
            min(seconds(compiled, short, searched) for _ in range(3)), 1e-4
        )
        if growth > MOST_GROWTH:
            return (
                f"{long[:40]!r}...{long[-10:]!r}: {growth:.0f} times as long for 4 times the text"
            )
    return None


@pytest.mark.slow
@pytest.mark.parametrize(("path", "pattern", "flags", "searched"), PATTERNS)
def test_no_text_of_20000_characters_stops_a_pattern(
    path: str, pattern: str, flags: int, searched: bool
) -> None:
    assert slow_text(pattern, flags, searched) is None, path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "searched"),
    [(r"(?:\s*\[\^\w+\])+\s*$", True), (r"(a+)+b", False), (r"\d[\d,\s]*[\s%]*x", False)],
)
def test_a_superlinear_pattern_would_be_found(pattern: str, searched: bool) -> None:
    assert slow_text(pattern, 0, searched)


@pytest.mark.parametrize(
    "text",
    ["a" + " " * 19_990 + "b", "[^s1]" * 3990 + " y", "[^s1] " * 3300 + "y", "[^s1]" * 4000],
)
def test_prose_of_20000_marks_or_spaces_is_read_at_once(text: str) -> None:
    began = time.process_time()
    ((paragraph, _),) = prose.paragraphs(text)
    assert time.process_time() - began < 1
    assert paragraph == text.removesuffix("[^s1]" * 4000)
