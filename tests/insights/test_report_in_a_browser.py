"""The report on a phone and on paper, in a real browser."""

import shutil

import pytest

from socialsent_assets.insights.report import build_report
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make install-dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine: make browser"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def page_file(warehouse_of, usual, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with duckdb_marts(warehouse_of(folder / "warehouse.duckdb", **usual)) as sql:
        return build_report(sql, folder / "out").path


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def test_it_fits_a_phone_and_is_not_endless(page_file, browser):
    """Prevents a page that scrolls sideways, and one that is too long to read (it had 9,475 pixels)."""
    page = browser.new_page(viewport={"width": 360, "height": 740}, is_mobile=True)
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("document.documentElement.scrollHeight") < 6500
    page.close()


def test_paper_shows_what_the_screen_folds(page_file, browser):
    """Prevents a printed report without the pictures that the page keeps closed."""
    page = browser.new_page()
    page.goto(page_file.as_uri())
    picture = page.locator("#volume")
    assert not picture.is_visible()
    page.emulate_media(media="print")
    assert picture.bounding_box()["height"] > 100
    assert not page.locator(".more summary").is_visible()
    page.close()
