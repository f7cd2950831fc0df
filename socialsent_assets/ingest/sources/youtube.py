"""Comments on YouTube videos: pages of the Data API's commentThreads and comments, `yt-dlp --write-comments`, and the
CSV in which Google Takeout gives people their own.

The video is the post that a comment is under. Text that is for display is HTML.

Not here: videos themselves; they have no text that anybody felt something in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.ingest.html_text import text_of_html
from socialsent_assets.ingest.records import (
    at,
    first_at,
    optional_id,
    present,
    required_id,
    required_text,
    required_time,
)
from socialsent_assets.ingest.source import JsonSource, Record, TableSource

_NAME = "youtube"
_KINDS = ("youtube#commentThread", "youtube#comment")


def _recognises(record: Record) -> bool:
    items = record.get("items")
    if isinstance(items, list):
        return any(at(item, "kind") in _KINDS for item in items[:3])
    is_download = isinstance(record.get("comments"), list) and record.get("extractor_key") == "Youtube"
    return is_download or record.get("kind") in _KINDS or isinstance(at(record, "snippet.topLevelComment"), Mapping)


def _unfold(record: Record) -> Iterable[Record] | None:
    items = record.get("items")
    if isinstance(items, list):
        return [item for item in items if isinstance(item, Mapping)]
    comments = record.get("comments")
    if isinstance(comments, list) and "snippet" not in record:
        return [{**comment, "video_id": record.get("id")} for comment in comments if isinstance(comment, Mapping)]
    return None


def _drafts(record: Record) -> Iterator[Draft]:
    if "video_id" in record and "snippet" not in record:
        yield _downloaded(record)
        return
    top = at(record, "snippet.topLevelComment")
    if not isinstance(top, Mapping):
        yield _comment(
            record, required_id(record, "snippet.videoId", "snippet.parentId"), at(record, "snippet.parentId")
        )
        return
    video = required_id(record, "snippet.videoId", "snippet.topLevelComment.snippet.videoId")
    yield _comment(top, video, None)
    replies = at(record, "replies.comments")
    for reply in replies if isinstance(replies, list) else []:
        yield _comment(reply, video, at(top, "id"))


def _comment(comment: object, video: str, parent: object) -> Draft:
    plain = at(comment, "snippet.textOriginal")
    text = plain if isinstance(plain, str) else text_of_html(required_text(comment, "snippet.textDisplay"))
    author = first_at(comment, "snippet.authorChannelId.value", "snippet.authorDisplayName") or f"{_NAME}-deleted"
    data = present(
        comment_id=required_id(comment, "id"), post_id=video, parent_comment_id=parent, author_id=author, text=text
    )
    return Draft("comment", required_time(comment, "snippet.updatedAt", "snippet.publishedAt"), _NAME, data)


def _downloaded(comment: Record) -> Draft:
    parent = comment.get("parent")
    data = present(
        comment_id=required_id(comment, "id"),
        post_id=required_id(comment, "video_id"),
        parent_comment_id=parent if parent != "root" else None,
        author_id=first_at(comment, "author_id", "author") or f"{_NAME}-deleted",
        text=required_text(comment, "text"),
    )
    return Draft("comment", required_time(comment, "timestamp"), _NAME, data)


def _is_takeout(row: Record) -> bool:
    return "Comment Text" in row and "Comment ID" in row


def _taken_out(row: Record) -> Iterator[Draft]:
    data = present(
        comment_id=required_id(row, "Comment ID"),
        post_id=required_id(row, "Video ID", "Post ID"),
        parent_comment_id=optional_id(row, "Parent Comment ID"),
        author_id=optional_id(row, "Channel ID") or f"{_NAME}-owner",
        text=_pieces(required_text(row, "Comment Text")),
    )
    yield Draft("comment", required_time(row, "Comment Create Timestamp"), _NAME, data)


def _pieces(text: str) -> str:
    """Takeout's texts are pieces such as `{"text":"Nice"},{"text":" one"}`."""
    try:
        pieces = json.loads(f"[{text}]")
    except (ValueError, RecursionError):
        return text
    return "".join(str(at(piece, "text") or "") for piece in pieces) or text


_CSV = TableSource(
    "youtube-csv",
    "YouTube comments as CSV",
    columns=("videoId", "textDisplay"),
    fields={
        "comment_id": ("commentId", "id"),
        "post_id": "videoId",
        "parent_comment_id": "parentId",
        "author_id": ("authorChannelId", "authorDisplayName"),
        "text": ("textOriginal", "textDisplay"),
        "event_time": ("updatedAt", "publishedAt"),
    },
    event_type="comment",
)

_TAKEOUT = JsonSource(
    "youtube-takeout", "YouTube comments of Google Takeout", _is_takeout, _taken_out, reads_rows=True
)

SOURCES = (JsonSource(_NAME, "YouTube comments", _recognises, _drafts, _unfold), _CSV, _TAKEOUT)
