"""What was erased, and how an event that belongs to it is recognised when it comes again.

After an erasure nothing of a person or text is left but keyed fingerprints (HMAC-SHA-256) of ids. The consumer,
`ingest` and cleansing share one rule: an event is erased when one of its ids is the person or the text, or holds the
person as a part of its path (`at://<person>/…`). Replies to an erased text, and likes of it,
name it, so they go with it.

Not here: rewriting what is stored (erasure/), where ledger and key are kept (lake/erasure_ledger.py), deletions that
networks send (kinds/deletion.py).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from socialsent_assets.domain.events.kinds import KINDS

AUTHOR_FIELDS = ("author_id", "actor_id")
_MADE = [kind for kind in KINDS.values() if any(field.name in AUTHOR_FIELDS for field in kind.fields)]
# Of the ids of an event, its own is the one that the fewest kinds have: the post of a comment is somebody else's.
OWN_IDS = sorted(
    {kind.identity for kind in _MADE},
    key=lambda name: (sum(name == field.name for kind in KINDS.values() for field in kind.fields), name),
)
USER_FIELDS = frozenset(("user_id", *AUTHOR_FIELDS, "target_user_id", "labeler_id"))
TEXT_FIELDS = frozenset(("event_id", "parent_comment_id", "text_id", *OWN_IDS))
EITHER_FIELDS = frozenset(("subject_id",))
ID_FIELDS = USER_FIELDS | TEXT_FIELDS | EITHER_FIELDS

_ID_VALUES = re.compile(rb'"([a-z_]+_id)"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?\d+))')


class Erased(Protocol):
    """Persons and texts that are erased."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        ...

    def has_user(self, user_id: str) -> bool:
        """Whether the person is."""
        ...

    def has_text(self, text_id: str) -> bool:
        """Whether the post, comment or interaction is."""
        ...


@dataclass(frozen=True)
class ErasedIds:
    """Ids as they are: while they are being erased."""

    users: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """See `Erased`."""
        return bool(self.users or self.texts)

    def has_user(self, user_id: str) -> bool:
        """See `Erased`."""
        return user_id in self.users

    def has_text(self, text_id: str) -> bool:
        """See `Erased`."""
        return text_id in self.texts


@dataclass(frozen=True)
class ErasureLedger:
    """Fingerprints of ids, and the key that they were made with."""

    key: bytes = field(default=b"", repr=False)
    fingerprints: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """See `Erased`."""
        return bool(self.fingerprints)

    def has_user(self, user_id: str) -> bool:
        """See `Erased`."""
        return fingerprint(self.key, "user", user_id) in self.fingerprints

    def has_text(self, text_id: str) -> bool:
        """See `Erased`."""
        return fingerprint(self.key, "text", text_id) in self.fingerprints


NOTHING_ERASED = ErasureLedger()


def fingerprint(key: bytes, kind: str, identity: str) -> str:
    """Keyed, one-way: HMAC-SHA-256 of a kind (`user` or `text`) and an id, 32 hex digits."""
    content = f"{kind}\x1f{identity}".encode("utf-8", "surrogatepass")
    return hmac.digest(key, content, hashlib.sha256).hex()[:32]


def fingerprints(key: bytes, ids: ErasedIds) -> list[str]:
    """Of all the ids, sorted."""
    users = {fingerprint(key, "user", user) for user in ids.users}
    return sorted(users | {fingerprint(key, "text", text) for text in ids.texts})


def names_erased(field_name: str, value: str, erased: Erased) -> bool:
    """Whether the id in a field of that name is an erased person or text, or holds such a person in its path."""
    if field_name not in TEXT_FIELDS and erased.has_user(value):
        return True
    if field_name not in USER_FIELDS and erased.has_text(value):
        return True
    return "/" in value and any(erased.has_user(part) for part in value.split("/"))


def is_erased(line: bytes, erased: Erased) -> bool:
    """Whether an event, a label or a record that is no valid event names an erased person or text by an id field."""
    return bool(erased) and any(names_erased(name, value, erased) for name, value in ids_in(line))


def ids_in(line: bytes) -> Iterator[tuple[str, str]]:
    """(field, value) of every id field in JSON text, in order; the text may be damaged elsewhere."""
    for name, text, number in _ID_VALUES.findall(line):
        found = name.decode("ascii")
        if found in ID_FIELDS:
            yield found, (_unescaped(text) if not number else number.decode("ascii"))


def own_ids(data: Mapping[str, object], erased: Erased) -> Iterator[str]:
    """The texts and interactions that an erased person made, by the ids of an event's `data`."""
    by = [data.get(name) for name in AUTHOR_FIELDS]
    if not any(isinstance(user, str) and erased.has_user(user) for user in by):
        return
    for name in OWN_IDS:
        if isinstance(identity := data.get(name), str):
            yield identity
            return


def _unescaped(text: bytes) -> str:
    try:
        return str(json.loads(b'"' + text + b'"')) if b"\\" in text else text.decode("utf-8")
    except ValueError:
        return text.decode("utf-8", "replace")
