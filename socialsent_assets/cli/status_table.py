"""Status of tiers and models, as tables and as JSON.

Not here: finding it out (warehouse/status.py, ml/summary.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from socialsent_assets.warehouse.status import LakeStatus, TierStatus

if TYPE_CHECKING:
    from rich.table import Table

    from socialsent_assets.domain.monitoring.deletions import DeletionLatency
    from socialsent_assets.ml.summary import ModelSummary

_NUMBERS = ("hours", "records", "rows", "duplicates", "quarantined")


def status_table(found: LakeStatus, now: datetime) -> Table:
    """One line per tier; in every line records in = rows + duplicates + quarantined."""
    from rich import box
    from rich.table import Table

    has_erased = any(tier.erased for tier in found.tiers.values())
    names = (*_NUMBERS, "erased") if has_erased else _NUMBERS
    table = Table(
        caption=f"records = rows + duplicates + quarantined{' + erased' if has_erased else ''}; times are UTC",
        box=box.SIMPLE_HEAD,
        padding=0,
        pad_edge=False,
    )
    table.add_column("tier", no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("newest", no_wrap=True)
    table.add_column("lag", justify="right", no_wrap=True)
    for name, tier in found.tiers.items():
        numbers = [f"{getattr(tier, field):,}" for field in names]
        table.add_row(name, *numbers, _time(tier), _duration(tier.lag_seconds(now)))
    return table


def model_lines(models: Sequence[ModelSummary]) -> list[str]:
    """A line per champion with its baselines, and one per kind that counts the candidates."""
    lines = []
    for kind in dict.fromkeys(model.name for model in models):
        of_kind = [model for model in models if model.name == kind]
        waiting = [model for model in of_kind if model.role == "candidate"]
        lines += [
            f"{kind} {model.digest[:12]}, champion: {model.headline}{_against(model)}"
            for model in of_kind
            if model.role == "champion"
        ]
        if waiting:
            newest = waiting[0]
            more = f" ({len(waiting) - 1} older)" if len(waiting) > 1 else ""
            lines.append(f"{kind} {newest.digest[:12]}, candidate{more}: {newest.headline}")
    return lines


def _against(model: ModelSummary) -> str:
    parts = []
    for name, value in model.baselines.items():
        shown = f"{value:.1f}" if isinstance(value, float) else f"{100 * value['macro_recall']['value']:.1f} %"
        parts.append(f"{name} {shown}")
    return f" ({', '.join(parts)})" if parts else ""


def as_json(found: LakeStatus, models: Sequence[ModelSummary], now: datetime) -> dict[str, Any]:
    """For `status --format json`; times are RFC 3339, UTC."""
    return {
        "tiers": {name: _tier_json(tier, now) for name, tier in found.tiers.items()},
        "stale_hours": [hour.key for hour in sorted(found.stale)],
        "deletions": None if found.deletions is None else _deletions_json(found.deletions),
        "models": [asdict(model) for model in models],
    }


def deletion_line(found: LakeStatus) -> str:
    """How long the latest deletions took; "" where there were none."""
    last = found.deletions
    if last is None:
        return ""
    return f"deletions: the last {last.deletions:,} left the marts within {_duration(last.slowest_s)} of landing"


def _deletions_json(last: DeletionLatency) -> dict[str, Any]:
    applied = last.applied_at.isoformat().replace("+00:00", "Z")
    return {"deletions": last.deletions, "slowest_seconds": last.slowest_s, "applied_at": applied}


def _tier_json(tier: TierStatus, now: datetime) -> dict[str, Any]:
    newest = tier.newest_event
    return {
        **{name: getattr(tier, name) for name in (*_NUMBERS, "erased")},
        "newest_event": None if newest is None else newest.isoformat().replace("+00:00", "Z"),
        "lag_seconds": tier.lag_seconds(now),
        "tables": dict(tier.tables),
    }


def _time(tier: TierStatus) -> str:
    return "–" if tier.newest_event is None else f"{tier.newest_event:%m-%d %H:%M}"


def _duration(seconds: float | None) -> str:
    """In words, with two units at most.

    >>> _duration(59), _duration(3700), _duration(None)
    ('59 s', '1 h 01 m', '–')
    """
    if seconds is None:
        return "–"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m" if hours < 48 else f"{hours // 24} d {hours % 24} h"
