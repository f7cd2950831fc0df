"""Receipts of sent feeds under `$SOCIALSENT_HOME/feeds/`; one counts only while its objects exist.

A receipt is first written as begun, so that a feed that was interrupted is taken up again with the same end and
overwrites what it left, and written again with names, sizes and versions of its objects when all of them landed.

Not here: how a feed is sent (feed.py), receipts of the graph's own steps (lake/builds.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from socialsent_assets.domain.events.counts import Counts
from socialsent_assets.domain.events.layout import EventHour, content_digest
from socialsent_assets.lake.storage.base import ObjectInfo, Storage
from socialsent_assets.lake.storage.local import FolderStorage
from socialsent_assets.lake.storage.open import storage_at
from socialsent_assets.local_aws.feed import FeedPlan, FeedResult, simulate
from socialsent_assets.settings import Settings

_FOLDER = "feeds"


@dataclass(frozen=True)
class FeedWish:
    """What someone wants in the lake; without `until` any feed of this size and seed that exists will do."""

    events: int
    hours: int
    seed: int
    until: datetime | None = None
    fresh: bool = False


@dataclass(frozen=True)
class Feed:
    """A feed that exists in landing; `was_there` if nothing had to be sent."""

    plan: FeedPlan
    counts: Counts
    labels: int
    objects: int
    was_there: bool

    def as_json(self) -> dict[str, Any]:
        """For programs: sent = landed + duplicates + quarantined."""
        return {
            "events": self.plan.events,
            "hours": self.plan.hours,
            "seed": self.plan.seed,
            "until": self.plan.until.isoformat().replace("+00:00", "Z"),
            "sent": self.counts.records,
            "landed": self.counts.accepted,
            "duplicates": self.counts.duplicates,
            "quarantined": self.counts.quarantined,
            "labels": self.labels,
            "objects": self.objects,
            "was_there": self.was_there,
        }


def bring_feed(
    wish: FeedWish,
    settings: Settings,
    now: datetime,
    progress: Callable[[FeedPlan, FeedResult], None] = lambda _plan, _result: None,
) -> Feed:
    """The wished feed in landing: sent now, or found there.

    Without `until`, a feed of the same size and seed keeps its end: it is left alone if all its objects exist, and
    sent again if one is missing or it was interrupted. A new one ends with the last full hour.

    Raises:
        UserError: the wish cannot be met as it is.
        FeedError: something did not land.
    """
    receipts = FolderStorage(settings.home / _FOLDER)
    landing = storage_at(settings.landing)
    earlier = None if wish.until or wish.fresh else _latest(receipts, wish, settings)
    if earlier is not None and _stands(earlier, landing):
        return _feed(earlier, was_there=True)
    until = wish.until or (_until(earlier) if earlier else EventHour.of(now).start)
    plan = FeedPlan(wish.events, wish.hours, wish.seed, until.astimezone(UTC).replace(second=0, microsecond=0))
    plan.check(settings.start, now)
    _write(receipts, plan, settings, {"state": "begun"})
    result = simulate(plan, settings.landing, settings.start, lambda result: progress(plan, result))
    done = {
        "state": "complete",
        "counts": asdict(result.counts),
        "labels": result.labels,
        "objects": _as_they_stand(landing, result.objects),
    }
    return _feed(_write(receipts, plan, settings, done), was_there=False)


def _write(receipts: Storage, plan: FeedPlan, settings: Settings, what: dict[str, Any]) -> dict[str, Any]:
    described = {**asdict(plan), "until": plan.until.isoformat()}
    place = {"landing": settings.landing, "start": settings.start.isoformat()}
    receipt = {"plan": described, **place, **what}
    name = content_digest(json.dumps([described, place], sort_keys=True).encode())
    receipts.write(f"{name}.json", json.dumps(receipt, indent=1, sort_keys=True).encode())
    return receipt


def _latest(receipts: Storage, wish: FeedWish, settings: Settings) -> dict[str, Any] | None:
    """The receipt of the feed of this size and seed that ends last, for this landing tier and start."""
    fitting = [
        receipt
        for receipt in _readable(receipts)
        if (receipt["landing"], receipt["start"]) == (settings.landing, settings.start.isoformat())
        and all(receipt["plan"][name] == getattr(wish, name) for name in ("events", "hours", "seed"))
    ]
    return max(fitting, key=_until, default=None)


def _readable(receipts: Storage) -> Iterator[dict[str, Any]]:
    for info in receipts.list(""):
        try:
            receipt = json.loads(receipts.read(info.key))
            _until(receipt), receipt["landing"], receipt["start"], receipt["state"]
        except (ValueError, KeyError, TypeError):
            continue  # another owner's file, or of an earlier version: it vouches for nothing
        yield receipt


def _until(receipt: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(receipt["plan"]["until"])


def _stands(receipt: dict[str, Any], landing: Storage) -> bool:
    return bool(receipt["state"] == "complete") and _as_they_stand(landing, receipt["objects"]) == receipt["objects"]


def _as_they_stand(landing: Storage, keys: Iterable[str]) -> dict[str, str]:
    """Key -> size and version of each object that is there."""
    wanted = set(keys)
    folders = sorted({key.rpartition("/")[0] for key in wanted})
    found: Iterator[ObjectInfo] = (info for folder in folders for info in landing.list(folder))
    return {info.key: f"{info.size}-{info.version}" for info in found if info.key in wanted}


def _feed(receipt: dict[str, Any], *, was_there: bool) -> Feed:
    plan = FeedPlan(**{**receipt["plan"], "until": _until(receipt)})
    return Feed(plan, Counts(**receipt["counts"]), receipt["labels"], len(receipt["objects"]), was_there)
