"""A row made ready to be compared: states by their codes, unknown fields and marks refused by name."""

from collections.abc import Container, Iterator
from dataclasses import replace
from typing import Any

from sqlmodel import Session, select

from app.desk.imports.cells import mark_in_words
from app.desk.imports.json_values import too_deep
from app.desk.imports.rows import Row
from app.errors import Fault
from app.records.kinds import KINDS
from app.records.spelling import nearest
from app.records.stored_text import comparison_key, mark_meaning
from app.records.tables import StateRow
from app.web.bodies import escaped

IMPORTABLE = ("district", "case-study")
IN_CAPITALS = ("name", "city", "county")  # that federal files print in capitals


class RowPreparation:
    """Prepares rows. Knows the states of the directory."""

    def __init__(self, session: Session) -> None:
        self._codes: dict[str, str] = {}
        self._codes_by_fips: dict[str, str] = {}
        for code, name, fips in session.exec(select(StateRow.slug, StateRow.name, StateRow.fips)):
            self._codes_by_fips[fips] = code
            self._codes[comparison_key(code)] = self._codes[comparison_key(name)] = code

    def prepare(self, row: Row) -> Row:
        """The row as it is compared; what is wrong with it is added to its faults."""
        deep = dict(too_deep(row.document))
        row = replace(row, document=_without(deep, row.document))
        document = dict(row.document)
        faults = [*row.faults, *deep.values()]
        for name, fault in (*_unknown_fields(row), *_marks(row)):
            faults.append(fault)
            document.pop(name, None)
        notes = [*row.notes, *self._with_state_code(document)]
        if row.is_federal:
            notes += self._with_state_of_leaid(document)
        return replace(
            row,
            document=document,
            faults=tuple(faults),
            notes=tuple(notes),
            as_sent=_without(deep, row.document if row.as_sent is None else row.as_sent),
        )

    def _with_state_code(self, document: dict[str, Any]) -> Iterator[Fault]:
        state = document.get("state")
        code = self._codes.get(comparison_key(state.strip())) if isinstance(state, str) else None
        if code is not None and code != state:
            document["state"] = code
            yield Fault("read_as", f"state: {state!r} is read as {code!r}.", pointer="/state")

    def _with_state_of_leaid(self, document: dict[str, Any]) -> Iterator[Fault]:
        """EDGE and CCD say where the office of an agency is: that of Rivendell, VT, is in NH."""
        state, leaid = document.get("state"), document.get("nces_leaid")
        if state not in self._codes_by_fips.values() or not isinstance(leaid, str):
            return
        code = self._codes_by_fips.get(leaid[:2])
        if code is not None and code != state:
            document["state"] = code
            detail = (
                f"state: {state!r} is where the office is. It is read as {code!r}, to which LEAID "
                f"{leaid[:7]} belongs."
            )
            yield Fault("read_as", detail, pointer="/state")


def _without(names: Container[str], document: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def keep_case(document: dict[str, Any], before: dict[str, Any]) -> None:
    """Leave a name as it is where a file differs from it in capital letters alone."""
    for name in IN_CAPITALS:
        new, old = document.get(name), before.get(name)
        if not isinstance(new, str) or not isinstance(old, str) or not new.isupper():
            continue
        if comparison_key(new) == comparison_key(old):
            document[name] = old


def _unknown_fields(row: Row) -> Iterator[tuple[str, Fault]]:
    fields = KINDS[row.kind].shape.model_fields
    for name in row.document:
        if name not in fields:
            close = tuple(nearest(name, fields))
            hint = f" Did you mean {close[0]}?" if close else " Remove it."
            detail = f"A {KINDS[row.kind].noun} has no field {name[:60]!r}.{hint}"
            yield name, Fault("extra_forbidden", detail, pointer=f"/{escaped(name)}", nearest=close)


def _marks(row: Row) -> Iterator[tuple[str, Fault]]:
    if row.kind not in IMPORTABLE:
        return  # vocabularies may explain such marks
    for name, value in row.document.items():
        for text in value if isinstance(value, list) else [value]:
            meaning = mark_meaning(text, name) if isinstance(text, str) else None
            if meaning:
                detail = (
                    f"{mark_in_words(text.strip(), meaning)}. Leave {name} out, or set it to null."
                )
                yield name, Fault("placeholder", detail, pointer=f"/{name}")
                break
