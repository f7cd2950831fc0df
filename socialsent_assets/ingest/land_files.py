"""Landing of planned files, one after the other, with progress and the problems of files that end early.

Not here: plans (plan.py), the command and what it prints (cli/ingest.py, cli/ingest_summary.py).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

from socialsent_assets.domain.events.draft import Draft
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.file_bytes import BrokenFileError
from socialsent_assets.ingest.landing_writer import LandingZone, batches
from socialsent_assets.ingest.plan import FilePlan
from socialsent_assets.ingest.reading import records_of

Progress = Callable[[int], None]
"""Called with the number of bytes of the files that have been read so far."""


def land_files(plans: Sequence[FilePlan], zone: LandingZone, source: str, progress: Progress) -> list[str]:
    """Land the files.

    Args:
        plans: what to read, and how.
        zone: where to.
        source: slug that replaces the sources' own; "" to keep it.
        progress: see `Progress`.

    Returns:
        One sentence for each file that could not be read to its end; what came before has landed.

    Raises:
        RuntimeError: the landing tier cannot be written.
    """
    problems = []
    done = 0
    for plan in plans:
        with plan.file.open() as handle:
            try:
                for batch in batches(_watched(records_of(plan, handle, source), handle, done, progress)):
                    _land(zone, batch)
            except BrokenFileError as error:
                problems.append(f"{plan.file.name} cannot be read completely: {error}")
        done += plan.file.size
        progress(done)
    return problems


def sample_lines(plan: FilePlan, source: str, count: int = 3) -> Iterator[str]:
    """The first events of a file as one line each: time, author, text."""
    with plan.file.open() as handle:
        try:
            records = list(islice(records_of(plan, handle, source), count * 4))
        except BrokenFileError:
            return
    shown = 0
    for record in records:
        for draft in (record.drafts or ())[:1]:
            yield _line(draft)
            shown += 1
        if shown >= count:
            return


def _line(draft: Draft) -> str:
    data = draft.data
    who = data.get("author_id") or data.get("actor_id") or data.get("user_id") or ""
    what = str(
        data.get("text") or data.get("action") or data.get("user_name") or ("deleted" if data.get("deleted") else "")
    )
    what = " ".join(what.split())
    text = what if len(what) <= 60 else f"{what[:59]}…"
    line = f"{format_time(draft.event_time)[:19]}Z  {draft.event_type}  {who}  {text}"
    return line.encode("utf-8", "replace").decode("utf-8")


def _watched(
    records: Iterator[SourceRecord], handle: BinaryIO, before: int, progress: Progress
) -> Iterator[SourceRecord]:
    for number, record in enumerate(records):
        if number % 2_000 == 0:
            progress(before + handle.tell())
        yield record


def _land(zone: LandingZone, batch: list[SourceRecord]) -> None:
    try:
        zone.land(batch)
    except OSError as error:
        hint = "free some space" if error.errno == errno.ENOSPC else "check the folder"
        raise RuntimeError(
            f"the landing tier cannot be written ({error.strerror or error}); {hint} and run the same command "
            "again: nothing lands twice"
        ) from error
