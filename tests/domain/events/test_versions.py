"""Deduplication and current version never depend on the order of arrival."""

import itertools
import json
from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.event import Event, parse
from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.domain.events.versions import (
    current_version,
    deleted_subjects,
    kept_copy,
    labels_in_force,
    latest_version,
)


def post(event_id: str, minute: int, text: str = "hello", deleted: bool = False) -> Event:
    example = KINDS["post"].example
    event = {**example, "event_id": event_id, "event_time": f"2026-11-22T09:{minute:02d}:00Z"}
    event["data"] = {"post_id": "p", "author_id": "u", "text": text, "deleted": deleted}
    answer = parse(
        json.dumps(event).encode(), datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert isinstance(answer, Event)
    return answer


def test_the_latest_edit_lives_whatever_arrives_first() -> None:
    """Prevents a late delivery of an old version that overwrites the new one."""
    versions = [post("a", 3), post("b", 5), post("c", 4)]
    for order in itertools.permutations(versions):
        assert current_version(order) == versions[1]


def test_two_versions_of_one_instant_are_decided_by_their_id() -> None:
    """Prevents an answer that is different tomorrow."""
    versions = [post("a", 3), post("b", 3)]
    assert latest_version(versions) == latest_version(reversed(versions)) == versions[1]


def test_a_deleted_post_does_not_live_until_it_is_written_again() -> None:
    """Prevents a tombstone that is outvoted by an older text, and one that rules indefinitely."""
    versions = [post("a", 3), post("b", 5, deleted=True)]
    assert current_version(versions) is None
    assert current_version([*versions, post("c", 6)]) == post("c", 6)


def test_copies_of_one_event_that_differ_have_one_that_stands() -> None:
    """Prevents two readers that keep different copies when a source breaks its promise."""
    copies = [post("a", 3, "one"), post("a", 3, "two"), post("a", 2, "zzz")]
    for order in itertools.permutations(copies):
        assert kept_copy(order) == copies[1]


def test_nothing_has_no_current_version() -> None:
    """Prevents a made-up answer for a post that no one wrote."""
    with pytest.raises(ValueError, match="empty"):
        current_version([])


def label(event_id: str, minute: int, **data: object) -> Event:
    given = {"labeler_id": "a", "label_value": "!hide", **data}
    return deletion(event_id, minute, "moderation_label", **given)


def deletion(event_id: str, minute: int, kind: str = "deletion", **data: object) -> Event:
    event = {**KINDS[kind].example, "event_id": event_id, "event_time": f"2026-11-22T09:{minute:02d}:00Z"}
    event["data"] = {"subject_id": "x", **data}
    answer = parse(
        json.dumps(event).encode(), datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert isinstance(answer, Event)
    return answer


def test_the_newest_deletion_of_a_subject_decides_in_any_order() -> None:
    """Prevents an account that is gone or back by which of its events came last over the wire."""
    gone, back = deletion("a", 1, subject_kind="user"), deletion("b", 2, subject_kind="user", restored=True)
    again, text = deletion("c", 3, subject_kind="user"), deletion("d", 1)
    anything = {("post", "x"), ("comment", "x"), ("interaction", "x")}
    for order in itertools.permutations((gone, back, text)):
        assert deleted_subjects(order) == anything
    for order in itertools.permutations((gone, back, again)):
        assert deleted_subjects(order) == {("user", "x")}


def test_a_takedown_deletes_while_its_labeler_upholds_it_in_any_order() -> None:
    """Prevents a text that is hidden or shown by which label came last over the wire, or by another's label."""
    hidden, shown = label("a", 1), label("b", 2, withdrawn=True)
    again, other = label("c", 3, label_value="!takedown"), label("d", 1, labeler_id="b")
    account = label("e", 1, subject_kind="user", label_value="!takedown")
    spam, restored = label("f", 4, label_value="spam"), deletion("g", 5, restored=True)
    anything = {("post", "x"), ("comment", "x"), ("interaction", "x")}
    for order in itertools.permutations((hidden, shown, spam)):
        assert deleted_subjects([restored], order) == set()
    for order in itertools.permutations((hidden, shown, again)):
        assert deleted_subjects([restored], order) == anything
    for order in itertools.permutations((hidden, shown, other, spam)):
        assert deleted_subjects([restored], order) == anything
        assert {event.event_id for event in labels_in_force(order)} == {"d", "f"}
    assert deleted_subjects([], [account, shown]) == {("user", "x")}
