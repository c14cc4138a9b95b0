"""Folders of the seed, whole or with a few of its case studies, copied and loaded.

What holds for any directory is tested on these: a service that serves them starts in a tenth of
the time. Relevance, documents and what the directory promises are tested on the whole seed.
"""

import shutil
import tomllib
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from migrating import ROOT

from app.database import Database
from app.desk.imports.seed import SeedPlan, apply_seed, plan_seed, read_seed

SEED = ROOT / "seed"
TABLE = "[[organizations]]\n"

FEW_CASE_STUDIES = (
    "arapahoe-wind-river-wy",
    "baltimore-city-md",
    "batesville-ar",
    "boise-id",
    "boston-city-connects-ma",
    "brooklyn-center-mn",
    "central-oregon-fan-or",
    "cincinnati-community-learning-centers-oh",
    "cuba-independent-nm",
    "deer-river-mn",
    "grundy-county-discover-together-tn",
    "hartford-ct",
    "indianola-promise-community-ms",
    "jennings-mo",
    "lincoln-clc-ne",
    "mancelona-northwest-michigan-mi",
    "molly-stark-bennington-vt",
    "multnomah-county-sun-or",
    "nashville-community-achieves-tn",
    "new-sharon-rsu-9-me",
    "new-york-city-community-schools-ny",
    "oakland-full-service-community-schools-ca",
    "orange-county-evans-fl",
    "red-wing-mn",
    "redwood-city-ca",
    "vancouver-fcrc-wa",
    "west-chicago-district-33-il",
    "west-kern-consortium-ca",
)


def load(database: Database, folder: Path) -> SeedPlan:
    """Load a seed as `model-districts seed` does."""
    with database.writing() as session:
        plan = plan_seed(session, read_seed(folder))
        apply_seed(session, plan, at=datetime.now(UTC))
    return plan


def copy_seed(to: Path, case_studies: Collection[str] = FEW_CASE_STUDIES) -> Path:
    """Copy the seed with these case studies only, and the districts and organizations they name."""
    shutil.copytree(SEED / "taxonomies", to / "taxonomies")
    (to / "case-studies").mkdir()
    districts, organizations = set[str](), set[str | None]()
    for slug in case_studies:
        file = shutil.copy(SEED / "case-studies" / f"{slug}.toml", to / "case-studies")
        document = tomllib.loads(Path(file).read_text(encoding="utf-8"))
        districts |= set(document["districts"])
        organizations |= {partner.get("organization") for partner in document.get("partners", ())}
    header, *rows = _split("districts.csv", "\n")
    kept_rows = [row for row in rows if row.partition(",")[0] in districts]
    (to / "districts.csv").write_text("\n".join([header, *kept_rows, ""]), encoding="utf-8")
    beginning, *tables = _split("organizations.toml", TABLE)
    kept_tables = [table for table in tables if tomllib.loads(table)["slug"] in organizations]
    organizations_file = TABLE.join([beginning, *kept_tables])
    (to / "organizations.toml").write_text(organizations_file, encoding="utf-8")
    return to


def _split(file: str, separator: str) -> list[str]:
    return (SEED / file).read_text(encoding="utf-8").split(separator)
