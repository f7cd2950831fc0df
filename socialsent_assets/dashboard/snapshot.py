"""A summary of the marts in memory: counts by time, source, topic, language and kind, and the words of a sample.

It is read from the warehouse file in one go and then answers without it, so writers never wait for a page and a page
never waits for a writer. 1 M texts make some 100,000 rows. Beside the sums, all of each text but its words is
kept, some 40 bytes: a search asks the file which texts it finds, by their ids, and sums here.

Not here: when it is made again (live.py), queries on it (views.py), posts themselves (posts.py).
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from socialsent_assets.dashboard.filters import NONE, Filter, search_condition, watch_condition
from socialsent_assets.domain.language.text import is_stop_word, words
from socialsent_assets.domain.readers import MOODS
from socialsent_assets.insights.queries import TEXTS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

MINUTES_FOR = timedelta(hours=6)
"""The newest part of the data, counted by the minute; the rest by the hour."""
MOST_TOPICS = 300
OTHER_TOPICS = "(other topics)"
SAMPLE = 30_000
"""Texts whose words are counted: about as many, spread evenly by a hash of their ids."""
SEARCHES_KEPT = 8

VERSION = "select count(*), max(event_hour), md5(string_agg(lake_version, '' order by event_hour)) from lake_hours"

VALUES = ("source", "topic", "lang", "kind")
"""Columns of the summary that say, with `slot`, which texts a row counts."""

_SPAN = f"select min(event_time), max(event_time), count(*) from {TEXTS}"  # noqa: S608
_TOPICS = f"select coalesce(topic, '{NONE}') as topic, count(*) as n from {TEXTS} group by 1 order by 2 desc, 1"  # noqa: S608

_SCORED = "unscored_reason is null and sentiment is not null"
_ID = "hash(kind, text_id)"
"""A number per text. Unlike its place in the file, it stays the same when the file is written again."""
_COUNTS = {
    "n": "count(*)",
    "scored": "count(sentiment)",
    **{mood: f"count_if(sentiment = '{mood}')" for mood in MOODS},
    "predicted": "count(predicted_sentiment)",
    **{f"model_{mood}": f"count_if(predicted_sentiment = '{mood}')" for mood in MOODS},
    "agreeing": "count_if(predicted_sentiment = sentiment)",
}
_POLARITIES = {
    "polarity": "sum(polarity) filter (sentiment is not null)",
    "model_polarity": "sum(model_polarity)",
}
"""With `_COUNTS` the columns of the summary: sums over texts, `polarity` over scored ones, `model_polarity` over
classified ones. VADER gives four decimals: whole ten-thousandths add up the same in any order."""


@dataclass
class Snapshot:
    """The summary of one version of the marts.

    Attributes:
        version: digest of the lake hours that the marts hold.
        first, last: event times of the first and last text, naive UTC; None without texts.
        watched: words that texts were searched for; each text of the summary counts to those that it holds.
        sampled: texts in the sample of words; 0 until `add_sample`, which takes longer than everything else.
    """

    version: str
    memory: duckdb.DuckDBPyConnection
    texts: int
    first: datetime | None
    last: datetime | None
    minutes_from: datetime | None
    topics: list[tuple[str, int]]
    watched: tuple[str, ...] = ()
    sampled: int = 0
    _searches: OrderedDict[tuple[str, ...], str] = field(default_factory=OrderedDict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a question of our own, on a cursor of its own; any thread."""
        with self.memory.cursor() as cursor:
            return cursor.execute(sql, list(values)).fetchall()

    def table_of(self, wanted: Filter) -> str | None:
        """Name of the summary for that search; None if it has to be read from the file first (`add_search`)."""
        if not wanted.search:
            return "summary"
        with self._lock:
            name = self._searches.get(wanted.search)
            if name:
                self._searches.move_to_end(wanted.search)
            return name

    def add_sample(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        """Read the sample of words."""
        rows = _sample(warehouse, max(1, round(self.texts / SAMPLE)), self.watched)
        with self.memory.cursor() as cursor:
            self.sampled = _store_sample(cursor, rows)

    def add_search(self, search: tuple[str, ...], warehouse: duckdb.DuckDBPyConnection) -> str:
        """Summarize the texts that hold these words; the eight newest searches are kept."""
        condition, sought = search_condition(search)
        question = f"select {_ID} as id from {TEXTS} where {condition}"  # noqa: S608
        found = warehouse.sql(question, params=sought).to_arrow_table()
        with self._lock, self.memory.cursor() as cursor:
            name = f"search_{next(self._numbers)}"
            cursor.register("found", found)
            _store_summary(cursor, name, "(select * from texts where id in (select id from found))", self.watched)
            self._searches[search] = name
            while len(self._searches) > SEARCHES_KEPT:
                _drop_summary(cursor, self._searches.popitem(last=False)[1])
        return name


def version_of(warehouse: duckdb.DuckDBPyConnection) -> str:
    """Digest of what the marts hold; "" when they hold no hour, as during a build."""
    hours, newest, digest = warehouse.execute(VERSION).fetchone() or (0, None, None)
    return f"{hours}-{newest:%Y%m%d%H}-{digest[:12]}" if hours else ""


def read_snapshot(warehouse: duckdb.DuckDBPyConnection, watched: tuple[str, ...] = ()) -> Snapshot:
    """Summarize the marts that a connection reads. Raises duckdb.CatalogException when there are none."""
    import duckdb

    version = version_of(warehouse)
    first, last, count = warehouse.execute(_SPAN).fetchone() or (None, None, 0)
    recent = None if last is None else (last - MINUTES_FOR).replace(minute=0, second=0, microsecond=0)
    topics = warehouse.execute(_TOPICS).fetchall()
    memory = duckdb.connect()
    memory.execute("set timezone = 'UTC'")
    _store_texts(memory, warehouse, recent, topics, watched)
    _store_summary(memory, "summary", "texts", watched)
    hours = warehouse.sql("select event_hour as slot, * from lake_hours").to_arrow_table()
    _store(memory, "hours", hours)
    _store_sample(memory, [])
    return Snapshot(version, memory, count, first, last, recent, topics, watched)


def _store_texts(
    memory: duckdb.DuckDBPyConnection,
    warehouse: duckdb.DuckDBPyConnection,
    recent: datetime | None,
    topics: list[tuple[str, int]],
    watched: tuple[str, ...],
) -> None:
    """Read all texts without their words, as small numbers and enumerations: DuckDB groups them in half the time."""
    shown = [name for name, _ in topics[:MOST_TOPICS]]
    enums = {
        "topic": [*shown, OTHER_TOPICS],  # a source may make up a topic per text
        **{column: _distinct(warehouse, column) for column in VALUES if column != "topic"},
        "mood": list(MOODS),
    }
    for name, members in enums.items():
        _create_enum(memory, name, members)
    topic = f"coalesce(topic, '{NONE}')"
    bits, words_watched = _bits_of(watched)
    question = f"""
        select {_ID} as id,
            case when event_hour >= ? then date_trunc('minute', event_time) else event_hour end as slot,
            coalesce(source, '{NONE}') as source, coalesce(lang, '{NONE}') as lang, kind,
            case when {topic} in (select unnest(?)) then {topic} else '{OTHER_TOPICS}' end as topic,
            {bits} as bits, case when {_SCORED} then sentiment end as sentiment, predicted_sentiment,
            cast(round(polarity * 10000) as smallint) as polarity,
            cast(round(predicted_polarity * 10000) as smallint) as model_polarity
        from {TEXTS}
    """  # noqa: S608
    values: list[Any] = [recent, shown, *words_watched]
    memory.register("incoming", warehouse.sql(question, params=values).to_arrow_reader())
    kinds = {column: f"{column}_enum" for column in VALUES}
    kinds |= dict.fromkeys(("sentiment", "predicted_sentiment"), "mood_enum")
    casts = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in kinds.items())
    memory.execute(f"create table texts as select * replace ({casts}) from incoming")  # noqa: S608
    memory.unregister("incoming")


def _distinct(warehouse: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    rows = warehouse.execute(f"select distinct coalesce({column}, '{NONE}') from {TEXTS}").fetchall()  # noqa: S608
    return [value for (value,) in rows]


def _create_enum(memory: duckdb.DuckDBPyConnection, name: str, values: list[str]) -> None:
    import pyarrow as pa

    memory.register("names", pa.table({"name": pa.array(values, pa.string())}))
    memory.execute(f"create type {name}_enum as enum (select distinct name from names)")  # noqa: S608
    memory.unregister("names")


_WORDS_OF_BITS = "list_filter(cast(? as varchar[]), lambda word, place: (bits >> (place - 1)) & 1 = 1)"


def _bits_of(watched: tuple[str, ...]) -> tuple[str, list[Any]]:
    """SQL and parameters for a number whose n-th bit says that a text holds the n-th word: one column to group by."""
    conditions = [watch_condition(word) for word in watched]
    bits = [f"case when {holds} then {1 << place} else 0 end" for place, (holds, _) in enumerate(conditions)]
    return f"cast({' + '.join(bits) or '0'} as bigint)", [value for _, values in conditions for value in values]


def _sample(warehouse: duckdb.DuckDBPyConnection, every: int, watched: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """One text of `every` many, chosen by its id alone: a new build changes the sample by new texts only."""
    bits, values = _bits_of(watched)
    return warehouse.execute(
        f"""
        select event_time as slot, coalesce(source, '{NONE}'), coalesce(topic, '{NONE}'), coalesce(lang, '{NONE}'),
            kind, case when {_SCORED} then sentiment end, predicted_sentiment, left(clean_text, 2000),
            {_WORDS_OF_BITS}
        from (select *, {bits} as bits from {TEXTS} where hash(text_id) % ? = 0) as chosen
        """,  # noqa: S608
        [list(watched), *values, every],
    ).fetchall()


def watched_part(name: str) -> str:
    """Name of the table that holds those texts of a summary that hold a watched word, with these words."""
    return f"{name}_watched"


def _store_summary(memory: duckdb.DuckDBPyConnection, name: str, texts: str, watched: tuple[str, ...]) -> None:
    """Sum up texts, and apart from them the few with watched words: their lists would slow down the rest."""
    counts = [f"cast({sql} as integer) as {measure}" for measure, sql in _COUNTS.items()]
    polarities = [f"cast({sql} as double) / 10000 as {measure}" for measure, sql in _POLARITIES.items()]
    sums = ", ".join([*counts, *polarities])
    keys = ", ".join(VALUES)
    memory.execute(
        f"create table {name} as select slot, {keys}, bits, {sums} from {texts} group by all order by slot"  # noqa: S608
    )
    memory.execute(
        f"create table {watched_part(name)} as select * exclude (bits), {_WORDS_OF_BITS} as watch from {name}"  # noqa: S608
        " where bits <> 0",
        [list(watched)],
    )


def _drop_summary(memory: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop both tables. A request that still reads them holds its own version."""
    memory.execute(f"drop table {name}; drop table {watched_part(name)}")


def _store(memory: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    memory.register("incoming", table)
    memory.execute(f"create or replace table {name} as select * from incoming order by slot")  # noqa: S608
    memory.unregister("incoming")


def _store_sample(memory: duckdb.DuckDBPyConnection, rows: list[tuple[Any, ...]]) -> int:
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) or [()] * 9
    names = ("slot", "source", "topic", "lang", "kind", "lexicon", "model", "clean_text", "watch")
    types = (pa.timestamp("us"), *[pa.string()] * 7, pa.list_(pa.string()))
    arrays = [pa.array(values, kind) for values, kind in zip(columns, types, strict=True)]
    texts = pa.table([*arrays, pa.array(range(len(rows)), pa.int64())], names=[*names, "place"])
    _store(memory, "sample", texts)
    places, found = [], []
    for place, row in enumerate(rows):
        for word in {word for word in words(row[7]) if is_shown(word)}:
            places.append(place)
            found.append(word)
    spoken = pa.table({"slot": pa.array(places, pa.int64()), "word": pa.array(found, pa.string())})
    _store(memory, "sample_words", spoken)
    return len(rows)


def is_shown(word: str) -> bool:
    """Check that a word carries content: no stop word, mention, number or sign."""
    name = word.removeprefix("#")
    long_enough = len(name) >= 3 or not name.isascii()
    return long_enough and not word.startswith("@") and any(map(str.isalpha, name)) and not is_stop_word(name)
