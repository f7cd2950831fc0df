"""Models that were trained while an erased text was in the lake: found, and marked beside their folder.

A folder of a model never changes, so the mark is a file beside it: models/<kind>/erasures.json, digest -> time.

Not here: training again (socialsent materialize --select group:models), who is champion (ml/registry.py).
"""

from __future__ import annotations

import json
from datetime import datetime

from socialsent_assets.domain.events.times import format_time
from socialsent_assets.lake.storage.base import Storage
from socialsent_assets.ml.registry import ROOT, ModelRegistry

MARKS = "erasures.json"


def marked(artifacts: Storage, kind: str) -> dict[str, str]:
    """Digest -> time of the first erasure after which the model was still kept."""
    try:
        found: dict[str, str] = json.loads(artifacts.read(f"{ROOT}/{kind}/{MARKS}"))
    except FileNotFoundError:
        return {}
    return found


def mark_models(artifacts: Storage, now: datetime, *, dry_run: bool = False) -> list[str]:
    """`<kind> <digest>` of every model that is kept now: each may have learned from what is erased."""
    registry, found = ModelRegistry(artifacts), []
    for kind in artifacts.folders(ROOT):
        marks = marked(artifacts, kind)
        digests = registry.digests(kind)
        found += [f"{kind} {digest[:12]}" for digest in digests]
        wanted = {**dict.fromkeys(digests, format_time(now)), **marks}
        if digests and not dry_run and wanted != marks:
            artifacts.write(f"{ROOT}/{kind}/{MARKS}", json.dumps(wanted, indent=1, sort_keys=True).encode())
    return found
