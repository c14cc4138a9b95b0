"""/llms.txt (llmstxt.org): a short map of the directory for programs that read Markdown."""

from collections.abc import Sequence
from datetime import datetime

from app.catalog.citation import PUBLISHER
from app.catalog.provenance import LICENSE, provenance
from app.research import dataset
from app.research.archives import ARCHIVES

API = (
    ("/v1", "What it holds: revision, counts, and every other address"),
    ("/v1/case-studies?q=attendance", "Search case studies by words and filters, with facets"),
    ("/v1/districts", "Search districts; each federal figure has its year and source"),
    ("/v1/strategies", "Strategies with definitions; `/v1/indicators` and others are alike"),
    ("/v1/suggest?q=atten", "Completions for a search box"),
    ("/v1/exports/case-studies.ndjson", "All case studies in full, one per line; takes filters"),
    ("/v1/exports/outcomes.csv", "All outcomes as rows: indicator, value, study design, source"),
    ("/v1/codebook", "What every table and column means"),
    ("/v1/changes?limit=1", "What changed, to keep a copy equal"),
    ("/openapi.json", "The whole API as an OpenAPI 3.1 document"),
)
DOCUMENTS = (
    ("/about", "What the directory is, how evidence is labeled, where figures come from"),
    ("/codebook", "The codebook as a page"),
    ("/docs", "The API as a page to try out"),
    ("/data.json", "This data set as a DCAT-US 3.0 catalog"),
    ("/sitemap.xml", "Every page"),
)
INTRODUCTION = (
    "Reading needs no key. A case study at `/v1/case-studies/SLUG` names the source of each claim. "
    "`design` says how a finding was made and is not a grade. What no source says is null or "
    "`not-stated`. Unknown parameters are refused with the closest valid ones."
)
CITATION = (
    f"Text and data are under [{LICENSE['name']}]({LICENSE['url']}). Each answer has its own line to "
    "cite in `meta.cite`. For the whole directory:"
)


def text(revision: int, updated_at: datetime, *, base_url: str) -> str:
    """What /llms.txt says."""
    cite = provenance(revision, updated_at, "the whole directory", f"{base_url}/")["cite"]
    everything = [(f"/v1/exports/{each.name}", each.title) for each in ARCHIVES]
    lines = [
        *(f"# {PUBLISHER}", "", f"> {dataset.DESCRIPTION}", "", INTRODUCTION, ""),
        *_section("API", API, base_url),
        *_section("Everything in one file", everything, base_url),
        *_section("Documents", DOCUMENTS, base_url),
        *("## Cite it", "", CITATION, "", f"    {cite}", ""),
    ]
    return "\n".join(lines)


def _section(title: str, rows: Sequence[tuple[str, str]], base_url: str) -> list[str]:
    lines = [f"- [{path}]({base_url}{path}): {meaning}" for path, meaning in rows]
    return [f"## {title}", "", *lines, ""]
