"""Tweets of the X/Twitter API v1.1, as search, timelines, streams and most dumps have them.

A retweet is a share and the tweet that it shares; a quoted tweet comes along as a post of its own.

Not here: API v2 (twitter_v2.py), a person's own archive (twitter_archive.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.html_text import unescaped
from socialsent_assets.ingest.records import (
    at,
    optional_id,
    present,
    required_id,
    required_text,
    required_time,
    tags_at,
)
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language

_NAME = "twitter"


def _recognises(record: Record) -> bool:
    if isinstance(at(record, "delete.status"), Mapping) or isinstance(record.get("statuses"), list):
        return True
    has_text = "full_text" in record or "text" in record
    return "id_str" in record and has_text and isinstance(record.get("user"), Mapping) and "created_at" in record


def _unfold(record: Record) -> Iterable[Record] | None:
    statuses = record.get("statuses")
    return statuses if isinstance(statuses, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    if (deleted := at(record, "delete.status")) is not None:
        time = required_time(record, "delete.timestamp_ms", "delete.status.created_at")
        tweet_id = required_id(deleted, "id_str", "id")
        yield Draft("deletion", time, _NAME, {"subject_id": tweet_id})  # of a tweet, a reply or a retweet
        return
    time = required_time(record, "created_at", "timestamp_ms")
    author = required_id(record, "user.id_str", "user.id")
    shared = record.get("retweeted_status")
    if isinstance(shared, Mapping):
        data = {"interaction_id": required_id(record, "id_str", "id"), "action": "share", "actor_id": author}
        yield Draft("interaction", time, _NAME, {**data, "post_id": required_id(shared, "id_str", "id")})
        yield from _drafts(shared)
    else:
        yield _text(record, time, author)
        quoted = record.get("quoted_status")
        if isinstance(quoted, Mapping) and isinstance(quoted.get("user"), Mapping):
            yield from _drafts(quoted)
    yield from _profile(record, time, author)


def _text(record: Record, time: object, author: str) -> Draft:
    tweet_id, parent = required_id(record, "id_str", "id"), optional_id(record, "in_reply_to_status_id_str")
    text = unescaped(required_text(record, "extended_tweet.full_text", "full_text", "text"))
    common = present(author_id=author, text=text, lang=language(record.get("lang")))
    if parent is not None:
        return Draft("comment", time, _NAME, {"comment_id": tweet_id, "post_id": parent, **common})  # type: ignore[arg-type]
    tags = tags_at(record, "extended_tweet.entities.hashtags", "text") or tags_at(record, "entities.hashtags", "text")
    data = present(post_id=tweet_id, hashtags=tags, place=at(record, "place.full_name"), **common)
    return Draft("post", time, _NAME, data)  # type: ignore[arg-type]


def _profile(record: Record, time: object, author: str) -> Iterator[Draft]:
    user = record["user"]
    if isinstance(user, Mapping) and isinstance(user.get("screen_name"), str):
        joined = format_time(required_time(user, "created_at")) if user.get("created_at") else None
        data = present(
            user_id=author,
            user_name=user["screen_name"],
            display_name=user.get("name"),
            location=user.get("location") or None,
            joined_at=joined,
        )
        yield Draft("user", time, _NAME, data)  # type: ignore[arg-type]


SOURCES = (JsonSource(_NAME, "X/Twitter API v1.1", _recognises, _drafts, _unfold),)
