"""Bluesky: post views of the application's API (search, timelines, an author's feed), with their authors.

Not here: events of a Jetstream (bluesky.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.records import at, present, required_text, tid_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.sources.bluesky import NAME, post_of
from socialsent_assets.ingest.values import short_id


def _recognises(record: Record) -> bool:
    if isinstance(pages := record.get("posts") or record.get("feed"), list):
        return bool(pages) and (_is_view(pages[0]) or _is_view(at(pages[0], "post")))
    return _is_view(record) or _is_view(record.get("post"))


def _is_view(record: object) -> bool:
    uri = at(record, "uri")
    return isinstance(uri, str) and uri.startswith("at://") and isinstance(at(record, "record"), Mapping)


def _unfold(record: Record) -> Iterable[Record] | None:
    pages = record.get("posts") or record.get("feed")
    return [view for view in pages if isinstance(view, Mapping)] if isinstance(pages, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    inner = record.get("post")
    view = inner if isinstance(inner, Mapping) else record
    uri, did = required_text(view, "uri"), required_text(view, "author.did")
    time = tid_time(uri.rpartition("/")[2])
    yield post_of(view.get("record"), short_id(uri), did, time)
    name = at(view, "author.displayName") or None
    yield Draft(
        "user", time, NAME, present(user_id=did, user_name=required_text(view, "author.handle"), display_name=name)
    )


SOURCES = (JsonSource("bluesky-views", "Bluesky posts of the API", _recognises, _drafts, _unfold),)
