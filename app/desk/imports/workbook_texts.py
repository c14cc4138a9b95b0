"""How much text the cells of a sheet share.

A workbook keeps each text once and its cells name it by number. The library copies it into each
cell: 42 kB of workbook can ask for half a gigabyte. So the texts are added up before it is opened.
"""

from array import array
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any
from xml.parsers import expat

CHUNK = 256 * 1024


def text_lengths(content: IO[bytes]) -> Sequence[int]:
    """How many characters each shared text has."""
    lengths = array("I")
    inside = 0

    def start(tag: str, _attributes: dict[str, str]) -> None:
        nonlocal inside
        if _local(tag) == "si":
            lengths.append(0)
        inside += _local(tag) == "t"

    def end(tag: str) -> None:
        nonlocal inside
        inside -= _local(tag) == "t"

    def text(characters: str) -> None:
        if inside and lengths:
            lengths[-1] += len(characters)

    _parse(content, start, end, text)
    return lengths


def shared_characters(sheet: IO[bytes], lengths: Sequence[int], *, most: int) -> int:
    """How many characters of shared texts a sheet's cells have together; counting ends above `most`."""
    total = 0
    number = ""
    is_shared = in_value = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal number, is_shared, in_value
        if _local(tag) == "c":
            is_shared = attributes.get("t") == "s"
        in_value = is_shared and _local(tag) == "v"
        number = ""

    def end(_tag: str) -> None:
        nonlocal total, in_value
        if in_value and number.strip().isdecimal() and int(number) < len(lengths):
            total += lengths[int(number)]
            if total > most:
                raise _Enough
        in_value = False

    def text(characters: str) -> None:
        nonlocal number
        if in_value and len(number) < 20:
            number += characters

    with suppress(_Enough):
        _parse(sheet, start, end, text)
    return total


class _Enough(Exception):
    """More need not be counted."""


def _parse(content: IO[bytes], start: Any, end: Any, text: Any) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = text
    while chunk := content.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
