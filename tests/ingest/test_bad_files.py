"""Files as they arrive when something went wrong: a sentence with the next step, and every record counted."""

import gzip
import json
import random
from collections.abc import Callable

import pytest
import zstandard

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.landing import LandedBatch, land
from socialsent_assets.domain.events.start import HISTORY_START
from socialsent_assets.ingest.file_bytes import BrokenFileError
from tests.ingest.brought import FIXTURES, NOW, landed, plan, records, records_by

HEAD = "created_at,user,body\n"
_WORDS = random.Random(7)


def row(number: int, text: str = "") -> str:
    """A row; its text is random, so that it does not pack to nothing."""
    return f"2026-06-01T10:00:{number % 60:02d}Z,u{number},{text or _WORDS.getrandbits(256)}\n"


TABLE = (HEAD + "".join(row(number) for number in range(4_000))).encode()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_file_of_which_nothing_can_be_read_is_not_called_empty(pack: Callable[[bytes], bytes]) -> None:
    """Prevents half a download that ends with "nothing to ingest" and the exit code of success."""
    content = pack(TABLE)
    with pytest.raises(UserError, match=r"cut off; get the whole file|damaged"):
        plan(content[:12], "tweets.csv.gz")


def test_a_packed_file_that_is_cut_lands_what_came_before_and_says_so() -> None:
    """Prevents a cut that passes for the end of the file."""
    made = plan(gzip.compress(TABLE)[:60_000], "tweets.csv.gz")
    with pytest.raises(BrokenFileError, match="cut off"):
        records_by(made)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7\n1 0 obj", "is a PDF"),
        (b"<!DOCTYPE html><html>Log in</html>", "is XML or HTML"),
        (random.Random(1).randbytes(5_000), "is not JSON, CSV or a workbook"),
        ((",".join(f"c{n}" for n in range(100_000)) + "\n").encode(), "more than 4,096 columns"),
    ],
)
def test_what_is_no_file_of_posts_is_named(content: bytes, words: str) -> None:
    """Prevents an error about a column of a table that there is not."""
    with pytest.raises(UserError, match=words):
        plan(content, "posts.csv")


def sums_up(batch: LandedBatch, total: int) -> bool:
    return batch.counts.records + sum(batch.filtered.values()) == total


def test_a_second_header_in_the_middle_is_no_post() -> None:
    """Prevents files put together with cat from landing a post whose text is "body"."""
    batch = landed(HEAD + row(1, "a") + HEAD + row(2, "b"))
    assert (batch.counts.accepted, sum(batch.filtered.values()), batch.counts.quarantined) == (2, 1, 0)


@pytest.mark.parametrize("name", ["posts.csv", "posts.jsonl"])
def test_another_encoding_half_way_costs_its_rows_alone(name: str) -> None:
    """Prevents one line of latin-1 from turning every other one into mojibake, or from being lost."""
    if name.endswith("csv"):
        content = (HEAD + row(1, "café")).encode() + row(2, "naïve").encode("latin-1")
    else:
        lines = [{"created_at": "2026-06-01T10:00:00Z", "user": "a", "body": text} for text in ("café", "naïve")]
        first, second = (json.dumps(line, ensure_ascii=False) for line in lines)
        content = first.encode() + b"\n" + second.encode("latin-1")
    batch = landed(content, name)
    assert sums_up(batch, 2)
    assert dict(batch.reasons) == {"not_utf8": 1}


def test_an_outbox_of_three_megabytes_in_one_line_is_read_record_by_record() -> None:
    """Prevents a whole account from being one record that is too large."""
    outbox = json.loads((FIXTURES / "outbox.json").read_text())
    (note,) = [item for item in outbox["orderedItems"] if item["type"] == "Create"][:1]
    copies = []
    for number in range(3_000):
        copy = json.loads(json.dumps(note))
        copy["object"] |= {"id": f"https://fedi.example/{number}", "content": f"<p>{'word ' * 200}</p>"}
        copies.append(copy)
    content = json.dumps({**outbox, "orderedItems": copies})
    assert len(content) > 3 << 20
    assert "\n" not in content
    batch = landed(content, "outbox.json")
    assert batch.counts.accepted == 3_000


@pytest.mark.parametrize("begin", [HEAD, HEAD + row(1, "fine")])
def test_a_file_that_unpacks_to_one_endless_line_ends_with_a_sentence(begin: str) -> None:
    """Prevents a file of a few kilobytes from filling memory, or from passing for an empty one."""
    packed = gzip.compress(begin.encode() + b"x" * (100 << 20))
    with pytest.raises((BrokenFileError, UserError), match="a line is longer than 64 MiB"):
        records(packed, "bomb.csv.gz")


def test_a_record_whose_author_was_deleted_keeps_its_text() -> None:
    """Prevents posts from being lost because an account is gone."""
    content = {"id": "k1", "body": "fine", "author": None, "link_id": "t3_q", "parent_id": "t3_q", "created_utc": 1}
    made = plan(json.dumps(content | {"created_utc": 1_780_300_000}), "reddit.json")
    batch = land(records_by(made), NOW, HISTORY_START, "o")
    assert batch.events == {"comment": 1}
