"""What is to be erased, kept in a file until all of it is done, so that a run that was killed can be ended.

Not here: the fingerprints that stay (lake/erasure_ledger.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from socialsent_assets.domain.events.erasure import ErasedIds

PENDING = "pending"
SHORTEST_TEXT = 12
"""Characters of a text from which on it is searched for by its words: shorter ones are anybody's."""


@dataclass(frozen=True)
class ErasureRequest:
    """What is being erased.

    Attributes:
        ids: as asked, with the texts and interactions that the persons made.
        words: what they wrote, to find it where no id stands beside it.
        reason: as given.
    """

    ids: ErasedIds
    words: frozenset[str] = frozenset()
    reason: str = ""

    def __or__(self, other: ErasureRequest) -> ErasureRequest:
        ids = ErasedIds(self.ids.users | other.ids.users, self.ids.texts | other.ids.texts)
        return ErasureRequest(ids, self.words | other.words, self.reason or other.reason)

    def needles(self) -> list[str]:
        """The ids, which may stand nowhere afterwards; sorted."""
        return sorted(self.ids.users | self.ids.texts)

    def needles_and_words(self) -> list[str]:
        """With what was written: others may have written the same, so it proves nothing where their texts stand."""
        return sorted({*self.needles(), *(text for text in self.words if len(text) >= SHORTEST_TEXT)})


def pending(folder: Path) -> list[ErasureRequest]:
    """Requests that a run has begun and not ended."""
    return [_read(file) for file in sorted(folder.glob(f"*.{PENDING}"))]


def keep(folder: Path, request: ErasureRequest) -> None:
    """Note a request as begun."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "users": sorted(request.ids.users),
        "texts": sorted(request.ids.texts),
        "words": sorted(request.words),
        "reason": request.reason,
    }
    file = folder / f"erasure.{PENDING}"
    temporary = folder / ".erasure.writing"
    temporary.write_text(json.dumps(content))
    temporary.chmod(0o600)
    temporary.replace(file)


def finish(folder: Path) -> None:
    """Everything that was begun is done."""
    for file in folder.glob(f"*.{PENDING}"):
        file.unlink()


def together(requests: Iterable[ErasureRequest]) -> ErasureRequest:
    """One request for all."""
    whole = ErasureRequest(ErasedIds())
    for request in requests:
        whole |= request
    return whole


def _read(file: Path) -> ErasureRequest:
    found = json.loads(file.read_text())
    ids = ErasedIds(frozenset(found["users"]), frozenset(found["texts"]))
    return ErasureRequest(ids, frozenset(found["words"]), found["reason"])
