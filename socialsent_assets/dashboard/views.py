"""All numbers of the page for one filter, from the summary in memory: plain values, ready for JSON.

Shares count over texts scored by the chosen basis (lexicon or model), never over all texts; both numbers are
in every answer, so that coverage can be shown. Each list of values leaves its own filter out, so that one can add
another value to it.

Not here: posts and people (posts.py), how numbers are set in type (static/).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from socialsent_assets.dashboard.filters import FACETS, Basis, Filter
from socialsent_assets.dashboard.snapshot import Snapshot, watched_part
from socialsent_assets.insights.word_clouds import surest_words

STEPS_MIN = (1, 5, 15, 60, 180, 360, 720, 1440, 10_080, 43_200)
"""Widths of a bar on the time line, in minutes."""
MOST_BARS = 110
VALUES_LISTED = 40
WORDS_LISTED = 24
FEWEST_TEXTS_WITH_WORD = 3

_COUNTS = {
    "lexicon": "sum(scored), sum(positive), sum(neutral), sum(negative), sum(polarity)",
    "model": "sum(predicted), sum(model_positive), sum(model_neutral), sum(model_negative), sum(model_polarity)",
}


def view(snapshot: Snapshot, wanted: Filter, summary: str) -> dict[str, Any]:
    """The answer to one filter; `summary` is the table to read (see `Snapshot.table_of`)."""
    table = watched_part(summary) if wanted.watch else summary
    step = step_of(snapshot, wanted)
    before = wanted.before()
    return {
        "version": snapshot.version,
        "basis": wanted.basis,
        "step_min": step,
        "span": _span(snapshot, wanted),
        "totals": totals(snapshot, wanted, table),
        "before": totals(snapshot, before, table) if before else None,
        "time": _time_line(snapshot, wanted, table, step),
        "overview": _overview(snapshot, wanted, table),
        "facets": {
            facet: _facet(snapshot, wanted, watched_part(summary) if facet == "watch" else table, facet)
            for facet in FACETS
        },
        "words": _words(snapshot, wanted),
    }


def totals(snapshot: Snapshot, wanted: Filter, table: str) -> dict[str, Any]:
    """Sums over everything that passes the filter."""
    condition, values = wanted.where("slot")
    counts = _COUNTS[wanted.basis]
    sql = f"select sum(n), {counts}, sum(predicted), sum(agreeing), sum(scored) from {table} where {condition}"  # noqa: S608
    [row] = snapshot.ask(sql, values)
    compared = f"select sum(least(scored, predicted)) from {table} where {condition}"  # noqa: S608
    [(both,)] = snapshot.ask(compared, values)
    return {**_measures(row[:6]), "predicted": _int(row[6]), "agreeing": _int(row[7]), "compared": _int(both)}


def step_of(snapshot: Snapshot, wanted: Filter) -> int:
    """Minutes per bar: the narrowest width that makes few enough bars, and that the summary holds."""
    start, end = _bounds(snapshot, wanted)
    if start is None or end is None:
        return 60
    by_minute = snapshot.minutes_from is not None and start >= snapshot.minutes_from
    minutes = (end - start) / timedelta(minutes=1)
    steps = [step for step in STEPS_MIN if by_minute or step >= 60]
    return next((step for step in steps if minutes / step <= MOST_BARS), steps[-1])


def _bounds(snapshot: Snapshot, wanted: Filter) -> tuple[datetime | None, datetime | None]:
    first = wanted.start or snapshot.first
    last = wanted.end or (snapshot.last and snapshot.last.replace(second=0, microsecond=0) + timedelta(minutes=1))
    return first, last


def _span(snapshot: Snapshot, wanted: Filter) -> dict[str, str | None]:
    start, end = _bounds(snapshot, wanted)
    return {"from": _iso(start), "to": _iso(end)}


def _time_line(snapshot: Snapshot, wanted: Filter, table: str, step: int) -> list[dict[str, Any]]:
    condition, values = wanted.where("slot")
    rows = snapshot.ask(
        f"""
        select time_bucket(to_minutes(?), slot, timestamp '2000-01-03') as bar, sum(n), {_COUNTS[wanted.basis]}
        from {table} where {condition} group by 1 order by 1
        """,  # noqa: S608
        [step, *values],
    )
    return [{"at": _iso(row[0]), **_measures(row[1:])} for row in rows]


def _overview(snapshot: Snapshot, wanted: Filter, table: str) -> dict[str, Any]:
    """Numbers of texts over all time, whatever the span: what the span is chosen on."""
    if snapshot.first is None or snapshot.last is None:
        return {"step_min": 60, "bars": []}
    minutes = (snapshot.last - snapshot.first) / timedelta(minutes=1)
    step = next((step for step in STEPS_MIN if step >= 60 and minutes / step <= 2 * MOST_BARS), STEPS_MIN[-1])
    condition, values = wanted.where("slot", without="span")
    rows = snapshot.ask(
        f"select time_bucket(to_minutes(?), slot, timestamp '2000-01-03') as bar, sum(n) from {table}"  # noqa: S608
        f" where {condition} group by 1 order by 1",
        [step, *values],
    )
    return {"step_min": step, "bars": [[_iso(at), int(count)] for at, count in rows]}


def _facet(snapshot: Snapshot, wanted: Filter, table: str, facet: str) -> dict[str, Any]:
    condition, values = wanted.where("slot", without=facet)
    # A text counts to every watched word that it holds.
    rows_of = f"(select * replace (unnest(watch) as watch) from {table})" if facet == "watch" else table  # noqa: S608
    rows = snapshot.ask(
        f"""
        select {facet}, sum(n), {_COUNTS[wanted.basis]}, count(*) over () from {rows_of} where {condition}
        group by 1 order by 2 desc, 1 limit {VALUES_LISTED}
        """,  # noqa: S608
        values,
    )
    listed = [{"value": row[0], **_measures(row[1:-1])} for row in rows]
    if facet == "watch":
        silent = [word for word in snapshot.watched if word not in {row[0] for row in rows}]
        listed += [{"value": word, **_measures((0, 0, 0, 0, 0, None))} for word in silent]
        return {"found": len(listed), "values": listed}
    return {"found": rows[0][-1] if rows else 0, "values": listed}


def _words(snapshot: Snapshot, wanted: Filter) -> dict[str, Any]:
    """Words that set positive and negative texts of the sample apart, and how many texts were read."""
    condition, values = wanted.where("slot")
    for word in wanted.search:
        condition += " and contains(lower(clean_text), ?)"
        values.append(word)
    mood = wanted.basis  # the column of the sample that holds its sentiment
    texts = f"(select place, {mood} as mood from sample where {condition} and {mood} is not null)"  # noqa: S608
    [(read,)] = snapshot.ask(f"select count(*) from {texts}", values)  # noqa: S608
    # `slot` of sample_words is the place of the text.
    rows = snapshot.ask(
        f"""
        select word, count_if(mood = 'positive'), count_if(mood = 'neutral'), count_if(mood = 'negative')
        from sample_words join {texts} as texts on sample_words.slot = texts.place
        group by word having count(*) >= {FEWEST_TEXTS_WITH_WORD}
        """,  # noqa: S608
        values,
    )
    counts = {row[0]: row[1:] for row in rows if row[0].removeprefix("#") not in wanted.search}
    everywhere = {word: sum(found) for word, found in counts.items()}
    answer: dict[str, Any] = {"read": read, "sampled": snapshot.sampled, "texts": snapshot.texts}
    for place, name in ((0, "positive"), (2, "negative")):
        inside = {word: found[place] for word, found in counts.items()}
        surest = surest_words(inside, everywhere)[:WORDS_LISTED]
        answer[name] = [
            {"word": word, "z": round(z, 2), "texts": inside[word], "all": everywhere[word]} for word, z in surest
        ]
    return answer


def _measures(row: Iterable[Any]) -> dict[str, Any]:
    n, scored, positive, neutral, negative, polarity = row
    scored = _int(scored)
    mean = None if polarity is None or not scored else round(float(polarity) / scored, 4)
    return {
        "n": _int(n),
        "scored": scored,
        "positive": _int(positive),
        "neutral": _int(neutral),
        "negative": _int(negative),
        "mean": mean if mean is None or math.isfinite(mean) else None,
    }


def _int(value: Any) -> int:
    return int(value or 0)


def _iso(time: datetime | None) -> str | None:
    return None if time is None else f"{time.isoformat(timespec='seconds')}Z"


def basis_available(snapshot: Snapshot, basis: Basis) -> bool:
    """Check that any text of the marts was scored by that basis."""
    column = "scored" if basis == "lexicon" else "predicted"
    [(count,)] = snapshot.ask(f"select sum({column}) from summary")  # noqa: S608
    return bool(count)
