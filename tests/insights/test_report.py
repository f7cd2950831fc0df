"""The report: one page that needs nothing else, states the denominator of each number, and trusts no text."""

import gzip
import itertools
import json
import re
from html.parser import HTMLParser

import duckdb
import pytest

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.learning.model_card import CLASSIFIER
from socialsent_assets.insights import figure
from socialsent_assets.insights.report import build_report
from socialsent_assets.lake.builds import Receipt
from socialsent_assets.lake.lake import Lake
from socialsent_assets.ml.registry import ModelRegistry
from socialsent_assets.warehouse.duckdb.marts import duckdb_marts
from tests.built_lake import keep_receipts
from tests.model_lake import candidate, filled

HOSTILE = '<script>alert("x")</script><img src=https://evil.example/x.png onerror=alert(1)>'
FORMULA = r"$\frac{1$ & <i>"  # broken, and a name: matplotlib would read it as mathematics and fail
PICTURES = ["mood_split", "volume", "mood_over_time", "mood_by_topic"]


class Page(HTMLParser):
    """The page as a browser's parser sees it: tags, attributes, and text by element id."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.attributes, self.words = [], [], []
        self.feed(source)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def lake(tmp_path):
    return Lake.in_folder(tmp_path / "lake")


@pytest.fixture
def report(marts, usual, tmp_path):
    """Builds the report on the usual rows, with changes."""

    def build(lake=None, **changes):
        with duckdb_marts(marts(**{**usual, **changes})) as sql:
            return build_report(sql, tmp_path / "out", lake)

    return build


@pytest.fixture(scope="module")
def usual_report(usual, warehouse_of, tmp_path_factory):
    """The report on the usual rows, built once: for tests that only look at it."""
    folder = tmp_path_factory.mktemp("usual")
    with duckdb_marts(warehouse_of(folder / "warehouse.duckdb", **usual)) as sql:
        return build_report(sql, folder / "out")


def page_of(made):
    return Page(made.path.read_text("utf-8"))


def test_every_number_at_the_top_has_a_unit_a_denominator_and_a_baseline(usual_report):
    """Prevents a share without a denominator or a baseline."""
    source = usual_report.path.read_text("utf-8")
    cards = re.findall(r'<section class="card number".*?</section>', source, re.DOTALL)
    assert len(cards) == 6
    for card in cards:
        parts = {name: text.strip() for name, text in re.findall(r'class="(unit|of|against)">([^<]*)', card)}
        assert sorted(parts) == ["against", "of", "unit"]
        assert all(parts.values()), card


def test_the_numbers_are_those_of_the_marts(usual_report):
    """36 posts (12 per mood) and a positive comment, 7 likes on 36 posts, 4 of 40 landed lines quarantined."""
    headline = usual_report.headline
    assert headline["current_texts"] == 37
    assert headline["positive_share"] == round(13 / 37, 4)
    assert headline["negative_share"] == round(12 / 37, 4)
    assert headline["engagement_per_post"] == round(7 / 36, 4)
    assert headline["quarantined_share"] == 0.1


def test_every_picture_has_a_title_a_note_and_words_for_who_cannot_see_it(usual_report):
    made = usual_report
    figures = re.findall(r"<figure .*?</figure>", made.path.read_text("utf-8"), re.DOTALL)
    assert len(figures) == len(PICTURES)
    for drawn in figures:
        assert re.search(r"<h2>[^<]+</h2>", drawn)
        assert re.search(r'<p class="note">[^<]{30,}</p>', drawn)
        assert re.search(r'aria-label="[^"]{20,}"', drawn)


def test_the_page_asks_the_network_for_nothing(usual_report):
    """Prevents a report that is blank offline, and one that reports its readers to a server."""
    made = usual_report
    source = made.path.read_text("utf-8")
    assert "https://" not in source
    assert "http://" not in source
    outward = {"src", "href", "srcset", "action", "data", "poster"}
    targets = [value for _, name, value in page_of(made).attributes if name in outward]
    assert [target for target in targets if not target.startswith("#")] == []
    assert "@import" not in source
    assert set(re.findall(r"url\((.)", source)) <= {"#"}


def test_hostile_text_is_shown_and_never_run(report, usual):
    """Prevents a post, a name or a topic from becoming part of the page, or of a chart's arithmetic."""
    topics = itertools.cycle([HOSTILE, FORMULA])
    posts = [{**post, "topic": next(topics), "text": f"wonderful {HOSTILE}"} for post in usual["posts"]]
    users = [{**user, "user_name": f"{HOSTILE}{user['user_id']}"} for user in usual["users"]]
    page = page_of(report(posts=posts, users=users))
    assert not {"script", "img", "iframe", "object", "i"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert f"wonderful {HOSTILE}" in page.text
    assert FORMULA in page.text
    assert ("meta", "http-equiv", "Content-Security-Policy") in page.attributes


def test_the_same_marts_give_the_same_bytes(report, usual_report):
    """Prevents a clock, a random layout or the order of a set in the page or its pictures."""
    first, second = usual_report, report()
    assert first.path.read_bytes() == second.path.read_bytes()
    assert [p.read_bytes() for p in first.pngs] == [p.read_bytes() for p in second.pngs]
    assert first.headline == second.headline


def test_a_report_of_one_text_in_one_hour_is_a_report(report, usual, tmp_path):
    """Prevents divisions by zero, empty axes and clouds of nothing on a first day, and pictures of last year."""
    stale = tmp_path / "out" / "png" / "from_last_year.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"old")
    made = report(posts=usual["posts"][:1], comments=[], users=[], interactions=[])
    text = page_of(made).text
    assert [picture.stem for picture in made.pngs] == PICTURES
    assert sorted(made.pngs) == sorted((tmp_path / "out" / "png").iterdir())
    assert [picture.read_bytes()[:4] for picture in made.pngs] == [b"\x89PNG"] * len(PICTURES)
    assert "1 author, in 1 hour" in text
    assert "No word is distinctive enough yet for: positive, neutral, negative." in text
    assert "No text is negative." in text
    assert "No user has received a like, share or reply yet." in text


def test_comments_alone_have_their_most_positive_texts(report, usual):
    """Prevents empty tables for a source of comments alone, beside numbers that count its positive texts."""
    made = report(posts=[], comments=usual["comments"], users=[], interactions=[])
    assert "No text is positive." not in page_of(made).text


def test_empty_marts_name_the_next_command(report):
    with pytest.raises(UserError, match="socialsent simulate or ingest, then materialize"):
        report(posts=[], comments=[])


def test_a_warehouse_without_marts_names_the_next_command(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(path)).close()
    with duckdb_marts(path) as sql, pytest.raises(UserError, match="run socialsent materialize"):
        build_report(sql, tmp_path / "out")


def test_a_failed_report_leaves_the_last_good_page(report, tmp_path, monkeypatch):
    """Prevents a page that is half new: nothing is written until everything is drawn."""
    page = tmp_path / "out" / "insights.html"
    page.parent.mkdir()
    page.write_text("the last good one")
    monkeypatch.setattr(figure, "inline_svg", lambda chart, width: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        report()
    assert [path.name for path in page.parent.rglob("*")] == ["insights.html"]
    assert page.read_text() == "the last good one"


def test_what_was_set_aside_is_told_by_reason_for_every_tier(report, lake):
    """Prevents a quarantine that is counted at the door and forgotten, or the other way round."""
    hour = EventHour.from_key("2026-11-22-03:00")
    lines = [{"reason": "not_json"}, {"reason": "not_json"}, {"reason": "too_large"}]
    content = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
    lake.landing.write(f"quarantine/{hour.path}/feed-1.3r0d.jsonl.gz", content)
    lake.landing.write(f"events/{hour.path}/feed-1.40r2d.jsonl.gz", b"")
    counts = Counts(records=40, accepted=39, duplicates=0, quarantined=1)
    measures = {"quarantined_by_reason": {"invalid_field": 1}}
    keep_receipts(lake, [Receipt("cleanse", hour, "v", "v", "v", counts, {}, measures)])
    made = report(lake)
    text = page_of(made).text
    assert "Before landing, 2 duplicates were dropped and 3 records quarantined on arrival" in text
    assert "quarantine" in [picture.stem for picture in made.pngs]
    for reason in ("not json", "too large", "invalid field"):
        assert reason in text
    assert "Most frequent: not_json, 2 of 4." in made.path.read_text("utf-8")
    assert made.headline["quarantined_share"] == round((4 + 3) / (40 + 3 + 2), 4)


def test_marts_that_lag_behind_landing_are_reported_as_such(report, lake):
    lake.landing.write("events/dt=2026-11-22/hr=03/feed-1.41r0d.jsonl.gz", b"")
    assert "Landing holds 41 lines in total, so the marts are not up to date" in page_of(report(lake)).text


def test_predictions_are_compared_with_the_lexicon_only_when_there_are_any(report, usual, usual_report):
    """Prevents a classifier section that claims something before a classifier exists."""
    assert "No classifier has labelled these texts" in page_of(usual_report).text
    posts = [{**post, "predicted_sentiment": "positive", "model_version": "m1"} for post in usual["posts"]]
    text = page_of(report(posts=posts)).text
    assert "agree on 12 of 36 texts (33.3%)" in text
    assert "m1" in text


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A lake with one classifier's card, and its digest."""
    root = tmp_path_factory.mktemp("judged")
    made = filled(Lake.in_folder(root))
    return made, ModelRegistry(made.artifacts).add(candidate(made).files)


def test_a_classifier_stands_beside_its_baselines_with_intervals_and_label_source(report, usual, judged):
    """Prevents a metric without the numbers that make it mean something."""
    lake, digest = judged
    posts = [{**post, "predicted_sentiment": "positive", "model_version": digest} for post in usual["posts"]]
    made = report(lake, posts=posts)
    page = page_of(made)
    card = ModelRegistry(lake.artifacts).card(CLASSIFIER, digest)
    for name, found in (("this model", card.metrics), *card.baselines.items()):
        recall = found["macro_recall"]
        assert (
            f"{name} {100 * recall['value']:.1f} ({100 * recall['low']:.1f}–{100 * recall['high']:.1f})" in page.text
        )
    assert f"on {card.metrics['posts']} held-out posts labelled by people" in page.text
    assert "disagree on 24 (66.7%)" in page.text
    assert {"confusion", "calibration"} <= {picture.stem for picture in made.pngs}
    assert "WEAK LABELS" not in page.text


def test_extreme_posts_say_which_words_made_them_so(report):
    """Prevents a table of scores without reasons."""
    page = page_of(report())
    assert re.search(r"user0.{0,60} wonderful \+0\.\d\d", page.text)
    assert re.search(r"user0.{0,60} awful −0\.\d\d", page.text)


def test_the_champion_gives_the_reasons_of_its_own_extremes(report, usual, judged):
    """Prevents the lexicon's words as reasons for an answer of the classifier."""
    lake, digest = judged
    answer = {"predicted_sentiment": "positive", "predicted_polarity": 0.9, "model_version": digest}
    text = {"text": "corking belter at the zoo", "clean_text": "corking belter at the zoo"}
    posts = [{**post, **answer} for post in usual["posts"]]
    page = page_of(report(lake, posts=[*posts[1:], {**posts[0], **text, "predicted_polarity": 1.0}]))
    assert "what its words add to the champion’s logit of positive" in page.text
    assert re.search(r"(corking|belter) \+\d", page.text)


def test_a_model_without_a_card_in_the_lake_gets_no_figures(report, usual, lake):
    posts = [{**post, "predicted_sentiment": "positive", "model_version": "gone"} for post in usual["posts"]]
    assert "has no card of the model that made these predictions" in page_of(report(lake, posts=posts)).text
