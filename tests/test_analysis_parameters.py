"""What a researcher asks of a result set: cross-tabs, samples, parts of documents and statistics, checked against the exports."""

import json
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain, product
from typing import Any

import httpx
import pytest
from paging import every_hit, every_slug
from publishing import case_study, publish, wait_for, withdraw
from serving import Service

from app.database import Database
from app.errors import Invalid
from app.search import shapes
from app.search.answer import json_answer
from app.search.filters import (
    FACETS,
    MAX_CELLS,
    MAX_LIMIT_IN_FULL,
    MAX_SAMPLE,
    MAX_STUDIED,
    RANGE,
)
from app.search.index import Index
from app.search.results import all_slugs, find, with_documents
from app.search.statistics import check_studied

Json = dict[str, Any]
Values = Callable[[Json], list[Any]]

CASES, DISTRICTS = "/v1/case-studies", "/v1/districts"
one_database = pytest.mark.one_database  # what the index holds does not differ by database
BANDS = {
    "started": [(1800, 1979), *((year, year + 9) for year in range(1980, 2030, 10)), (2030, 2100)],
    "enrollment": [low_and_high[:2] for low_and_high in RANGE["enrollment"].bands],
}


def ask(client: httpx.Client, question: str, path: str = CASES) -> Json:
    """The answer to a question, without facets unless it names some."""
    facets = "" if "facets=" in question else "facets=none&"
    answer: Json = client.get(f"{path}?{facets}{question}").raise_for_status().json()
    return answer


def exported(client: httpx.Client, question: str = "", path: str = CASES) -> list[Json]:
    """The documents that a question finds, from the export."""
    text = client.get(f"/v1/exports/{path.rpartition('/')[2]}.ndjson?{question}").text
    return [json.loads(line) for line in text.splitlines()]


def refusal(client: httpx.Client, question: str, path: str = CASES) -> tuple[int, str, str, Json]:
    """Status, parameter, code and the whole fault of a refusal."""
    answer = client.get(f"{path}?{question}")
    (error,) = answer.json()["errors"]
    return answer.status_code, error["parameter"], error["code"], error


def bands(name: str, figures: list[int]) -> list[str]:
    """The bands in which figures lie."""
    return [
        f"{low}-{high}"
        for low, high in BANDS[name]
        if any(low <= figure <= high for figure in figures)
    ]


def enrollments(document: Json) -> list[int]:
    """The enrollment of each district of a case study, where known."""
    districts = document["districts"]
    return [district["enrollment"]["value"] for district in districts if district["enrollment"]]


VALUES: dict[str, Values] = {
    "strategy": lambda doc: [one["value"] for one in doc["strategies"]],
    "topic": lambda doc: [one["value"] for one in doc["topics"]],
    "pillar": lambda doc: [one["pillar"] for one in doc["strategies"]],
    "model": lambda doc: [one["value"] for one in doc["models"]],
    "state": lambda doc: [one["value"] for one in doc["states"]],
    "region": lambda doc: [one["region"] for one in doc["states"] if one["region"]],
    "rurality": lambda doc: doc["rurality"],
    "locale": lambda doc: [one["locale"]["value"] for one in doc["districts"] if one["locale"]],
    "outcome": lambda doc: [one["indicator"] for one in doc["outcomes"]],
    "evidence": lambda doc: [one["design"] for one in doc["outcomes"]],
    "direction": lambda doc: [one["direction"] for one in doc["outcomes"]],
    "partner": lambda doc: [one["organization"] for one in doc["partners"] if one["organization"]],
    "partner_type": lambda doc: [one["type"] for one in doc["partners"]],
    "funding": lambda doc: [one["kind"] for one in doc["funding"]],
    "setting": lambda doc: [doc["setting"]] if doc["setting"] else [],
    "status": lambda doc: [doc["status"]] if doc["status"] else [],
    "started": lambda doc: bands("started", [doc["started_year"]] if doc["started_year"] else []),
    "enrollment": lambda doc: bands("enrollment", enrollments(doc)),
}
OF_OUTCOMES = {"outcome": "indicator", "evidence": "design", "direction": "direction"}


def pairs(document: Json, facets: tuple[str, ...], selected: Json) -> set[tuple[str | None, ...]]:
    """The cells in which a document counts."""
    outcomes = [
        one
        for one in document["outcomes"]
        if all(one[OF_OUTCOMES[name]] in chosen for name, chosen in selected.items())
    ]
    document = document | {"outcomes": outcomes}
    if len(facets) > 1 and set(facets) <= set(OF_OUTCOMES):
        cells = {tuple(one[OF_OUTCOMES[facet]] for facet in facets) for one in outcomes}
        cells = cells or {(None,) * len(facets)}
    else:
        cells = set(product(*(VALUES[facet](document) or [None] for facet in facets)))
    return {tuple(None if value == "not-stated" else value for value in cell) for cell in cells}


def counted(
    documents: list[Json], facets: tuple[str, ...], selected: Json
) -> dict[tuple[str | None, ...], int]:
    """The cross-tab in plain Python."""
    counts: dict[tuple[str | None, ...], int] = defaultdict(int)
    for document in documents:
        for cell in pairs(document, facets, selected):
            counts[cell] += 1
    return dict(counts)


def cells_of(groups: list[Json]) -> dict[tuple[str | None, ...], int]:
    """The counts of cells by their values."""
    return {tuple(group["values"]): group["count"] for group in groups}


def test_every_facet_has_an_oracle_here() -> None:
    assert set(VALUES) == set(FACETS)


@pytest.mark.slow
@one_database
@pytest.mark.parametrize(
    ("facets", "question"),
    [
        *(((facet,), "") for facet in FACETS),
        *(((facet,), "state=OR,CA&rurality_not=city&started_min=1990") for facet in FACETS),
        (("state", "rurality"), ""),
        (("rurality", "state"), "q=attendance&funding=federal,state"),
        (("strategy", "evidence"), "region=west"),
        (("outcome", "direction"), ""),
        (("direction", "outcome"), "outcome=attendance,graduation-rate"),
        (("evidence", "direction"), "outcome=attendance"),
        (("outcome", "state"), "evidence=quasi-experimental"),
        (("started", "enrollment"), "q=school"),
        (("enrollment", "partner"), "state=ID"),
        (("funding", "rurality"), "slug=no-such-record"),
    ],
)
def test_a_cross_tab_counts_the_exported_documents(
    client: httpx.Client, facets: tuple[str, ...], question: str
) -> None:
    answer = ask(client, f"{question}&limit=0&group_by={','.join(facets)}")
    groups, documents = answer["groups"], exported(client, question)
    selected = {
        name: value.split(",")
        for name, _, value in (part.partition("=") for part in question.split("&"))
        if name in OF_OUTCOMES
    }
    assert groups["facets"] == list(facets)
    assert groups["total"] == len(documents) == answer["meta"]["total"]
    assert cells_of(groups["cells"]) == counted(documents, facets, selected)
    if len(facets) == 1:
        assert (groups["row_totals"], groups["column_totals"]) == ([], [])
        return
    for facet, totals in zip(facets, (groups["row_totals"], groups["column_totals"]), strict=True):
        assert cells_of(totals) == counted(documents, (facet,), selected)


@pytest.mark.slow
@one_database
@pytest.mark.parametrize(
    "question",
    [
        "group_by=state,rurality&state=OR,CA",
        "group_by=evidence,direction&outcome=attendance,graduation-rate&funding=federal",
        "group_by=outcome,evidence&q=school&strategy_all=after-school",
        "group_by=started,enrollment&enrollment_min=500&started_min=1980&started_max=2019",
        "group_by=partner_type&partner_type=university,not-stated",
    ],
)
def test_the_link_of_a_cell_finds_as_many_as_the_cell_counts(
    client: httpx.Client, question: str
) -> None:
    groups = ask(client, f"{question}&limit=0&sample=3&seed=4")["groups"]
    every_group = [*groups["cells"], *groups["row_totals"], *groups["column_totals"]]
    linked = [group for group in every_group if group["link"]]
    assert linked
    for group in linked:
        assert "group_by" not in group["link"]
        found = client.get(group["link"]).raise_for_status().json()["meta"]
        assert (found["total"], found["sampled_from"]) == (group["count"], None), group


@one_database
def test_groups_stand_in_natural_order_with_not_stated_last(client: httpx.Client) -> None:
    groups = ask(client, "limit=0&group_by=state,evidence")["groups"]
    for totals, path in (("row_totals", "/v1/states"), ("column_totals", "/v1/evidence")):
        order = [term["value"] for term in client.get(path).json()["data"]] + [None]
        values = [group["values"][0] for group in groups[totals]]
        assert values == sorted(values, key=order.index)
    rows, columns = (
        [group["values"][0] for group in groups[totals]]
        for totals in ("row_totals", "column_totals")
    )
    places = [
        (rows.index(row), columns.index(column))
        for row, column in (cell["values"] for cell in groups["cells"])
    ]
    assert places == sorted(places)
    started = ask(client, "limit=0&group_by=started")["groups"]["cells"]
    assert started[0]["labels"] == ["Before 1980"]
    assert started[-1] | {"count": 0} == {
        "values": [None],
        "labels": ["Not stated"],
        "count": 0,
        "link": None,
    }


@one_database
def test_the_coverage_is_the_same_cross_tab_with_its_zeros(client: httpx.Client) -> None:
    for rows, columns in (("state", "rurality"), ("outcome", "direction"), ("topic", "evidence")):
        table = client.get(f"/v1/coverage?rows={rows}&columns={columns}").json()["data"]
        cells = {
            (row["value"], column["value"]): count
            for row in table["rows"]
            for column, count in zip(table["columns"], row["counts"], strict=True)
            if count
        }
        groups = ask(client, f"limit=0&group_by={rows},{columns}")["groups"]
        assert cells == cells_of(groups["cells"])


@one_database
def test_a_cross_tab_of_too_many_cells_says_what_to_narrow(client: httpx.Client) -> None:
    status, parameter, code, error = refusal(client, "group_by=state,partner")
    assert (status, parameter, code) == (422, "group_by", "too_broad")
    assert f"at most {MAX_CELLS}" in error["detail"]
    assert "by partner first" in error["detail"]
    assert ask(client, "limit=0&group_by=state,partner&state=OR")["groups"]["cells"]


@one_database
@pytest.mark.parametrize(
    ("question", "parameter", "code"),
    [
        ("group_by=stat", "group_by", "unknown_value"),
        ("group_by=state,rurality,evidence", "group_by", "too_many_values"),
        ("sample=0", "sample", "out_of_range"),
        (f"sample={MAX_SAMPLE + 1}", "sample", "out_of_range"),
        ("seed=1", "seed", "required_with"),
        ("sample=5&seed=-1", "seed", "out_of_range"),
        ("include=outcome", "include", "unknown_value"),
        ("include=outcomes&limit=100", "limit", "out_of_range"),
        ("explain=true&limit=100", "limit", "out_of_range"),
        ("sort=state,-started,title,updated", "sort", "too_many_values"),
        ("sort=state,-state", "sort", "too_many_values"),
        ("sort=title,strated", "sort", "unknown_value"),
        ("sort=title,-relevance", "sort", "unknown_value"),
        ("sort=state,distance", "sort", "required_with"),
        ("statistics=enrolment", "statistics", "unknown_value"),
    ],
)
def test_what_cannot_be_is_refused_at_its_parameter(
    client: httpx.Client, question: str, parameter: str, code: str
) -> None:
    status, *where, error = refusal(client, question)
    assert (status, *where) == (422, parameter, code)
    if code == "unknown_value":
        assert error["allowed"]
        assert error["nearest"]


@one_database
def test_districts_have_no_outcomes_of_their_own(client: httpx.Client) -> None:
    _, *where, error = refusal(client, "statistics=outcomes", DISTRICTS)
    assert where == ["statistics", "unknown_value"]
    assert error["allowed"] == ["enrollment", "started"]


@pytest.mark.slow
@one_database
def test_a_sample_is_the_same_each_time_and_another_by_another_seed(client: httpx.Client) -> None:
    everything = set(every_slug(client))
    first = every_slug(client, sample=12, seed=7)
    assert len(first) == 12
    assert set(first) < everything
    assert first == every_slug(client, sample=12, seed=7, limit=5)
    assert set(first) != set(every_slug(client, sample=12, seed=8))
    assert set(first) < set(every_slug(client, sample=30, seed=7))
    assert every_slug(client, sample=12) == every_slug(client, sample=12, seed=0)
    draws = [every_slug(client, sample=5, seed=seed) for seed in range(1, 201)]
    drawn = set(chain.from_iterable(draws))
    assert len(drawn) > 0.9 * len(everything)  # each has a chance: about 97 in 100 are drawn


@one_database
def test_a_sample_is_drawn_from_what_the_search_finds_and_says_from_how_many(
    client: httpx.Client,
) -> None:
    question = "q=school&rurality=rural,town"
    whole = ask(client, f"{question}&limit=0&facets=state&group_by=state")
    part = ask(client, f"{question}&limit=4&sample=9&sort=title&facets=state&group_by=state")
    assert whole["meta"]["sampled_from"] is None
    assert (part["meta"]["total"], part["meta"]["sampled_from"]) == (9, whole["meta"]["total"])
    for one, other in zip(part["facets"]["state"], whole["facets"]["state"], strict=True):
        assert (one["value"], one["count"]) == (other["value"], other["count"])
    assert cells_of(part["groups"]["cells"]) == cells_of(whole["groups"]["cells"])
    hits = every_hit(client, q="school", rurality="rural,town", sample=9, sort="title", limit=4)
    titles = [hit["title"].lower() for hit in hits]
    assert titles == sorted(titles)
    documents = exported(client, f"{question}&sample=9")
    assert sorted(hit["slug"] for hit in hits) == [document["slug"] for document in documents]
    small = ask(client, "slug=boise-id,deer-river-mn&sample=100")
    assert (small["meta"]["total"], small["meta"]["sampled_from"]) == (2, 2)


@pytest.mark.slow
@one_database
@pytest.mark.few_records
def test_a_record_that_comes_or_goes_changes_a_sample_by_one_at_most(
    own_service: Service, own_client: httpx.Client
) -> None:
    before = set(every_slug(own_client, sample=8, seed=3))
    for number in range(6):
        revision = publish(own_service.database, case_study(f"another-{number}"))
        wait_for(own_service, revision)
        after = set(every_slug(own_client, sample=8, seed=3))
        assert len(after) == 8
        assert after - before <= {f"another-{number}"}
        before = after
    gone = min(before)
    wait_for(own_service, withdraw(own_service.database, "case-study", gone))
    after = set(every_slug(own_client, sample=8, seed=3))
    assert (len(after), before - after) == (8, {gone})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "kind"), [(CASES, "case-study"), (DISTRICTS, "district")], ids=["cases", "districts"]
)
def test_what_is_included_is_what_the_document_has(
    client: httpx.Client, path: str, kind: str
) -> None:
    parts = shapes.PARTS[kind]
    limit = MAX_LIMIT_IN_FULL
    hits = every_hit(client, path, include=",".join(parts), sort="title", limit=limit)
    by_slug = {document["slug"]: document for document in exported(client, path=path)}
    assert {hit["slug"] for hit in hits} == set(by_slug)
    for hit in hits:
        assert hit["document"] == {part: by_slug[hit["slug"]][part] for part in parts}
    plain = every_hit(client, path, sort="title")
    assert [hit | {"document": None} for hit in hits] == plain


@one_database
def test_only_the_parts_that_are_named_are_included_also_beside_fields(
    client: httpx.Client,
) -> None:
    (hit,) = ask(client, "slug=boise-id&fields=slug&include=funding,outcomes")["data"]
    document = client.get(f"{CASES}/boise-id").json()["data"]
    assert hit == {
        "slug": "boise-id",
        "document": {"funding": document["funding"], "outcomes": document["outcomes"]},
    }
    answer = client.get(f"{CASES}?include=scale,kinship&limit=50&facets=none")
    assert shapes.CaseStudyResults.model_validate_json(answer.content, strict=True)


@pytest.mark.slow
@pytest.mark.few_records
def test_what_is_included_is_as_new_as_the_hit(
    own_service: Service, own_client: httpx.Client
) -> None:
    for number in range(10):
        record = case_study("new-case", title=f"Title {number}", aliases=[f"Alias {number}"])
        wait_for(own_service, publish(own_service.database, record))
        (hit,) = ask(own_client, "slug=new-case&include=aliases")["data"]
        assert (hit["title"], hit["document"]) == (
            f"Title {number}",
            {"aliases": [f"Alias {number}"]},
        )


@pytest.mark.slow
def test_hits_and_their_documents_are_those_of_the_search_whatever_is_published_meanwhile(
    seeded_url: str,
) -> None:
    with closing(Database(seeded_url)) as database:
        index = Index(database)
        for title in ("A title", "Another title", None):
            index.catch_up()
            query = index.query("case-study", [("state", "ID"), ("include", "scale")])
            results = find(query, index)
            with database.reading() as session:
                before = with_documents(results, session, index)
            assert set(before.documents or ()) == set(all_slugs(query, index))
            if title:
                publish(database, case_study("new-case", title=title))
            else:
                withdraw(database, "case-study", "new-case")
            shown = json_answer(before, base_url="")
            index.catch_up()
            with database.reading() as session:
                after = with_documents(results, session, index)
            assert json_answer(after, base_url="") == shown


def test_outcomes_of_too_many_case_studies_are_not_read() -> None:
    check_studied(MAX_STUDIED)
    with pytest.raises(Invalid, match="Narrow it with a filter") as refused:
        check_studied(MAX_STUDIED + 1)
    assert refused.value.faults[0].parameter == "statistics"


def described(values: list[Any]) -> Json:
    """The statistics of figures, by the standard library."""
    known = [value for value in values if value is not None]
    quartiles = statistics.quantiles(known, n=4, method="inclusive")
    return {
        "count": len(known),
        "missing": len(values) - len(known),
        "min": min(known),
        "first_quartile": quartiles[0],
        "median": statistics.median(known),
        "third_quartile": quartiles[2],
        "max": max(known),
        "mean": float(statistics.mean(known)),
    }


@one_database
@pytest.mark.parametrize("question", ["", "state=OR,CA", "q=attendance&rurality=rural"])
def test_statistics_of_figures_are_those_of_the_exported_documents(
    client: httpx.Client, question: str
) -> None:
    documents = exported(client, question)
    answer = ask(client, f"{question}&limit=0&statistics=enrollment,started")["statistics"]
    largest = [max(enrollments(document), default=None) for document in documents]
    years = [document["started_year"] for document in documents]
    assert answer == {
        "enrollment": described(largest),
        "started": described(years),
        "outcomes": None,
    }


@one_database
def test_statistics_of_districts_are_of_their_enrollment(client: httpx.Client) -> None:
    documents = exported(client, "region=south", DISTRICTS)
    answer = ask(client, "region=south&limit=0&statistics=enrollment", DISTRICTS)["statistics"]
    figures = [one["enrollment"] and one["enrollment"]["value"] for one in documents]
    assert answer["enrollment"] == described(figures)


def lines_of(documents: list[Json], selected: Callable[[Json], bool]) -> Iterator[Json]:
    """A line for each indicator and unit, in plain Python."""
    by_unit: dict[tuple[str, str | None], list[tuple[str, Json]]] = defaultdict(list)
    for document in documents:
        for outcome in filter(selected, document["outcomes"]):
            key = (outcome["indicator"], outcome["unit"])
            by_unit[key].append((document["slug"], outcome))
    for (indicator, unit), outcomes in by_unit.items():
        yield {
            "indicator": indicator,
            "label": outcomes[0][1]["label"],
            "unit": unit,
            "outcomes": len(outcomes),
            "case_studies": len({slug for slug, _ in outcomes}),
            "value": spread([outcome["value"] for _, outcome in outcomes]),
            "baseline": spread([outcome["baseline_value"] for _, outcome in outcomes]),
        }


def spread(values: list[Any]) -> Json:
    """The least, middle and greatest value, by the standard library."""
    known = [value for value in values if value is not None]
    return {
        "count": len(known),
        "missing": len(values) - len(known),
        "min": min(known, default=None),
        "median": statistics.median(known) if known else None,
        "max": max(known, default=None),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "selected"),
    [
        ("", bool),
        ("outcome=graduation-rate", lambda outcome: outcome["indicator"] == "graduation-rate"),
        (
            "outcome=attendance,chronic-absence&direction=better&state_not=OR",
            lambda outcome: (
                outcome["indicator"] in ("attendance", "chronic-absence")
                and outcome["direction"] == "better"
            ),
        ),
        ("q=school&evidence=descriptive", lambda outcome: outcome["design"] == "descriptive"),
    ],
)
def test_statistics_of_outcomes_never_mix_units_and_are_those_of_the_documents(
    client: httpx.Client, question: str, selected: Callable[[Json], bool]
) -> None:
    lines = ask(client, f"{question}&limit=0&statistics=outcomes")["statistics"]["outcomes"]
    expected = list(lines_of(exported(client, question), selected))
    units = [(line["indicator"], line["unit"]) for line in lines]
    assert len(set(units)) == len(units) == len(expected)
    for line in expected:
        assert line in lines
    order = [term["value"] for term in client.get("/v1/indicators").json()["data"]]
    indicators = [line["indicator"] for line in lines]
    assert indicators == sorted(indicators, key=order.index)


@one_database
def test_statistics_of_nothing_are_empty(client: httpx.Client) -> None:
    question = "slug=no-such-record&statistics=enrollment,outcomes&group_by=state"
    answer = ask(client, question)
    assert answer["statistics"]["outcomes"] == []
    assert answer["statistics"]["enrollment"] == {
        "count": 0,
        "missing": 0,
        **dict.fromkeys(("min", "first_quartile", "median", "third_quartile", "max", "mean"), None),
    }
    assert (answer["groups"]["cells"], answer["groups"]["total"]) == ([], 0)


@one_database
def test_without_these_parameters_an_answer_has_nothing_of_them(client: httpx.Client) -> None:
    answer = ask(client, "limit=3")
    assert {*answer} == {"data", "meta", "facets", "links"}
    assert {hit["document"] for hit in answer["data"]} == {None}


@one_database
def test_equal_questions_have_one_address_and_their_links_keep_the_question(
    client: httpx.Client,
) -> None:
    answer = ask(
        client,
        "statistics=started,enrollment&group_by=state&include=scale,aliases&seed=5&sample=30"
        "&sort=state&sort=-started&limit=10",
    )
    query = (
        "sample=30&seed=5&sort=state,-started&limit=10&include=aliases,scale&facets=none"
        "&group_by=state&statistics=enrollment,started"
    )
    links = answer["links"]
    assert answer["meta"]["query"] == query
    assert links["self"] == links["first"] == f"{CASES}?{query}"
    assert links["next"].startswith(f"{links['self']}&cursor=")
    assert links["page"] == "/case-studies?sample=30&seed=5&sort=state,-started"
    assert links["export"] == "/v1/exports/case-studies.ndjson?sample=30&seed=5"
    for link in (links["next"], links["page"], links["export"]):
        client.get(link).raise_for_status()
    assert client.get(links["export"]).text.count("\n") == 30


@one_database
def test_a_page_shows_a_sample_in_its_order_and_says_what_it_does_not_show(
    client: httpx.Client,
) -> None:
    browser = {"Accept": "text/html"}
    question = "sample=7&seed=2&sort=state,title"
    page = client.get(
        f"/case-studies?{question}&group_by=state&statistics=started", headers=browser
    )
    assert page.status_code == 200
    assert "7 drawn at random" in page.text
    for name in ("group_by", "statistics"):
        assert name in page.text
    slugs = every_slug(client, sample=7, seed=2, sort="state,title")
    places = [page.text.index(f'"/case-studies/{slug}"') for slug in slugs]
    assert places == sorted(places)
