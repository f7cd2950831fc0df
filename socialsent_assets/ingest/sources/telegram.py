"""Telegram Desktop's JSON export of a chat, a channel, or a whole account.

An answer is a comment on the message that it answers. Messages without text, and notices of the chat, are left out.

Not here: the HTML export; Telegram offers the same as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.rejection import RefusalError
from socialsent_assets.ingest.records import at, first_at, optional_id, present, required_id, required_time
from socialsent_assets.ingest.source import JsonSource, Record

_NAME = "telegram"


def _recognises(record: Record) -> bool:
    if isinstance(at(record, "chats.list"), list):
        return True
    return isinstance(record.get("messages"), list) and "type" in record and "id" in record


def _unfold(record: Record) -> Iterable[Record] | None:
    chats = at(record, "chats.list")
    found = chats if isinstance(chats, list) else [record] if isinstance(record.get("messages"), list) else None
    if found is None:
        return None
    return [
        {**message, "chat": {"id": chat.get("id"), "name": chat.get("name")}}
        for chat in found
        if isinstance(chat, Mapping)
        for message in chat.get("messages", [])
        if isinstance(message, Mapping)
    ]


def _drafts(record: Record) -> Iterator[Draft]:
    text = _text(record.get("text"))
    if record.get("type") != "message" or not text:
        return
    if not record.get("date_unixtime"):
        raise RefusalError(
            "missing_field", "date_unixtime is missing; export again with Telegram Desktop 3.0 or later"
        )
    time = required_time(record, "edited_unixtime", "date_unixtime")
    chat = required_id(record, "chat.id")
    message_id = f"{chat}-{required_id(record, 'id')}"
    author = first_at(record, "from_id", "from") or f"chat{chat}"
    answered = optional_id(record, "reply_to_message_id")
    if answered is not None:
        data = {"comment_id": message_id, "post_id": f"{chat}-{answered}", "author_id": author, "text": text}
        yield Draft("comment", time, _NAME, data)
    else:
        topic = at(record, "chat.name")
        yield Draft("post", time, _NAME, present(post_id=message_id, author_id=author, text=text, topic=topic))


def _text(value: object) -> str:
    """A text is a string, or a list of strings and of objects with a text for its formatted parts."""
    parts = value if isinstance(value, list) else [value]
    return "".join(part if isinstance(part, str) else str(at(part, "text") or "") for part in parts)


SOURCES = (JsonSource(_NAME, "Telegram export", _recognises, _drafts, _unfold),)
