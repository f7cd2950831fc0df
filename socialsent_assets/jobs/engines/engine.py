"""Engines as the jobs see them: read files, sort rows, write data files.

An engine ends at `write_batches` (partition_writer.py): it hands over record batches sorted by partition, `event_id`,
newest `event_time` first, then the other columns in the order of their names, greatest first, nulls before them.

Not here: the engines (the modules beside this one), which one works (resources/compute.py), commits
(jobs/publish.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.partition_writer import TableFile, Written
from socialsent_assets.lake.iceberg.scan import ScannedFile
from socialsent_assets.lake.storage.base import ObjectInfo, Storage


@dataclass(frozen=True)
class TextFiles:
    """Cleansed texts to score.

    Attributes:
        posts, comments: data files of those tables; they may hold rows of other hours too.
        hours: whose rows are scored.
        rows: number of texts in these hours.
    """

    posts: tuple[ScannedFile, ...]
    comments: tuple[ScannedFile, ...]
    hours: frozenset[EventHour]
    rows: int


class Engine(Protocol):
    """Something that does the reading, sorting and writing of both jobs."""

    @property
    def name(self) -> str:
        """As `SOCIALSENT_COMPUTE` names it."""
        ...

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
        erased: Erased = NOTHING_ERASED,
    ) -> Written:
        """Landing objects -> data files below the URI `tier`. Every line becomes a row or a counted repeat.

        A line that names what is `erased` is counted alone.
        """
        ...

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """Cleansed posts and comments -> data files of sentiment below the URI `tier`."""
        ...
