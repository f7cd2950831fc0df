"""The choice of an engine by the size of the work: this process for small work, Spark for large work.

Not here: the engines (process.py, spark.py), the setting (settings/compute.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from socialsent_assets.domain.events.erasure import NOTHING_ERASED, Erased
from socialsent_assets.jobs.engines.engine import Engine, TextFiles
from socialsent_assets.jobs.grouping import Groups
from socialsent_assets.jobs.partition_writer import TableFile, Written
from socialsent_assets.lake.storage.base import ObjectInfo, Storage

SPARK_FROM_BYTES = 1024 * 1024 * 1024
"""Gzipped landing of a slice from which on Spark works: about twelve million events.

Measured on two cores with one hour of 4 million events (353 MB): this process cleansed it in 60 s with 82 CPU-s and a
peak of 0.4 GB, Spark in 104 s with 145 CPU-s and 1.7 GB. Scoring took 8 s against 34 s. Larger hours and more cores
were not measured; the bound is three times what was.
"""

SPARK_FROM_TEXTS = 6_000_000
"""Posts and comments of a slice from which on Spark scores: as many as that landing holds."""

_MB = 1_000_000


@dataclass
class AutoEngine:
    """One of two engines for each slice of a job.

    Attributes:
        process: for small work.
        spark: starts Spark, or finds it running; called for large work alone.
        from_bytes, from_texts: see SPARK_FROM_BYTES and SPARK_FROM_TEXTS.
        choices: name of the engine and why, for every slice so far.
    """

    process: Engine
    spark: Callable[[], Engine]
    from_bytes: int = SPARK_FROM_BYTES
    from_texts: int = SPARK_FROM_TEXTS
    choices: list[tuple[str, str]] = field(default_factory=list)
    name: str = "auto"

    def cleanse(
        self,
        landing: Storage,
        objects: Sequence[ObjectInfo],
        tier: str,
        tables: Mapping[str, TableFile],
        groups: Groups,
        erased: Erased = NOTHING_ERASED,
    ) -> Written:
        """See `Engine.cleanse`."""
        size = sum(info.size for info in objects)
        why = f"{size / _MB:,.1f} MB of landing, Spark works from {self.from_bytes / _MB:,.0f} MB on"
        return self._choose(size >= self.from_bytes, why).cleanse(landing, objects, tier, tables, groups, erased)

    def score(self, files: TextFiles, tier: str, tables: Mapping[str, TableFile], groups: Groups) -> Written:
        """See `Engine.score`."""
        why = f"{files.rows:,} texts, Spark works from {self.from_texts:,} on"
        return self._choose(files.rows >= self.from_texts, why).score(files, tier, tables, groups)

    def _choose(self, is_large: bool, why: str) -> Engine:
        engine = self.spark() if is_large else self.process
        self.choices.append((engine.name, why))
        return engine
