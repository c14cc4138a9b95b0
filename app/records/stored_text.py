"""How text is stored, however it was typed: composed (NFC), with plain spaces.

Also recognizes marks for a missing value and wrongly decoded text. How text is compared: text.py.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from app.errors import Fault
from app.records.text import fold_text

# Characters that show nothing: controls, soft hyphens, zero-width spaces, joiners and letters, marks
# that turn the direction of text, and tags. They hide in copied text and make it another text.
_INVISIBLE = (
    "\x01-\x08\x0e-\x1b\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_BREAKS = "\r\x0b\x0c\x1c-\x1f\u2028\u2029"
_BREAK = re.compile(f"\r\n|[{_BREAKS}]")
_SPACE = re.compile(f"[{_SPACES}]")
_UNUSUAL = re.compile(f"\r\n|[{_INVISIBLE}{_SPACES}{_BREAKS}]")

# What stands in a table where a value is missing, and what its publishers mean by it.
_MARKS = {
    "\u2020": "not applicable",
    "\u2021": "below quality standards",
    "\u2013": "missing",
    "\u2014": "missing",
    "-": "missing",
    "--": "missing",
    ".": "missing",
    "..": "missing",
    "*": "suppressed",
    "**": "suppressed",
    "?": "unknown",
    "M": "missing",
    "NA": "not applicable",
    "-1": "missing",
    "-2": "not applicable",
    "-3": "suppressed",
    "-9": "below quality standards",
    "-99": "missing",
    "-999": "missing",
}
_WORDS = {
    "n/a": "not applicable",
    "n.a.": "not applicable",
    "n.a": "not applicable",
    "#n/a": "an error of a formula",
    "#ref!": "an error of a formula",
    "#value!": "an error of a formula",
    "#name?": "an error of a formula",
    "#div/0!": "an error of a formula",
    "#null!": "an error of a formula",
    "#num!": "an error of a formula",
    "#spill!": "an error of a formula",
    "nan": "missing",
    "null": "missing",
    "tbd": "to be decided",
    "not available": "missing",
    "not applicable": "not applicable",
    "not reported": "missing",
    "missing": "missing",
    "suppressed": "suppressed",
}

# Two to four bytes of UTF-8, each shown as a character of Windows-1252.
_CONTINUATION = "".join(
    bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xC0)
)
_BYTES_SHOWN = re.compile(f"[\u00c2-\u00f4][{re.escape(_CONTINUATION)}]{{1,3}}")
_MAC_ROMAN = re.compile("(?<=[A-Za-z])\u221a[^\\s\\d]|\u201a\u00c4[^\\s]")
_CONTROLS = re.compile("[\u0080-\u009f]")
_LOST_SPACE = re.compile(r"(?<=[a-z])\u00c3(?=\s|$)|\u00e2\u20ac")


def normalize(text: str) -> str:
    """The text as it is stored: composed, with plain spaces and line breaks, nothing invisible."""
    if text.isascii():
        return text if text.isprintable() else _UNUSUAL.sub(_plain, text)
    return _UNUSUAL.sub(_plain, unicodedata.normalize("NFC", text))


def comparison_key(text: str) -> str:
    """The text for comparison, without case, accents and apostrophes."""
    return fold_text(normalize(text)).replace("'", "")


def slug_of(text: str) -> str:
    """The text as part of a slug: folded, in words joined by hyphens."""
    return "-".join(re.findall("[a-z0-9]+", comparison_key(text).replace("&", " and ")))


def mark_meaning(text: str) -> str | None:
    """What a text means if it is only a mark for a missing value, such as `N/A`; else None."""
    stripped = normalize(text).strip()
    return _MARKS.get(stripped) or _WORDS.get(stripped.lower())


def decoded_wrongly(text: str) -> str | None:
    """A piece of the text that shows it was decoded wrongly, such as `Ã±`; else None."""
    if text.isascii():
        return None
    for match in _BYTES_SHOWN.finditer(text):
        for length in (2, 3, 4):
            piece = match[0][:length]
            if len(piece) == length and _is_likely(piece):
                return piece
    for pattern in (_MAC_ROMAN, _CONTROLS, _LOST_SPACE):
        if other := pattern.search(text):
            return other[0]
    return None


def text_warnings(document: Any, pointer: str = "") -> Iterator[Fault]:
    """Texts in a document that are marks for a missing value, or were decoded wrongly."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from text_warnings(value, f"{pointer}/{name}")
    elif isinstance(document, list):
        for position, value in enumerate(document):
            yield from text_warnings(value, f"{pointer}/{position}")
    elif isinstance(document, str):
        yield from _text_warnings(document, pointer)


def _text_warnings(text: str, pointer: str) -> Iterator[Fault]:
    if meaning := mark_meaning(text):
        detail = f"{text!r} means {meaning!r}; it is not a value. Leave the field empty instead."
        yield Fault("placeholder", detail, pointer=pointer)
    elif piece := decoded_wrongly(text):
        detail = f"{piece!r} shows that this text was decoded wrongly. Type it again."
        yield Fault("decoded_wrongly", detail, pointer=pointer)


def _plain(unusual: re.Match[str]) -> str:
    if _BREAK.fullmatch(unusual[0]):
        return "\n"
    return " " if _SPACE.fullmatch(unusual[0]) else ""


def _is_likely(piece: str) -> bool:
    """Whether these characters are the bytes of one common in American and European text."""
    try:
        original = b"".join(_byte(character) for character in piece).decode("utf-8")
    except UnicodeDecodeError:
        return False
    code = ord(original[0])
    return len(original) == 1 and (
        code <= 0x17F
        or 0x2B9 <= code <= 0x2BF
        or 0x2000 <= code <= 0x22FF
        or code == 0xFEFF
        or code >= 0x1F000
    )


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1", "replace")
