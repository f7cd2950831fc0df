"""Times of the dashboard's answers on a synthetic warehouse: first answer, then one filter after the other.

    python benchmarks/dashboard.py [--texts 1000000] [--days 30] [--keep FOLDER] [--browser] [--viewers 200]

Every filter is measured as a page sees it: one request to the application in this process, its answer read whole, no
cache (each repetition requests another span). The peer is the same query on the warehouse file itself,
without the summary in memory: the ratio is what the summary saves. `--viewers` opens as many pages and lets all of
them ask at the same moment. `--browser` adds first paint and the same filters in Chromium, on a laptop and on
an emulated slow phone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import duckdb
import yaml

from socialsent_assets.dashboard.filters import Filter
from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.server import application
from socialsent_assets.dashboard.views import view
from socialsent_assets.insights.queries import TEXTS
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.watched_words import change_watched

if TYPE_CHECKING:
    from starlette.testclient import TestClient

MARTS = Path(__file__).resolve().parents[1] / "dbt_project" / "models" / "marts"
END = datetime.fromisoformat("2026-11-22T16:00")
TOPICS = ("coffee", "trains", "phones", "games", "football", "weather", "films", "fitness", "politics", "music")
FILLERS = [
    "the",
    "of",
    "morning",
    "again",
    "station",
    "really",
    "people",
    "today",
    "update",
    "match",
    "screen",
    "battery",
    "everyone",
    "waiting",
]
MOODS = {
    "positive": ["wonderful", "great", "love", "happy", "brilliant", "thanks", "sunny", "delicious"],
    "negative": ["awful", "hate", "broken", "terrible", "rainy", "delayed", "worst", "angry"],
    "neutral": ["platform", "seven", "office", "table", "window", "paper", "question", "number"],
}
FILTERS: dict[str, dict[str, str]] = {
    "everything": {},
    "one topic": {"topic": "coffee"},
    "topic and source": {"topic": "coffee", "source": "mastodon"},
    "one language": {"lang": "en"},
    "comments alone": {"kind": "comment"},
    "a watched word": {"watch": "great"},
    "the model's labels": {"by": "model"},
    "words in the text, first time": {"q": "{word}"},
    "words in the text, again": {"q": "great"},
}
LISTS: dict[str, dict[str, str]] = {
    "newest posts": {},
    "most positive, each once": {"order": "positive", "distinct": "1"},
    "negative posts of a topic": {"topic": "coffee", "mood": "negative"},
}
REPEATS = 7
WATCHED = ("great", "hate", "platform")


def main() -> None:
    """Make the warehouse, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--days", type=int, default=30, metavar="N")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="make the warehouse here, and leave it")
    parser.add_argument("--browser", action="store_true", help="measure first paint in Chromium too")
    parser.add_argument("--viewers", type=int, default=0, metavar="N", help="measure so many open pages too")
    given = parser.parse_args()
    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            make_warehouse(path, given.texts, given.days)
        print(f"{given.texts:,} texts, {given.days} days; milliseconds, median of {REPEATS}")
        measure(path)
        if given.viewers:
            watched_by(path, given.viewers)
        if given.browser:
            paint(path)


def measure(path: Path) -> None:
    """Print first answer, filters with their ratio to the file itself, and lists."""
    warnings.filterwarnings("ignore", message=".*httpx.*")  # starlette's client would like another one
    from starlette.testclient import TestClient

    lake = Lake.in_folder(path.parent / "lake")
    change_watched(lake.artifacts, add=WATCHED)
    marts = LiveMarts(path, lake)
    print(f"{'':34}{'wall':>9}{'CPU':>9}")
    line("summary and sample from the file", *once(marts.look))
    snapshot = marts.snapshot
    assert snapshot is not None
    with TestClient(application(marts)) as client:
        for name, wanted in FILTERS.items():
            line(name, *median_ms(_get(client, "view", wanted)))
        for name, wanted in LISTS.items():
            line(name, *median_ms(_get(client, "posts", wanted)))
        line("people", *median_ms(_get(client, "people", {})))
    summary = median_ms(lambda _: view(snapshot, Filter(), "summary"))
    with duckdb.connect(str(path), read_only=True) as file:
        direct = median_ms(lambda _: _asked_of_the_file(file))
    line("the numbers of a view, from memory", *summary)
    line("the same, from the file", *direct)
    print(f"the file takes {direct[1] / summary[1]:.1f} times the CPU of the summary")


def line(name: str, wall: float, cpu: float | None = None) -> None:
    """One row of the table."""
    print(f"{name:34}{wall:9.0f}" + ("" if cpu is None else f"{cpu:9.0f}"))


def once(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU time (all threads) in milliseconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - wall), 1000 * (time.process_time() - cpu)


def median_ms(work: Callable[[int], object]) -> tuple[float, float]:
    """Medians of `once`; the first time warms up and does not count."""
    work(0)
    spent = [once(partial(work, number)) for number in range(1, REPEATS + 1)]
    return statistics.median(wall for wall, _ in spent), statistics.median(cpu for _, cpu in spent)


def _get(client: TestClient, path: str, wanted: dict[str, str]) -> Callable[[int], object]:
    return lambda number: client.get(f"/api/{path}?{_query(wanted, number)}").raise_for_status()


def _query(wanted: dict[str, str], number: int) -> str:
    """Another span each time, so that no kept answer is measured; another word where it should be new."""
    word = FILLERS[number % len(FILLERS)]
    span = {"from": (END - timedelta(days=29, hours=number)).isoformat()}
    return urlencode({**span, **{key: value.format(word=word) for key, value in wanted.items()}})


def _asked_of_the_file(file: duckdb.DuckDBPyConnection) -> None:
    """The groups that a view is made of, each from the texts; the words are left out."""
    columns = "count(*), count_if(sentiment = 'positive'), count_if(sentiment = 'negative'), avg(polarity)"
    for group in ("1", "event_hour", "event_hour", "source", "topic", "lang", "kind"):
        file.execute(f"select {group}, {columns} from {TEXTS} group by 1").fetchall()


def paint(path: Path) -> None:
    """Print first contentful paint, the moment at which the chart is drawn, and every filter, in a real browser."""
    from playwright.sync_api import sync_playwright

    with serving(path) as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for device in ("laptop", "slow phone"):
            context = browser.new_context(**PHONE if device == "slow phone" else {})
            for visit in ("first visit", "second visit"):
                page = context.new_page()
                if device == "slow phone":
                    slow_down(context.new_cdp_session(page))
                page.goto(url)
                page.wait_for_selector("#mood-chart canvas")
                line(f"{device}, {visit}: first paint", page.evaluate(_FIRST_PAINT))
                line(f"{device}, {visit}: chart drawn", page.evaluate("performance.now()"))
                print(f"{device}, {visit}: {page.evaluate(_BYTES) / 1000:.0f} kB sent")
                if visit == "second visit":
                    click_filters(page, device)
                page.close()
            context.close()
        browser.close()


PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


def slow_down(session: Any) -> None:
    """A phone of the middle class on a slow mobile network, as Lighthouse emulates it: a quarter of the speed."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    network = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
    session.send("Network.emulateNetworkConditions", network)


def click_filters(page: Any, device: str) -> None:
    """Print, for each filter, when its numbers and when everything was drawn after the click; each value once."""
    print(f"{device}: a filter, from the click{'numbers':>15}{'all':>9}")
    page.wait_for_selector("body:not(.loading)")
    for name, selectors in CLICKS.items():
        times = [page.evaluate(_CLICKED, [selector, typed]) for selector, typed in selectors]
        line(f"{device}, {name}", *(statistics.median(each) for each in zip(*times, strict=True)))
        page.evaluate(_CLICKED, ["#chips [data-key=clear], [data-by=lexicon]", ""])


CLICKS = {
    "span": [("[data-span='30d']", ""), ("[data-span='7d']", ""), ("[data-span='24h']", "")],
    "topic": [(f"[data-key=name-topic-{topic}]", "") for topic in ("coffee", "trains", "phones")],
    "source": [(f"[data-key=name-source-{source}]", "") for source in ("mastodon", "bluesky")],
    "watched word": [(f"[data-key=name-watch-{word}]", "") for word in ("great", "hate")],
    "language": [(f"[data-key=name-lang-{lang}]", "") for lang in ("en", "de")],
    "kind": [("[data-key=name-kind-comment]", "")],
    "lexicon or model": [("[data-by=model]", "")],
    "words in the text, first time": [("#search", word) for word in ("wonderful", "broken", "office")],
}
_CLICKED = """async ([selector, typed]) => {
    const node = document.querySelector(selector);
    const drawn = new Promise((found) => new MutationObserver((_, watcher) => { watcher.disconnect(); found(); })
        .observe(document.getElementById("numbers"), { childList: true, subtree: true }));
    const start = performance.now();
    if (typed) {
        node.value = typed;
        node.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    } else node.click();
    await drawn;
    const numbers = performance.now() - start;
    while (document.body.classList.contains("loading")) await new Promise(requestAnimationFrame);
    return [numbers, performance.now() - start];
}"""
_FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_BYTES = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, entry) => sum + entry.transferSize, 0)"""


def watched_by(path: Path, viewers: int) -> None:
    """Print what `viewers` open pages cost, each with its stream: the same question of all, then one for each."""
    with serving(path) as (url, process), ThreadPoolExecutor(viewers) as pool:
        while json.load(urllib.request.urlopen(f"{url}api/facts"))["data"] is None:
            time.sleep(0.5)
        streams = [urllib.request.urlopen(f"{url}api/live") for _ in range(viewers)]
        for stream in streams:
            stream.readline()
        for name, wanted in (("equal", "topic=coffee"), ("different", "from={}")):
            addresses = [
                f"{url}api/view?{wanted.format((END - timedelta(hours=48 + number)).isoformat())}"
                for number in range(viewers)
            ]
            before, started = _cpu_s(process.pid), time.perf_counter()
            times = sorted(pool.map(_seconds_of, addresses))
            spent = 1000 * (time.perf_counter() - started), 1000 * (_cpu_s(process.pid) - before)
            line(f"{viewers} viewers, {name} questions", *spent)
            line("  the slowest answer", 1000 * times[-1])
        for stream in streams:
            stream.close()


def _seconds_of(address: str) -> float:
    started = time.perf_counter()
    urllib.request.urlopen(address, timeout=120).read()
    return time.perf_counter() - started


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The page in a process of its own: its address and the process."""
    program = "import sys; from socialsent_assets.cli.main import run; run()"
    environment = {"SOCIALSENT_HOME": str(path.parent), "SOCIALSENT_WAREHOUSE": str(path), "PATH": ""}
    command = [sys.executable, "-c", program, "dashboard", "--port", "0"]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[1], server
    finally:
        server.terminate()
        server.wait()


def make_warehouse(path: Path, texts: int, days: int) -> None:
    """Marts with `texts` posts and comments over `days` days; always the same rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set threads = 2")
        _tables(connection)
        for table, key, count in (
            ("fct_posts", "post_id", texts * 6 // 10),
            ("fct_comments", "comment_id", texts * 4 // 10),
        ):
            _texts(connection, table, key, count, days)
        connection.execute(_USERS)
        connection.execute(_ENGAGEMENT)
        connection.execute(_HOURS)


def _tables(connection: duckdb.DuckDBPyConnection) -> None:
    for file in sorted(MARTS.glob("*.yml")):
        for model in yaml.safe_load(file.read_text())["models"]:
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            connection.execute(f"create table {model['name']} ({columns})")


def _texts(connection: duckdb.DuckDBPyConnection, table: str, key: str, count: int, days: int) -> None:
    """Rows by hashes of their numbers, so that no two runs differ. Mood leans on the topic and on the hour."""
    words = {mood: "[" + ", ".join(f"'{word}'" for word in found) + "]" for mood, found in MOODS.items()}
    fillers = "[" + ", ".join(f"'{word}'" for word in FILLERS) + "]"
    topics = "[" + ", ".join(f"'{topic}'" for topic in TOPICS) + "]"
    other_key = ", 'p' || (hash(n, 7) % 100000) as post_id" if table == "fct_comments" else ""
    connection.execute(
        f"""
        insert into {table} by name
        with numbered as (
            select n, cast(hash(n, '{table}') % 1000000007 as bigint) as h,
                {days} * 86400.0 * ((n * 7919) % {count}) / {count} as back
            from range({count}) as numbers(n)
        ), placed as (
            select *, timestamp '{END}' - to_milliseconds(cast(back * 1000 as bigint) + 1) as event_time,
                {topics}[1 + cast(floor(10 * pow((h % 1000) / 1000.0, 1.7)) as int)] as topic,
                (hash(n, 3) % 1000) / 1000.0 as chance
            from numbered
        ), lean as (
            select *, 0.34 + 0.16 * sin(epoch(event_time) / 40000.0) + 0.12 * sin(length(topic) * 2.0) as positive_to
            from placed
        ), felt as (
            select *, case when chance < positive_to then 'positive' when chance < positive_to + 0.36 then 'neutral'
                else 'negative' end as mood
            from lean
        ), written as (
            select *, case mood when 'positive' then {words["positive"]}[1 + h % 8]
                when 'negative' then {words["negative"]}[1 + h % 8] else {words["neutral"]}[1 + h % 8] end as word
            from felt
        )
        select '{key[0]}' || n as {key}{other_key}, 'e{key[0]}' || n as event_id, event_time,
            date_trunc('hour', event_time) as event_hour, cast(event_time as date) as event_day,
            event_time as created_at, false as is_edited, 1 as version_count,
            case when h % 5 = 0 then 'mastodon' when h % 7 = 0 then 'bluesky' else 'mock' end as source,
            'u' || cast(floor(50000 * pow((hash(n, 11) % 100000) / 100000.0, 3)) as int) as author_id,
            concat_ws(' ', {fillers}[1 + cast(hash(n, 13) % 14 as bigint)], topic, word,
                {fillers}[1 + cast(hash(n, 17) % 14 as bigint)],
                {fillers}[1 + cast(hash(n, 19) % 14 as bigint)], 'no ' || n % 9973) as text,
            text as clean_text, case when h % 11 = 0 then 'de' when h % 3 = 0 then null else 'en' end as lang,
            case when h % 17 = 0 then null else topic end as topic,
            case when lang = 'de' then 0 when mood = 'positive' then round(0.05 + 0.9 * chance, 4)
                when mood = 'negative' then round(-0.05 - 0.9 * chance, 4) else 0 end as polarity,
            case when lang = 'de' then 'neutral' else mood end as sentiment,
            case when lang = 'de' then 'language_not_supported' end as unscored_reason,
            case when hash(n, 23) % 5 = 0 then 'neutral' else mood end as predicted_sentiment,
            0.5 + (hash(n, 29) % 500) / 1000.0 as predicted_probability,
            case predicted_sentiment when 'positive' then predicted_probability
                when 'negative' then -predicted_probability else 0 end as predicted_polarity,
            'vader-3.3.2+1' as scorer_version, 'synthetic' as model_version
        from written
        """
    )


_BOTH = "(select author_id, event_time from fct_posts union all select author_id, event_time from fct_comments)"
_USERS = """
    insert into dim_users by name
    select 'u' || n as user_id, 'user' || n as user_name, 'User ' || n as display_name from range(50000) as numbers(n)
"""
_ENGAGEMENT = f"""
    insert into agg_user_engagement by name
    select author_id as user_id, replace(author_id, 'u', 'user') as user_name, count(*) as post_count,
        count(*) * (hash(author_id) % 7) as likes_received, count(*) % 5 as shares_received,
        count(*) % 3 as comments_received, likes_received + shares_received + comments_received as engagement_received
    from {_BOTH} group by author_id
"""
_HOURS = f"""
    insert into lake_hours by name
    select date_trunc('hour', event_time) as event_hour, count(*) + 3 as records, count(*) as accepted,
        2 as duplicates,
        1 as quarantined, count(*) as scored, md5(cast(date_trunc('hour', event_time) as varchar)) as lake_version
    from {_BOTH} group by 1
"""


if __name__ == "__main__":
    main()
