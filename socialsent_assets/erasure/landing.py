"""Landing without what is erased: events, quarantine, labels, and the manifests that name their objects.

An object is written anew without its erased lines, under the name that the consumer would give it, which counts them;
then the old one is removed. A run that is killed in between leaves both, and the next one removes the old.

Not here: which lines are erased (domain/events/erasure.py), the tables, which are built again from landing.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from socialsent_assets.domain.events.erasure import ErasedIds, is_erased, own_ids
from socialsent_assets.domain.events.landing import gzip_lines
from socialsent_assets.domain.events.layout import (
    LANDING_EVENTS,
    LANDING_LABELS,
    LANDING_QUARANTINE,
    EventHour,
    content_digest,
    landing_name,
    parse_landing_name,
)
from socialsent_assets.erasure.needles import Needles, is_word
from socialsent_assets.erasure.request import ErasureRequest
from socialsent_assets.ingest.landing_writer import MANIFESTS
from socialsent_assets.jobs.landing_lines import DamagedObject, TooLargeLine, parts_of
from socialsent_assets.lake.storage.base import Storage

_DIGEST = 12
_ESCAPES = (b"\\u", b"\\/")  # by which another producer may spell any character of an id


@dataclass
class LandingErased:
    """What was taken out of landing.

    Attributes:
        lines: by kind: `events`, `quarantine`, `labels`.
        objects: that were written anew.
        hours: event hours whose landing is another now.
        mentioned: ids that occur in what others wrote, which is kept.
    """

    lines: dict[str, int] = field(default_factory=dict)
    objects: int = 0
    hours: set[EventHour] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)


def with_own_texts(landing: Storage, asked: ErasureRequest) -> ErasureRequest:
    """The request with every text, interaction and profile that its persons made, as far as landing has them."""
    texts, words = set(asked.ids.texts), set(asked.words)
    ids = _needles(asked.ids)
    for info in landing.walk(LANDING_EVENTS):
        for line in _suspects(lines_of(landing, info.key), ids):
            event = _event(line)
            data = event.get("data")
            if not isinstance(data, dict):
                continue
            if data.get("user_id") in asked.ids.users and isinstance(event.get("event_id"), str):
                texts.add(event["event_id"])  # a profile has no id of its own by which to know it again
            texts.update(own_ids(data, asked.ids))
            text = data.get("text")
            if isinstance(text, str) and _is_own(data, asked.ids):
                words.add(text)
    return ErasureRequest(ErasedIds(asked.ids.users, frozenset(texts)), frozenset(words), asked.reason)


def erase_landing(landing: Storage, request: ErasureRequest, *, dry_run: bool = False) -> LandingErased:
    """Take the lines out. Safe to repeat. Raises OSError when landing cannot be written."""
    done = LandingErased()
    ids, every = request.ids, _needles(request.ids)
    words = Needles(one for one in request.needles() if is_word(one))
    kinds: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
        (LANDING_EVENTS, lambda line: is_erased(line, ids)),
        (LANDING_QUARANTINE, lambda line: _names(line, words, ids) or _names(_raw_of(line), words, ids)),
        (LANDING_LABELS, lambda line: is_erased(line, ids) or _text_of(line) in request.words),
    )
    for kind, is_gone in kinds:
        for info in landing.walk(kind):
            whole = lines_of(landing, info.key)
            suspects = set(_suspects(whole, every)) if kind == LANDING_EVENTS else set(whole)
            gone = {line for line in suspects if is_gone(line)}
            for line in suspects - gone:
                done.mentioned.update(needle for needle, found in words.count(line).items() if found.whole)
            if not gone:
                continue
            kept = [line for line in whole if line not in gone]
            removed = len(whole) - len(kept)
            done.lines[kind] = done.lines.get(kind, 0) + removed
            done.objects += 1
            hour = EventHour.from_path(info.key)
            if hour is not None and kind == LANDING_EVENTS:
                done.hours.add(hour)
            if not dry_run:
                replace_object(landing, info.key, kept, removed)
    if not dry_run:
        rename_in_manifests(landing)
    return done


def replace_object(landing: Storage, key: str, kept: list[bytes], removed: int) -> None:
    """Write an object anew with the lines that are kept, under a name that counts the removed ones as erased."""
    folder, _, old = key.rpartition("/")
    name = parse_landing_name(old)
    content = gzip_lines(kept) if key.endswith(".gz") else b"".join(line + b"\n" for line in kept)
    if name is None:  # somebody else's, or labels: their names say nothing of the content
        landing.write(key, content)
        return
    digest = content_digest(b"\n".join(kept), _DIGEST)
    origin = f"{name.origin.rpartition('-')[0] or name.origin}-{digest}"
    new = f"{folder}/{landing_name(origin, len(kept), name.duplicates, name.erased + removed)}"
    landing.write(new, content)
    if new != key:
        landing.delete(key)


def rename_in_manifests(landing: Storage) -> None:
    """Let manifests name what stands for the objects they named; a run that was killed may have left old names."""
    there: dict[str, list[str]] = {}
    for kind in (LANDING_EVENTS, LANDING_QUARANTINE, LANDING_LABELS):
        for info in landing.walk(kind):
            origin = info.key.rpartition("/")[2].partition(".")[0].rpartition("-")[0]
            there.setdefault(origin, []).append(info.key)
    for info in landing.walk(MANIFESTS):
        content = json.loads(landing.read(info.key))
        batch = info.key.rpartition("/")[2].removesuffix(".json")
        objects = sorted(there.get(f"file-{batch}", ()))
        if not set(content["objects"]) <= set(objects):
            written = {**content, "objects": objects}
            landing.write(info.key, json.dumps(written, sort_keys=True, indent=1).encode())


def lines_of(landing: Storage, key: str) -> list[bytes]:
    """Whole lines of an object; what follows a damage, or is too large for an event, is left out."""
    lines: list[bytes] = []
    for part in parts_of(landing, key):
        if isinstance(part, bytes):
            lines += [line for line in part.split(b"\n") if line.strip()]
        elif isinstance(part, DamagedObject | TooLargeLine):
            continue
    return lines


def _needles(ids: ErasedIds) -> Needles:
    return Needles(ids.users | ids.texts)


def _suspects(lines: list[bytes], ids: Needles) -> Iterable[bytes]:
    """Lines in which one of the ids may occur: all in which it does, and a few others."""
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    content = b"\n".join(lines)
    found = {bisect_right(starts, place) - 1 for place in ids.places(content)}
    for escape in _ESCAPES:
        place = content.find(escape)
        while place >= 0:
            number = bisect_right(starts, place) - 1
            found.add(number)
            place = content.find(escape, starts[number + 1])
    return [lines[number] for number in sorted(found)]


def _event(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _is_own(data: dict[str, Any], ids: ErasedIds) -> bool:
    author = data.get("author_id")
    return author in ids.users or any(data.get(name) in ids.texts for name in ("comment_id", "post_id"))


def _raw_of(line: bytes) -> bytes:
    try:
        return base64.b64decode(json.loads(line)["raw"])
    except (ValueError, KeyError, TypeError):
        return b""


def _text_of(line: bytes) -> str | None:
    try:
        text = json.loads(line).get("text")
    except (ValueError, AttributeError):
        return None
    return text if isinstance(text, str) else None


def _names(content: bytes, words: Needles, ids: ErasedIds) -> bool:
    return words.occur_in(content) or is_erased(content, ids)
