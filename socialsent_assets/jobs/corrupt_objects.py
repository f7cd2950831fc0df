"""Landing objects that cannot be read to their end: what is readable is kept, the rest is reported.

One cut-off gzip object makes Spark fail a whole run. Then, and only then, the objects of the run are tested
one by one: a test of every object of every run would cost a fifth of reading it.

Not here: bad lines in good objects (line_rules.py).
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from socialsent_assets.domain.events.layout import LANDING_EVENTS, EventHour
from socialsent_assets.domain.tables import QUARANTINE
from socialsent_assets.jobs.partition_writer import PARTITION
from socialsent_assets.jobs.read_landing import landing_row_schema, landing_rows
from socialsent_assets.lake.staging import StagingArea
from socialsent_assets.lake.storage.base import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_GZIP = 31  # window bits of zlib that expect a gzip header and check its trailer
_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class DamagedObject:
    """A landing object of which only `lines` lines can be read; `rest` is what follows the last of them."""

    key: str
    lines: int
    rest: bytes
    problem: str


def salvage(landing: Storage, keys: Sequence[str], area: StagingArea) -> list[DamagedObject]:
    """The damaged ones among gzipped landing objects; their whole lines are kept in `area`."""
    found = []
    with area.scratch() as folder:
        for key in keys:
            if key.endswith(".gz"):
                target = folder / _salvaged_name(key)
                damaged = _salvage(landing, key, target)
                if damaged is not None:
                    area.keep(_salvaged_name(key), target)
                    found.append(damaged)
    return found


def rows_without_damage(
    spark: SparkSession, landing: Storage, keys: Sequence[str], damaged: Sequence[DamagedObject], area: StagingArea
) -> DataFrame:
    """What `landing_rows` would return for `keys`, and a quarantine row for each damaged object among them."""
    from pyspark.sql import functions as F  # noqa: N812 - as everybody writes it

    lost = {one.key for one in damaged}
    whole = [landing.path(key) for key in keys if key not in lost]
    readable = [area.path(_salvaged_name(one.key)) for one in damaged if one.lines]
    frames = []
    if whole:
        frames.append(landing_rows(spark, landing.path(LANDING_EVENTS), whole))
    if readable:
        rows = landing_rows(spark, area.path(LANDING_EVENTS), readable)
        frames.append(rows.withColumn("source_object", F.concat("source_object", F.lit(".gz"))))
    schema = landing_row_schema()
    reports = [tuple(_report(one).get(name) for name in schema.names) for one in damaged]
    return reduce(lambda one, other: one.unionByName(other), [*frames, spark.createDataFrame(reports, schema)])


def _report(damaged: DamagedObject) -> dict[str, str]:
    hour = EventHour.from_path(damaged.key)
    if hour is None:
        raise ValueError(f"not a landing object: {damaged.key}")
    return {
        PARTITION: f"{QUARANTINE.name}/{hour.path}",
        "reason": "not_json",
        "detail": f"the object is damaged after line {damaged.lines}: {damaged.problem}",
        "source_object": damaged.key,
        "raw": base64.b64encode(damaged.rest).decode("ascii"),
    }


def _salvaged_name(key: str) -> str:
    return key.removesuffix(".gz")


def _salvage(landing: Storage, key: str, target: Path) -> DamagedObject | None:
    target.parent.mkdir(parents=True, exist_ok=True)
    lines, whole_lines_end, problem = 0, 0, ""
    with landing.open(key) as source, open(target, "w+b") as file:
        try:
            for chunk in _unzipped(source):
                newline = chunk.rfind(b"\n")
                if newline >= 0:
                    whole_lines_end = file.tell() + newline + 1
                lines += chunk.count(b"\n")
                file.write(chunk)
        except (zlib.error, EOFError) as error:
            problem = str(error)
        file.seek(whole_lines_end)
        rest = file.read()
        file.truncate(whole_lines_end)
    if problem:
        return DamagedObject(key, lines, rest, problem)
    target.unlink()
    return None


def _unzipped(source: BinaryIO) -> Iterator[bytes]:
    """Content of all gzip members, a chunk at a time. Raises zlib.error or EOFError where it ends too early."""
    member = zlib.decompressobj(_GZIP)
    started = False
    while compressed := source.read(_CHUNK):
        while compressed:
            started = True
            yield member.decompress(compressed, _CHUNK)
            while member.unconsumed_tail:
                yield member.decompress(member.unconsumed_tail, _CHUNK)
            compressed = member.unused_data
            if member.eof:
                member, started = zlib.decompressobj(_GZIP), False
    if started:
        raise EOFError("the gzip stream is cut off")
