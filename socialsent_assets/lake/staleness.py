"""Which event hours are stale, tier by tier: what stands is compared with what was read, never with clocks.

An hour of cleansed is fresh while its receipt names the fingerprint of what has landed; analytics while its
receipt names what cleansed wrote; the warehouse while it holds the version that analytics wrote.

Not here: what the warehouse holds (warehouse/duckdb/database.py), who rebuilds (defs/, cli/).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour, table_prefix
from socialsent_assets.domain.tables import LAKE_HOURS
from socialsent_assets.lake.lake import NOTHING_LANDED, Lake, hours_under
from socialsent_assets.lake.receipts import Receipt, read_receipt, receipted_hours
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.parallel import each

# Raised when a job would write other rows for the same landing: every hour is then stale.
CLEANSE_VERSION = "1"
SCORE_VERSION = "1"

StaleTier = Literal["cleansed", "analytics", "warehouse"]


def lake_version(cleanse: Receipt, score: Receipt) -> str:
    """Digest of everything that the marts can read of one hour: `analytics/lake_hours.lake_version`."""
    both = f"{cleanse.output_version} {cleanse.counts} {score.output_version}"
    return hashlib.sha256(both.encode()).hexdigest()[:16]


def known_hours(lake: Lake) -> list[EventHour]:
    """Hours that have landed or were built, in order. Lists folders, so its cost grows with the days kept."""
    return sorted({*hours_under(lake.landing, LANDING_EVENTS), *receipted_hours(lake.cleansed)})


def hours_with_work(lake: Lake, hours: Iterable[EventHour]) -> list[EventHour]:
    """Those of `hours` that hold anything or held it once: landed now, or built before and gone since."""

    def has_work(hour: EventHour) -> bool:
        built = read_receipt(lake.cleansed, "cleanse", hour) is not None
        return built or lake.landing_fingerprint(hour) != NOTHING_LANDED

    asked = list(hours)
    return [hour for hour, work in zip(asked, each(lake.cleansed, has_work, asked), strict=True) if work]


def stale_tier(lake: Lake, hour: EventHour, warehouse: Mapping[str, str]) -> StaleTier | None:
    """The first tier that has to be built again for this hour; None if all of it is up to date.

    `warehouse` maps hour keys to the lake version that the marts hold (warehouse/duckdb/database.py).
    """
    landed = lake.landing_fingerprint(hour)
    cleanse = read_receipt(lake.cleansed, "cleanse", hour)
    if cleanse is None:
        return None if landed == NOTHING_LANDED else "cleansed"
    if cleanse.input_version != landed or cleanse.code_version != cleanse_code_version():
        return "cleansed"
    if not _stands(lake.cleansed, cleanse):
        return "cleansed"
    score = read_receipt(lake.analytics, "score", hour)
    if score is None or score.input_version != cleanse.output_version:
        return "analytics"
    if score.code_version != score_code_version() or not _stands(lake.analytics, score):
        return "analytics"
    if not lake.analytics.list(table_prefix(LAKE_HOURS.name, hour)):  # holds a digest of the outputs, so is none
        return "analytics"
    if warehouse.get(hour.key) != lake_version(cleanse, score):
        return "warehouse"
    return None


def stale_hours(lake: Lake, hours: Iterable[EventHour], warehouse: Mapping[str, str]) -> dict[EventHour, StaleTier]:
    """Those of `hours` that are stale, each with the first tier to rebuild."""
    asked = list(hours)
    tiers = each(lake.cleansed, lambda hour: stale_tier(lake, hour, warehouse), asked)
    return {hour: tier for hour, tier in zip(asked, tiers, strict=True) if tier is not None}


def cleanse_code_version() -> str:
    """Version of everything that cleansing depends on: the job and the text cleaning that it stores."""
    from socialsent_assets.domain.language.text import TEXT_VERSION

    return f"{CLEANSE_VERSION}/{TEXT_VERSION}"


def score_code_version() -> str:
    """Version of everything that scoring depends on: job, text chain and lexicon scorer."""
    from socialsent_assets.domain.language.polarity import SCORER_VERSION
    from socialsent_assets.domain.language.text import TEXT_VERSION

    return f"{SCORE_VERSION}/{TEXT_VERSION}/{SCORER_VERSION}"


def _stands(tier: Storage, receipt: Receipt) -> bool:
    """Whether every object that the receipt names is still there (someone may have deleted a folder)."""
    folders = {key.rpartition("/")[0] for key in receipt.outputs}
    found = {info.key for folder in folders for info in tier.list(folder)}
    return found.issuperset(receipt.outputs)
