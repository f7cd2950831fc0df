"""What `socialsent ingest` tells at the end: numbers that add up, why, what became stale, what to do next.

Not here: how the numbers came about (ingest/files.py, ingest/landing_writer.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from socialsent_assets.domain.events.layout import contiguous_ranges
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.landing_writer import Landed

_SHOWN_RANGES = 5


def as_json(landed: Landed, files: list[str], problems: list[str]) -> dict[str, object]:
    """The summary for programs; `stale_hours` are keys as `--hours` takes them."""
    return {
        "files": files,
        "lines": landed.lines,
        "records": landed.counts.records,
        "landed": landed.counts.accepted,
        "duplicates": landed.counts.duplicates,
        "quarantined": landed.counts.quarantined,
        "already_there": landed.already_there,
        "reasons": dict(sorted(landed.reasons.items())),
        "stale_hours": [hour.key for hour in sorted(landed.changed)],
        "problems": problems,
    }


def summary_lines(landed: Landed, files: list[str], start: datetime) -> Iterator[str]:
    """The summary for people, line by line."""
    if not landed.lines:
        yield f"{_names(files)}: empty, nothing to ingest"
        return
    counts = landed.counts
    several = "" if counts.records == landed.lines else f" (records; {landed.lines:,} lines, some hold arrays)"
    yield (
        f"lines in {counts.records:,}{several} = landed {counts.accepted:,} + duplicates {counts.duplicates:,} "
        f"+ quarantined {counts.quarantined:,}"
    )
    if landed.already_there:
        yield f"already there: {landed.already_there:,} of the landed, from an earlier run"
    for reason, number in landed.reasons.most_common():
        yield f"  {reason} {number:,}, first: {landed.first_of[reason]}"
    yield from _hints(landed, start)
    yield from _next_step(landed)


def _hints(landed: Landed, start: datetime) -> Iterator[str]:
    if landed.oldest is not None and landed.too_old * 2 > landed.counts.records:
        day = f"{landed.oldest:%Y-%m-%d}T00:00Z"
        yield (
            f"{landed.too_old:,} of {landed.counts.records:,} are older than the first accepted hour "
            f"({format_time(start)[:16]}Z). To accept them: export SOCIALSENT_START={day}, or put it into .env, "
            "and ingest again"
        )
    if "no offset" in landed.first_of.get("invalid_field", ""):
        yield "a time without an offset is refused, because it names no hour; for a CSV in UTC: --assume-utc"
    if landed.reasons["not_json"] * 2 > landed.counts.records:
        yield "most lines are no JSON: one object per line is expected (jq -c . FILE writes it so)"


def _next_step(landed: Landed) -> Iterator[str]:
    if not landed.changed:
        yield "no hour changed: there is nothing to materialize"
        return
    ranges = contiguous_ranges(landed.changed)
    shown = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in ranges[:_SHOWN_RANGES])
    more = f" and {len(ranges) - _SHOWN_RANGES} more ranges" if len(ranges) > _SHOWN_RANGES else ""
    yield f"stale now: {len(landed.changed):,} {'hour' if len(landed.changed) == 1 else 'hours'} ({shown}{more})"
    yield "next: socialsent materialize"


def _names(files: list[str]) -> str:
    return files[0] if len(files) == 1 else f"{len(files)} files"
