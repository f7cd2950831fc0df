"""A file of JSON Lines that grows: the cursor is the place behind the last whole line, and the file's number.

Not here: files that are whole (ingest/reading.py).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from socialsent_assets.ingest.file_bytes import MAX_LINE_BYTES
from socialsent_assets.ingest.live.connection import DisconnectedError, Frame
from socialsent_assets.ingest.source import JsonSource

_READ_BYTES = 256 * 1024
_TICK_S = 0.5


@dataclass(frozen=True)
class Tail:
    """A growing file; `source` is what its lines are, `sleep` waits for more."""

    path: Path
    source: JsonSource | None
    sleep: Callable[[float], None] = time.sleep

    @property
    def key(self) -> str:
        """See `Connection.key`."""
        name = "".join(sign if sign.isalnum() else "-" for sign in str(self.path.resolve()))
        return f"file{name}"[-100:]

    def gap(self, cursor: str, now: datetime) -> str:  # noqa: ARG002
        """See `Connection.gap`: a file that was replaced or cut since."""
        place, number = _parsed(cursor)
        try:
            now_there = self.path.stat()
        except OSError:
            return ""
        if number and (now_there.st_ino != number or now_there.st_size < place):
            return "the file was replaced or cut; what stood behind the cursor is not known"
        return ""

    def frames(self, cursor: str) -> Iterator[Frame]:
        """See `Connection.frames`."""
        place, number = _parsed(cursor)
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                place = place if status.st_ino == number and status.st_size >= place else 0
                file.seek(place)
                yield from self._lines(file.fileno(), place, status.st_ino)
        except OSError as error:
            raise DisconnectedError(f"{self.path}: {error.strerror}") from None

    def _lines(self, descriptor: int, place: int, number: int) -> Iterator[Frame]:
        rest = b""
        while True:
            piece = os.read(descriptor, _READ_BYTES)
            if not piece:
                there = self.path.stat()
                if there.st_ino != number or there.st_size < place:
                    return  # another file has this name now: the next connection reads it
                yield Frame(b"")
                self.sleep(_TICK_S)
                continue
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                raise DisconnectedError(f"{self.path}: a line without an end")
            for line in whole:
                place += len(line) + 1
                yield Frame(line.strip(), f"{place}:{number}")


def _parsed(cursor: str) -> tuple[int, int]:
    place, _, number = cursor.partition(":")
    return (int(place), int(number)) if place.isdecimal() and number.isdecimal() else (0, 0)
