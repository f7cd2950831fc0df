"""Reddit submissions and comments: dumps (pushshift, Arctic Shift), listings of the API, CSV with these columns.

What was removed, or deleted later according to the dump, lands as a deletion without its text.

Not here: other boards (hackernews.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.html_text import unescaped
from socialsent_assets.ingest.records import at, first_at, present, required_id, required_text, required_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import flag, is_missing

_NAME = "reddit"
_GONE = ("[deleted]", "[removed]")


def _recognises(record: Record) -> bool:
    if isinstance(at(record, "data.children"), list):
        return True
    inner = record.get("data") if record.get("kind") in ("t1", "t3") else record
    if not isinstance(inner, Mapping) or "created_utc" not in inner:
        return False
    is_submission = "title" in inner and ("selftext" in inner or "subreddit" in inner)
    return is_submission or ("body" in inner and ("link_id" in inner or "parent_id" in inner))


def _unfold(record: Record) -> Iterable[Record] | None:
    children = at(record, "data.children")
    return [child for child in children if isinstance(child, Mapping)] if isinstance(children, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    inner = record.get("data")
    if record.get("kind") == "more":
        return
    thing = inner if isinstance(inner, Mapping) and record.get("kind") in ("t1", "t3") else record
    created = required_time(thing, "created_utc")
    if "received_at" in record:  # seen to be gone by who follows the subreddit (live/reddit.py)
        created = required_time(record, "received_at")
    # Tables made with PRAW call a submission's text `body` too; only a comment has something above it.
    has_parent = first_at(thing, "link_id", "parent_id") is not None
    if "body" in thing and (has_parent or "title" not in thing):
        yield _comment(thing, created)
    else:
        yield _submission(thing, created)


def _submission(thing: Record, created: datetime) -> Draft:
    post_id = _full("t3", required_id(thing, "id", "name"))
    body = first_at(thing, "selftext", "body") or ""
    if is_gone(thing, str(body)):
        return Draft("post", created, _NAME, {"post_id": post_id, "deleted": True})
    text = "\n\n".join(part for part in (required_text(thing, "title"), str(body)) if part)
    data = present(post_id=post_id, author_id=_author(thing), text=unescaped(text), topic=_subreddit(thing))
    return Draft("post", _time(thing, created), _NAME, data)


def _comment(thing: Record, created: datetime) -> Draft:
    comment_id = _full("t1", required_id(thing, "id", "name"))
    parent = first_at(thing, "parent_id")
    post_id = _full("t3", required_id(thing, "link_id", "parent_id"))
    body = required_text(thing, "body")
    ids = present(
        comment_id=comment_id,
        post_id=post_id,
        parent_comment_id=parent if isinstance(parent, str) and parent.startswith("t1_") else None,
    )
    if is_gone(thing, body):
        return Draft("comment", created, _NAME, {**ids, "deleted": True})
    data = {**ids, "author_id": _author(thing), "text": unescaped(body)}
    return Draft("comment", _time(thing, created), _NAME, data)


def _full(kind: str, name: str) -> str:
    return name if name[:1] == "t" and name[2:3] == "_" else f"{kind}_{name}"


def is_gone(thing: Record, text: str = "") -> bool:
    """Whether a submission or comment was removed or deleted, now or later according to a dump."""
    text = text or str(first_at(thing, "body", "selftext") or "")
    later = (
        at(thing, "_meta.was_deleted_later") or at(thing, "_meta.removal_type") or thing.get("removed_by_category")
    )
    return text.strip() in _GONE or (not is_missing(later) and later is not False)


def _author(thing: Record) -> str:
    author = first_at(thing, "author")
    return f"{_NAME}-deleted" if author is None or author in _GONE else str(author)


def _subreddit(thing: Record) -> str | None:
    name = first_at(thing, "subreddit")
    return None if name is None else str(name)


def _time(thing: Record, created: datetime) -> datetime:
    """An edit is a later version of the text; `edited` is false or the time, and true in very old dumps."""
    edited = thing.get("edited")
    return created if is_missing(edited) or isinstance(flag(edited), bool) else required_time(thing, "edited")


SOURCES = (JsonSource(_NAME, "Reddit submissions and comments", _recognises, _drafts, _unfold, reads_rows=True),)
