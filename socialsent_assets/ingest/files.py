"""Which files `socialsent ingest` reads, in what format, and landing them one after the other.

Not here: the command and what it prints (cli/ingest.py, cli/ingest_summary.py), what is valid (domain/events/).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.events.landing import SourceRecord
from socialsent_assets.ingest.csv_columns import CsvWishes
from socialsent_assets.ingest.event_file import event_records
from socialsent_assets.ingest.file_bytes import BrokenFileError, chunks
from socialsent_assets.ingest.landing_writer import LandingZone, batches
from socialsent_assets.ingest.mapped_csv import check_header, csv_records

JSON_SUFFIXES = (".jsonl", ".ndjson", ".json")
CSV_SUFFIXES = (".csv", ".tsv")

Progress = Callable[[int], None]
"""Told how many bytes of the files have been read so far."""


@dataclass(frozen=True)
class EventFile:
    """One file to read: `size` in bytes, `is_csv` or else JSON Lines."""

    path: Path
    size: int
    is_csv: bool

    @property
    def name(self) -> str:
        """Its name as printed, whatever bytes the file system holds."""
        return self.path.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def find_files(paths: Sequence[Path], *, prefer_csv: bool) -> list[EventFile]:
    """The files that the paths name, a folder standing for the event files directly in it, in order.

    `prefer_csv` settles a file whose name and first character say nothing.

    Raises:
        UserError: a path that is not there or cannot be read, or a file that holds neither format.
    """
    found: dict[Path, EventFile] = {}
    for path in paths:
        try:
            for file in _in_folder(path) if path.is_dir() else [path]:
                found.setdefault(file.resolve(), _event_file(file, prefer_csv=prefer_csv))
        except FileNotFoundError:
            raise UserError(f"{path} does not exist; name a .jsonl or .csv file, or a folder of them") from None
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}); check its permissions") from None
    return list(found.values())


def check_headers(files: Sequence[EventFile], wishes: CsvWishes) -> None:
    """Look at every CSV header before anything lands. Raises UserError for the first that does not do."""
    for file in files:
        if file.is_csv:
            with file.path.open("rb") as handle:
                check_header(handle, file.name, wishes)


def ingest_files(files: Sequence[EventFile], wishes: CsvWishes, zone: LandingZone, progress: Progress) -> list[str]:
    """Land the files.

    Returns:
        One sentence for each file that could not be read to its end; what came before has landed.

    Raises:
        RuntimeError: the landing tier cannot be written.
    """
    problems = []
    done = 0
    for file in files:
        with file.path.open("rb") as handle:
            try:
                for batch in batches(_watched(_records(handle, file, wishes), handle, done, progress)):
                    _land(zone, batch)
            except BrokenFileError as error:
                problems.append(f"{file.name} cannot be read to its end: {error}")
        done += file.size
        progress(done)
    return problems


def _records(handle: BinaryIO, file: EventFile, wishes: CsvWishes) -> Iterator[SourceRecord]:
    return csv_records(handle, file.name, wishes) if file.is_csv else event_records(handle, file.name)


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


def _in_folder(folder: Path) -> list[Path]:
    inside = sorted(p for p in folder.iterdir() if p.is_file() and _format(p) and not p.name.startswith("."))
    if not inside:
        endings = ", ".join((*JSON_SUFFIXES, *CSV_SUFFIXES))
        raise UserError(f"{folder} holds no event file; the name of one ends in {endings}, or in these and .gz")
    return inside


def _event_file(path: Path, *, prefer_csv: bool) -> EventFile:
    size = path.stat().st_size
    if not path.is_file():
        raise UserError(f"{path} is no file; name a .jsonl or .csv file, or a folder of them")
    with path.open("rb") as handle:  # also finds out early whether it can be read
        suffix = _format(path) or _sniffed(handle)
    if suffix is None and not prefer_csv:
        raise UserError(f"{path} is neither JSON Lines nor CSV by its name or content; rename it to .jsonl or .csv")
    return EventFile(path, size, is_csv=suffix is None or suffix in CSV_SUFFIXES)


def _format(path: Path) -> str | None:
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    return suffix if suffix in (*JSON_SUFFIXES, *CSV_SUFFIXES) else None


def _sniffed(handle: BinaryIO) -> str | None:
    try:
        head = next(chunks(handle), b"").lstrip()
    except BrokenFileError:
        return None
    return ".jsonl" if head[:1] in (b"{", b"[") or not head else None
