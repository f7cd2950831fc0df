"""Responses of the server equal SQL on the marts, are bounded, and closed to strangers."""

import base64
import csv
import datetime as dt
import io
import itertools
import json

import duckdb
import pytest
from starlette.testclient import TestClient

from socialsent_assets.dashboard import snapshot
from socialsent_assets.dashboard.filters import watch_condition
from socialsent_assets.dashboard.live import LiveMarts
from socialsent_assets.dashboard.reasons import WORDS_SHOWN, model_reasons, reasons
from socialsent_assets.dashboard.server import application
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.monitoring.alerts import AlertState, apply_findings
from socialsent_assets.domain.monitoring.findings import Finding, Verdict
from socialsent_assets.domain.monitoring.proportions import ALL_TEXTS
from socialsent_assets.domain.readers import CHAMPION, LEXICON, MOODS
from socialsent_assets.insights.queries import TEXTS, hours, topics
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.monitoring.state import MonitoringState, write_state
from tests.dashboard.conftest import (
    FORMULA,
    HOSTILE,
    LONG,
    RTL_NAME,
    WATCHED,
    lake_with_alert,
    replace_warehouse,
    rows,
)
from tests.model_lake import candidate, filled
from tests.warehouse_file import START

SCORED = "unscored_reason is null"


def client_of(path, lake=None, **access):
    marts = LiveMarts(path, lake)
    marts.look()
    return TestClient(application(marts, **access), base_url="http://127.0.0.1")


@pytest.fixture(scope="module")
def client(usual_warehouse, tmp_path_factory):
    return client_of(usual_warehouse, lake_with_alert(tmp_path_factory.mktemp("lake")))


@pytest.fixture(scope="module")
def sql(usual_warehouse):
    with duckdb.connect(str(usual_warehouse), read_only=True) as connection:
        yield lambda question, *values: connection.execute(question.replace("TEXTS", TEXTS), values).fetchall()


FILTERS = {
    "": "true",
    "topic=coffee": "topic = 'coffee'",
    "topic=coffee&topic=(none)": "coalesce(topic, '') in ('coffee', '')",
    "source=mastodon&kind=comment": "source = 'mastodon' and kind = 'comment'",
    "lang=de": "lang = 'de'",
    "from=2026-11-22T05:00&to=2026-11-23T05:00": "event_hour between '2026-11-22T05:00' and '2026-11-23T04:00'",
    "q=SUNNY picnic": "clean_text ilike '%sunny%' and clean_text ilike '%picnic%'",
    "q=sunny&topic=trains&kind=post": "clean_text ilike '%sunny%' and topic = 'trains' and kind = 'post'",
    "q=100%25": "false",
    "watch=sunny": "clean_text ilike '%sunny%'",
    "watch=train": "regexp_matches(lower(clean_text), '\\btrain\\b')",
    "watch=train&watch=sunny&topic=trains": "topic = 'trains' and regexp_matches(clean_text, '\\b(train|sunny)\\b')",
    "watch=sunny&q=picnic": "clean_text ilike '%sunny%' and clean_text ilike '%picnic%'",
    "watch=nobody says this": "false",
}


@pytest.mark.parametrize(("address", "condition"), FILTERS.items(), ids=FILTERS)
def test_numbers_are_those_of_the_texts(client, sql, address, condition):
    """Prevents a summary that loses, doubles or misplaces texts: totals, time line and lists of values add up."""
    view = client.get(f"/api/view?{address}").raise_for_status().json()
    [(n, scored, positive, mean)] = sql(
        f"select count(*), count(*) filter ({SCORED}), count(*) filter ({SCORED} and sentiment = 'positive'),"
        f" avg(polarity) filter ({SCORED}) from TEXTS where {condition}"
    )
    totals = view["totals"]
    assert (totals["n"], totals["scored"], totals["positive"]) == (n, scored, positive)
    assert totals["mean"] == (None if mean is None else pytest.approx(mean, abs=5e-5))
    assert sum(bar["n"] for bar in view["time"]) == n
    assert sum(bar["positive"] + bar["neutral"] + bar["negative"] for bar in view["time"]) == scored
    for facet, found in view["facets"].items():
        values = {row["value"]: row["n"] for row in found["values"]}
        if facet not in address and facet != "watch":  # a text counts to every word that it holds
            assert sum(values.values()) == n


def test_the_model_counts_its_own_labels(client, sql):
    """Prevents shares of the lexicon under the name of the model."""
    totals = client.get("/api/view?by=model").json()["totals"]
    [(labelled, positive, mean)] = sql(
        "select count(predicted_sentiment), count(*) filter (predicted_sentiment = 'positive'),"
        " avg(predicted_polarity) from TEXTS"
    )
    assert (totals["scored"], totals["positive"]) == (labelled, positive)
    assert totals["mean"] == pytest.approx(mean, abs=5e-5)
    best = client.get("/api/posts?by=model&order=positive").json()["posts"]
    assert {post["predicted_polarity"] for post in best} == {0.8}


def test_report_and_dashboard_say_the_same_of_the_same_marts(tmp_path):
    """Prevents two answers to one question: the report reads the agg_* marts, the page counts texts."""
    posts, comments = (
        [{**row, "sentiment": None, "polarity": None} if row.get("unscored_reason") else row for row in kind]
        for kind in (rows()["posts"], rows()["comments"])
    )
    path = tmp_path / "warehouse.duckdb"
    replace_warehouse(path, posts=posts, comments=comments)
    client = client_of(path)
    with duckdb.connect(str(path), read_only=True) as marts:
        for by, reader, other in (("lexicon", LEXICON, CHAMPION), ("model", CHAMPION, LEXICON)):
            view = client.get(f"/api/view?by={by}").json()
            found = marts.execute(hours(reader, other)).fetchall()
            sums = [sum(column) for column in list(zip(*found, strict=True))[1:6]]
            totals = view["totals"]
            assert [totals[mood] for mood in MOODS] == sums[:3]
            assert totals["mean"] == pytest.approx(sums[3] / totals["scored"], abs=5e-5)
            assert totals["n"] - totals["scored"] == sums[4]
            expected = {
                topic or "(none)": (counts, mean)
                for topic, *counts, mean, _ in marts.execute(topics(99, reader)).fetchall()
            }
            shown = {row["value"]: row for row in view["facets"]["topic"]["values"]}
            assert {topic: [row[mood] for mood in MOODS] for topic, row in shown.items()} == {
                topic: counts for topic, (counts, _) in expected.items()
            }
            assert all(row["mean"] == pytest.approx(expected[topic][1], abs=5e-5) for topic, row in shown.items())


def test_a_list_of_values_leaves_its_own_filter_out(client):
    """Prevents a list of topics that shrinks to the one chosen, so that no second one can be added."""
    topics = client.get("/api/view?topic=coffee").json()["facets"]["topic"]["values"]
    assert {row["value"] for row in topics} == {"coffee", "trains", "(none)", HOSTILE}


def test_watched_words_are_counted_whole_and_lists_hold_the_same_texts(client, sql):
    """Prevents a bus that counts every business, a hashtag that does not count, and bars that open other posts."""
    view = client.get("/api/view").json()
    found = {row["value"]: row["n"] for row in view["facets"]["watch"]["values"]}
    [(sunny, train)] = sql(
        r"select count_if(clean_text ilike '%sunny%'), count_if(regexp_matches(clean_text, '\btrain\b')) from TEXTS"
    )
    assert found == {"sunny": sunny, "train": train, "nobody says this": 0}
    assert client.get("/api/facts").json()["data"]["watch"] == [[word, found.get(word, 0)] for word in WATCHED]
    assert len(list(pages(client, "watch=train&watch=sunny"))) == sunny + train
    assert client.get("/api/people?watch=nobody says this").json()["people"] == []
    assert "socialsent watch add" in client.get("/api/posts?watch=tram").json()["error"]


@pytest.mark.parametrize(
    ("word", "text", "is_held"),
    [
        ("bus", "The BUS is late", True),
        ("bus", "#bus, again", True),
        ("bus", "business as usual", False),
        ("bus", "the überbus", False),
        ("night bus", "a night bus came", True),
        ("c++", "I like c++ a lot", True),
        ("c++", "abc++", False),
        ("電車", "今日の電車は遅い", True),
        ("a.b", "a-b", False),
    ],
)
def test_a_watched_word_is_found_as_people_mean_it(word, text, is_held):
    """Prevents words inside of others, signs read as a pattern, and scripts without spaces that never match."""
    condition, values = watch_condition(word)
    with duckdb.connect() as connection:
        question = f"select {condition} from (select ? as clean_text)"
        assert connection.execute(question, [*values, text]).fetchone() == (is_held,)


def test_the_newest_hours_are_counted_by_the_minute(client):
    """Prevents a page on which nothing moves for an hour."""
    view = client.get("/api/view?from=2026-11-24T00:00&to=2026-11-24T03:00").json()
    assert view["step_min"] < 60
    assert view["time"]


def test_words_belong_to_a_mood(client):
    """Prevents a cloud of stop words, or of the other mood."""
    words = client.get("/api/view").json()["words"]
    positive, negative = ({each["word"] for each in words[mood]} for mood in ("positive", "negative"))
    assert {"wonderful", "sunny"} <= positive
    assert {"awful", "rainy"} <= negative
    assert not (positive | negative) & {"the", "it", "i"}
    assert words["sampled"] == words["texts"]


def pages(client, address):
    for page in itertools.count():
        found = client.get(f"/api/posts?{address}&page={page}").raise_for_status().json()
        yield from found["posts"]
        if not found["more"]:
            return


@pytest.mark.parametrize("order", ["newest", "positive", "negative", "sure"])
def test_pages_hold_every_text_once_and_in_order(client, sql, order):
    """Prevents posts that are on two pages or on none, where posts and comments are combined."""
    found = list(pages(client, f"order={order}&q=it"))
    keys = [(post["kind"], post["id"]) for post in found]
    assert len(keys) == len(set(keys))
    column = {"newest": "time", "sure": "predicted_probability"}.get(order, "polarity")
    values = [post[column] for post in found]
    assert values == sorted(values, reverse=order != "negative")
    limit = {"positive": f"{SCORED} and polarity > 0", "negative": f"{SCORED} and polarity < 0"}
    limit["sure"] = "predicted_probability is not null"
    [(count,)] = sql(f"select count(*) from TEXTS where clean_text ilike '%it%' and {limit.get(order, 'true')}")
    assert len(found) == count


def test_a_text_that_was_posted_often_is_shown_once(tmp_path):
    """Prevents a list of extremes that one copied text fills."""
    copies = [
        {**post, "text": "so great", "clean_text": "so great", "polarity": 0.9, "unscored_reason": None}
        for post in rows()["posts"][:30]
    ]
    path = tmp_path / "warehouse.duckdb"
    replace_warehouse(path, posts=copies, comments=[])
    found = client_of(path).get("/api/posts?order=positive&distinct=1").json()
    assert [post["text"] for post in found["posts"]] == ["so great"]


def test_a_long_text_is_cut_and_says_so(client):
    """Prevents a page that a single text of megabytes fills."""
    [post] = [post for post in pages(client, "q=long") if post["id"] == "h3"]
    assert len(post["text"]) == 1500
    assert post["length"] == len(LONG.strip()) or post["length"] == len(LONG)


def test_bars_open_as_many_posts_as_they_say(client):
    """Prevents a drill-down to other posts than those that were counted."""
    row = next(row for row in client.get("/api/view").json()["facets"]["topic"]["values"] if row["value"] == "trains")
    assert len(list(pages(client, "topic=trains&mood=negative"))) == row["negative"]


def test_people_are_ranked_by_what_they_received(client):
    """Prevents a ranking of writers where one of influence is announced."""
    people = client.get("/api/people").json()
    received = [person["received"] for person in people["people"]]
    assert received == sorted(received, reverse=True)
    assert received[0] > 0
    assert people["found"] == 11


def test_reasons_say_what_each_word_adds(client):
    """Prevents reasons that are not those of the score."""
    post = next(post for post in pages(client, "q=awful rainy") if not post["unscored_reason"])
    found = client.get("/api/why", params={"kind": post["kind"], "id": post["id"]}).json()
    adds = {word["word"]: word["adds"] for word in found["words"]}
    assert found["polarity"] == post["polarity"]
    assert adds["awful"] < 0
    assert adds["hate"] < 0
    assert adds["it"] == 0
    assert sum(adds.values()) + found["emphasis"] + found["others"] == pytest.approx(found["polarity"], abs=1e-4)
    assert found["model"] is None  # of a row that no model answered for


@pytest.mark.parametrize("text", ["tram 😀 not good!!", "terrible " + "long good " * 500, "no"])
def test_reasons_add_up_however_much_of_the_text_is_shown(text):
    """Prevents an emoji or a far word whose part is lost."""
    found = reasons(text)
    adds = sum(word["adds"] for word in found["words"]) + found["emphasis"] + found["others"]
    assert adds == pytest.approx(found["polarity"], abs=1e-4)
    assert len(found["words"]) <= WORDS_SHOWN


def test_the_model_that_predicted_says_why(tmp_path):
    """Prevents reasons of today's champion for the answer of an earlier one, and a page that fails without it."""
    lake = filled(Lake.in_folder(tmp_path), 200)
    digest = ModelRegistry(lake.artifacts).add(candidate(lake).files)
    found = model_reasons(lake, digest, "the zingy corking belter")
    assert found["label"] == "positive"
    assert {"zingy", "corking", "belter"} <= {word["word"] for word in found["words"] if word["adds"] > 0}
    parts = [found["others"], found["intercept"], *(word["adds"] for word in found["words"])]
    assert sum(parts) == pytest.approx(found["sum"])
    assert model_reasons(lake, "0" * 64, "the zingy corking belter") is None


def test_a_text_that_was_erased_is_gone(client):
    """Prevents a reason, and with it the text, for something that the marts no longer hold."""
    assert client.get("/api/why?kind=post&id=nobody").status_code == 404
    assert client.get("/api/why?kind=fct_posts&id=p1").status_code == 404


def test_an_export_runs_nothing_in_a_spreadsheet(client):
    """Prevents a post that becomes a formula on the reader's machine."""
    answer = client.get("/api/posts.csv?q=formula")
    header, row = csv.reader(io.StringIO(answer.text))
    assert dict(zip(header, row, strict=True))["text"] == f"'{FORMULA}"
    assert "attachment" in answer.headers["content-disposition"]


def test_names_and_alerts_come_as_they_are(client):
    """Prevents values that were changed on the way instead of being shown safely."""
    authors = {post["author"] for post in pages(client, "q=it")} | {
        post["author"] for post in pages(client, "q=love great")
    }
    assert {HOSTILE, RTL_NAME} <= authors
    [alert] = client.get("/api/facts").json()["alerts"]
    assert alert["open"]
    assert alert["title"] == "60% negative on coffee, 20% expected"
    assert alert["since"].startswith("2026-11-22T13:00")
    hour = {"from": "2026-11-22T13:00:00+00:00", "to": "2026-11-22T14:00:00+00:00"}
    assert alert["expected_share"] == {**hour, "low": 0.1, "high": 0.3}


def test_an_alert_keeps_its_range_when_it_is_over_and_one_about_all_texts_is_of_no_topic(usual_warehouse, tmp_path):
    """Prevents a range that goes with the alert, and a list of the posts on a topic called "all texts"."""
    lake, at = Lake.in_folder(tmp_path), START.replace(tzinfo=dt.UTC)
    state = AlertState()
    verdicts: list[tuple[int, Verdict]] = [(3, "breach"), (4, "breach"), (5, "ok")]
    for hour, verdict in verdicts:
        time = at + dt.timedelta(hours=hour)
        span = f"{EventHour.of(time - dt.timedelta(hours=2)).key}..{EventHour.of(time).key}"
        found = Finding(
            "sentiment", ALL_TEXTS, verdict, time, span, observed=0.6, expected=0.2, low=0.1, high=0.3, cases=50
        )
        state = apply_findings(state, [found], time + dt.timedelta(hours=1))
    write_state(lake, MonitoringState(state))
    [alert] = client_of(usual_warehouse, lake).get("/api/facts").json()["alerts"]
    assert (alert["open"], alert["topic"]) == (False, None)
    first, last = EventHour.of(at + dt.timedelta(hours=2)), EventHour.of(at + dt.timedelta(hours=4))
    assert alert["expected_share"]["from"] == first.start.isoformat()
    assert alert["expected_share"]["to"] == last.end.isoformat()
    assert alert["expected_share"]["high"] == 0.3


@pytest.mark.parametrize(
    "path", ["view?from=x", "posts?order=worst", "posts?page=-1", "posts?page=9999", "posts.csv?order=x", "view?by=x"]
)
def test_a_wrong_question_gets_one_sentence(client, path):
    """Prevents tracebacks, and answers to something else."""
    answer = client.get(f"/api/{path}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_many_topics_are_bounded(tmp_path, monkeypatch):
    """Prevents a source that makes up a topic per text from filling the memory and the page."""
    monkeypatch.setattr(snapshot, "MOST_TOPICS", 5)
    posts = [{**post, "topic": f"topic {number}"} for number, post in enumerate(rows()["posts"])]
    path = tmp_path / "warehouse.duckdb"
    replace_warehouse(path, posts=posts, comments=[])
    topics = client_of(path).get("/api/view").json()["facets"]["topic"]
    assert topics["found"] == 6
    assert topics["values"][0]["value"] == "(other topics)"
    assert sum(row["n"] for row in topics["values"]) == len(posts)


def basic(password):
    return {"authorization": "Basic " + base64.b64encode(f"any:{password}".encode()).decode()}


def test_a_password_is_asked_for_by_every_route(usual_warehouse):
    """Prevents one route, or the files of the page, that stay open."""
    client = client_of(usual_warehouse, password="correct horse ü")
    for path in ("/", "/api/view", "/api/posts", "/api/facts", "/api/posts.csv", "/static/js/app.js", "/api/live"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=basic("wrong horse")).status_code == 401
    assert client.get("/api/view", headers=basic("correct horse ü")).status_code == 200
    for broken in ("Basic", "Basic !!!", "Bearer x", "Basic " + base64.b64encode(b"no colon").decode()):
        assert client.get("/api/view", headers={"authorization": broken}).status_code == 401


def test_another_name_for_this_machine_is_refused(usual_warehouse):
    """Prevents a site that points its own name at this machine from reading the page (DNS rebinding)."""
    client = client_of(usual_warehouse, hosts=["127.0.0.1", "localhost"])
    assert client.get("/api/view", headers={"host": "localhost:3010"}).status_code == 200
    assert client.get("/api/view", headers={"host": "evil.example:3010"}).status_code == 421


def test_every_answer_carries_the_policy(client):
    """Prevents a page on which an injected script would run."""
    for path in ("/", "/api/view", "/api/view?by=x", "/static/style.css", "/static/nothing"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_page_needs_nothing_from_elsewhere(client):
    """Prevents a page that is blank without a network, and one that loads anything from other servers."""
    page = client.get("/").text
    assert "http" not in page.replace('xmlns="http', "")
    assert "<script>" not in page
    assert "style=" not in page
    assert client.get("/static/../server.py").status_code == 404


def test_an_answer_is_json_whatever_the_texts_hold(client):
    """Prevents a reply that the browser cannot read: half surrogates, controls, infinite numbers."""
    assert json.loads(client.get("/api/posts?q=onerror").text)["posts"][0]["topic"] == HOSTILE
