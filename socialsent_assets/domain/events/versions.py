"""Deduplication of copies of an event, the current version of a post, comment or profile, and what is deleted.

A redelivery repeats `event_id`; an edit is a new event about the same `post_id`. Both rules are total
orders, so the answer never depends on the order of arrival.

Not here: rows on disk (jobs/cleanse.py), the same rules in SQL (dbt macros latest_version and not_deleted).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from socialsent_assets.domain.events.event import Event
from socialsent_assets.domain.events.kinds.moderation_label import TAKEDOWNS


def copy_order(event: Event) -> tuple[datetime, bytes]:
    """Order among events of one `event_id`: later time first in line, then the greater bytes of the canonical line.

    A redelivery has the same bytes, so the second part only decides when a source breaks its promise.
    """
    return event.event_time, event.line


def kept_copy(copies: Iterable[Event]) -> Event:
    """The copy that is kept among events of one `event_id`. Raises ValueError for no copy."""
    return max(copies, key=copy_order)


def version_order(event: Event) -> tuple[datetime, str]:
    """Order among the versions of one post, comment or user: later time, then the greater `event_id`."""
    return event.event_time, event.event_id


def latest_version(versions: Iterable[Event]) -> Event:
    """The last version of one post, comment or user, tombstone or not. Raises ValueError for no version."""
    return max(versions, key=version_order)


def current_version(versions: Iterable[Event]) -> Event | None:
    """What a mart shows of one post or comment: its latest version; None if that is a tombstone."""
    latest = latest_version(versions)
    return None if is_tombstone(latest) else latest


def is_tombstone(event: Event) -> bool:
    """Whether the event removes what it is about from every mart."""
    return event.data.get("deleted") is True


def deleted_subjects(deletions: Iterable[Event], labels: Iterable[Event] = ()) -> set[tuple[str, str]]:
    """(kind, id) of all that is deleted: the newest deletion of a subject decides, whatever came before or after.

    Kinds are post, comment, interaction and user; a deletion without a kind applies to the first three. Beside
    deletions, moderation labels that take their subject down do the same while in force.
    """
    newest: dict[tuple[str, str], Event] = {}
    for deletion in deletions:
        subject = _subject(deletion)
        newest[subject] = max(newest.get(subject, deletion), deletion, key=version_order)
    gone = {subject for subject, deletion in newest.items() if deletion.data.get("restored") is not True}
    gone |= {_subject(label) for label in labels_in_force(labels) if label.data["label_value"] in TAKEDOWNS}
    return {(kind, subject) for subject, named in gone for kind in ((named,) if named else _WITHOUT_A_KIND)}


def labels_in_force(labels: Iterable[Event]) -> list[Event]:
    """Of each labeler, subject and value the newest label, unless that withdraws it; in no particular order."""
    newest: dict[tuple[object, ...], Event] = {}
    for label in labels:
        key = (*_subject(label), label.data["labeler_id"], label.data["label_value"])
        newest[key] = max(newest.get(key, label), label, key=version_order)
    return [label for label in newest.values() if label.data.get("withdrawn") is not True]


def _subject(event: Event) -> tuple[str, str]:
    """Id and kind of what a deletion or label is about; "" for no kind."""
    return str(event.data["subject_id"]), str(event.data.get("subject_kind") or "")


_WITHOUT_A_KIND = ("post", "comment", "interaction")
