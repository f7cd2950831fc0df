"""Lines that describe the mapping of columns to fields, and how times are read.

Not here: finding the columns (columns.py), the command's summary (cli/ingest_summary.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from socialsent_assets.domain.events.kinds import KINDS
from socialsent_assets.ingest.rows import RowReader
from socialsent_assets.ingest.times import TimeReading, TimeSurvey


def mapping_lines(rows: RowReader, survey: TimeSurvey) -> Iterator[str]:
    """A line per field of the kind."""
    kind = KINDS[rows.event_type]
    for name in ("event_time", *(f.name for f in kind.fields), "event_type", "event_id", "source"):
        column = rows.columns.of.get(name)
        if name in rows.constants:
            yield f"{name} = {rows.constants[name]} for all rows"
        elif name == "text" and rows.joined_text:
            yield f"text <- {' and '.join(rows.joined_text)}"
        elif name == "event_time" and column is not None:
            both = f"{column} and {rows.columns.time_of_day}" if rows.columns.time_of_day else column
            yield f"{name} <- {both}{_time_words(rows.times, survey)}"
        elif column is not None:
            yield f"{name} <- {column}"
        elif name == kind.identity:
            yield f"{name}: derived from the content of each row"
        elif name == "author_id" and any(f.name == name for f in kind.fields):
            yield f"author_id: no column, so all rows are by {rows.source}-unknown"
        elif name == "event_time":
            yield f"event_time: {_missing_time_words(rows)}"
    if rows.label:
        yield f"human label <- {rows.label}"


def _missing_time_words(rows: RowReader) -> str:
    ids = f"as far as the ids in column {rows.columns.snowflake} hold it; " if rows.columns.snowflake else ""
    return f"{ids}without one a row is a label alone (--set event_time=2024-05-31T00:00Z lands all as posts)"


def _time_words(times: TimeReading, survey: TimeSurvey) -> str:
    words = [", ".join(name for name, _ in survey.spellings.most_common(3))]
    if len(survey.spellings) > 3:
        words.append(f"and {len(survey.spellings) - 3} other spellings")
    if survey.without_zone and times.zone is not None:
        words.append(f"without an offset it is {times.zone}")
    if times.order and survey.either + survey.day_first + survey.month_first:
        words.append(times.order)
    return f" ({'; '.join(word for word in words if word)})" if any(words) else ""
