"""No kind of page breaks a rule of axe-core, by day or night, on a phone or a desk; nor one of HTML."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from browser import a_visit
from html_pages import BROWSER
from migrating import ROOT
from page_kinds import PAGE_KINDS
from people import People, case_study, published, step
from playwright.sync_api import Browser, Page
from serving import Service

pytestmark = [pytest.mark.one_database, pytest.mark.few_records, pytest.mark.slow]
NODE_MODULES = ROOT / "var" / "clients" / "node" / "node_modules"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
CHECKER = NODE_MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
FORM = "/suggestions/new"
TEXT = "The number of schools has grown since then."
WITHDRAWN = "/case-studies/zz-withdrawn"
STATUS = "status of a suggestion"
OTHER_KINDS = {
    "withdrawn": WITHDRAWN,
    "versions of a withdrawn record": f"{WITHDRAWN}/versions",
    "not found": "/case-studies/bose-id",
    "faults in a search": "/case-studies?q=rural&enrollment_min=many&state=Oregano",
}
RUN_AXE = """async (options) => {
  const { violations } = await axe.run(options);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join("\\n")));
}"""
# All that is on by default, best practices too, and the size of targets (WCAG 2.2), which is not.
EVERY_RULE = {"rules": {"target-size": {"enabled": True}}}
RULES_OF_COLOR = {"runOnly": ["cat.color"]}  # by night nothing but colors differs
# A bar that stays in the window stands over other controls, which axe takes for hidden, not for
# controls that one may scroll to.
UNFASTEN = """() => {
  for (const part of document.querySelectorAll("body *"))
    if (getComputedStyle(part).position === "sticky") part.style.position = "static";
}"""


@pytest.fixture(scope="module")
def addresses(client: httpx.Client, people: People) -> dict[str, str]:
    """An address of each kind of page."""
    published(people, case_study("zz-withdrawn"))
    step(people.rui, "withdraw", "zz-withdrawn", reason="Its source is gone").raise_for_status()
    sent = client.post(FORM, data={"kind": "correction", "text": TEXT})
    return PAGE_KINDS | OTHER_KINDS | {STATUS: sent.headers["Location"]}


@pytest.mark.parametrize("kind", [*PAGE_KINDS, *OTHER_KINDS, STATUS])
def test_axe_finds_nothing_on_any_kind_of_page(
    browser: Browser, service: Service, addresses: dict[str, str], kind: str
) -> None:
    with _page_with_axe(browser, service.url + addresses[kind]) as page:
        assert not (faults := _faults(page)), "\n\n".join(faults)


def test_axe_finds_nothing_in_a_form_that_comes_back_with_faults(
    browser: Browser, service: Service
) -> None:
    with _page_with_axe(browser, service.url + FORM) as page:
        page.get_by_label("Address of a source").fill("not an address")
        with page.expect_navigation():
            page.locator("form.write").evaluate("form => { form.noValidate = true; form.submit() }")
        assert page.locator("[aria-invalid]").count() == 2
        assert not (faults := _faults(page)), "\n\n".join(faults)


def test_axe_finds_nothing_on_a_page_that_could_not_be_made(
    browser: Browser, service: Service
) -> None:
    with _page_with_axe(browser, service.url) as page:
        _rename(service, "entry", "lost")
        page.goto(f"{service.url}/case-studies/red-wing-mn")
        _rename(service, "lost", "entry")
        assert page.title().startswith("This page cannot be shown")
        assert not (faults := _faults(page)), "\n\n".join(faults)


def test_the_html_checker_finds_nothing_on_any_kind_of_page(
    client: httpx.Client, addresses: dict[str, str], tmp_path: Path
) -> None:
    java = shutil.which("java")
    _need(java and CHECKER.exists(), "Java or vnu-jar is missing: HTML is NOT checked.")
    answers = {kind: client.get(address, headers=BROWSER) for kind, address in addresses.items()}
    answers["form with faults"] = client.post(FORM, data={"text": "short"}, headers=BROWSER)
    for kind, answer in answers.items():
        assert answer.headers["Content-Type"].startswith("text/html"), kind
        (tmp_path / f"{kind}.html").write_bytes(answer.content)
    command = [str(java), "-jar", str(CHECKER), "--stdout", "--exit-zero-always"]
    done = subprocess.run(
        [*command, "--format", "json", *map(str, sorted(tmp_path.glob("*.html")))],
        stdout=subprocess.PIPE,
        check=True,
    )
    messages = json.loads(done.stdout)["messages"]
    assert [
        (Path(message["url"]).stem, message["message"], message.get("extract"))
        for message in messages
    ] == []


@contextmanager
def _page_with_axe(browser: Browser, address: str) -> Iterator[Page]:
    """A page with axe in it, however often another one is opened in its place."""
    _need(AXE.exists(), "axe-core is missing: accessibility is NOT tested.")
    with a_visit(browser) as visit:
        visit.page.add_init_script(path=AXE)
        visit.page.goto(address)
        yield visit.page
        # The browser counts a page of 404 among errors.
        visit.errors = [error for error in visit.errors if "Failed to load" not in error]


def _faults(page: Page) -> list[str]:
    """What axe finds at two widths by day and night, the page loaded once."""
    faults = []
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(UNFASTEN)
        page.emulate_media(color_scheme="light")
        faults += [f"{width}, light: {fault}" for fault in page.evaluate(RUN_AXE, EVERY_RULE)]
        page.emulate_media(color_scheme="dark")
        faults += [f"{width}, dark: {fault}" for fault in page.evaluate(RUN_AXE, RULES_OF_COLOR)]
    return faults


def _rename(service: Service, table: str, name: str) -> None:
    with service.database.writing() as session:
        session.connection().exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def _need(is_there: object, message: str) -> None:
    """Skip loudly where a tool is missing; in CI, fail."""
    if is_there:
        return
    message = f"{message} Install Node.js 20.19 and Java 11 or newer, then run make test."
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
