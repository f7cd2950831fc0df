"""Bluesky: events of a Jetstream, one JSON object each.

The time of an event is in its TID, the key of the record (of an edit or deletion, the revision): `time_us` differs
from server to server, and `createdAt` is what the author's program claims. Programs choose keys too: one without a
time, or with a time before the network or after the revision, is not believed, and the revision counts. A reply is a
comment under the root of its thread.
A deletion names a record; an account that goes, or comes back, is a deletion of the user. What a network merely holds
back for a while (throttled, out of step) is not gone, has no event in the contract, and is counted.

Not here: connecting to a server (follow/), views of the application's API (bluesky_views.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.ingest.records import at, present, required_text, required_time, tid_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language, short_id

NAME = "bluesky"
_POST = "app.bsky.feed.post"
_GONE = ("deleted", "deactivated", "suspended", "takendown")
_NETWORK_START = datetime(2022, 11, 1, tzinfo=UTC)
_ACTIONS = {
    "app.bsky.feed.like": ("like", "subject.uri", "post_id"),
    "app.bsky.feed.repost": ("share", "subject.uri", "post_id"),
    "app.bsky.graph.follow": ("follow", "subject", "target_user_id"),
}


def _recognises(record: Record) -> bool:
    return isinstance(record.get("did"), str) and record.get("kind") in ("commit", "identity", "account")


def _drafts(record: Record) -> Iterator[Draft]:
    did = required_text(record, "did")
    if record.get("kind") == "identity" and isinstance(at(record, "identity.handle"), str):
        data = {"user_id": did, "user_name": at(record, "identity.handle")}
        yield Draft("user", required_time(record, "identity.time", "time_us"), NAME, data)
    if record.get("kind") == "account":
        yield from _account(record, did)
    commit = record.get("commit")
    if record.get("kind") != "commit" or not isinstance(commit, Mapping):
        return
    collection, key = required_text(commit, "collection"), required_text(commit, "rkey")
    uri = short_id(f"at://{did}/{collection}/{key}")
    operation = commit.get("operation")
    if operation == "delete":
        kind = None if collection == _POST else "interaction"  # a post or a reply: the deletion does not show which
        if collection == _POST or collection in _ACTIONS:
            yield Draft(
                "deletion", tid_time(required_text(commit, "rev")), NAME, present(subject_id=uri, subject_kind=kind)
            )
    elif operation in ("create", "update"):
        # A key is as old as its record; the revision is when the record became what it is now.
        revised = tid_time(required_text(commit, "rev"))
        time = _created(key, revised) if operation == "create" else revised
        inner = commit.get("record")
        if collection == _POST:
            yield post_of(inner, uri, did, time)
        elif collection in _ACTIONS:
            action, path, target = _ACTIONS[collection]
            data = {"interaction_id": uri, "action": action, "actor_id": did, target: _subject(inner, path)}
            yield Draft("interaction", time, NAME, data)
    else:
        raise RefusalError(
            "invalid_field", f"commit.operation is {shown(operation)}: create, update or delete is known"
        )


def _account(record: Record, did: str) -> Iterator[Draft]:
    """An account that is gone, or there again."""
    is_active, data = at(record, "account.active"), {"subject_id": did, "subject_kind": "user"}
    time = required_time(record, "account.time", "time_us")
    if is_active is True:
        yield Draft("deletion", time, NAME, {**data, "restored": True})
    elif is_active is False and at(record, "account.status") in _GONE:
        yield Draft("deletion", time, NAME, data)


def _created(key: str, revised: datetime) -> datetime:
    """The time of a key, or of the revision where a key cannot be right."""
    try:
        time = tid_time(key)
    except RefusalError:
        return revised
    return time if _NETWORK_START <= time <= revised else revised


def post_of(record: object, uri: str, did: str, time: datetime) -> Draft:
    """The draft of a record of the collection app.bsky.feed.post: a comment if it replies to something."""
    text = required_text(record, "text")
    common = present(author_id=did, text=text, lang=language(at(record, "langs.0")))
    root = at(record, "reply.root.uri")
    if isinstance(root, str):
        parent = at(record, "reply.parent.uri")
        above = short_id(parent) if isinstance(parent, str) and parent != root else None
        data = present(comment_id=uri, post_id=short_id(root), parent_comment_id=above, **common)
        return Draft("comment", time, NAME, data)
    return Draft("post", time, NAME, present(post_id=uri, hashtags=_tags(record), **common))


def _subject(record: object, path: str) -> str:
    return short_id(required_text(record, path))


def _tags(record: object) -> list[str] | None:
    """Tags beside the text, and those that its facets mark in it."""
    found = at(record, "tags")
    tags = [tag for tag in found if isinstance(tag, str)] if isinstance(found, list) else []
    facets = at(record, "facets")
    for facet in facets if isinstance(facets, list) else []:
        features = at(facet, "features")
        for feature in features if isinstance(features, list) else []:
            if isinstance(tag := at(feature, "tag"), str):
                tags.append(tag)
    return tags or None


SOURCES = (JsonSource(NAME, "Bluesky Jetstream", _recognises, _drafts),)
