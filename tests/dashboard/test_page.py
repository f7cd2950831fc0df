"""The page as people use it: in a real browser, by mouse, keyboard and thumb, with texts that mean harm."""

import csv
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.insights.queries import TEXTS
from tests.dashboard.conftest import HOSTILE, replace_warehouse, rows, serving
from tests.warehouse_file import lake_hour, open_in_another_program

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make install-dev")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine: make browser"),
    pytest.mark.xdist_group("browser"),
]
expect = sync_api.expect
expect.set_options(timeout=20_000)  # of a busy machine; what is awaited comes as soon as it can
BYTES = 330_000
"""Of a first visit, compressed; the charting library is 240,000 of them."""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser):
    """Opens an address in a new profile; complaints of the browser fail the test at its end."""
    contexts, complaints = [], []

    def opened(address, *, ready="#posts-list li", expected="Failed to load resource", **options):
        context = browser.new_context(viewport=options.pop("viewport", {"width": 1300, "height": 900}), **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: line.type == "error" and expected not in line.text and complaints.append(line.text),
        )
        page.goto(address)
        page.wait_for_selector(ready)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def sql(usual_warehouse):
    with duckdb.connect(str(usual_warehouse), read_only=True) as connection:
        yield lambda condition: connection.execute(f"select count(*) from {TEXTS} where {condition}").fetchone()[0]


def texts_shown(page, count):
    expect(page.locator("#numbers .tile >> nth=0 >> .value")).to_have_text(f"{count:,}")


def pick(page, facet, value):
    page.click(f"#details-{facet} summary")
    page.locator(f"#pick-{facet} label", has_text=re.compile(f"^{re.escape(value)}")).locator("input").check()
    page.keyboard.press("Escape")


@pytest.mark.parametrize(
    ("facet", "value", "condition"),
    [
        ("topic", "coffee", "topic = 'coffee'"),
        ("topic", "not given", "topic is null"),
        ("source", "mastodon", "source = 'mastodon'"),
        ("lang", "de", "lang = 'de'"),
        ("kind", "comment", "kind = 'comment'"),
        ("watch", "sunny", "clean_text ilike '%sunny%'"),
    ],
)
def test_a_value_narrows_everything_and_its_chip_takes_it_away(site, open_page, sql, facet, value, condition):
    """Prevents a filter that some view ignores, or that cannot be undone."""
    page = open_page(site)
    pick(page, facet, value)
    texts_shown(page, sql(condition))
    assert f"{facet}=" in page.url
    expect(page.locator("#chips .chip")).to_contain_text(value)
    page.click("#chips .chip")
    texts_shown(page, sql("true"))
    page.go_back()
    texts_shown(page, sql(condition))


def test_words_spans_and_the_model_narrow_too(site, open_page, sql):
    """Prevents a control that does nothing."""
    page = open_page(site)
    page.fill("#search", "sunny PICNIC")
    texts_shown(page, sql("clean_text ilike '%sunny%' and clean_text ilike '%picnic%'"))
    page.fill("#search", "")
    texts_shown(page, sql("true"))
    page.click("[data-by=model]")
    expect(page.locator("#numbers")).to_contain_text("by the classifier")
    expect(page.locator("#posts-list .score").first).to_have_text("+0.80")
    expect(page.locator("#numbers")).to_contain_text("classified texts")
    page.click("[data-span='6h']")
    texts_shown(page, sql("event_time >= '2026-11-23T20:37'"))
    page.click("#details-dates summary")
    first, last = page.locator("#details-dates input").all()
    first.fill("2026-11-22T05:00")
    last.fill("2026-11-22T09:00")
    texts_shown(page, sql("event_hour >= '2026-11-22T05:00' and event_hour < '2026-11-22T09:00'"))
    page.click("[data-span='']")
    texts_shown(page, sql("true"))


def test_a_filter_that_matches_nothing_says_so_and_offers_the_way_back(site, open_page, sql):
    """Prevents empty charts that look like a fault."""
    page = open_page(f"{site}?q=nobodywrotethis", ready="#notice:not([hidden])")
    expect(page.locator("#notice")).to_contain_text("No text matches these filters")
    expect(page.locator("#mood")).to_be_hidden()
    page.click("#notice button")
    texts_shown(page, sql("true"))
    expect(page.locator("#mood canvas").first).to_be_visible()


def test_a_bar_opens_its_posts_and_the_address_opens_them_again(site, open_page, sql):
    """Prevents a drill-down to other posts, one that cannot be sent, and a focus that is lost behind it."""
    page = open_page(site)
    count = sql("topic = 'trains' and sentiment = 'negative' and unscored_reason is null")
    bar = page.locator("[data-key='bar-topic-trains-negative']")
    expect(bar).to_have_attribute("aria-label", re.compile(f" {count} texts"))
    bar.click()
    expect(page.locator("#drawer-title")).to_have_text("Negative posts on trains")
    expect(page.locator("#drawer .post")).to_have_count(min(20, count))
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.key") == "bar-topic-trains-negative"
    page.go_back()
    expect(page.locator("#drawer .post")).to_have_count(min(20, count))
    again = open_page(page.url, ready="#drawer .post")
    expect(again.locator("#drawer .post")).to_have_count(min(20, count))


def test_a_word_a_person_and_an_alert_open_their_posts(site, open_page):
    """Prevents things that look clickable and are not."""
    page = open_page(site)
    things = {
        "word-wonderful": "wonderful",
        "person-u0": "user0",
        "alert-0": "coffee",
        "bar-watch-train-neutral": "train",
        "bar-source-mastodon-positive": "Positive posts",
    }
    for key, title in things.items():
        page.click(f"[data-key='{key}']")
        expect(page.locator("#drawer-title")).to_contain_text(title)
        expect(page.locator("#drawer .post").first).to_be_visible()
        page.click("[data-key='drawer-close']")
        expect(page.locator("#drawer")).to_be_hidden()


def test_an_alert_shows_the_share_that_it_expected(site, open_page):
    """Prevents a mark on the chart without the usual range beside it, and a range on other texts."""
    page = open_page(site)
    framed = """id => [...echarts.getInstanceByDom(document.getElementById("mood-chart")).getOption().series
        .find((each) => each.id === id).data.entries()].filter(([, value]) => value !== null)"""
    assert page.evaluate(framed, "expected-high") == []  # all texts are shown, the alert is about coffee
    page.click("[data-key='alert-chart-0']")
    expect(page.locator("#mood-legend .expected")).to_be_visible()
    page.wait_for_selector("body:not(.loading)")
    [[_, low]] = page.evaluate(framed, "expected-low")
    [[_, height]] = page.evaluate(framed, "expected-high")
    assert (round(low), round(height)) == (10, 20)
    page.click("[data-by=model]")
    expect(page.locator("#mood-legend .expected")).to_be_hidden()


def test_a_post_says_why_it_scored_as_it_did(site, open_page):
    """Prevents a score without a reason."""
    page = open_page(site)
    post = page.locator("#posts-list .post").first
    post.get_by_role("button", name="Why this score?").click()
    expect(post.locator(".adds").first).to_be_visible()
    expect(post.locator(".why")).to_contain_text("polarity +")
    expect(post.locator(".adds").first).to_have_attribute("title", re.compile(r"smiling \+2\.00"))


def test_pages_turn(site, open_page):
    """Prevents a list that ends after its first page."""
    page = open_page(f"{site}?list=newest")
    page.click("[data-key='posts-more']")
    expect(page.locator("#posts-list .post")).to_have_count(20)
    first = page.locator("#posts-list .post-text").first.inner_text()
    page.click("[data-key='posts-Next']")
    expect(page.locator("#posts-list .note").last).to_have_text("page 2")
    assert page.locator("#posts-list .post-text").first.inner_text() != first


def test_dragging_on_the_chart_zooms_and_clicking_opens_a_bar(site, open_page):
    """Prevents a picture where a tool was announced."""
    page = open_page(site)
    page.wait_for_selector("#mood-chart canvas")
    box = page.locator("#mood-chart").bounding_box()
    y = box["y"] + 0.55 * box["height"]
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=5)
    page.mouse.up()
    expect(page.locator("#chips .chip")).to_contain_text("UTC")
    page.click("[data-key='zoom-out']")
    expect(page.locator("#chips .chip")).to_have_count(0)
    page.mouse.click(box["x"] + 0.5 * box["width"], y)
    expect(page.locator("#drawer .post").first).to_be_visible()


@pytest.mark.parametrize(
    ("view", "other", "condition", "label"),
    [
        ("topic=coffee", "topic:trains", "topic = 'trains'", "trains"),
        ("source=mastodon", "source:mock", "source = 'mock'", "mock"),
        ("watch=sunny", "watch:train", r"regexp_matches(clean_text, '\btrain\b')", "train"),
        (
            "from=2026-11-23T04:00&to=2026-11-23T08:00",
            "before",
            "event_hour between '2026-11-23T00:00' and '2026-11-23T03:00'",
            "the previous span",
        ),
        (
            "from=2026-11-23T04:00&to=2026-11-23T08:00",
            "day",
            "event_hour between '2026-11-22T04:00' and '2026-11-22T07:00'",
            "a day earlier",
        ),
    ],
)
def test_two_topics_sources_words_or_spans_side_by_side(site, open_page, sql, view, other, condition, label):
    """Prevents a comparison with other texts than those that it names, or that the chart leaves out."""
    page = open_page(f"{site}?{view}")
    page.click("#details-versus summary")
    page.check(f"[data-key='vs-{other}']")
    texts = page.locator("#compare tbody tr").first
    expect(texts.locator("td").nth(1)).to_have_text(f"{sql(condition)}")
    expect(page.locator("#compare thead")).to_contain_text(label)
    expect(page.locator("#mood-legend")).to_contain_text(label)


def test_a_comparison_says_how_sure_it_is_and_ends(site, open_page):
    """Prevents a comparison without its denominators and its uncertainty."""
    page = open_page(f"{site}?topic=coffee")
    page.click("#details-versus summary")
    page.check("[data-key='vs-topic:trains']")
    table = page.locator("#compare table")
    expect(table).to_contain_text("trains")
    expect(table).to_contain_text(re.compile(r"points \[.+, .+\]"))
    assert "vs=topic%3Atrains" in page.url
    page.click("[data-key='compare-end']")
    expect(page.locator("#compare")).to_be_hidden()


def saved(page, key, folder):
    with page.expect_download() as waiting:
        page.click(f"[data-key='{key}']")
    target = Path(folder) / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return target


def test_tables_and_charts_download(site, open_page, tmp_path, sql):
    """Prevents downloads that are empty, that hold other numbers than the page, or that run in a spreadsheet."""
    tables = ("mood", "topics", "watch", "source", "lang", "kind", "words", "people", "records", "alerts", "fresh")
    for number, key in enumerate((*(f"{name}-csv" for name in tables), "csv-positive")):
        if number % 6 == 0:  # Chromium asks before the eleventh download of one page
            page = open_page(site)
            page.wait_for_selector("#mood-chart canvas")
        lines = list(csv.reader(saved(page, key, tmp_path).read_text("utf-8-sig").splitlines()))
        assert len(lines) > 1, key
        assert all(len(line) == len(lines[0]) for line in lines), key
    topics = list(csv.DictReader((tmp_path / "socialsent-topics.csv").read_text("utf-8-sig").splitlines()))
    assert sum(int(row["texts"]) for row in topics) == sql("true")
    page = open_page(site)
    page.wait_for_selector("#mood-chart canvas")
    for key in ("mood-png", "topics-png", "watch-png", "source-png", "lang-png", "kind-png"):
        picture = saved(page, key, tmp_path).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) > 5_000


def test_texts_and_names_never_run(site, open_page):
    """Prevents a post whose text runs as a script in the reader's browser."""
    page = open_page(f"{site}?topic={HOSTILE.replace(' ', '%20').replace('=', '%3D')}&list=newest")
    expect(page.locator("#posts-list .post-text").first).to_contain_text("<script>window.ran=1</script>")
    expect(page.locator("#posts-list .post-meta").first).to_contain_text("onerror")
    assert page.evaluate("window.ran") is None
    assert page.locator("#main img, #main script").count() == 0


def test_a_script_that_reached_the_page_would_not_run(site, open_page):
    """Prevents that one mistake in the page is enough: the policy forbids what is inline."""
    page = open_page(site, expected="Content Security Policy")
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective));
            document.body.insertAdjacentHTML("beforeend", "<img src=x: onerror='window.ran=1'>");
            const script = document.createElement("script");
            script.textContent = "window.ran = 1";
            document.body.append(script);
        })"""
    )
    assert blocked.startswith(("script-src", "img-src"))
    assert page.evaluate("window.ran") is None


def test_right_to_left_texts_keep_their_direction(site, open_page):
    """Prevents Arabic that is read from the wrong end."""
    page = open_page(f"{site}?q=love%20great&list=newest")
    text = page.locator("#posts-list .post-text").first
    assert text.evaluate("(node) => getComputedStyle(node).direction") == "rtl"


def test_new_marts_appear_by_themselves_and_nothing_jumps(warehouse, open_page):
    """Prevents a page that has to be reloaded, and one that moves under the reader's hand."""
    with serving(LiveMarts(warehouse, None)) as address:
        page = open_page(address)
        texts_shown(page, len(rows()["posts"]) + len(rows()["comments"]))
        page.focus("[data-key='name-topic-trains']")
        before = page.evaluate("scrollY")
        page.evaluate("window.same = true")
        replace_warehouse(warehouse, comments=[], lake_hours=[{**lake_hour(), "lake_version": "new"}])
        texts_shown(page, len(rows()["posts"]))
        assert page.evaluate("window.same")
        assert page.evaluate("scrollY") == before
        assert page.evaluate("document.activeElement.dataset.key") == "name-topic-trains"


def test_before_the_first_build_the_page_says_what_to_do_and_then_fills(tmp_path, open_page):
    """Prevents a blank page on a new machine."""
    path = tmp_path / "warehouse.duckdb"
    with serving(LiveMarts(path, None)) as address:
        page = open_page(address, ready="#numbers .empty")
        expect(page.locator("#numbers")).to_contain_text("socialsent materialize")
        replace_warehouse(path)
        texts_shown(page, len(rows()["posts"]) + len(rows()["comments"]))


def test_while_another_program_writes_the_page_says_so_and_lists_come_afterwards(warehouse, open_page, monkeypatch):
    """Prevents an error where waiting is enough."""
    monkeypatch.setattr("socialsent_assets.dashboard.live.REQUEST_PATIENCE_S", 0.0)
    monkeypatch.setattr("socialsent_assets.dashboard.live.PATIENCE_S", 0.0)
    with serving(LiveMarts(warehouse, None)) as address:
        page = open_page(address)
        with open_in_another_program(warehouse):
            warehouse.touch()
            expect(page.locator("#live")).to_contain_text("being written")
            page.click("[data-key='list-newest']")
            expect(page.locator("#notice")).to_contain_text("being written")
        expect(page.locator("#live")).to_contain_text("Live")
        expect(page.locator("#posts-list .post-text").first).to_contain_text("119")


def test_keys_alone_reach_a_filter_a_chart_and_a_post(site, open_page):
    """Prevents a page for mice only."""
    page = open_page(site)
    page.wait_for_selector("#mood-chart canvas")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus("#mood-chart")
    page.keyboard.press("+")
    expect(page.locator("#chips .chip")).to_contain_text("UTC")
    page.keyboard.press("-")
    expect(page.locator("#chips .chip")).to_have_count(0)
    page.focus("#details-topic summary")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#chips .chip")).to_contain_text("topic")
    page.keyboard.press("Escape")
    page.focus("[data-key='list-positive']")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-key='list-negative']")).to_have_attribute("aria-selected", "true")
    page.focus("[data-key='as-table']")
    page.keyboard.press("Enter")
    expect(page.locator("#mood-table table")).to_be_visible()


def test_dark_is_dark_and_a_choice_is_remembered(site, open_page):
    """Prevents a white page at night."""
    page = open_page(site, color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 19, 24)"
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(243, 245, 249)"
    page.reload()
    page.wait_for_selector("#posts-list li")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(243, 245, 249)"


def test_a_phone_needs_no_sideways_scrolling(site, open_page):
    """Prevents a page that is cut at the right edge of a phone."""
    page = open_page(site, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("#filters")).to_be_hidden()
    page.tap("#fold")
    page.tap("[data-span='24h']")
    expect(page.locator("#numbers")).to_contain_text("from the previous span")
    page.tap("[data-key='bar-topic-coffee-positive']")
    expect(page.locator("#drawer .post").first).to_be_visible()
    assert page.locator("#drawer").bounding_box()["width"] < 361


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_serious_keeps_people_from_using_the_page(site, open_page, colours):
    """Prevents missing names, weak contrast and traps: what axe-core calls serious or critical."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="make install-dev")
    page = open_page(
        f"{site}?vs=topic:trains&topic=coffee", color_scheme=colours, reduced_motion="reduce", bypass_csp=True
    )
    page.wait_for_selector("#mood-chart canvas")
    for state in ("page", "drawer"):
        if state == "drawer":
            page.click("[data-key='bar-topic-coffee-positive']")
            page.wait_for_selector("#drawer .post")
        found = axe.Axe().run(page).response["violations"]
        serious = [
            (each["id"], node["target"], node["failureSummary"])
            for each in found
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]
        assert serious == []


def test_a_first_visit_is_small_and_stays_at_home(site, open_page):
    """Prevents a page that grows heavy, or that fetches from elsewhere."""
    page = open_page(site)
    page.wait_for_selector("#mood-chart canvas")
    entries = page.evaluate(
        "[...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]"
        ".map((entry) => [entry.name, entry.transferSize])"
    )
    assert all(name.startswith(site) for name, _ in entries)
    assert sum(size for _, size in entries) < BYTES
