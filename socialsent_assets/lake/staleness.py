"""Stale event hours, tier by tier: what has landed is compared with what was built of it, never with clocks.

An hour of cleansed is fresh while its receipt names the fingerprint of what has landed; analytics while its receipt
names what cleansed wrote; the warehouse while it holds the version that analytics wrote. An hour that a killed run
left between two commits is stale too. An hour whose build was undone is held until its landing or the code changes.

Not here: what the warehouse holds (warehouse/duckdb/database.py), who rebuilds (defs/, cli/).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.lake.builds import BuildState, output_version, read_builds
from socialsent_assets.lake.lake import NOTHING_LANDED, Lake, fingerprint
from socialsent_assets.lake.lexicon_corrections import read_corrections
from socialsent_assets.lake.storage.base import ObjectInfo

# Raised when a job would write other rows for the same landing: every hour is then stale.
CLEANSE_VERSION = "2"
SCORE_VERSION = "3"

StaleTier = Literal["cleansed", "analytics", "warehouse"]


class Stale(NamedTuple):
    """The first tier to rebuild, and the reason in words that follow "because"."""

    tier: StaleTier
    reason: str


_NEVER_BUILT = Stale("cleansed", "landed and was never built")
_LANDING_CHANGED = Stale("cleansed", "landing changed after the build")
_OTHER_CLEANSING = Stale("cleansed", "built by another version of cleansing")
_UNFINISHED = Stale("cleansed", "a build of it was cut off")
_CLEANSED_DAMAGED = Stale("cleansed", "files of cleansed are damaged or missing")
_NOT_SCORED = Stale("analytics", "cleansed is newer than its scores")
_OTHER_SCORING = Stale("analytics", "scored by another version of scorer or lexicon")
_ANALYTICS_DAMAGED = Stale("analytics", "files of analytics are damaged or missing")
_NOT_IN_MARTS = Stale("warehouse", "the marts hold another version of it, or none")


def known_hours(lake: Lake) -> list[EventHour]:
    """Hours that have landed or were built, in order."""
    return sorted({*lake.landed_by_hour(), *read_builds(lake).cleanse})


def hours_with_work(lake: Lake, hours: Iterable[EventHour]) -> list[EventHour]:
    """Those of `hours` that hold anything or held it once: landed now, or built before and gone since."""
    wanted = set(hours)
    return sorted(wanted & {*lake.landed_by_hour(wanted), *read_builds(lake).cleanse})


def stale_hours(
    lake: Lake,
    hours: Collection[EventHour],
    warehouse: Mapping[str, str],
    landed: Mapping[EventHour, Sequence[ObjectInfo]] | None = None,
) -> dict[EventHour, StaleTier]:
    """Those of `hours` that are stale, in order, each with the first tier to rebuild; arguments of `why_stale`."""
    return {hour: stale.tier for hour, stale in why_stale(lake, hours, warehouse, landed).items()}


def why_stale(
    lake: Lake,
    hours: Collection[EventHour],
    warehouse: Mapping[str, str],
    landed: Mapping[EventHour, Sequence[ObjectInfo]] | None = None,
) -> dict[EventHour, Stale]:
    """Those of `hours` that are stale, in order, each with the first tier to rebuild and the reason.

    Args:
        lake: to look at.
        hours: to compare.
        warehouse: {hour key: lake version} that the marts hold (warehouse/duckdb/database.py).
        landed: `lake.landed_by_hour`, if it was listed already.
    """
    wanted, builds = sorted(set(hours)), read_builds(lake)
    if landed is None:
        landed = lake.landed_by_hour(set(wanted))
    damaged, own = builds.damaged(), read_corrections(lake.artifacts).version
    found = ((hour, _verdict(builds, hour, fingerprint(landed.get(hour, ())), warehouse, own)) for hour in wanted)
    stale = {hour: verdict for hour, verdict in found if verdict is not None}
    for hour in wanted:
        if hour in damaged and (hour not in stale or stale[hour].tier != "cleansed"):
            stale[hour] = _CLEANSED_DAMAGED if damaged[hour] == "cleansed" else _ANALYTICS_DAMAGED
    return dict(sorted(stale.items()))


def _verdict(
    builds: BuildState, hour: EventHour, landed: str, warehouse: Mapping[str, str], own: str
) -> Stale | None:
    """The first tier that has to be built again for this hour; None if all of it is up to date, or held.

    `landed` is the hour's landing fingerprint, `own` the version of the lexicon's corrections.
    """
    cleanse, score = builds.cleanse.get(hour), builds.score.get(hour)
    if cleanse is None:
        if hour in builds.unfinished:
            return _UNFINISHED
        return None if landed == NOTHING_LANDED else _NEVER_BUILT
    if cleanse.held_version is None or cleanse.held_version != attempt_version(landed, own):
        if cleanse.input_version != landed:
            return _LANDING_CHANGED
        if cleanse.code_version != cleanse_code_version():
            return _OTHER_CLEANSING
        if hour in builds.unfinished:
            return _UNFINISHED
        if score is None or score.input_version != cleanse.output_version:
            return _NOT_SCORED
        if score.code_version != score_code_version(own):
            return _OTHER_SCORING
    if warehouse.get(hour.key) != (score.lake_version if score is not None else None):
        return _NOT_IN_MARTS
    return None


def attempt_version(landed: str, own: str = "") -> str:
    """Changes when building an hour again can end differently: other objects, other code or another lexicon."""
    return output_version(landed, cleanse_code_version(), score_code_version(own))


def cleanse_code_version() -> str:
    """Version of everything that cleansing depends on: the job and the text cleaning that it stores."""
    from socialsent_assets.domain.language.text import TEXT_VERSION

    return f"{CLEANSE_VERSION}/{TEXT_VERSION}"


def score_code_version(own: str = "") -> str:
    """Version of everything that scoring depends on: job, text chain, lexicon scorer and its corrections (`own`)."""
    from socialsent_assets.domain.language.polarity import SCORER_VERSION
    from socialsent_assets.domain.language.text import TEXT_VERSION

    return f"{SCORE_VERSION}/{TEXT_VERSION}/{SCORER_VERSION}{own}"
