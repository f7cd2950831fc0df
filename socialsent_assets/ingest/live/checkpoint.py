"""Position of following a network, in a file that is replaced as a whole; gaps as rows in the landing tier.

A checkpoint is written after its records have landed: a process that dies in between sends them again, with the same
bytes, and cleansing drops what came twice.

Not here: what a cursor means (the networks' modules).
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from socialsent_assets.domain.events.layout import content_digest
from socialsent_assets.domain.events.times import format_time
from socialsent_assets.ingest.live.connection import Gap
from socialsent_assets.lake.storage.base import Storage

GAPS = "gaps"
"""Prefix in the landing tier: one JSON object per gap."""


@dataclass(frozen=True)
class Checkpoint:
    """File with the cursor of one followed network."""

    path: Path

    def read(self) -> str:
        """The cursor; "" if nothing was followed yet, or the file is damaged."""
        try:
            cursor = json.loads(self.path.read_text(encoding="utf-8"))["cursor"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return ""
        return cursor if isinstance(cursor, str) else ""

    def write(self, cursor: str, now: datetime) -> None:
        """Replace the cursor as a whole."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".checkpoint-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"cursor": cursor, "written_at": format_time(now)}, file)
            os.replace(temporary, self.path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_gap(landing: Storage, gap: Gap) -> None:
    """Keep a gap as `gaps/<source>-<digest>.json`."""
    row = {
        "source": gap.source,
        "after_cursor": gap.after,
        "reason": gap.reason,
        "noticed_at": format_time(gap.noticed_at),
    }
    content = json.dumps(row, sort_keys=True).encode()
    landing.write(f"{GAPS}/{gap.source}-{content_digest(content)}.json", content)
