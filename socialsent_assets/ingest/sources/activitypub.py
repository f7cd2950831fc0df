"""Activities of ActivityPub: the `outbox.json` of a Mastodon archive, or any outbox page.

Create and Update are a text and its later version, Announce a share, Like a like, Follow a follow, Delete a deletion.
What is not addressed to the public is left out. The other files of an archive are the actor, a profile, and lists of
addresses (likes, bookmarks), which hold no time.

Not here: statuses of Mastodon's own API (mastodon.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.html_text import text_of_html
from socialsent_assets.ingest.records import at, first_at, present, required_text, required_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import language, short_id

_NAME = "activitypub"
_ACTIONS = {"Announce": "share", "Like": "like", "Follow": "follow"}
_ACTIVITIES = {"Create", "Update", "Delete", "Undo", *_ACTIONS}
_ACTORS = ("Person", "Service", "Organization", "Group", "Application")
_TEXTS = ("Note", "Article", "Question", "Page")
_PUBLIC = ("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public")


def _recognises(record: Record) -> bool:
    if isinstance(record.get("orderedItems"), list):
        return True
    if record.get("type") in _ACTORS and "preferredUsername" in record:
        return True
    return record.get("type") in _ACTIVITIES and "actor" in record and "object" in record


def _unfold(record: Record) -> Iterable[Record] | None:
    items = record.get("orderedItems")
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    if record.get("type") in _ACTORS:
        yield from _profile(record)
        return
    kind, thing, actor = record.get("type"), record.get("object"), _uri(record.get("actor"))
    if kind in ("Create", "Update") and isinstance(thing, Mapping) and thing.get("type") in _TEXTS:
        if _is_public(record) or _is_public(thing):
            yield _text(thing, _time(record, thing, is_edit=kind == "Update"), actor)
    elif kind == "Delete":
        time, uri = required_time(record, "published", "object.deleted", "updated"), _uri(thing)
        # A deletion does not show whether the text was a reply; a deletion of an actor by itself is of the account.
        yield Draft("deletion", time, _NAME, present(subject_id=uri, subject_kind="user" if uri == actor else None))
    elif kind == "Undo" and at(thing, "type") in _ACTIONS and record.get("published"):
        data = {"subject_id": _uri(thing), "subject_kind": "interaction"}
        yield Draft("deletion", required_time(record, "published"), _NAME, data)
    elif kind in _ACTIONS:
        target = "target_user_id" if kind == "Follow" else "post_id"
        data = {"interaction_id": _uri(record), "action": _ACTIONS[str(kind)], "actor_id": actor, target: _uri(thing)}
        yield Draft("interaction", required_time(record, "published"), _NAME, data)


def _profile(actor: Record) -> Iterator[Draft]:
    if actor.get("published"):
        joined = required_time(actor, "published")
        name = actor.get("name") or None
        data = present(
            user_id=_uri(actor),
            user_name=required_text(actor, "preferredUsername"),
            display_name=name,
            joined_at=format_time(joined),
        )
        yield Draft("user", joined, _NAME, data)


def _text(note: Record, time: datetime, actor: str) -> Draft:
    text = text_of_html(required_text(note, "content"))
    languages = note.get("contentMap")
    lang = next(iter(languages), None) if isinstance(languages, Mapping) and len(languages) == 1 else None
    common = present(author_id=actor, text=text, lang=language(lang))
    parent = note.get("inReplyTo")
    if parent:
        return Draft("comment", time, _NAME, {"comment_id": _uri(note), "post_id": _uri(parent), **common})
    tags = note.get("tag")
    found = (
        [str(tag["name"]) for tag in tags if at(tag, "type") == "Hashtag" and at(tag, "name")]
        if isinstance(tags, list)
        else []
    )
    return Draft("post", time, _NAME, present(post_id=_uri(note), hashtags=found or None, **common))


def _time(record: Record, note: Record, *, is_edit: bool) -> datetime:
    if is_edit or note.get("updated"):
        return required_time(
            {"updated": first_at(note, "updated") or first_at(record, "published", "updated")}, "updated"
        )
    return required_time({"published": first_at(note, "published") or record.get("published")}, "published")


def _is_public(record: Record) -> bool:
    addressed: list[object] = []
    for name in ("to", "cc"):
        value = record.get(name)
        addressed += value if isinstance(value, list) else [value]
    return any(address in _PUBLIC for address in addressed)


def _uri(value: object) -> str:
    uri = value.get("id") if isinstance(value, Mapping) else value
    if not isinstance(uri, str) or not uri:
        raise RefusalError("missing_field", "an activity, its actor or its object has no id")
    return short_id(uri)


SOURCES = (JsonSource(_NAME, "ActivityPub outbox", _recognises, _drafts, _unfold),)
