"""Names of key holders: readable, told apart by eye, and never those of our own programs."""

import unicodedata

from app.errors import Fault, Invalid

COMMAND_LINE = "command line"  # the author of what an operator does with the command
RESERVED = ("seed", COMMAND_LINE)
MAX_CHARACTERS = 100
# Letters and digits that look like Latin letters: those of the alphabets that people write in.
_LOOKALIKES = {
    "a": "\u0430\u03b1",
    "b": "\u0432",
    "c": "\u0441\u03f2",
    "d": "\u0501",
    "e": "\u0435\u03b5",
    "g": "\u0261",
    "h": "\u043d\u04bb",
    "i": "\u0456\u03b9\u0131",
    "j": "\u0458\u0237",
    "k": "\u043a\u03ba",
    "l": "\u04cf1|",
    "m": "\u043c",
    "n": "\u03b7",
    "o": "\u043e\u03bf0",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "s": "\u0455$5",
    "t": "\u0442\u03c4",
    "u": "\u03c5",
    "v": "\u03bd",
    "w": "\u051d",
    "x": "\u0445\u03c7",
    "y": "\u0443",
}
_AS_LATIN = {ord(other): latin for latin, others in _LOOKALIKES.items() for other in others}
# They are printed, and nothing is seen.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def checked(label: str, *, parameter: str | None = None) -> str:
    """The label as it is kept: composed (NFKC), without spaces at its ends, single ones inside.

    Raises Invalid if it has characters that cannot be seen, or is reserved. `parameter`: where it
    came from, if not from the member `label` of a document.
    """
    pointer = "/label" if parameter is None else None

    def refused(code: str, detail: str) -> Invalid:
        return Invalid([Fault(code, detail, pointer=pointer, parameter=parameter)])

    plain = unicodedata.normalize("NFKC", label).strip()
    unseen = [
        character for character in plain if not character.isprintable() or _is_unseen(character)
    ]
    if unseen:
        raise refused(
            "not_printable",
            f"A label must be one line of visible characters; this has U+{ord(unseen[0]):04X}. "
            "Type it again.",
        )
    plain = " ".join(plain.split())
    if not 0 < len(plain) <= MAX_CHARACTERS:
        raise refused("out_of_range", f"A label has 1 to {MAX_CHARACTERS} characters.")
    letters = "".join(filter(str.isalnum, looks(plain)))
    if letters in {"".join(filter(str.isalnum, looks(name))) for name in RESERVED}:
        raise refused(
            "reserved",
            f"{plain!r} looks like {' or '.join(RESERVED)}, which are names of this service. "
            "Choose another label.",
        )
    return plain


def looks(label: str) -> str:
    """The label as the eye takes it: two that look the same are the same."""
    apart = unicodedata.normalize("NFKD", label).casefold()
    bare = "".join(character for character in apart if not unicodedata.combining(character))
    return bare.translate(_AS_LATIN)


def _is_unseen(character: str) -> bool:
    code = ord(character)
    return character in _UNSEEN or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
