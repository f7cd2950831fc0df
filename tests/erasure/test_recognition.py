"""Which events belong to what is erased, and that the ledger knows as much as the ids themselves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from socialsent_assets.domain.events.erasure import AUTHOR_FIELDS, Erased, ErasedIds, is_erased, own_ids
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.kinds import KINDS, Kind
from socialsent_assets.lake.erasure_ledger import KEY, add_to_ledger, read_ledger, set_returning

NOW = datetime(2026, 11, 22, tzinfo=UTC)
IDS = ErasedIds(frozenset(("u-4", 'quo"ted', "did:plc:ann")), frozenset(("p-1",)))

MADE_BY_SOMEONE = [kind for kind in KINDS.values() if {field.name for field in kind.fields} & set(AUTHOR_FIELDS)]


def plain(_: Path) -> Erased:
    return IDS


def entered(folder: Path) -> Erased:
    return add_to_ledger(folder, IDS, NOW, "request 17")


@pytest.mark.parametrize("made", [plain, entered])
@pytest.mark.parametrize(
    ("data", "gone"),
    [
        ({"post_id": "p-9", "author_id": "u-4"}, True),
        ({"post_id": "p-9", "author_id": "u-42"}, False),
        ({"post_id": "p-9", "author_id": "u"}, False),
        ({"interaction_id": "i", "actor_id": "u-5", "target_user_id": "u-4"}, True),
        ({"comment_id": "c", "post_id": "p-1", "author_id": "u-5"}, True),
        ({"comment_id": "c", "post_id": "p-11", "author_id": "u-5"}, False),
        ({"subject_id": "u-4", "subject_kind": "user"}, True),
        ({"subject_id": "p-1"}, True),
        ({"post_id": "at://did:plc:ann/app.bsky.feed.post/3k", "author_id": "u-5"}, True),
        ({"post_id": "at://did:plc:anna/app.bsky.feed.post/3k", "author_id": "u-5"}, False),
        ({"user_id": 'quo"ted', "user_name": "x"}, True),
        (
            {"post_id": "u-4", "author_id": "p-1"},
            False,
        ),  # a post that is called as the person, and the other way round
        ({"post_id": "p-9", "author_id": "u-5", "text": 'I know "author_id":"u-4"'}, False),
    ],
)
def test_an_event_is_erased_by_a_whole_id_in_a_field_that_may_hold_it(
    tmp_path: Path, made: Callable[[Path], Erased], data: dict[str, str], gone: bool
) -> None:
    """Prevents an erasure that takes along whoever has a longer id, or leaves who is only named."""
    assert is_erased(json.dumps({"data": data}).encode(), made(tmp_path)) is gone


def test_the_ledger_holds_no_id_and_says_when_it_is_of_no_use(tmp_path: Path) -> None:
    """Prevents a ledger that is itself a trace, and one that lets everything back in without a word."""
    entered(tmp_path)
    entered(tmp_path)
    (file,) = tmp_path.glob("*.json")
    assert not any(one in file.read_text() for one in ("u-4", "did:plc:ann", "p-1"))
    whole = file.read_text()
    known = json.loads(whole)["fingerprints"][0]
    file.write_text(whole.replace(known, known[::-1]))
    with pytest.raises(UserError, match="was changed or is damaged"):
        read_ledger(tmp_path)
    file.write_text(whole)
    (tmp_path / KEY).unlink()
    with pytest.raises(UserError, match="no key"):
        read_ledger(tmp_path)


@pytest.mark.parametrize("lost", ["one", "all"])
def test_a_ledger_that_is_lost_stops_what_would_bring_people_back(tmp_path: Path, lost: str) -> None:
    """Prevents a folder that is restored without an entry, or not at all, from counting as nothing erased."""
    folder = tmp_path / "lake" / "erasures"
    entered(folder)
    add_to_ledger(folder, ErasedIds(frozenset(("u-9",))), NOW, "")
    if lost == "one":
        sorted(folder.glob("*.json"))[0].unlink()
    else:
        shutil.rmtree(folder)
    with pytest.raises(UserError, match="restore them from a backup"):
        read_ledger(folder)


def test_a_person_may_return_but_not_what_was_erased(tmp_path: Path) -> None:
    """Prevents a person who is kept out for good, or old texts that come back with them."""
    folder = tmp_path / "erasures"
    entered(folder)
    old = b'{"data":{"post_id":"p-1","author_id":"u-4"}}'
    new = b'{"data":{"post_id":"p-2","author_id":"u-4"}}'
    assert is_erased(new, read_ledger(folder))
    set_returning(folder, "in")
    assert [is_erased(line, read_ledger(folder)) for line in (old, new)] == [True, False]
    set_returning(folder, "out")
    assert is_erased(new, read_ledger(folder))


@pytest.mark.parametrize("kind", MADE_BY_SOMEONE, ids=lambda kind: kind.name)
def test_what_a_person_made_is_known_by_its_own_id_in_every_kind(kind: Kind) -> None:
    """Prevents an erasure that takes the post of another person along, because an erased person reacted to it."""
    data = cast(Mapping[str, str], kind.example["data"])
    person = data.get("author_id") or data["actor_id"]
    assert list(own_ids(data, ErasedIds(frozenset([person]), frozenset()))) == [data[kind.identity]]
