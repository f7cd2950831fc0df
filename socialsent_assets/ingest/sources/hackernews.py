"""Hacker News: items of its API or of BigQuery's table, and pages of Algolia's search.

Texts are HTML. A comment names what it answers, not the story, unless it comes from Algolia.

Not here: following new items (follow/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.html_text import text_of_html
from socialsent_assets.ingest.records import first_at, optional_id, present, required_id, required_time
from socialsent_assets.ingest.source import JsonSource, Record
from socialsent_assets.ingest.values import flag

_NAME = "hackernews"
_TYPES = ("story", "comment", "poll", "job", "pollopt")


def _recognises(record: Record) -> bool:
    hits = record.get("hits")
    if isinstance(hits, list):
        return bool(hits) and "objectID" in hits[0]
    if "objectID" in record and "created_at_i" in record:
        return True
    return (
        record.get("type") in _TYPES
        and "id" in record
        and "time" in record
        and ("by" in record or "deleted" in record)
    )


def _unfold(record: Record) -> Iterable[Record] | None:
    hits = record.get("hits")
    return [hit for hit in hits if isinstance(hit, Mapping)] if isinstance(hits, list) else None


def _drafts(record: Record) -> Iterator[Draft]:
    if record.get("type") == "pollopt":
        return
    item, time = required_id(record, "id", "objectID"), required_time(record, "time", "created_at_i")
    parent = optional_id(record, "parent", "parent_id")
    ids: dict[str, object] = {"post_id": item}
    if parent is not None:
        story = optional_id(record, "story_id") or parent
        ids = present(comment_id=item, post_id=story, parent_comment_id=parent if parent != story else None)
    kind = "post" if parent is None else "comment"
    if flag(record.get("deleted")) is True or flag(record.get("dead")) is True:
        yield Draft(kind, time, _NAME, {**ids, "deleted": True})
        return
    parts = [first_at(record, "title"), first_at(record, "text", "comment_text", "story_text")]
    text = "\n\n".join(text_of_html(str(part)) for part in parts if part is not None)
    yield Draft(kind, time, _NAME, {**ids, "author_id": required_id(record, "by", "author"), "text": text})


SOURCES = (JsonSource(_NAME, "Hacker News items", _recognises, _drafts, _unfold, reads_rows=True),)
