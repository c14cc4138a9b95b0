"""The links of an answer as its Link header (RFC 8288)."""

from collections.abc import Mapping

RELATIONS = {"first": "first", "next": "next", "export": "alternate"}  # name in the body -> rel


def link_header(links: Mapping[str, str]) -> dict[str, str]:
    """The Link header that repeats these links; empty if there are none to repeat."""
    values = [f'<{links[name]}>; rel="{rel}"' for name, rel in RELATIONS.items() if name in links]
    return {"Link": ", ".join(values)} if values else {}
