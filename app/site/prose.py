"""The prose of records as HTML: Markdown without HTML and pictures, source marks as links."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

# A picture would be fetched from another host; a heading would stand outside the page's order.
OFF = ["image", "heading", "lheading", "hr", "code", "fence", "html_block", "html_inline"]
MARK_START, MARK_END = "[^", "]"


@lru_cache(maxsize=1000)  # a page has a hundred of few: 0.3 of its 3 ms
def source_link(id_: str) -> Markup:
    """The mark of a source, which leads to it: s5 is shown as 5."""
    number = id_.removeprefix("s") or id_
    return Markup('<a class="fn" href="#source-{}" aria-label="Source {}">{}</a>').format(
        id_, number, number
    )


def paragraph(text: str, sources: Sequence[str]) -> Markup:
    """A paragraph of a record, with links to the sources that its end cites."""
    marks = "".join(
        f"{MARK_START}{id_}{MARK_END}"
        for id_ in sources
        if f"{MARK_START}{id_}{MARK_END}" not in text
    )
    return Markup(_MARKDOWN.render(text + marks))  # noqa: S704 (made with HTML off)


def line(text: str) -> Markup:
    """A line of our own text, in which `names` stand as code."""
    return Markup(_MARKDOWN.renderInline(text))  # noqa: S704 (made with HTML off)


def _source_mark(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it that reads [^s1]."""
    if not state.src.startswith(MARK_START, state.pos):
        return False
    end = state.src.find(MARK_END, state.pos)
    id_ = state.src[state.pos + len(MARK_START) : end]
    if end < 0 or not id_.isalnum():
        return False
    if not silent:
        token = state.push("source_mark", "", 0)
        token.content = id_
    state.pos = end + 1
    return True


def _render_mark(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    at: int,
    _options: Any,
    _env: Mapping[str, Any],
) -> str:
    return source_link(tokens[at].content)


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False, "typographer": True})
    markdown.enable("smartquotes").disable(OFF)
    markdown.inline.ruler.before("link", "source_mark", _source_mark)
    markdown.add_render_rule("source_mark", _render_mark)
    return markdown


_MARKDOWN = _markdown()
