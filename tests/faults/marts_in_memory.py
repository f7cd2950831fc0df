"""Marts in memory: hours of the lake's tables in the snapshots of one scoring, replaced together.

They replace what dbt builds: a build works on a copy, which takes the place of the old one at its end, and the
version of an hour is that of its row in `lake_hours`.

Not here: dbt's own models (tests/marts).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, LAKE_HOURS, SENTIMENT
from socialsent_assets.lake.builds import read_builds, table_name
from socialsent_assets.lake.lake import Lake
from tests.faults.faults import Faults
from tests.faults.faulty_lake import rows_at
from tests.faults.turns import Lock

Rows = dict[str, Any]
TABLES = (*CLEANSED_EVENTS, SENTIMENT, LAKE_HOURS)


@dataclass
class MartsInMemory:
    """Table -> hour -> rows."""

    lake: Lake
    faults: Faults
    lock: Lock
    content: dict[str, dict[EventHour, list[Rows]]] = field(default_factory=dict)

    def build(self, hours: Collection[EventHour]) -> None:
        """Take these hours over from the lake."""
        with self.lock.held():
            builds = read_builds(self.lake)
            pins, hours = builds.scored_pins, set(hours) - builds.unscored
            made = {table.name: dict(self.content.get(table.name, {})) for table in TABLES}
            for table in TABLES:
                found = rows_at(self.lake, table, hours, pins.get(table_name(table)))
                for hour in hours:
                    made[table.name].pop(hour, None)
                    if hour in found:
                        made[table.name][hour] = found[hour]
            with self.faults.around("marts", "swaps the marts"):
                self.content = made

    def versions(self) -> dict[str, str]:
        """Hour -> version that the marts hold, as the sensor gets it."""
        return {hour.key: row["lake_version"] for hour, [row] in self.content.get(LAKE_HOURS.name, {}).items()}

    def rows(self, name: str) -> list[Rows]:
        """Every row of a table."""
        return [row for rows in self.content.get(name, {}).values() for row in rows]
