"""What the jobs ask of an engine: read objects, write one file per table and event hour.

An engine ends at `write_batches` (partition_writer.py): it hands over record batches sorted by partition, `event_id`,
newest `event_time` first, then the other columns in the order of their names, greatest first, nulls before them.

Not here: the engines (the modules beside this one), which one works (resources/compute.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from socialsent_assets.jobs.partition_writer import StagedHour, TableFile
from socialsent_assets.lake.commit import StagingArea
from socialsent_assets.lake.storage.base import ObjectInfo, Storage


@dataclass(frozen=True)
class TextFiles:
    """Cleansed texts to score.

    Attributes:
        posts, comments: keys of Parquet files of those tables, `…/dt=…/hr=…/…`.
        rows: of all of them together.
    """

    posts: tuple[str, ...]
    comments: tuple[str, ...]
    rows: int


class Engine(Protocol):
    """Something that does the reading, sorting and writing of both jobs."""

    @property
    def name(self) -> str:
        """As `SOCIALSENT_COMPUTE` names it."""
        ...

    def cleanse(
        self, landing: Storage, objects: Sequence[ObjectInfo], area: StagingArea, tables: Mapping[str, TableFile]
    ) -> list[StagedHour]:
        """Landing objects -> a staged file per table and hour, in order. Every line of them becomes a row."""
        ...

    def score(
        self, cleansed: Storage, files: TextFiles, area: StagingArea, tables: Mapping[str, TableFile]
    ) -> list[StagedHour]:
        """Cleansed posts and comments -> a staged file of sentiment per hour, in order."""
        ...
