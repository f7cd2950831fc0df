"""Pages of posts and comments, and who wrote them: the only questions that open the warehouse file.

A list never holds more than a page, a text never more than its beginning, an export never more than a fixed number
of rows. Values from an address reach SQL as parameters alone.

Not here: numbers over many texts (views.py), why a text scored as it did (reasons.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from socialsent_assets.dashboard.filters import READER_OF, Filter, mood_column
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.insights.queries import TEXTS

if TYPE_CHECKING:
    import duckdb

PAGE = 20
LAST_PAGE = 500
"""Deeper pages are not served: narrow the filter."""
TEXT_SHOWN = 1_500  # characters
DISTINCT_READ = 1_000  # texts among which repeats are dropped
EXPORTED = 10_000
PEOPLE = 10

_TABLES = {"post": ("fct_posts", "post_id"), "comment": ("fct_comments", "comment_id")}
_LATEST_FIRST = (("event_time", "desc"), ("{key}", ""))
_ORDERS = {
    "positive": (("{polarity}", "desc"), *_LATEST_FIRST),
    "negative": (("{polarity}", ""), *_LATEST_FIRST),
    "newest": _LATEST_FIRST,
    "sure": (("predicted_probability", "desc"), *_LATEST_FIRST),
}
ORDERS = tuple(_ORDERS)
COLUMNS = (
    "kind", "id", "time", "source", "author", "author_id", "topic", "lang", "text", "length", "polarity", "sentiment",
    "unscored_reason", "predicted_sentiment", "predicted_probability", "predicted_polarity",
)  # fmt: skip


def posts(
    warehouse: duckdb.DuckDBPyConnection, wanted: Filter, order: str, page: int, *, distinct: bool = False
) -> dict[str, Any]:
    """One page of texts; `distinct` shows a text that was posted often once.

    Raises:
        UserError: an order or page that there is not.
    """
    if order not in _ORDERS or not 0 <= page < LAST_PAGE:
        raise UserError(f"order is one of {', '.join(ORDERS)}, page 0 to {LAST_PAGE - 1}")
    start = page * PAGE
    if distinct:
        found = _distinct(warehouse, _keys(warehouse, wanted, order, DISTINCT_READ))
    else:
        found = _keys(warehouse, wanted, order, start + PAGE + 1)
    rows = _rows(warehouse, found[start : start + PAGE])
    return {"page": page, "page_size": PAGE, "more": len(found) > start + PAGE, "posts": rows}


def exported(warehouse: duckdb.DuckDBPyConnection, wanted: Filter, order: str) -> Iterator[Sequence[Any]]:
    """Rows of the list as a table, header first, at most `EXPORTED`; texts as long as the marts keep them."""
    yield COLUMNS
    keys = _keys(warehouse, wanted, order, EXPORTED)
    for start in range(0, len(keys), 1000):
        for row in _rows(warehouse, keys[start : start + 1000], shown=65_535):
            yield [row[column] for column in COLUMNS]


def people(warehouse: duckdb.DuckDBPyConnection, wanted: Filter) -> dict[str, Any]:
    """Authors of the texts that pass the filter, by what their posts received over all time."""
    condition, values = wanted.where_texts()
    sentiment = mood_column(wanted.basis)
    rows = warehouse.execute(
        f"""
        select mine.author_id, coalesce(e.user_name, mine.author_id), mine.texts, mine.scored, mine.positive,
            mine.negative, coalesce(e.likes_received, 0), coalesce(e.shares_received, 0),
            coalesce(e.comments_received, 0), coalesce(e.engagement_received, 0), count(*) over ()
        from (
            select author_id, count(*) as texts, count({sentiment}) as scored,
                count(*) filter ({sentiment} = 'positive') as positive,
                count(*) filter ({sentiment} = 'negative') as negative
            from {TEXTS} where {condition} group by 1
        ) as mine left join agg_user_engagement as e on e.user_id = mine.author_id
        order by 10 desc, 3 desc, 1 limit {PEOPLE}
        """,  # noqa: S608
        values,
    ).fetchall()
    names = (
        "author_id", "name", "texts", "scored", "positive", "negative", "likes", "shares", "comments", "received",
    )  # fmt: skip
    return {
        "found": rows[0][-1] if rows else 0,
        "people": [dict(zip(names, row[:-1], strict=True)) for row in rows],
    }


def text_of(
    warehouse: duckdb.DuckDBPyConnection, kind: str, text_id: str
) -> tuple[str, str | None, str | None] | None:
    """Clean text of one post or comment, why it was not scored, and its model; None if there is none (any more)."""
    if kind not in _TABLES:
        return None
    table, key = _TABLES[kind]
    columns = "left(clean_text, 65535), unscored_reason, model_version"
    question = f"select {columns} from {table} where {key} = ?"  # noqa: S608
    return warehouse.execute(question, [text_id]).fetchone()


class _Key(NamedTuple):
    """Position of a text in its table, and the values that it is sorted by."""

    kind: str
    place: int
    order: tuple[Any, ...]


def _keys(warehouse: duckdb.DuckDBPyConnection, wanted: Filter, order: str, limit: int) -> list[_Key]:
    """The first texts in that order, by their places: texts are most of the bytes, and are read for a page alone."""
    condition, values = wanted.where_texts(without="kind")
    found: list[_Key] = []
    for kind, (table, key) in _TABLES.items():
        if wanted.kind and kind not in wanted.kind:
            continue
        polarity = READER_OF[wanted.basis].polarity
        columns, directions = zip(
            *((c.format(key=key, polarity=polarity), d) for c, d in _ORDERS[order]), strict=True
        )
        by = ", ".join(f"{column} {direction}" for column, direction in zip(columns, directions, strict=True))
        rows = warehouse.execute(
            f"select rowid, {', '.join(columns)} from {table} where {condition} and {_has_place(order, wanted)}"  # noqa: S608
            f" order by {by} limit ?",
            [*values, limit],
        ).fetchall()
        found += [_Key(kind, row[0], row[1:]) for row in rows]
    # Last column first: sorting is stable, and each column has a direction of its own.
    for column, (_, direction) in reversed(list(enumerate(_ORDERS[order]))):
        found.sort(key=lambda key: key.order[column], reverse=direction == "desc")
    return found[:limit]


def _distinct(warehouse: duckdb.DuckDBPyConnection, keys: list[_Key]) -> list[_Key]:
    """The first of each text."""
    digests: dict[tuple[str, int], str] = {}
    for kind, (table, _) in _TABLES.items():
        places = [key.place for key in keys if key.kind == kind]
        sql = f"select rowid, md5(clean_text) from {table} where rowid in (select unnest(?))"  # noqa: S608
        digests |= {(kind, place): digest for place, digest in warehouse.execute(sql, [places]).fetchall()}
    first: dict[str, _Key] = {}
    for key in keys:
        first.setdefault(digests[key.kind, key.place], key)
    return list(first.values())


def _has_place(order: str, wanted: Filter) -> str:
    if order == "newest":
        return "true"
    if order == "sure":
        return "predicted_probability is not null"
    sign = ">" if order == "positive" else "<"
    if wanted.basis == "model":
        return f"predicted_polarity {sign} 0"
    return f"unscored_reason is null and polarity {sign} 0"


def _rows(
    warehouse: duckdb.DuckDBPyConnection, keys: Sequence[_Key], shown: int = TEXT_SHOWN
) -> list[dict[str, Any]]:
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for kind, (table, key) in _TABLES.items():
        places = [each.place for each in keys if each.kind == kind]
        rows = warehouse.execute(
            f"""
            select t.place, t.{key}, t.event_time, t.source, coalesce(u.user_name, t.author_id), t.author_id, t.topic,
                t.lang, left(t.text, {shown:d}), length(t.text), t.polarity, t.sentiment, t.unscored_reason,
                t.predicted_sentiment, t.predicted_probability, t.predicted_polarity
            from (select rowid as place, * from {table} where rowid in (select unnest(?))) as t
                left join dim_users as u on u.user_id = t.author_id
            """,  # noqa: S608
            [places],
        ).fetchall()
        for row in rows:
            found[kind, row[0]] = dict(zip(COLUMNS, (kind, *map(_plain, row[1:])), strict=True))
    return [found[key.kind, key.place] for key in keys]


def _plain(value: Any) -> Any:
    return f"{value.isoformat(timespec='seconds')}Z" if isinstance(value, datetime) else value
