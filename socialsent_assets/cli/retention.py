"""`socialsent retention`: events that are older than their source may be leave every tier.

Not here: the days (settings/retention.py), how landing forgets (erasure/retention.py), the daily job
(defs/retention.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add this module's command to the application."""
    app.command()(retention)


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Delete events older than SOCIALSENT_RETENTION allows, and rebuild their hours.

    The days of each source count from the time of an event. Deletions and moderation labels stay. The daily job of
    `make ui` does the same; safe to repeat and to interrupt.

    Try:

        SOCIALSENT_RETENTION="bluesky=30 *=400" socialsent retention --dry-run

        socialsent retention
    """
    from socialsent_assets.erasure.retention import expire_landing

    settings, console = Settings.from_env(), Console()
    if not settings.retention:
        raise UserError(
            "retention is not configured: set SOCIALSENT_RETENTION, for example bluesky=30 *=400 (days by source)"
        )
    lake, now = Lake.of(settings), datetime.now(UTC)
    for source, days in sorted(settings.retention.days.items()):
        console.print(f"{'every other source' if source == '*' else source}: {days:,} days", highlight=False)
    done = expire_landing(lake, settings.retention, now, dry_run=dry_run)
    events = ", ".join(f"{count:,} of {source}" for source, count in sorted(done.events.items())) or "none"
    verb = "would leave" if dry_run else "left"
    console.print(
        f"Events that {verb} landing: {events}; {done.quarantined:,} quarantined; {done.objects:,} objects of "
        f"{len(done.hours):,} hours.",
        highlight=False,
        soft_wrap=True,
    )
    if dry_run:
        console.print("Nothing was changed.")
        return
    _build(settings, lake, console)


def _build(settings: Settings, lake: Lake, console: Console) -> None:
    from socialsent_assets.cli.build import build, writing
    from socialsent_assets.erasure.warehouse import forget_keys
    from socialsent_assets.lake.staleness import known_hours

    if known_hours(lake):
        with writing(settings):
            build(settings, None, None, console)
    if settings.dbt_target == "local":
        console.print(f"warehouse: {forget_keys(settings.warehouse):,} keys deleted", highlight=False)
