"""CSV as people have it: their own names, separators and sloppiness; each row an event or a counted refusal."""

import gzip
import io
from datetime import UTC, datetime

import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.event import Event, parse
from socialsent_assets.domain.events.landing import LandedBatch, SourceRecord, land
from socialsent_assets.ingest.csv_columns import CsvWishes
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.ingest.mapped_csv import csv_records

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = "event_time,post_id,author_id,text\n"
TIME = "2026-11-22T09:00:00Z"


def records(content: str | bytes, name: str = "tweets.csv", **wishes: object) -> list[SourceRecord]:
    raw = content.encode() if isinstance(content, str) else content
    return list(csv_records(io.BytesIO(raw), name, CsvWishes(**wishes)))  # type: ignore[arg-type]


def landed(content: str | bytes, **wishes: object) -> LandedBatch:
    return land(records(content, **wishes), NOW, START, "o")


def only_event(content: str | bytes, **wishes: object) -> Event:
    (record,) = records(content, **wishes)
    answer = parse(record.raw, NOW, START)
    assert isinstance(answer, Event), answer
    return answer


def complaint(content: str, **wishes: object) -> str:
    with pytest.raises(UserError) as caught:
        records(content, **wishes)
    return str(caught.value)


def test_columns_of_the_contract_need_no_mapping() -> None:
    """Prevents a person who has to say that text is text."""
    event = only_event(f"Event_Time,POST_ID,author_id,text,lang,hashtags,mood\n{TIME},1,2,hello,en,#a b,glad\n")
    assert event.data == {
        "post_id": "1", "author_id": "2", "text": "hello", "lang": "en", "hashtags": ["#a", "b"], "mood": "glad",
    }  # fmt: skip
    assert (event.event_type, event.source) == ("post", "csv")


def test_the_nameless_index_of_a_data_frame_is_left_out() -> None:
    """Prevents a row number that becomes part of every event, and of its id."""
    event = only_event(f",event_time,post_id,author_id,text\n0,{TIME},1,2,hello\n")
    assert set(event.data) == {"post_id", "author_id", "text"}


def test_a_missing_column_is_named_with_its_lookalike() -> None:
    """Prevents "KeyError: event_time": the error holds the option that solves it."""
    assert complaint(f"id,created_at,text\n1,{TIME},x\n") == (
        "tweets.csv has no column event_time (found: id, created_at, text). Name it: --map event_time=created_at"
    )


def test_several_lookalikes_come_in_one_proposal() -> None:
    """Prevents three attempts for three columns."""
    message = complaint("id,date,content,user\n")
    assert message.endswith("Name it: --map event_time=date,text=content,author_id=user")


def test_a_column_that_nothing_resembles_can_be_one_value() -> None:
    """Prevents a file of anonymous texts that cannot be used at all."""
    message = complaint("id,event_time,text\n")
    assert message.endswith("--map author_id=COLUMN, or give all rows one value: --set author_id=VALUE")
    event = only_event(f"id,event_time,text\n9,{TIME},x\n", constants={"author_id": "unknown"})
    assert event.data == {"post_id": "9", "author_id": "unknown", "text": "x"}


@pytest.mark.parametrize(("sign", "word"), [(";", "';'"), ("\t", "a tab"), ("|", "'|'")])
def test_the_wrong_separator_is_named(sign: str, word: str) -> None:
    """Prevents "no column event_time (found: event_time;post_id;…)", which helps nobody."""
    message = complaint(HEADER.replace(",", sign))
    assert message.startswith(f"tweets.csv is separated by {word}. Say so: --delimiter ")


def test_a_tsv_is_separated_by_tabs() -> None:
    """Prevents an option that the file's own name already says."""
    row = f"{TIME},1,2,hello".replace(",", "\t")
    (record,) = records(HEADER.replace(",", "\t") + row, name="tweets.tsv.gz")
    assert isinstance(parse(record.raw, NOW, START), Event)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({"columns": {"text": "txt"}}, "no column txt (found: event_time, post_id, author_id, text). Did you mean"),
        ({"columns": {"txet": "text"}}, "did you mean text?"),
        ({"event_type": "story"}, "there is no event type story"),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_can(wishes: dict[str, object], expected: str) -> None:
    """Prevents a typing mistake in an option that becomes a file full of refusals."""
    assert expected in complaint(HEADER, **wishes)


def test_the_same_row_is_the_same_event() -> None:
    """Prevents a second import that doubles everything because ids were drawn at random."""
    rows = HEADER + f"{TIME},1,2,hello\n{TIME},1,2,hello\n{TIME},1,2,other\n"
    batch = landed(rows)
    assert (batch.counts.accepted, batch.counts.duplicates) == (2, 1)
    assert landed(rows).objects == batch.objects


def test_quotes_newlines_and_every_script_survive() -> None:
    """Prevents a reader that splits at the comma."""
    event = only_event(HEADER + f'{TIME},1,2,"She said ""no"",\nthen: привет 😍"\n')
    assert event.data["text"] == 'She said "no",\nthen: привет 😍'


def test_a_row_with_other_bytes_than_utf8_is_refused_with_those_bytes() -> None:
    """Prevents a Latin-1 file that fails as a whole or lands as question marks."""
    rows = (HEADER + f"{TIME},1,2,caf\xe9\n{TIME},2,2,tea\n").encode("latin-1")
    batch = landed(rows)
    assert batch.reasons == {"not_utf8": 1}
    assert batch.counts.accepted == 1
    assert b"caf\xe9" in records(rows)[0].raw


def test_rows_that_do_not_fit_the_header_are_refused_alone() -> None:
    """Prevents cells that slide into the wrong field."""
    batch = landed(HEADER + f"{TIME},1,2\n{TIME},1,2,a,b\n\n{TIME},1,2,fine\n")
    assert batch.reasons == {"invalid_field": 1, "missing_field": 1}
    assert batch.counts.accepted == 1
    assert batch.first_of["missing_field"] == "tweets.csv line 2: 3 cells, the header has 4"


def test_a_quote_that_never_closes_does_not_become_a_post() -> None:
    """Prevents half a file that lands as one long text."""
    batch = landed(HEADER + f'{TIME},1,2,fine\n{TIME},1,2,"open\n{TIME},1,2,swallowed\n')
    assert (batch.counts.accepted, batch.counts.quarantined) == (1, 1)


def test_reading_goes_on_after_a_quote_that_swallowed_a_mebibyte() -> None:
    """Prevents one stray quote that costs the rest of a large file."""
    many = "".join(f"{TIME},{n},2,{'x' * 90}\n" for n in range(12_000))
    batch = landed(HEADER + f'{TIME},1,2,"open\n' + many)
    assert batch.reasons == {"too_large": 1}
    assert 3_000 < batch.counts.accepted < 4_000


def test_cells_get_the_type_of_their_field() -> None:
    """Prevents every age and every tombstone of a CSV from being refused as text."""
    user = only_event(
        f"event_time,user_id,user_name,age,joined_at\n{TIME},1,ada,36,2024-01-01 00:00:00\n",
        event_type="user",
        assume_utc=True,
    )
    assert (user.data["age"], user.data["joined_at"]) == (36, "2024-01-01T00:00:00.000000Z")
    post = only_event(f"event_time,post_id,author_id,text,deleted\n{TIME},1,,,TRUE\n")
    assert post.data == {"post_id": "1", "deleted": True}


def test_a_time_without_offset_is_refused_unless_somebody_says_utc() -> None:
    """Prevents local times that are silently taken for UTC."""
    rows = HEADER + "2026-11-22 09:00:00,1,2,x\n"
    assert landed(rows).reasons == {"invalid_field": 1}
    assert only_event(rows, assume_utc=True).hour.key == "2026-11-22-09:00"


@pytest.mark.parametrize("content", ["", HEADER, "\n\n", "\ufeff" + HEADER])
def test_a_file_without_rows_has_no_records(content: str) -> None:
    """Prevents an exception, or a row made of the header."""
    assert records(content) == []


def test_a_cut_gzip_keeps_whole_rows_and_refuses_the_cut_one() -> None:
    """Prevents a post that lands with half of its text."""
    rows = "".join(f"{TIME},{n},2,text number {n * 7919}\n" for n in range(3_000))
    packed = gzip.compress((HEADER + rows).encode())[:-700]
    found: list[SourceRecord] = []
    with pytest.raises(BrokenFileError, match="cut off"):
        found.extend(csv_records(io.BytesIO(packed), "tweets.csv.gz", CsvWishes()))
    assert [record.rejection is None for record in found] == [True] * (len(found) - 1) + [False]
    assert len(found) > 1_000
