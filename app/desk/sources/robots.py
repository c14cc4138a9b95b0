"""robots.txt (RFC 9309): which addresses of a site a program may ask.

The standard library's reader knows no `*` and `$` in a path and takes the first rule instead of the longest.
"""

import re
from urllib.parse import quote

MAX_BYTES = 500 * 1024  # as much as RFC 9309 asks a reader to take in
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_TOKEN = re.compile(r"[A-Za-z_-]+")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


class Robots:
    """What one robots.txt says to one program."""

    def __init__(self, text: str, agent: str) -> None:
        groups: dict[str, list[tuple[str, bool]]] = {}
        naming: list[str] = []  # the programs that the lines below are for
        between = False  # whether rules have come since the last name
        for line in text.splitlines():
            name, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
            match name.lower():
                case "user-agent":
                    naming, between = ([] if between else naming), False
                    token = _TOKEN.match(value)
                    naming.append("*" if value == "*" else token[0].lower() if token else "")
                    groups.setdefault(naming[-1], [])
                case "allow" | "disallow" as rule:
                    between = True
                    for program in naming if value else ():
                        groups[program].append((_written(value), rule == "allow"))
        self._rules = groups.get(agent.lower(), groups.get("*", []))

    def allows(self, path: str) -> bool:
        """Whether a path, with its query, may be asked: the longest rule that fits it decides, and of equal ones the kinder."""
        fitting = [
            (len(pattern), allowed)
            for pattern, allowed in self._rules
            if _fits(pattern, _written(path))
        ]
        return max(fitting, default=(0, True))[1]


def _fits(pattern: str, path: str) -> bool:
    """Whether a path begins as the pattern says; `*` stands for anything, `$` for the end. Linear, whatever the pattern."""
    to_the_end = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    last = rest.pop() if rest and to_the_end else None
    for part in rest:
        if (found := path.find(part, at)) < 0:
            return False
        at = found + len(part)
    if last is not None:
        return path.endswith(last) and len(path) - len(last) >= at
    return at == len(path) or not to_the_end


def _written(path: str) -> str:
    """A path as it is compared: other letters than ASCII escaped, and none escaped that need not be."""

    def plain(escape: re.Match[str]) -> str:
        letter = chr(int(escape[1], 16))
        return letter if letter in _PLAIN else escape[0].upper()

    return _ESCAPE.sub(plain, quote(path, safe="%/?&=*$:;,+@!'()[]~#"))
