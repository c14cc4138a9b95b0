"""The rules of the house that a machine can check: doors, transactions, names, docstrings, and tests that assert."""

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from migrating import ROOT

APP = ROOT / "app"
FILES = sorted(APP.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
BANNED = {"utils", "helpers", "common", "misc", "base", "core", "manager", "handler", "processor"}
OF_LIBRARIES = {"timeout_keep_alive_handler"}  # a method of uvicorn's that we replace
ROOMS = {"records", "catalog", "search", "desk", "research", "site", "web", "engines", "commands"}
DESK = {"access", "editing", "feedback", "imports", "sources"}
RIDDLES = {"among", "found", "asked", "told", "kept", "wanted", "seen", "given", "one"}
LINE_LENGTH = 100
FRAMEWORK = {"fastapi", "starlette", "fastapi_offline"}
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache  # 160 files, each read by ten rules
def tree(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def named(path: Path) -> str:
    """A file as people call it."""
    return path.relative_to(ROOT).as_posix()


def definitions(of: ast.AST) -> Iterator[Definition]:
    """Every function and class, inner ones too."""
    return (node for node in ast.walk(of) if isinstance(node, Definition))


def imported(of: ast.AST) -> set[str]:
    """The packages that are imported."""
    found = {
        alias.name for node in ast.walk(of) if isinstance(node, ast.Import) for alias in node.names
    }
    found |= {node.module or "" for node in ast.walk(of) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in found}


def names_from(of: ast.AST, *packages: str) -> set[str]:
    """What is imported from these packages."""
    froms = (
        node
        for node in ast.walk(of)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(packages)
    )
    return {alias.name for node in froms for alias in node.names}


def texts(path: Path) -> set[int]:
    """The lines with a text or a comment, which the formatter leaves whole."""
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    with path.open("rb") as lines:
        tokens = [token for token in tokenize.tokenize(lines.readline) if token.type in kinds]
    return {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}


def variables(of: ast.AST) -> set[str]:
    """The names of variables and arguments."""
    assigned = (node for node in ast.walk(of) if isinstance(node, ast.Name))
    arguments = (node for node in ast.walk(of) if isinstance(node, ast.arg))
    return {node.id for node in assigned if isinstance(node.ctx, ast.Store)} | {
        node.arg for node in arguments
    }


def is_door(path: Path) -> bool:
    """Whether a file may know HTTP."""
    room = path.relative_to(APP)
    return (
        room.name == "main.py"
        or room.parts[0] in ("site", "web")
        or room.stem.endswith(("endpoints", "dependencies"))
    )


def test_only_doors_know_the_web_framework() -> None:
    assert [
        named(path) for path in FILES if not is_door(path) and imported(tree(path)) & FRAMEWORK
    ] == []


def test_doors_hold_no_sql() -> None:
    doors = [path for path in FILES if path.stem.endswith("endpoints")]
    assert doors
    assert [
        named(path)
        for path in doors
        if names_from(tree(path), "sqlalchemy", "sqlmodel") - {"Session"}
    ] == []


def test_only_the_database_commits() -> None:
    assert [
        named(path)
        for path in FILES
        if re.search(r"\.commit\(", path.read_text()) and path != APP / "database.py"
    ] == []


def test_only_the_database_knows_which_database_it_is() -> None:
    for path in FILES:
        if path != APP / "database.py" and path.parent != APP / "engines":
            assert not imported(tree(path)) & {"sqlite3", "psycopg"}, named(path)
            asked = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
            assert not asked & {"dialect", "get_backend_name", "drivername"}, named(path)


def test_a_room_begins_with_a_sentence_and_nothing_else() -> None:
    rooms = [path for path in FILES if path.name == "__init__.py"]
    assert {path.parent for path in FILES} == {path.parent for path in rooms}
    for path in rooms:
        body = tree(path).body
        assert len(body) == 1, named(path)
        assert ast.get_docstring(tree(path)), named(path)


def test_no_name_says_nothing() -> None:
    for path in FILES:
        names = [path.stem, *(definition.name for definition in definitions(tree(path)))]
        names = [name for name in names if name not in OF_LIBRARIES]
        for name in names:
            parts = {part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+", name)}
            assert not (parts - {"base"}) & BANNED, (named(path), name)  # a base URL is one
            assert not name.lower().startswith("base") or name == "base_url", (named(path), name)
        assert path.stem not in (
            "service",
            "services",
            "data",
            "info",
            "constants",
            "exceptions",
        ), named(path)


def test_every_public_function_and_class_is_explained() -> None:
    for path in FILES:
        module = tree(path)
        inner = {
            id(node)
            for outer in ast.walk(module)
            if isinstance(outer, Function)
            for node in ast.walk(outer)
            if node is not outer
        }
        for definition in definitions(module):
            if (
                definition.name.startswith("_")
                or id(definition) in inner
                or _in_private_class(module, definition)
            ):
                continue
            assert ast.get_docstring(definition), (named(path), definition.name)


def test_imports_stand_at_the_top() -> None:
    for path in FILES:
        for function in definitions(tree(path)):
            inside = [
                node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            assert inside == [], (named(path), function.name)


def test_nothing_is_left_to_be_done_without_an_issue() -> None:
    for path in FILES:
        for line in path.read_text().splitlines():
            if re.search(r"#.*\b(TODO|FIXME|XXX|HACK)\b", line):
                assert re.search(r"\bissue \d+", line), (named(path), line)


def test_every_test_asserts_something() -> None:
    for path in TESTS:
        module = tree(path)
        functions = {node.name: node for node in ast.walk(module) if isinstance(node, Function)}
        tests = [
            function
            for name, function in functions.items()
            if name.startswith("test_") or _has_rule(function)
        ]
        assert tests, named(path)
        silent = [test.name for test in tests if not _asserts(test, functions)]
        assert silent == [], named(path)


def test_every_test_file_says_what_it_is_about_and_pretends_nothing() -> None:
    for path in TESTS:
        assert ast.get_docstring(tree(path)), named(path)
        assert not imported(tree(path)) & {"mock", "unittest"}, named(path)


def test_the_folders_are_those_of_the_design() -> None:
    folders = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*")
        if path.is_dir() and any(path.glob("*.py"))
    }
    assert folders == ROOMS | {"search/understanding"} | {f"desk/{room}" for room in DESK}


def test_lines_of_code_end_before_column_100() -> None:
    for path in FILES:
        text = texts(path)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= LINE_LENGTH or number in text, (named(path), number)


def test_variables_are_named_for_what_they_hold() -> None:
    for path in FILES:
        riddles = {name for name in variables(tree(path)) if name.strip("_").lower() in RIDDLES}
        assert riddles == set(), named(path)


def test_no_two_shapes_have_one_name() -> None:
    """In the OpenAPI documents the one would stand in place of the other."""
    shapes = [
        (shape.name, named(path))
        for path in FILES
        if path.stem.endswith("shapes")
        for shape in definitions(tree(path))
        if isinstance(shape, ast.ClassDef)
    ]
    count = Counter(name for name, _ in shapes)
    assert [(name, file) for name, file in shapes if count[name] > 1] == []


def test_every_case_is_a_sentence() -> None:
    for path in TESTS:
        for node in definitions(tree(path)):
            if node.name.startswith("test_"):
                assert len(node.name.split("_")) >= 4, (named(path), node.name)


def _asserts(
    function: Function, others: dict[str, Function], seen: frozenset[str] = frozenset()
) -> bool:
    """Whether it asserts, expects something of a page or to be refused, or calls one of its file's
    functions that does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) or (
            isinstance(node, ast.Attribute) and node.attr in ("raises", "raise_for_status")
        ):
            return True
        if isinstance(node, ast.Call):
            called = (
                node.func.id
                if isinstance(node.func, ast.Name)
                else node.func.attr
                if isinstance(node.func, ast.Attribute)
                else ""
            )
            if called == "expect" or (
                called in others
                and called not in seen | {function.name}
                and _asserts(others[called], others, seen | {function.name})
            ):
                return True
    return False


def _has_rule(function: Function) -> bool:
    """Whether it is a step of a hypothesis state machine."""
    return any(
        "rule" in ast.dump(decorator) or "invariant" in ast.dump(decorator)
        for decorator in function.decorator_list
    )


def _in_private_class(module: ast.Module, definition: Definition) -> bool:
    classes = [
        node
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and node.name.startswith("_")
    ]
    return any(definition in ast.walk(node) for node in classes)
