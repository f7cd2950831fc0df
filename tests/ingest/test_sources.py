"""Each source is recognised without an option, and its records become the events that a person would expect.

The fixtures are invented; they have the shape of what the networks and the labelled sets really give.
"""

import contextlib
import gzip
import io
import itertools
import json

import pytest
import zstandard

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import Event, canonical_line, parse
from socialsent_assets.domain.events.landing import SourceRecord, land
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.ingest.input_file import InputFile
from socialsent_assets.ingest.options import Options
from socialsent_assets.ingest.plan import FilePlan, plan_file
from socialsent_assets.ingest.reading import records_of
from socialsent_assets.ingest.registry import all_sources
from socialsent_assets.ingest.times import TimeReading, zone_of
from tests.ingest.brought import FIXTURES, NOW, events_of, fixture, in_memory, records_by

UTC_TIMES = Options(times=TimeReading(zone_of("UTC")))

# file -> title, records: landed, filtered, events by type, labels
EXPECTED = {
    "twitter_v1.jsonl": (
        "X/Twitter API v1.1",
        5,
        0,
        {"post": 2, "comment": 1, "deletion": 1, "interaction": 1, "user": 3},
        0,
    ),
    "twitter_v2.json": ("X/Twitter API v2", 3, 0, {"post": 1, "comment": 1, "interaction": 1, "user": 2}, 0),
    "twitter_archive.js": ("X/Twitter account archive", 3, 0, {"post": 1, "comment": 1, "interaction": 1}, 0),
    "reddit.ndjson": ("Reddit submissions and comments", 5, 0, {"post": 1, "comment": 4}, 0),
    "reddit_comments.csv": ("Reddit submissions and comments", 2, 0, {"comment": 2}, 0),
    "praw_submissions.csv": ("Reddit submissions and comments", 2, 0, {"post": 2}, 0),
    "mastodon.json": ("Mastodon statuses", 4, 1, {"post": 2, "comment": 1, "interaction": 1, "user": 3}, 0),
    "outbox.json": ("ActivityPub outbox", 6, 1, {"post": 2, "comment": 1, "deletion": 1, "interaction": 2}, 0),
    "jetstream.jsonl": (
        "Bluesky Jetstream",
        10,
        0,
        {"post": 2, "comment": 1, "deletion": 3, "interaction": 3, "user": 1},
        0,
    ),
    "bluesky_labels.jsonl": ("Bluesky moderation labels", 4, 1, {"moderation_label": 4}, 0),
    "bluesky_search.json": ("Bluesky posts of the API", 1, 0, {"post": 1, "user": 1}, 0),
    "youtube.json": ("YouTube comments", 2, 0, {"comment": 3}, 0),
    "youtube.csv": ("YouTube comments as CSV", 2, 0, {"comment": 2}, 0),
    "youtube_takeout.csv": ("YouTube comments of Google Takeout", 3, 0, {"comment": 3}, 0),
    "ytdlp.info.json": ("YouTube comments", 2, 0, {"comment": 2}, 0),
    "telegram.json": ("Telegram export", 2, 2, {"post": 1, "comment": 1}, 0),
    "hackernews.jsonl": ("Hacker News items", 3, 0, {"post": 1, "comment": 2}, 0),
    "algolia.json": ("Hacker News items", 1, 0, {"comment": 1}, 0),
    "sentiment140.csv": ("Sentiment140", 3, 0, {"post": 3}, 3),
    "airline.csv": ("US airline tweets", 2, 0, {"post": 2}, 2),
    "sts_gold.csv": ("STS-Gold", 2, 0, {}, 2),
    "semeval.tsv": ("SemEval tweets", 3, 0, {"post": 2}, 3),
    "play_reviews.csv": ("Google Play reviews", 2, 0, {"post": 2}, 2),
    "food_reviews.csv": ("Amazon food reviews", 2, 0, {"post": 2}, 2),
    "amazon_reviews.json": ("Amazon reviews", 1, 0, {"post": 1}, 1),
    "yelp_reviews.json": ("Yelp reviews", 1, 0, {"post": 1}, 1),
}


def planned(file: InputFile) -> FilePlan:
    return plan_file(file, UTC_TIMES)


def events(name: str) -> list[Event]:
    return events_of(records_by(planned(fixture(name))))


def data_of(name: str, event_type: str) -> list[dict[str, object]]:
    return [event.data for event in events(name) if event.event_type == event_type]


def test_every_source_has_a_fixture_and_every_fixture_a_test() -> None:
    """Prevents a source that was never read."""
    titles = {title for title, *_ in EXPECTED.values()}
    assert titles == {source.title for source in all_sources().values()}
    assert {path.name for path in FIXTURES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_is_recognised_and_every_record_is_counted(name: str) -> None:
    """Prevents a source that needs an option, loses a record, or makes other events than it did."""
    title, accepted, filtered, by_type, labels = EXPECTED[name]
    plan = planned(fixture(name))
    batch = land(records_by(plan), NOW, HISTORY_START, "o")
    assert plan.title == title
    assert (batch.counts.accepted, sum(batch.filtered.values())) == (accepted, filtered)
    assert (batch.counts.duplicates, batch.counts.quarantined) == (0, 0), batch.first_of
    assert (batch.events, batch.labels) == (by_type, labels)
    assert batch.left_out == {}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_source_lands_is_what_the_consumer_would_land(name: str) -> None:
    """Prevents a second contract beside the first: a sealed draft is a line that parses to itself."""
    for event in events(name):
        assert parse(event.line, NOW, HISTORY_START) == event
        assert canonical_line(json.loads(event.line)) == event.line


@pytest.mark.parametrize("name", EXPECTED)
def test_the_same_file_is_the_same_landing(name: str) -> None:
    """Prevents ids that differ from run to run, so that a second import doubles everything."""
    first, second = (land(records_by(planned(fixture(name))), NOW, HISTORY_START, "o") for _ in range(2))
    assert first.objects == second.objects


@pytest.mark.parametrize("name", EXPECTED)
def test_packed_files_are_the_same_files(name: str) -> None:
    """Prevents an ending or a packer that decides what is in a file."""
    content = (FIXTURES / name).read_bytes()
    plain = records_by(planned(in_memory(content, name)))
    for packed in (gzip.compress(content), zstandard.compress(content)):
        again = records_by(planned(in_memory(packed, name)))
        assert [record.raw for record in again] == [record.raw for record in plain]
        assert [record.drafts for record in again] == [record.drafts for record in plain]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_cut_anywhere_raises_nothing_unexpected(name: str) -> None:
    """Prevents a traceback for half a download: what is whole lands, what is cut is counted."""
    content = (FIXTURES / name).read_bytes()
    for cut in range(1, len(content), max(1, len(content) // 40)):
        try:
            plan = planned(in_memory(content[:cut], name))
        except UserError:
            continue
        found: list[SourceRecord] = []
        with plan.file.open() as handle, contextlib.suppress(BrokenFileError):
            found.extend(records_of(plan, handle))
        batch = land(found, NOW, HISTORY_START, "o")
        assert batch.counts.records + sum(batch.filtered.values()) == len(found)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(("l", "json", "ndjson"))])
def test_a_record_of_another_shape_is_quarantined_with_its_bytes(name: str) -> None:
    """Prevents a traceback for a record in which a person, a text or a list is something else."""
    plan = planned(fixture(name))
    if plan.source is None:
        pytest.skip("rows by their columns, which have no shape")
    for record in records_by(plan):
        value = json.loads(record.raw)
        for key, junk in itertools.product(value, (None, 7, "x", [], {}, [1], {"a": {}})):
            content = json.dumps({**value, key: junk}).encode() + b"\n" + json.dumps(value).encode()
            made = FilePlan(in_memory(content, name), "json", plan.title, source=plan.source)
            found = records_by(made)
            batch = land(found, NOW, HISTORY_START, "o")
            assert batch.counts.records + sum(batch.filtered.values()) == len(found) >= 1


def test_tweets_keep_who_answers_whom() -> None:
    """Prevents replies and retweets that count as posts of their own."""
    (reply,), (share,) = data_of("twitter_v1.jsonl", "comment"), data_of("twitter_v1.jsonl", "interaction")
    assert (reply["post_id"], reply["author_id"]) == ("746782418867085312", "12")
    assert (share["action"], share["post_id"], share["actor_id"]) == ("share", "746782418867085312", "13")
    first, *_ = data_of("twitter_v1.jsonl", "post")
    assert (first["text"], first["hashtags"]) == ("Love the new #tram & its bell", ["tram"])
    assert data_of("twitter_v1.jsonl", "deletion") == [{"subject_id": "746782418867085313"}]


def test_a_page_of_the_second_api_brings_its_authors() -> None:
    """Prevents tweets whose authors stay numbers although the page names them."""
    assert {user["user_name"] for user in data_of("twitter_v2.json", "user")} == {"a", "b"}
    assert data_of("twitter_v2.json", "comment")[0]["post_id"] == "1500000000000000001"


def test_the_pieces_of_a_text_are_one_text() -> None:
    """Prevents JSON that is scored as words."""
    found = data_of("youtube_takeout.csv", "comment")
    assert [comment["text"] for comment in found] == ["Lovely @bob", "So boring", "no pieces"]
    assert [comment.get("parent_comment_id") for comment in found] == [None, "Ugw0", None]


def test_a_tweet_of_an_old_archive_stands_bare() -> None:
    """Prevents archives of before 2020 from being read as JSON of nobody, their retweets as posts."""
    _, content = (FIXTURES / "twitter_archive.js").read_text().split("=")
    bare = json.dumps([entry["tweet"] for entry in json.loads(content)])
    made = planned(in_memory(f"window.YTD.tweet.part0 = {bare}", "tweet.js"))
    assert events_of(records_by(made)) == events("twitter_archive.js")


def test_text_that_was_taken_back_does_not_land() -> None:
    """Prevents a dump from keeping what its author deleted later."""
    gone = [data for data in data_of("reddit.ndjson", "comment") if data.get("deleted")]
    assert [data["comment_id"] for data in gone] == ["t1_cc3", "t1_cc4"]
    assert not any("text" in data for data in gone)
    assert "I regret this" not in b"".join(event.line for event in events("reddit.ndjson")).decode()


def test_what_is_not_public_does_not_land() -> None:
    """Prevents a direct message in a lake."""
    for name, secret in (("mastodon.json", "alone"), ("outbox.json", "secret")):
        assert secret not in b"".join(event.line for event in events(name)).decode()


def test_html_of_a_source_becomes_text() -> None:
    """Prevents tags that are scored as words."""
    assert data_of("mastodon.json", "post")[0]["text"] == "I am happy with the #tram & you?"
    assert data_of("hackernews.jsonl", "comment")[0]["text"] == "I love it\n\nreally & truly"


def test_an_edit_is_a_later_version_of_the_same_post() -> None:
    """Prevents an edit that is a second post, or that loses to the first version."""
    first, second = (event for event in events("outbox.json") if event.event_type == "post")
    assert first.data["post_id"] == second.data["post_id"]
    assert (first.data["text"], second.data["text"]) == ("Lovely day", "Lovely evening")
    assert first.event_time < second.event_time
    posts = [event for event in events("jetstream.jsonl") if event.event_type == "post"]
    assert posts[0].data["post_id"] == posts[1].data["post_id"]
    assert posts[0].event_time < posts[1].event_time


def test_what_a_network_takes_back_is_a_deletion_of_just_that() -> None:
    """Prevents a reply that stays readable because its deletion came as a post's, and likes that stay."""
    text, like, account = data_of("jetstream.jsonl", "deletion")
    reply, liked = data_of("jetstream.jsonl", "comment")[0], data_of("jetstream.jsonl", "interaction")[0]
    assert text == {"subject_id": reply["comment_id"]}
    assert like == {"subject_id": liked["interaction_id"], "subject_kind": "interaction"}
    assert account == {"subject_id": "did:plc:cccc", "subject_kind": "user"}


def test_a_label_names_who_says_what_of_whom_and_is_withdrawn_by_the_same() -> None:
    """Prevents a text that stays hidden after its label was withdrawn, and an account that is taken for a text."""
    hidden, account, shown, other = data_of("bluesky_labels.jsonl", "moderation_label")
    post = "at://did:plc:aaaa/app.bsky.feed.post/3krgabc"
    assert hidden == {"subject_id": post, "labeler_id": "did:plc:mods", "label_value": "!hide"}
    assert shown == {**hidden, "withdrawn": True}
    assert (account["subject_kind"], account["subject_id"]) == ("user", "did:plc:cccc")
    assert other == {**account, "subject_id": "did:plc:bbbb", "labeler_id": "did:plc:cats", "label_value": "spam"}


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ({"active": True}, [{"subject_id": "did:plc:c", "subject_kind": "user", "restored": True}]),
        ({"active": False, "status": "deactivated"}, [{"subject_id": "did:plc:c", "subject_kind": "user"}]),
        ({"active": False, "status": "throttled"}, []),
    ],
)
def test_an_account_that_is_only_held_back_is_not_gone(account: dict[str, object], found: list[object]) -> None:
    """Prevents texts that vanish because a server was slow, and an account that stays gone when it is back."""
    record = {"did": "did:plc:c", "kind": "account", "time_us": 1714557609000000, "account": account}
    plan = planned(in_memory(json.dumps(record).encode(), "frames.jsonl"))
    assert [draft.data for one in records_by(plan) for draft in one.drafts or ()] == found


def test_the_time_of_a_jetstream_event_is_in_its_key() -> None:
    """Prevents copies of one event in different hours, because servers and authors disagree about its time."""
    first = events("jetstream.jsonl")[0]
    assert first.event_time.isoformat() == "2024-05-01T10:00:00+00:00"  # createdAt is 1970, time_us 0.9 s later


def test_labels_name_their_posts() -> None:
    """Prevents labels that cannot be joined to the posts that came with them."""
    found = records_by(planned(fixture("airline.csv")))
    labels = [json.loads(line) for record in found for line in record.labels]
    assert [(label["text_id"], label["label"]) for label in labels] == [
        ("570306133677760001", "neutral"),
        ("570306133677760002", "negative"),
    ]
    assert labels[1] == {
        "text_id": "570306133677760002",
        "text": "@AcmeAir late,\nagain",
        "label": "negative",
        "annotator": "airline-tweets",
    }


def test_a_large_page_is_read_element_by_element(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prevents an account's export that has to fit into memory."""
    from socialsent_assets.ingest import json_documents

    monkeypatch.setattr(json_documents, "WHOLE_BYTES", 64)
    for name in ("telegram.json", "outbox.json", "youtube.json"):
        _, accepted, filtered, by_type, _ = EXPECTED[name]
        batch = land(records_by(planned(fixture(name))), NOW, HISTORY_START, "o")
        assert (batch.counts.accepted, sum(batch.filtered.values()), batch.events) == (accepted, filtered, by_type)


def test_a_zstandard_dump_with_a_long_window_is_read() -> None:
    """Prevents the monthly dumps of Reddit, packed with a window of 2 GiB, from being rejected."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, enable_ldm=True)
    packer = zstandard.ZstdCompressor(compression_params=parameters)
    sink = io.BytesIO()
    with packer.stream_writer(sink, closefd=False) as writer:
        writer.write((FIXTURES / "reddit.ndjson").read_bytes() * 50)
    found = records_by(planned(in_memory(sink.getvalue(), "RC_2022-04.zst")))
    assert len(found) == 250


@pytest.mark.parametrize(
    ("key", "time"),
    [
        ("3krgaaf5u2222", "2024-05-01T10:00:00.000000Z"),
        ("3krzzzzzzzzzz", "2024-05-01T10:00:06.000000Z"),
        ("22aslobom5kty", "2024-05-01T10:00:06.000000Z"),
        ("self", "2024-05-01T10:00:06.000000Z"),
    ],
)
def test_a_key_that_cannot_tell_the_time_leaves_it_to_the_revision(key: str, time: str) -> None:
    """Prevents posts in 1970 or in the future because a program chose its own key."""
    record = json.loads((FIXTURES / "jetstream.jsonl").read_text().splitlines()[0])
    record["commit"] |= {"rkey": key, "rev": "3krgaakuxg222"}
    (event,) = events_of(records_by(planned(in_memory(json.dumps(record).encode(), "j.jsonl"))))
    assert event.event_time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")[:22] == time[:22]
