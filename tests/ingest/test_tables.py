"""Tables as people have them: their own names, separators, sloppiness; each row an event or counted with a reason."""

import gzip
import io
import json
import zipfile
from datetime import UTC, date, datetime
from datetime import time as dt_time
from typing import Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.ingest import json_documents
from socialsent_assets.ingest import plan as plan_module
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.ingest.reading import records_of
from socialsent_assets.ingest.times import TimeReading
from tests.ingest.brought import events_of, landed, only_event, plan, records, records_by, workbook

HEADER = "event_time,post_id,author_id,text\n"
TIME = "2026-11-22T09:00:00Z"
IN_UTC = TimeReading(UTC)


def complaint(content: str | bytes, name: str = "tweets.csv", **options: object) -> str:
    with pytest.raises(UserError) as caught:
        plan(content, name, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_columns_of_the_contract_need_no_mapping() -> None:
    """Prevents a required option for a column named text."""
    event = only_event(f"Event_Time,POST_ID,author_id,text,lang,hashtags,mood\n{TIME},1,2,hello,en,#a b,glad\n")
    assert event.data == {
        "post_id": "1", "author_id": "2", "text": "hello", "lang": "en", "hashtags": ["#a", "b"], "mood": "glad",
    }  # fmt: skip
    assert (event.event_type, event.source) == ("post", "csv")


@pytest.mark.parametrize(
    ("day", "time", "instant"),
    [
        ("2026-06-01", "10:30", "2026-06-01T10:30"), ("01/06/2026", "9:05 pm", "2026-06-01T21:05"),
        ("20260601", "10:30:05", "2026-06-01T10:30"), ("June 1, 2026", "10:30 +02:00", "2026-06-01T08:30"),
        ("2026-06-01", "", "2026-06-01T00:00"),
    ],
)  # fmt: skip
def test_a_date_and_a_time_of_day_in_two_columns_are_one_time(day: str, time: str, instant: str) -> None:
    """Prevents posts that all seem to be of midnight, and a mapping that hides where times are from."""
    content = f'Date,Time,user,text\n"{day}",{time},ann,hello\n"{day}",10:00,bob,bye\n'
    made = plan(content, times=TimeReading(UTC, "day-first"))
    assert any(line.startswith("event_time <- Date and Time") for line in made.mapping)
    first, second = events_of(records_by(made))
    assert first.event_time.isoformat().startswith(instant)
    assert second.event_time.hour == 10
    assert first.data.keys() == {"author_id", "text", "post_id"}


def test_days_and_times_of_day_that_are_no_texts() -> None:
    """Prevents typed columns, as workbooks and Parquet have them, that stay apart or keep midnight."""
    days = pa.array([date(2026, 6, 1), date(2026, 6, 2)], pa.date32())
    for column in (days, days.cast(pa.timestamp("us"))):
        sink = io.BytesIO()
        times = pa.array([dt_time(10, 30), dt_time(11, 30)], pa.time64("us"))
        pq.write_table(pa.table({"date": column, "time": times, "text": ["a", "b"]}), sink)
        found = events_of(records(sink.getvalue(), "posts.parquet", times=IN_UTC))
        assert [f"{event.event_time:%d %H:%M}" for event in found] == ["01 10:30", "02 11:30"]


@pytest.mark.parametrize(("day", "time"), [("2026-06-01T08:00Z", "10:30"), ("2026-06-01", "soon")])
def test_a_column_named_time_that_does_not_belong_to_the_day_is_kept_as_it_is(day: str, time: str) -> None:
    """Prevents a whole time that another column makes unreadable."""
    event = only_event(f"date,time,user,text\n{day},{time},ann,hello\n", times=IN_UTC)
    assert event.data["time"] == time


def test_a_time_of_day_that_is_none_is_quarantined() -> None:
    """Prevents a post at an invented hour."""
    found = records("date,time,text\n2026-06-01,10:30,a\n2026-06-01,25:00,b\n", times=IN_UTC)
    assert [record.rejection and record.rejection.reason for record in found] == [None, "invalid_field"]


@pytest.mark.parametrize("orient", ["columns", "index", "split", "table"])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_table_that_pandas_wrote_as_one_object(
    orient: Literal["columns", "index", "split", "table"], indent: int | None
) -> None:
    """Prevents a data frame that becomes one event, or none: `to_json` writes it by columns by default."""
    frame = pd.DataFrame({"created_at": [TIME, TIME], "user": ["ann", "bob"], "text": ["good", "bad"]})
    made = plan(frame.to_json(orient=orient, indent=indent), "frame.json")
    assert "one object" in made.notes[0]
    assert [(event.data["author_id"], event.data["text"]) for event in events_of(records_by(made))] == [
        ("ann", "good"), ("bob", "bad"),
    ]  # fmt: skip


@pytest.mark.parametrize("orient", ["columns", "index"])
def test_a_table_in_one_object_that_is_too_large_says_what_to_write_instead(
    orient: Literal["columns", "index"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prevents a large data frame that is counted as one broken record."""
    monkeypatch.setattr(json_documents, "WHOLE_BYTES", 2_000)
    monkeypatch.setattr(plan_module, "WHOLE_BYTES", 2_000)
    frame = pd.DataFrame({"created_at": [TIME] * 60_000, "text": ["good"] * 60_000})
    assert "to_json(orient='records', lines=True)" in complaint(frame.to_json(orient=orient), "frame.json")


@pytest.mark.parametrize(
    "header",
    [
        "created_at,id,user_id,full_text", "Timestamp,Tweet ID,Username,Tweet", "date,message_id,author,content",
        "Created At,reviewId,userName,review", "createdAt,uid,screen_name,body", "publishedAt,id,author_name,comment",
    ],
)  # fmt: skip
def test_columns_by_the_names_that_people_use(header: str) -> None:
    """Prevents a mapping that has to be typed although every column has an obvious name."""
    event = only_event(f"{header}\n{TIME},1,2,hello\n")
    assert event.data == {"post_id": "1", "author_id": "2", "text": "hello"}


def test_the_nameless_index_of_a_data_frame_is_left_out() -> None:
    """Prevents a row number that becomes part of every event, and of its id."""
    event = only_event(f",event_time,post_id,author_id,text\n0,{TIME},1,2,hello\n")
    assert set(event.data) == {"post_id", "author_id", "text"}


def test_a_missing_column_is_named_with_what_could_be_it() -> None:
    """Prevents "KeyError: text": the error holds the option that solves it."""
    assert complaint(f"id,created_at,words of a person\n1,{TIME},so lovely\n") == (
        "tweets.csv has no column that is surely text (found: id, created_at, words of a person). "
        "Name it: --map text=words of a person"
    )
    message = complaint("id,text\n1,hello\n")
    assert message.endswith("--map event_time=COLUMN, or give all rows one value: --set event_time=2024-05-31T00:00Z")


def test_a_column_that_only_has_the_name_of_a_time_is_not_one() -> None:
    """Prevents a duration or a place that is read as the time of the post."""
    event = only_event(f"time,posted,text\n12 min,{TIME},x\n")
    assert event.event_time == datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_separator_is_found(sign: str) -> None:
    """Prevents an option for what the file shows."""
    rows = "".join(
        f"{TIME},{n},2,hello there; friends | all\n" if sign == "," else f"{TIME},{n},2,hello\n" for n in range(3)
    )
    content = (HEADER + rows).replace(",", sign)
    assert landed(content).counts.accepted == 3


def test_quoted_cells_with_other_separators_do_not_mislead() -> None:
    """Prevents a separator chosen by the commas in the texts."""
    rows = "".join(f'"{TIME}";"{n}";"2";"a, b, c, d, e"\n' for n in range(5))
    assert landed(HEADER.replace(",", ";") + rows).counts.accepted == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"columns": {"text": "txt"}}, "no column txt (found: event_time, post_id, author_id, text). Did you mean"),
        ({"columns": {"txet": "text"}}, "did you mean text?"),
        ({"event_type": "story"}, "there is no event type story"),
        ({"constants": {"post_id": "x"}}, "--set post_id=x would make all rows one post; leave it out"),
        ({"source": "a b"}, "--source a b: source is 'a b': a slug of at most 64 letters"),
        ({"header": ("a", "b")}, "--columns names 2 columns, tweets.csv has 4"),
        (
            {"label": "nowhere"},
            "the labels in column nowhere (nothing) cannot be mapped to classes with certainty",
        ),
    ],
)
def test_a_wish_that_cannot_be_met_says_what_can(options: dict[str, object], expected: str) -> None:
    """Prevents a typing mistake in an option that becomes a file full of rejections."""
    assert expected in complaint(HEADER + f"{TIME},1,2,x\n", **options)  # type: ignore[arg-type]


def test_the_same_row_is_the_same_event() -> None:
    """Prevents a second import that doubles everything because ids were drawn at random."""
    rows = HEADER + f"{TIME},1,2,hello\n{TIME},1,2,hello\n{TIME},1,2,other\n"
    batch = landed(rows)
    assert (batch.counts.accepted, batch.counts.duplicates) == (2, 1)
    assert landed(rows).objects == batch.objects


def test_rows_without_an_id_stay_posts_of_their_own() -> None:
    """Prevents many people's posts from becoming versions of one."""
    content = f"created,comment\n{TIME},great\n{TIME},awful\n{TIME},great\n"
    batch = landed(content)
    assert (batch.counts.accepted, batch.counts.duplicates) == (2, 1)
    event = only_event(f"created,comment\n{TIME},great\n")
    assert (event.data["author_id"], event.data["author_is_unknown"]) == ("csv-unknown", True)
    assert str(event.data["post_id"]).startswith("csv-")


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["5.70306133677761E+17"] * 3, "a spreadsheet has rounded this number"),
        (["5,70306133677761E+17"] * 3, "a spreadsheet has rounded this number"),
        (["570306133677760000", "570306133677761000", "570306133677762000"], "all ids of this column end in zeros"),
    ],
)
def test_ids_that_a_spreadsheet_has_rounded_are_refused(ids: list[str], words: str) -> None:
    """Prevents the posts of three people from becoming one post with two edits."""
    rows = "".join(f'{TIME},"{post_id}",u{n},text {n}\n' for n, post_id in enumerate(ids))
    batch = landed(HEADER + rows)
    assert batch.reasons == {"invalid_field": 3}
    assert words in batch.first_of["invalid_field"]
    assert "--map post_id=" in batch.first_of["invalid_field"]
    assert landed(HEADER + rows, columns={"post_id": ""}).counts.accepted == 3


@pytest.mark.parametrize(
    ("written", "meant"),
    [("570306133677760513", "570306133677760513"), ("12.0", "12"), (" 7 ", "7"), ("007", "007"), ("5e17", "5e17")],
)
def test_ids_stay_what_they_are(written: str, meant: str) -> None:
    """Prevents an id that loses its last digits, or its zeros in front."""
    assert only_event(HEADER + f"{TIME},{written},2,x\n").data["post_id"] == meant


def test_what_the_command_line_says_wins_over_a_column_of_that_name() -> None:
    """Prevents a column of app names from becoming the source of every event."""
    rows = f'id,created_at,text,source\n1,{TIME},x,"<a href=""https://p.example"">App</a>"\n'
    event = only_event(rows, source="twitter")
    assert (event.source, event.data["column_source"]) == ("twitter", '<a href="https://p.example">App</a>')
    assert only_event(rows).source == "csv"
    assert only_event(f"id,created_at,text,source\n1,{TIME},x,shop\n").source == "shop"


@pytest.mark.parametrize(
    ("column", "value", "meant"),
    [
        ("deleted", "0.0", False), ("deleted", "nan", None), ("deleted", "False", False), ("deleted", "no", False),
        ("hashtags", '"[{""text"": ""tram""}]"', ["tram"]), ("hashtags", "\"['a', 'b']\"", ["a", "b"]),
        ("hashtags", "[]", []),
        ("lang", "eng", "en"), ("lang", "English", "en"), ("lang", "nan", None), ("lang", "en_US", "en-US"),
        ("lang", "zh_CN", "zh-CN"), ("lang", "und", None), ("lang", "pt-BR", "pt-BR"),
        ("place", "None", None), ("topic", "N/A", None),
    ],
)  # fmt: skip
def test_optional_values_as_table_libraries_write_them(column: str, value: str, meant: object) -> None:
    """Prevents a false or a missing value that costs the whole post."""
    event = only_event(f"event_time,post_id,author_id,text,{column}\n{TIME},1,2,x,{value}\n")
    assert event.data.get(column) == meant


def test_an_optional_value_that_cannot_be_read_does_not_cost_the_post() -> None:
    """Prevents a text that is lost because the language beside it is no language."""
    batch = landed(f"event_time,post_id,author_id,text,lang,deleted\n{TIME},1,2,x,??,maybe\n")
    assert (batch.counts.accepted, batch.left_out) == (1, {"deleted": 1, "lang": 1})


def test_quotes_newlines_and_every_script_survive() -> None:
    """Prevents a reader that splits at the comma."""
    event = only_event(HEADER + f'{TIME},1,2,"She said ""no"",\nthen: привет 😍"\n')
    assert event.data["text"] == 'She said "no",\nthen: привет 😍'


def test_rows_that_do_not_fit_the_header_are_refused_alone() -> None:
    """Prevents cells that slide into the wrong field."""
    batch = landed(HEADER + f"{TIME},1,2\n{TIME},1,2,a,b\n\n{TIME},1,2,fine\n")
    assert batch.reasons == {"invalid_field": 1, "missing_field": 1}
    assert batch.counts.accepted == 1
    assert batch.first_of["missing_field"] == "tweets.csv line 2: 3 cells, the header has 4"


@pytest.mark.parametrize("sign", [",", "\t"])
@pytest.mark.parametrize("text", ['"the best tram', 'the 12" tram', '"best" tram', '"', 'say ""', '"a" and "b"'])
def test_a_stray_quote_takes_no_other_row_along(text: str, sign: str) -> None:
    """Prevents one quote that swallows 190 of 200 rows while the sum still closes."""
    rows = [f"{TIME},{n},2,text {n}" for n in range(200)]
    rows[10] = f"{TIME},10,2,{text}"
    batch = landed((HEADER + "\n".join(rows) + "\n").replace(",", sign))
    assert batch.counts.accepted == 200


def test_two_stray_quotes_do_not_join_what_is_between_them() -> None:
    """Prevents a quote that another row closes: the rows between them look like one long text."""
    rows = [f"{TIME},{n},2,text {n}" for n in range(50)]
    rows[10], rows[20] = f'{TIME},10,2,"open', f'{TIME},20,2,closed"'
    batch = landed(HEADER + "\n".join(rows) + "\n")
    assert (batch.counts.records, batch.counts.accepted) == (50, 50)


def test_a_quote_in_a_row_that_cannot_be_read_costs_that_row_alone() -> None:
    """Prevents the rest of a file in quarantine because of one row with too many separators."""
    many = "".join(f"{TIME},{n},2,{'x' * 90}\n" for n in range(12_000))
    batch = landed(HEADER + f'{TIME},1,2,"open, and a comma\n' + many)
    assert (batch.counts.accepted, batch.counts.quarantined) == (12_000, 1)


def test_many_open_quotes_do_not_cost_a_megabyte_each() -> None:
    """Prevents a file of quotes that takes hours: each would read on for a megabyte."""
    rows = "".join(f'{TIME},{n},2,"open {n}\n' for n in range(5_000))
    assert landed(HEADER + rows).counts.accepted == 5_000


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=12), max_size=12))
def test_whatever_the_texts_hold_no_line_goes_missing(texts: list[str]) -> None:
    """Prevents a combination of quotes that makes rows disappear from the sum."""
    rows = [f"{TIME}\t{n}\t2\t{text}" for n, text in enumerate(["x", *texts])]
    found = records("event_time\tpost_id\tauthor_id\ttext\n" + "\n".join(rows) + "\n", delimiter="\t")
    assert sum(record.raw.count(b"\n") + 1 for record in found) == len(rows)


def test_a_repeated_header_is_counted_and_is_no_post() -> None:
    """Prevents files that were joined together from landing their column names."""
    batch = landed(HEADER + f"{TIME},1,2,a\n" + HEADER + f"{TIME},2,2,b\n")
    assert (batch.counts.accepted, batch.filtered) == (2, {"repeated header": 1})


def test_a_file_without_a_header_asks_for_its_columns() -> None:
    """Prevents a first post that is taken for the names of the columns."""
    content = f"1,{TIME},ann,hello\n2,{TIME},bob,bye\n"
    message = complaint(content)
    assert message.startswith("tweets.csv has no header line (first row: 1, 2026-11-22T09:00:00Z, ann, hello).")
    assert message.endswith("--columns NAME,NAME,…")
    assert landed(content, header=("id", "time", "user", "text")).counts.accepted == 2


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_another_encoding_is_read_and_said(encoding: str) -> None:
    """Prevents a Latin-1 file that is rejected, or lands as question marks, or is recoded in silence."""
    made = plan((HEADER + f"{TIME},1,2,caf\xe9\n").encode(encoding))
    assert made.notes == ("it is not UTF-8 and is read as Windows-1252 (latin-1); --encoding says otherwise",)
    assert only_event((HEADER + f"{TIME},1,2,caf\xe9\n").encode(encoding)).data["text"] == "caf\xe9"


def test_an_encoding_that_changes_half_way_costs_those_rows_alone() -> None:
    """Prevents good UTF-8 that becomes mojibake because of a few rows from elsewhere."""
    good = "".join(f"{TIME},{n},2,caf\xe9 {n}\n" for n in range(10)).encode()
    batch = landed(HEADER.encode() + good + f"{TIME},99,2,caf\xe9\n".encode("latin-1"))
    assert (batch.counts.accepted, batch.reasons) == (10, {"not_utf8": 1})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
def test_what_spreadsheets_call_unicode_is_read(encoding: str) -> None:
    """Prevents an export dialog's first choice from being no file at all."""
    assert only_event((HEADER + f"{TIME},1,2,caf\xe9\n").encode(encoding)).data["text"] == "caf\xe9"


def test_cells_get_the_type_of_their_field() -> None:
    """Prevents every age and every tombstone of a table from being rejected as text."""
    user = only_event(
        f"event_time,user_id,user_name,age,joined_at\n{TIME},1,ada,36.0,2024-01-01 00:00:00\n",
        event_type="user",
        times=IN_UTC,
    )
    assert (user.data["age"], user.data["joined_at"]) == (36, "2024-01-01T00:00:00.000000Z")
    post = only_event(f"event_time,post_id,author_id,text,deleted\n{TIME},1,,,TRUE\n")
    assert post.data == {"post_id": "1", "deleted": True}


def test_times_without_offset_ask_for_a_zone_before_anything_lands() -> None:
    """Prevents a file in quarantine for one missing option."""
    rows = HEADER + "2026-11-22 09:00:00,1,2,x\n"
    message = complaint(rows)
    assert message.startswith("tweets.csv: times in column event_time have no offset (first: '2026-11-22 09:00:00').")
    assert "--assume-utc" in message
    assert only_event(rows, times=IN_UTC).hour.key == "2026-11-22-09:00"


def test_a_date_late_in_the_file_decides_the_order_of_day_and_month() -> None:
    """Prevents an error, or a guess, about dates that the file itself explains."""
    rows = "".join(f"{1 + n % 9:02}/{1 + n % 8:02}/2026,{n},2,x\n" for n in range(2_000))
    assert "is ambiguous" in complaint(HEADER + rows, times=IN_UTC)
    batch = landed(HEADER + rows + "25/08/2026,9999,2,x\n", times=IN_UTC)
    assert batch.counts.accepted == 2_001
    dates = [*(f"{1 + n % 9:02}/{1 + n % 8:02}/2026" for n in range(2_000)), "25/08/2026"]
    lines = "".join(json.dumps({"date": date, "text": f"x {n}"}) + "\n" for n, date in enumerate(dates))
    assert landed(lines, "posts.jsonl", times=IN_UTC).counts.accepted == 2_001


@pytest.mark.parametrize("content", ["", HEADER, "\n\n", "\ufeff" + HEADER])
def test_a_file_without_rows_has_no_records(content: str) -> None:
    """Prevents an exception, or a row made of the header."""
    assert records(content) == []


def test_a_million_columns_are_one_sentence() -> None:
    """Prevents a file that is no table from taking the memory of one."""
    assert "more than 4,096 columns" in complaint(",".join(["a"] * 1_000_000) + "\n")


def test_a_cut_gzip_keeps_whole_rows_and_refuses_the_cut_one() -> None:
    """Prevents a post that lands with half of its text."""
    rows = "".join(f"{TIME},{n},2,text number {n * 7919}\n" for n in range(3_000))
    packed = gzip.compress((HEADER + rows).encode())[:-700]
    made = plan(packed, "tweets.csv.gz")
    found: list[SourceRecord] = []
    with pytest.raises(BrokenFileError, match="cut off"):
        found.extend(records_of(made, io.BytesIO(packed)))
    assert [record.rejection is None for record in found] == [True] * (len(found) - 1) + [False]
    assert len(found) > 1_000


@pytest.mark.parametrize("name", ["book.xlsx", "book.csv"])
def test_a_workbook_is_read_whatever_it_is_called(name: str) -> None:
    """Prevents a spreadsheet that has to be saved as something else first."""
    content = workbook(
        [["created", "who", "text"], ["2026-11-22 09:00", "ann", "lovely"], ["46197.4375", "bob", "no"]]
    )
    batch = landed(content, name, times=IN_UTC)
    assert batch.counts.accepted == 2


def test_a_workbook_that_is_none_says_what_to_do() -> None:
    """Prevents "is separated by ';'" for a zip, or a traceback of the reader."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert "is an Excel workbook that cannot be read" in complaint(sink.getvalue(), "book.xlsx")
    assert "save it as CSV" in complaint(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old.xls")


def test_a_workbook_that_unpacks_beyond_reason_is_refused() -> None:
    """Prevents a small file that fills the memory."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * 50_000_000)
    assert "unpacks to" in complaint(sink.getvalue(), "bomb.xlsx")


def test_parquet_is_read_with_its_types() -> None:
    """Prevents lists, numbers and times that come as text, or not at all."""
    sink = io.BytesIO()
    table = pa.table(
        {
            "created": pa.array([datetime(2026, 11, 22, 9, tzinfo=UTC)]),
            "id": pa.array([570306133677760513]),
            "user": pa.array(["ann"]),
            "text": pa.array(["lovely"]),
            "hashtags": pa.array([["tram"]]),
        }
    )
    pq.write_table(table, sink)
    event = only_event(sink.getvalue(), "posts.parquet")
    assert event.data == {
        "post_id": "570306133677760513", "author_id": "ann", "text": "lovely", "hashtags": ["tram"],
    }  # fmt: skip
    assert "is not a readable Parquet file" in complaint(sink.getvalue()[:60], "cut.parquet")


@pytest.mark.parametrize(
    ("above", "note"),
    [("sep=;\n", "1 row"), ("Export of posts;;;\n;;;\n", "2 rows"), ("Export of posts\n\n", "1 row")],
)
def test_rows_above_the_header_are_left_out_and_said(above: str, note: str) -> None:
    """Prevents a spreadsheet's title, or Excel's own first line, from being the only column of a file."""
    rows = "".join(f"{TIME};{n};2;text {n}\n" for n in range(3))
    content = above + HEADER.replace(",", ";") + rows
    assert plan(content).notes == (f"{note} above the header left out",)
    assert landed(content).counts.accepted == 3


def test_a_title_above_a_sheet_is_left_out() -> None:
    """Prevents a workbook with a heading from having no columns."""
    sheet = workbook([["Posts of June", "", ""], ["time", "user", "text"], [TIME, "ann", "lovely"]])
    assert only_event(sheet, "june.xlsx").data["text"] == "lovely"


def test_a_separator_at_the_end_of_each_line_is_no_cell() -> None:
    """Prevents a whole file in quarantine because its program ends each row with a comma."""
    batch = landed(HEADER + f"{TIME},1,2,a,\n{TIME},2,2,b,,\n{TIME},3,2,c,d\n")
    assert (batch.counts.accepted, batch.reasons) == (2, {"invalid_field": 1})


@pytest.mark.parametrize(
    "header", ["Datum;Benutzer;Kommentar", "date;auteur;texte", "fecha;usuario;mensaje", "data;autore;testo"]
)
def test_columns_by_their_names_in_other_languages(header: str) -> None:
    """Prevents a mapping that has to be typed because a spreadsheet is not English."""
    event = only_event(f"{header}\n24.06.2026 10:30;Jörg;Très bien\n".encode("latin-1"), times=IN_UTC)
    assert (event.data["author_id"], event.data["text"]) == ("Jörg", "Très bien")


@pytest.mark.parametrize("place", ["results", "data.items"])
def test_the_records_of_an_unknown_api_are_found_in_its_answer(place: str) -> None:
    """Prevents an answer of an API from being one record without a text."""
    posts = [{"id": n, "created_at": TIME, "user": {"id": 7}, "body": f"post {n}"} for n in range(3)]
    answer: object = posts
    for name in reversed(place.split(".")):
        answer = {name: answer, "count": 3}
    made = plan(json.dumps(answer), "answer.json")
    assert made.notes == (f"the records are in the list {place}",)
    content = json.dumps(answer) + "\n" + json.dumps({"error": "slow down"})
    assert landed(content, "answers.jsonl").counts.accepted == 3
    assert landed(content, "answers.jsonl").reasons == {"missing_field": 1}


def test_nested_names_in_json_are_columns() -> None:
    """Prevents a dump of objects that can only be read after a script has flattened it."""
    record = {"meta": {"created": TIME}, "id": 1, "user": {"id": 7}, "said": {"words": "so lovely"}}
    message = complaint(json.dumps(record), "dump.jsonl")
    assert message.endswith("Name it: --map text=said.words")
    event = only_event(json.dumps(record), "dump.jsonl", columns={"text": "said.words"})
    assert (event.data["author_id"], event.data["text"]) == ("7", "so lovely")


def test_labels_of_any_table_come_in_when_a_person_says_so() -> None:
    """Prevents a model's own output from being taken for human labels, and human labels from being lost."""
    content = f"time,text,sentiment\n{TIME},good,positive\n{TIME},bad,negative\n"
    assert landed(content).labels == 0
    assert plan(content).notes == ("column sentiment looks like labels; if people gave them: --label sentiment",)
    assert landed(content, label="sentiment").labels == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "is not JSON, CSV or a workbook"),
        (b"<?xml version='1.0'?><a/>", "is XML or HTML"),
        (b"<html>", "is XML"),
    ],
)
def test_a_file_of_another_kind_is_one_sentence(content: bytes, words: str) -> None:
    """Prevents a picture that is read as a table with strange columns."""
    assert words in complaint(content, "thing.csv")
