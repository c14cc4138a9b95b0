"""A real browser for the tests of pages: an installed Chromium, else Playwright's own.

`python tests/browser.py` gets one, as `make test` does: Debian's package if root may install it,
else Playwright's download. Where none can be had, it says so, and fails in CI.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# As root, and in containers, Chromium has no sandbox; /dev/shm is small there.
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
MISSING = (
    "NO BROWSER: the pages are NOT tested in one. Install chromium, or run "
    "`.venv/bin/playwright install chromium`."
)
PATIENCE_MILLISECONDS = 60_000  # a busy machine is no fault
expect.set_options(timeout=PATIENCE_MILLISECONDS)
LOCAL = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:")


def path_of_browser() -> str | None:
    """The browser that the tests use; None if there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


@contextmanager
def a_browser() -> Iterator[Browser]:
    """A running browser. Without one the test is skipped, and fails in CI."""
    path = path_of_browser()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that a person has open, and what went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)  # of scripts and of the content policy
    outside: list[str] = field(default_factory=list)  # requests to hosts other than our own


@contextmanager
def a_visit(
    browser: Browser, *, width: int = 1280, dark: bool = False, **more: Any
) -> Iterator[Visit]:
    """A new page of its own. After the block, an error or a request to another host fails the test.

    `more`: other settings of the browser's context, such as java_script_enabled=False. A test that
    expects errors clears `errors` when it has looked at them.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        **more,
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    visit = Visit(context.new_page())

    def note(request: Request) -> None:
        if not request.url.startswith(LOCAL):
            visit.outside.append(request.url)

    context.on("request", note)
    context.on(
        "console",
        lambda message: visit.errors.append(message.text) if message.type == "error" else None,
    )
    context.on("weberror", lambda error: visit.errors.append(str(error.error)))
    yield visit
    context.close()
    assert visit.errors == []
    assert visit.outside == []


def bytes_of_first_visit(browser: Browser, address: str) -> dict[str, int]:
    """Bytes of bodies, compressed, that a browser with an empty cache loads, by kind of file: document, stylesheet, script, font, fetch. Images are left out."""
    found: dict[str, int] = {}
    with a_visit(browser) as visit:
        requests: list[Request] = []
        visit.page.on("requestfinished", lambda request: requests.append(request))
        visit.page.goto(address, wait_until="networkidle")
        for request in requests:
            kind = request.resource_type
            if kind != "image" and not request.url.startswith("data:"):
                found[kind] = found.get(kind, 0) + request.sizes()["responseBodySize"]
    return found


def overflows(page: Page) -> bool:
    """Whether the page has to be moved sideways to be read."""
    wider: bool = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    return wider


def _provide() -> int:
    """Get a browser, if there is none. The exit code."""
    if path_of_browser():
        return 0
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"]
        attempts = [["apt-get", "update", "--quiet"], apt, *attempts]
    for attempt in attempts:
        sys.stdout.write(f"Getting a browser for the tests: {' '.join(attempt)}\n")
        sys.stdout.flush()
        subprocess.run(attempt, check=False, stdout=subprocess.DEVNULL)
        if path_of_browser():
            return 0
    sys.stderr.write(f"\n{MISSING}\n\n")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(_provide())
