"""Statuses of Mastodon and servers with its API: timelines, search, exports of tools, events of its stream.

A boost is a share and the status that it shares. Only public and unlisted statuses are kept.

Not here: a person's own outbox (activitypub.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.html_text import text_of_html
from socialsent_assets.ingest.records import optional_id, present, required_id, required_text, required_time, tags_at
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language

_NAME = "mastodon"
_PUBLIC = ("public", "unlisted", None)


def _recognises(record: Record) -> bool:
    if (
        isinstance(record.get("statuses"), list)
        and isinstance(record.get("hashtags", []), list)
        and "accounts" in record
    ):
        return True
    if isinstance(record.get("event"), str) and "payload" in record:
        return True
    return isinstance(record.get("account"), Mapping) and "content" in record and "created_at" in record


def _unfold(record: Record) -> Iterable[Record] | None:
    statuses = record.get("statuses")
    return statuses if isinstance(statuses, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    if "payload" in record:
        yield from _of_stream(record)
        return
    if record.get("visibility") not in _PUBLIC:
        return
    created, author = required_time(record, "created_at"), required_id(record, "account.id")
    shared = record.get("reblog")
    if isinstance(shared, Mapping):
        data = {"interaction_id": required_id(record, "id"), "action": "share", "actor_id": author}
        yield Draft("interaction", created, _NAME, {**data, "post_id": required_id(shared, "id")})
        yield from _drafts(shared)
    else:
        yield _text(record, required_time(record, "edited_at", "created_at"), author)
    yield from _profile(record, created, author)


def _of_stream(record: Record) -> Iterator[Draft]:
    """An event of the streaming API. A deletion is a bare id, of a status that may have been a reply or a boost."""
    payload, event = record["payload"], record["event"]
    if event in ("update", "status.update"):
        try:
            status = json.loads(payload) if isinstance(payload, str) else payload
        except ValueError:
            raise RefusalError("not_json", "the payload of the event is not JSON") from None
        if not isinstance(status, Mapping):
            raise RefusalError("not_an_object", "the payload of the event is not a status")
        yield from _drafts(status)
    elif event == "delete":
        status_id, time = required_id(record, "payload"), required_time(record, "received_at")
        yield Draft("deletion", time, _NAME, {"subject_id": status_id})


def _text(record: Record, time: datetime, author: str) -> Draft:
    status_id, parent = required_id(record, "id"), optional_id(record, "in_reply_to_id")
    text = text_of_html(required_text(record, "content"))
    common = present(author_id=author, text=text, lang=language(record.get("language")))
    if parent is not None:
        return Draft("comment", time, _NAME, {"comment_id": status_id, "post_id": parent, **common})
    data = present(post_id=status_id, hashtags=tags_at(record, "tags", "name"), **common)
    return Draft("post", time, _NAME, data)


def _profile(record: Record, time: datetime, author: str) -> Iterator[Draft]:
    account = record["account"]
    if isinstance(account, Mapping) and isinstance(account.get("acct"), str):
        joined = format_time(required_time(account, "created_at")) if account.get("created_at") else None
        name = account.get("display_name") or None
        data = present(user_id=author, user_name=account["acct"], display_name=name, joined_at=joined)
        yield Draft("user", time, _NAME, data)


SOURCES = (JsonSource(_NAME, "Mastodon statuses", _recognises, _drafts, _unfold),)
