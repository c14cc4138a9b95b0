"""Settings and sizes in a question: rural, small town, big city; "under 500 students"."""

import re
from dataclasses import dataclass

SETTINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("rural", "countryside", "country", "remote", "frontier"), "rural", "Rural"),
    (("town", "towns", "small-town", "village"), "town", "Town"),
    (("suburb", "suburbs", "suburban"), "suburb", "Suburb"),
    (("city", "cities", "urban", "inner-city", "metropolitan"), "city", "City"),
)
SMALL, LARGE = ("small", "tiny", "little"), ("large", "big", "huge", "largest", "biggest")
SMALL_AT_MOST, LARGE_AT_LEAST = 2_500, 20_000  # students
_ENROLLMENT = re.compile(
    r"\b(under|below|fewer than|less than|at most|up to|over|above|more than|at least)\s+"
    r"(\d[\d,]*)\s*(?:students|pupils|kids|children)\b",
    re.IGNORECASE,
)
# A reader tells the size of her own district: half of it to double is alike, as for related cases.
_OWN_SIZE = re.compile(
    r"\b(?:districts?(?: that)?|we|who|which)\s+(?:of|with|has|have|had|serves?|enrolls?|is|are)\s+"
    r"(?:(?:about|around|only|just|nearly|some|roughly)\s+)?"
    r"(\d[\d,]*)\s*(?:students|pupils|kids|children)\b",
    re.IGNORECASE,
)
MOST_STUDENTS = 10_000_000
_AT_MOST = {"under", "below", "fewer than", "less than", "at most", "up to"}


@dataclass(frozen=True, slots=True)
class EnrollmentRange:
    """A size that a question names, and its words."""

    words: str
    low: int | None
    high: int | None


def find_enrollment(text: str) -> EnrollmentRange | None:
    """The enrollment that a question asks for."""
    if own := _OWN_SIZE.search(text):
        number = _number(own[1])
        return EnrollmentRange(own[0], number // 2, min(2 * number, MOST_STUDENTS))
    match = _ENROLLMENT.search(text)
    if not match:
        return None
    number = _number(match[2])
    if match[1].lower() in _AT_MOST:
        return EnrollmentRange(match[0], None, number)
    return EnrollmentRange(match[0], number, None)


def _number(digits: str) -> int:
    return min(int(digits.replace(",", "")), MOST_STUDENTS)


def rurality_of(word: str) -> tuple[str, str] | None:
    """Code and label of the rurality that a word names."""
    for names, code, label in SETTINGS:
        if word in names:
            return code, label
    return None


def size_of(word: str) -> EnrollmentRange | None:
    """The size that a word such as small or large names."""
    if word in SMALL:
        return EnrollmentRange(word, None, SMALL_AT_MOST)
    if word in LARGE:
        return EnrollmentRange(word, LARGE_AT_LEAST, None)
    return None
