"""Cache of the partition versions in a remote warehouse, so the frequent sensor does not wake it.

Redshift Serverless bills a minute or more for a statement, and the landing sensor polls every 20 seconds: polled each
time, it would never sleep. So a build takes this memory away before it changes anything and writes it anew at its
end, and in between the memory answers. What others did to the warehouse meanwhile is seen when it has grown old.

Not here: asking the warehouse (redshift.py), when that is done (resources/redshift.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from socialsent_assets.lake.storage.base import Storage

FRESH_FOR = timedelta(hours=6)


@dataclass(frozen=True)
class HeldHours:
    """What a warehouse held.

    Attributes:
        versions: {hour key: lake version}, as `lake_hours` has them.
        seen_at: time of the query, UTC.
        changed_at: when it was first seen to hold these versions, UTC.
    """

    versions: dict[str, str]
    seen_at: datetime
    changed_at: datetime


def remembered(artifacts: Storage, schema: str) -> HeldHours | None:
    """The memory of the marts in `schema`; None if there is none that can be read."""
    try:
        found = json.loads(artifacts.read(_key(schema)))
        return HeldHours(
            versions={str(hour): str(version) for hour, version in found["versions"].items()},
            seen_at=datetime.fromisoformat(found["seen_at"]),
            changed_at=datetime.fromisoformat(found["changed_at"]),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return None  # a memory that is damaged is one that is missing: the warehouse knows


def remember(
    artifacts: Storage, schema: str, versions: Mapping[str, str], now: datetime, before: HeldHours | None
) -> HeldHours:
    """Keep what was just seen; `before` is the memory that it replaces."""
    is_same = before is not None and before.versions == versions
    held = HeldHours(dict(versions), now, before.changed_at if before is not None and is_same else now)
    kept = {"versions": held.versions, "seen_at": now.isoformat(), "changed_at": held.changed_at.isoformat()}
    artifacts.write(_key(schema), json.dumps(kept, sort_keys=True).encode())
    return held


def forget(artifacts: Storage, schema: str) -> None:
    """Invalidate the cache: the next read queries the warehouse."""
    artifacts.delete(_key(schema))


def _key(schema: str) -> str:
    return f"warehouse/{schema}/held_hours.json"
