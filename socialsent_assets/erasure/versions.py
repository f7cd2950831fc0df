"""Traces in tiers in S3: every version of every object is searched, and superseded ones with a trace are deleted.

Versions without a trace stay: they are there so that a wrong write can be undone. The latest version of an object of
a table or of landing is never deleted here, because it is rewritten or rebuilt instead; a report or a log goes as a
whole.

Not here: files of this machine (traces.py), the requests (lake/storage/versions.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from socialsent_assets.erasure.needles import Wanted
from socialsent_assets.erasure.traces import Trace, traces_in_content
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.lake.storage.s3 import S3Storage
from socialsent_assets.lake.storage.versions import (
    ObjectVersion,
    address_of,
    delete_version,
    read_version,
    versions_of,
)
from socialsent_assets.ml.registry import ROOT


def s3_tiers(lake: Lake) -> list[S3Storage]:
    """The tiers of the lake that are in S3."""
    tiers: Iterable[Storage] = (lake.landing, lake.cleansed, lake.analytics, lake.artifacts)
    return [tier for tier in tiers if isinstance(tier, S3Storage)]


def find_version_traces(lake: Lake, needles: Sequence[str], *, as_ids: Collection[str] = ()) -> Iterator[Trace]:
    """Every trace in the tiers in S3, in versions of all ages. Raises as `aws.s3.told`."""
    wanted = Wanted.of(needles, as_ids=as_ids)
    for tier in s3_tiers(lake):
        for one in versions_of(tier):
            yield from _traces(tier, one, wanted)


def forget_versions(lake: Lake, needles: Sequence[str]) -> int:
    """Versions deleted: superseded ones with a trace, and of reports and logs the latest too. Safe to repeat."""
    wanted, deleted = Wanted.of(needles), 0
    for tier in s3_tiers(lake):
        goes_whole = tier.uri == lake.artifacts.uri
        for one in list(versions_of(tier)):
            is_kept = one.is_latest and not (goes_whole and not one.key.startswith(f"{ROOT}/"))
            if not is_kept and next(_traces(tier, one, wanted), None) is not None:
                delete_version(tier, one)
                deleted += 1
    return deleted


def _traces(tier: S3Storage, one: ObjectVersion, wanted: Wanted) -> Iterator[Trace]:
    address = address_of(tier, one)
    for needle, found in wanted.texts.count(one.key.encode()).items():
        if found.whole:
            yield Trace(needle, address, "its name", found.whole)
    if not one.is_marker:
        try:
            content = read_version(tier, one)
        except FileNotFoundError:
            return  # another process has deleted it
        yield from traces_in_content(address, content, wanted)
