"""Links of an answer in its Link header (RFC 8288), the same as in its body."""

from collections.abc import Mapping

SHOWN = ("first", "next", "export")


def link_header(links: Mapping[str, str]) -> dict[str, str]:
    """The Link header; relations that the body has and IANA knows, and `export` as an alternate form."""
    names = {"export": "alternate"}
    parts = [f'<{links[name]}>; rel="{names.get(name, name)}"' for name in SHOWN if name in links]
    return {"Link": ", ".join(parts)} if parts else {}
