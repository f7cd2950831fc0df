"""Lines that `socialsent ingest` prints: what it takes each file for, then numbers that add up and the next step.

Not here: how the numbers came about (ingest/).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from socialsent_assets.domain.events.layout import contiguous_ranges
from socialsent_assets.ingest.land_files import sample_lines
from socialsent_assets.ingest.landing_writer import Landed
from socialsent_assets.ingest.plan import FilePlan

_SHOWN_RANGES = 5


def plan_lines(plan: FilePlan, source: str) -> Iterator[str]:
    """What a file is taken for: title, mapping, three events."""
    if plan.form in ("empty", "events"):
        return
    yield f"{plan.file.name}: {plan.title}{'' if plan.source is None else f' (--as {plan.source.name})'}"
    yield from (f"  {line}" for line in plan.mapping)
    yield from (f"  note: {note}" for note in plan.notes)
    yield from (f"  | {line}" for line in sample_lines(plan, source))


def as_json(landed: Landed, plans: Sequence[FilePlan], problems: list[str]) -> dict[str, object]:
    """The summary for programs; `stale_hours` are keys as `--hours` takes them."""
    return {
        "files": [plan.file.name for plan in plans],
        "taken_for": [
            {"file": plan.file.name, "as": plan.title, "mapping": list(plan.mapping), "notes": list(plan.notes)}
            for plan in plans
        ],
        "lines": landed.lines,
        "records": landed.counts.records,
        "landed": landed.counts.accepted,
        "duplicates": landed.counts.duplicates,
        "quarantined": landed.counts.quarantined,
        "erased": landed.counts.erased,
        "filtered": dict(sorted(landed.filtered.items())),
        "events": dict(sorted(landed.events.items())),
        "labels": landed.labels,
        "left_out": dict(sorted(landed.left_out.items())),
        "already_there": landed.already_there,
        "reasons": dict(sorted(landed.reasons.items())),
        "stale_hours": [hour.key for hour in sorted(landed.changed)],
        "problems": problems,
    }


def summary_lines(landed: Landed, plans: Sequence[FilePlan], *, is_dry_run: bool) -> Iterator[str]:
    """The summary for people, line by line."""
    if not landed.lines:
        yield f"{_names(plans)}: empty, nothing to ingest"
        return
    counts = landed.counts
    filtered = landed.filtered.total()
    records = counts.records + filtered
    several = "" if records == landed.lines else f" (records; {landed.lines:,} lines, some hold arrays)"
    yield (
        f"lines in {records:,}{several} = landed {counts.accepted:,} + duplicates {counts.duplicates:,} "
        f"+ quarantined {counts.quarantined:,}{f' + erased {counts.erased:,}' if counts.erased else ''}"
        f"{f' + filtered {filtered:,}' if filtered else ''}"
    )
    if landed.events.total() > counts.accepted or set(landed.events) - {"post"}:
        yield f"events: {', '.join(f'{name} {number:,}' for name, number in sorted(landed.events.items()))}"
    if landed.labels:
        yield f"human labels: {landed.labels:,}"
    if landed.already_there:
        yield f"already there: {landed.already_there:,} of the landed records, from an earlier run"
    for reason, number in landed.reasons.most_common():
        yield f"  {reason} {number:,}, first: {landed.first_of[reason]}"
    for reason, number in landed.filtered.most_common():
        yield f"  filtered {number:,}: {reason}"
    for name, number in landed.left_out.most_common():
        yield f"  landed without {name}: {number:,} (an optional value that cannot be read)"
    yield from _hints(landed)
    if is_dry_run:
        yield "dry run: nothing was written"
    else:
        yield from _next_step(landed)


def _hints(landed: Landed) -> Iterator[str]:
    if landed.too_old and landed.oldest is not None:
        yield f"to land older ones too: export SOCIALSENT_START={landed.oldest:%Y-%m-%d}T00:00Z, and ingest again"
    first = landed.first_of.get("invalid_field", "")
    if "no offset" in first and "--timezone" not in first:
        yield "in JSON events a time needs an offset; without one its hour is ambiguous"
    if landed.reasons["not_json"] * 2 > landed.counts.records:
        yield "most records are not JSON; if the file was truncated, get a complete copy (`jq . FILE` shows where)"


def _next_step(landed: Landed) -> Iterator[str]:
    if not landed.changed:
        yield "no hour changed: there is nothing to materialize"
        return
    ranges = contiguous_ranges(landed.changed)
    shown = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in ranges[:_SHOWN_RANGES])
    more = f" and {len(ranges) - _SHOWN_RANGES} more ranges" if len(ranges) > _SHOWN_RANGES else ""
    yield f"stale now: {len(landed.changed):,} {'hour' if len(landed.changed) == 1 else 'hours'} ({shown}{more})"
    yield "next: socialsent materialize"


def _names(plans: Sequence[FilePlan]) -> str:
    return plans[0].file.name if len(plans) == 1 else f"{len(plans)} files"
