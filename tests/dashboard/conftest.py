"""A small warehouse with what people write, the page served over it, and one browser for all tests of the page."""

import contextlib
import datetime as dt
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest
import uvicorn

from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.server import application
from socialsent_assets.domain.monitoring.alerts import AlertState, apply_findings
from socialsent_assets.domain.monitoring.findings import Finding
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.watched_words import change_watched
from socialsent_assets.monitoring.state import MonitoringState, write_state
from tests.warehouse_file import START, lake_hour, make_warehouse, text_row

HOSTILE = '<img src=x onerror="window.ran=1"><script>window.ran=1</script>'
FORMULA = '=HYPERLINK("https://evil.example";"click") what an awful formula'
RTL, RTL_NAME = "هذا رائع جدا 😍 great love", "ليلى"
LONG = "terrible " + "long " * 20_000
TEXTS = {
    "positive": "wonderful sunny picnic, I love it",
    "negative": "awful rainy delay, I hate it",
    "neutral": "the train leaves from platform seven",
}


def rows():
    """Rows of two days: three topics, two sources, three languages, posts and comments, and texts that do harm."""
    posts, comments = [], []
    for number in range(120):
        mood = ("positive", "negative", "neutral", "positive")[number % 4]
        topic = ("coffee", "trains", None)[number % 3]
        lang = ("en", "de", None)[number % 5 % 3]
        more = {
            "hours": number * 0.4,
            "author": f"u{number % 7}",
            "topic": topic,
            "lang": lang,
            "source": "mastodon" if number % 4 == 0 else "mock",
            "unscored_reason": "language_not_supported" if lang == "de" else None,
            "predicted_sentiment": "positive" if number % 10 else "negative",
            "predicted_probability": 0.9,
            "predicted_polarity": 0.8 if number % 10 else -0.8,
        }
        row = text_row(number, f"{TEXTS[mood]} {number}", **more)
        if number % 3 == 2:
            comments.append({"comment_id": f"c{number}", "post_id": "p0", **row})
        else:
            posts.append({"post_id": f"p{number}", **row})
    for number, (text, topic) in enumerate(
        [(f"{HOSTILE} awful, I hate it", HOSTILE), (FORMULA, "trains"), (RTL, "coffee"), (LONG, "coffee")]
    ):
        more = {"hours": 47.5 + number / 100, "author": f"h{number}", "topic": topic, "lang": "en", "source": "mock"}
        posts.append({"post_id": f"h{number}", **text_row(200 + number, text, **more)})
    users = [{"user_id": f"u{number}", "user_name": f"user{number}"} for number in range(7)]
    users += [{"user_id": "h0", "user_name": HOSTILE}, {"user_id": "h2", "user_name": RTL_NAME}]
    likes = [
        {"interaction_id": f"i{number}", "action": "like", "actor_id": "u9", "post_id": f"p{number * 3}"}
        for number in range(20)
    ]
    hours = [lake_hour(hours, quarantined=1) for hours in range(48)]
    return {"posts": posts, "comments": comments, "users": users, "interactions": likes, "lake_hours": hours}


@pytest.fixture(scope="session")
def usual_warehouse(tmp_path_factory) -> Path:
    """A file to copy; read-only."""
    return make_warehouse(tmp_path_factory.mktemp("usual") / "warehouse.duckdb", **rows())


@pytest.fixture
def warehouse(usual_warehouse, tmp_path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copy(usual_warehouse, tmp_path / "warehouse.duckdb"))


def replace_warehouse(path: Path, **changes) -> None:
    """Replace these marts by others atomically, as a build does."""
    made = make_warehouse(path.with_name("next.duckdb"), **{**rows(), **changes})
    os.replace(made, path)


WATCHED = ("sunny", "train", "nobody says this")


def lake_with_alert(root: Path) -> Lake:
    """A lake with watched words, and one open alert, of the tenth hour of the data."""
    lake = Lake.in_folder(root)
    at = START.replace(tzinfo=dt.UTC) + dt.timedelta(hours=10)
    finding = Finding("sentiment", "coffee", "breach", at, observed=0.6, expected=0.2, low=0.1, high=0.3, cases=50)
    change_watched(lake.artifacts, add=WATCHED)
    write_state(lake, MonitoringState(apply_findings(AlertState(), [finding], at + dt.timedelta(hours=1))))
    return lake


@contextlib.contextmanager
def serving(marts: LiveMarts, **access):
    """The page on a free port of this machine: its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(application(marts, **access), log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        marts.stop_soon()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def site(usual_warehouse, tmp_path_factory):
    """The page over the usual warehouse."""
    with serving(LiveMarts(usual_warehouse, lake_with_alert(tmp_path_factory.mktemp("lake")))) as address:
        yield address
