"""Tweets of the X/Twitter API v2: pages with `data` and `includes`, or single tweets as `twarc2 flatten` writes them.

Not here: API v1.1 (twitter_v1.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

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
    snowflake_time,
    tags_at,
)
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language

_NAME = "twitter"
_SIGNS = ("edit_history_tweet_ids", "conversation_id", "public_metrics", "referenced_tweets", "author_id")


def _recognises(record: Record) -> bool:
    page = record.get("data")
    if isinstance(page, list):
        return bool(page) and all(_is_tweet(tweet) for tweet in page[:3])
    return _is_tweet(page) or _is_tweet(record)


def _is_tweet(record: object) -> bool:
    if not isinstance(record, Mapping) or not isinstance(record.get("id"), str) or "user" in record:
        return False
    return isinstance(record.get("text"), str) and record["id"].isdecimal() and any(sign in record for sign in _SIGNS)


def _unfold(record: Record) -> Iterable[Record] | None:
    page = record.get("data")
    if not isinstance(page, (list, Mapping)) or _is_tweet(record):
        return None
    users = {user["id"]: user for user in _list(at(record, "includes.users")) if "id" in user}
    tweets = [*_list(page if isinstance(page, list) else [page]), *_list(at(record, "includes.tweets"))]
    return [{**tweet, "author": users.get(tweet.get("author_id"))} for tweet in tweets]


def _list(value: object) -> list[Record]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _drafts(record: Record) -> Iterator[Draft]:
    tweet_id = required_id(record, "id")
    time = snowflake_time(tweet_id) if not record.get("created_at") else None
    time = time or required_time(record, "created_at")
    author = optional_id(record, "author_id", "author.id") or f"{_NAME}-unknown"
    references = {str(at(ref, "type")): at(ref, "id") for ref in _list(record.get("referenced_tweets"))}
    if "retweeted" in references:
        data = {"interaction_id": tweet_id, "action": "share", "actor_id": author, "post_id": references["retweeted"]}
        yield Draft("interaction", time, _NAME, data)
    else:
        yield _text(record, time, tweet_id, author, references.get("replied_to"))
    yield from _profile(record, time)


def _text(record: Record, time: datetime, tweet_id: str, author: str, parent: object) -> Draft:
    text = unescaped(required_text(record, "note_tweet.text", "text"))
    common = present(author_id=author, text=text, lang=language(record.get("lang")))
    if parent is not None:
        root = optional_id(record, "conversation_id") or str(parent)
        above = str(parent) if parent != root else None
        data = present(comment_id=tweet_id, post_id=root, parent_comment_id=above, **common)
        return Draft("comment", time, _NAME, data)
    data = present(post_id=tweet_id, hashtags=tags_at(record, "entities.hashtags", "tag"), **common)
    return Draft("post", time, _NAME, data)


def _profile(record: Record, time: datetime) -> Iterator[Draft]:
    user = record.get("author")
    if isinstance(user, Mapping) and isinstance(user.get("username"), str):
        joined = format_time(required_time(user, "created_at")) if user.get("created_at") else None
        data = present(
            user_id=required_id(user, "id"),
            user_name=user["username"],
            display_name=user.get("name"),
            location=user.get("location") or None,
            joined_at=joined,
        )
        yield Draft("user", time, _NAME, data)


SOURCES = (JsonSource("twitter-v2", "X/Twitter API v2", _recognises, _drafts, _unfold),)
