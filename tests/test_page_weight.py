"""A first visit is light: on a slow line in a school's parking lot it must not take long."""

import pytest
from browser import bytes_of_first_visit
from page_kinds import PAGE_KINDS
from playwright.sync_api import Browser
from serving import Service

pytestmark = [pytest.mark.one_database, pytest.mark.slow]
MOST = 100_000  # bytes, compressed, all files without images


@pytest.mark.parametrize("kind", PAGE_KINDS)
def test_a_first_visit_loads_less_than_100_kilobytes(
    browser: Browser, service: Service, kind: str
) -> None:
    sizes = bytes_of_first_visit(browser, service.url + PAGE_KINDS[kind])
    assert {"document", "stylesheet", "script", "font"} <= set(sizes)
    assert sum(sizes.values()) < MOST, sizes
