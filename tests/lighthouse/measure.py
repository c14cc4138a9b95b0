"""Lighthouse on the main kinds of pages, as on a phone, and the bytes of a first visit to each kind.

make lighthouse         one run of each page
make lighthouse ARGS=3  three runs, of which the middle figures are shown: for a busy machine
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from statistics import median

from browser import ARGUMENTS, MISSING, a_browser, bytes_of_first_visit, path_of_browser
from migrating import ROOT
from page_kinds import PAGE_KINDS
from server_process import server_process
from templates import sqlite_file

LIGHTHOUSE = ROOT / "var" / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
MAIN_KINDS = ("home", "results", "case study", "district", "map", "about")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TARGET = 95
GOOD = 0.9  # of an audit, as Lighthouse colors it
Scores = dict[str, float]


def main() -> int:
    """Measure, print; 1 if a score is below the target."""
    path = path_of_browser()
    if path is None:
        sys.exit(MISSING)
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as folder:
        database = shutil.copy(sqlite_file("whole"), folder)
        settings = {"RATE_LIMIT_READS": "0", "INDEX_DIR": folder}
        with server_process(f"sqlite:///{database}", **settings) as (service, _process):
            weights = _weights(service.url)
            scores = {
                kind: _middle(
                    _lighthouse(service.url + PAGE_KINDS[kind], path) for _ in range(times)
                )
                for kind in MAIN_KINDS
            }
    print(_table(["Lighthouse", *CATEGORIES, "shift", "largest paint, s"], scores))
    print(_table(["bytes, compressed", "document", "other files", "all"], weights))
    low = [kind for kind, found in scores.items() if min(found[c] for c in CATEGORIES) < TARGET]
    print(f"Below {TARGET}: {', '.join(low) or 'none'}.")
    return 1 if low else 0


def _weights(base_url: str) -> dict[str, Scores]:
    """Bytes of each kind of page, the page itself and the files that come with it."""
    weights = {}
    with a_browser() as browser:
        for kind, address in PAGE_KINDS.items():
            sizes = bytes_of_first_visit(browser, base_url + address)
            document, whole = sizes["document"], sum(sizes.values())
            weights[kind] = {
                "document": float(document),
                "others": float(whole - document),
                "all": float(whole),
            }
    return weights


def _lighthouse(address: str, browser: str) -> Scores:
    """One run: scores of 100, the layout shift, and seconds until the largest part is there."""
    flags = " ".join(["--headless=new", *ARGUMENTS])
    command = [str(LIGHTHOUSE), address, "--quiet", "--output=json", f"--chrome-flags={flags}"]
    done = subprocess.run(
        [*command, f"--only-categories={','.join(CATEGORIES)}"],
        env=os.environ | {"CHROME_PATH": browser},
        stdout=subprocess.PIPE,
        check=True,
    )
    report = json.loads(done.stdout)
    scores = {name: 100 * report["categories"][name]["score"] for name in CATEGORIES}
    audits = report["audits"]
    if min(scores.values()) < TARGET:
        faults = [
            audit["title"]
            for audit in audits.values()
            if audit["score"] is not None and audit["score"] < GOOD
        ]
        print(f"{address}: {'; '.join(faults)}")
    return scores | {
        "shift": audits["cumulative-layout-shift"]["numericValue"],
        "paint": audits["largest-contentful-paint"]["numericValue"] / 1000,
    }


def _middle(runs: Iterable[Scores]) -> Scores:
    found = list(runs)
    return {name: median(run[name] for run in found) for name in found[0]}


def _table(head: list[str], rows: dict[str, Scores]) -> str:
    """As Markdown, so that it can stand in docs/performance.md."""
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [
        " | ".join(
            [kind, *(f"{value:,.3g}" if value < 10 else f"{value:,.0f}" for value in row.values())]
        )
        for kind, row in rows.items()
    ]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
