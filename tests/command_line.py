"""The `model-districts` command as a person types it, in this process."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.cli import main

Typing = Callable[..., "Typed"]


@dataclass(frozen=True)
class Typed:
    """What a command printed, and its exit code."""

    code: object
    out: str
    err: str


def typing_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typing:
    """Types commands on a database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def typed(*words: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["model-districts", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Typed(ended.value.code or 0, *capsys.readouterr())

    return typed
