"""Pages as a program reads them: fetched as a browser does, parsed strictly, searched by tag."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
VOID = {"br", "hr", "img", "input", "link", "meta", "col"}


@dataclass
class Element:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def each(self, tag: str, **attributes: str) -> Iterator["Element"]:
        """Every element inside with this tag and these attributes; `class_` is one of its classes."""
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag and child.has(attributes):
                    yield child
                yield from child.each(tag, **attributes)

    def every(self) -> Iterator["Element"]:
        """Every element inside."""
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.every()

    def one(self, tag: str, **attributes: str) -> "Element":
        """The only such element."""
        elements = list(self.each(tag, **attributes))
        assert len(elements) == 1, (tag, attributes, len(elements))
        return elements[0]

    def has(self, attributes: dict[str, str]) -> bool:
        """Whether it has these attributes."""
        wanted = dict(attributes)
        class_ = wanted.pop("class_", None)
        if class_ is not None and class_ not in self.attributes.get("class", "").split():
            return False
        return all(
            self.attributes.get(name.replace("_", "-")) == value for name, value in wanted.items()
        )

    @property
    def text(self) -> str:
        """Its text, spaces as one."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]


class _Strict(HTMLParser):
    """Refuses what a browser would repair."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(html: str) -> Element:
    """A page whose elements are all closed in order, and whose ids are unique."""
    parser = _Strict()
    parser.feed(html)
    parser.close()
    (document,) = parser.open
    ids = [element["id"] for element in document.every() if "id" in element.attributes]
    assert len(ids) == len(set(ids)), sorted(ids)
    return document


def page(client: httpx.Client, address: str, status: int = 200) -> Element:
    """A page as a browser gets it."""
    answer = client.get(address, headers=BROWSER)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/html; charset=utf-8",
    ), answer.text[:500]
    return parsed(answer.text)


def scripted(document: Element) -> list[Element]:
    """The elements that carry style or script in themselves."""
    return [
        element
        for element in document.every()
        for name in element.attributes
        if name == "style" or name.startswith("on")
    ]
