"""Listing of the lake's data files for dbt on DuckDB: the files of one build, in snapshots that belong together.

DuckDB's own Iceberg extension has to be downloaded from its site, so the catalog plans and DuckDB reads Parquet.

Not here: reading the listing (dbt_project/macros/lake_rows.sql), other warehouses, which read the catalog themselves.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS, LAKE_HOURS, SENTIMENT
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.pinned_files import pinned_files

TABLES = (*CLEANSED_EVENTS, SENTIMENT, LAKE_HOURS)
_FORMAT = "%Y-%m-%d %H:%M:%S"


def write_lake_files(lake: Lake, target: Path) -> frozenset[EventHour]:
    """Write the data files of the last finished scoring to `target`, as a JSON array.

    One entry per file: `tier`, `name`, `path`, `first_hour`, `last_hour` (UTC). Replaced by one rename.

    Returns the hours that a build leaves as they are: their texts in these files are not the ones that were scored.
    """
    # Of one scoring: its own snapshots, and those of the cleansed tables that it read.
    builds = read_builds(lake)
    entries = [
        {
            "tier": table.tier,
            "name": table.name,
            "path": file.path,
            "first_hour": file.first.start.strftime(_FORMAT),
            "last_hour": file.last.start.strftime(_FORMAT),
        }
        for table in TABLES
        for file in pinned_files(lake, table, builds.scored_pins)
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".lake_files-", dir=target.parent)
    with os.fdopen(handle, "w") as file:
        json.dump(entries, file)
    os.replace(temporary, target)
    return builds.unscored
