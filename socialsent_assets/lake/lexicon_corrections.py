"""Corrections of the lexicon that a lake keeps: one object in the artifacts tier, with its history.

    lexicon/corrections.json    {"format": 1, "words": {word: valence}, "history": [{at, version, set, removed}]}

Not here: what a correction is (domain/language/vader/corrections.py), which hours become stale by one (staleness.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.vader.corrections import MOST_WORDS, Corrections, parse_correction
from socialsent_assets.lake.storage.base import Storage

__all__ = ["KEY", "change_corrections", "corrections_history", "read_corrections"]

KEY = "lexicon/corrections.json"
_FORMAT = 1
_REMEMBERED = 200  # changes; the words themselves are all kept


def read_corrections(artifacts: Storage) -> Corrections:
    """The corrections that scoring uses now.

    Raises:
        UserError: the object is damaged, or of a later version; the message names the next step.
    """
    return Corrections.of(_read(artifacts)["words"])


def corrections_history(artifacts: Storage) -> list[dict[str, Any]]:
    """Changes, newest first: `at`, `version` afterwards, `set` and `removed` words. Raises as `read_corrections`."""
    return list(reversed(_read(artifacts)["history"]))


def change_corrections(
    artifacts: Storage, at: datetime, *, put: Mapping[str, float] | None = None, remove: Collection[str] = ()
) -> Corrections:
    """Set and remove corrections in one atomic write, and return all that apply then; no change writes nothing.

    Raises:
        UserError: a word to remove that is not corrected, too many corrections, or as `read_corrections`.
    """
    found = _read(artifacts)
    words: dict[str, float] = found["words"]
    unknown = sorted(set(remove) - set(words))
    if unknown:
        raise UserError(f"not corrected: {', '.join(unknown)}. See what is: socialsent lexicon list")
    changed = {word: valence for word, valence in words.items() if word not in remove} | dict(put or {})
    if len(changed) > MOST_WORDS:
        raise UserError(f"{len(changed):,} corrections are too many: {MOST_WORDS:,} can be kept")
    corrections = Corrections.of(changed)
    if changed != words:
        entry = {
            "at": at.isoformat(),
            "version": corrections.version,
            "set": {w: v for w, v in changed.items() if words.get(w) != v},
            "removed": sorted(set(words) - set(changed)),
        }
        content = {"format": _FORMAT, "words": changed, "history": [*found["history"], entry][-_REMEMBERED:]}
        artifacts.write(KEY, (json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode())
    return corrections


def _read(artifacts: Storage) -> dict[str, Any]:
    try:
        content = artifacts.read(KEY)
    except FileNotFoundError:
        return {"words": {}, "history": []}
    where = artifacts.path(KEY)
    try:
        found = json.loads(content)
        if found["format"] > _FORMAT:
            raise UserError(f"{where} is of a later version of SocialSent: upgrade this one")
        words = dict(parse_correction(f"{word}={valence!r}") for word, valence in found["words"].items())
        return {"words": words, "history": list(found["history"])}
    except UserError as error:
        raise UserError(f"{where} cannot be used: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{where} is damaged: restore it, or delete it and add the words again (socialsent lexicon add)"
        ) from error
