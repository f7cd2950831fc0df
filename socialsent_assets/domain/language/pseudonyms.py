"""Pseudonyms: ids and names as keyed BLAKE2b, and texts without the names that they address.

The same id has the same pseudonym wherever it is, so that tables can still be joined; without the key nobody can test
a guess. A text stays a text: who knows it finds its author by searching for it. So this is no anonymity.

Not here: which columns hold what (warehouse/pseudonymised.py), fingerprints of erased ids (events/erasure.py).
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.normalise import replace_mentions

PseudonymKind = Literal["user", "text", "name"]
ADDRESS = "(address)"
"""Replaces every web and mail address: a profile's names its owner."""

_SHORTEST_KEY = 16
_ADDRESSES = re.compile(r"\b(?:https?://|www\.|at://)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_DIDS = re.compile(r"\bdid:[a-z0-9]+:[A-Za-z0-9._:%-]+")
_REDDIT = re.compile(r"(?<![\w/])/?u/([A-Za-z0-9_-]{3,20})\b")


def key_of(secret: bytes) -> bytes:
    """A key of 32 bytes, made of a secret of any length from 16 bytes on. Raises UserError for a shorter one."""
    stripped = secret.strip()
    if len(stripped) < _SHORTEST_KEY:
        raise UserError(
            f"the key has {len(stripped)} bytes and could be guessed: use {_SHORTEST_KEY} or more, as of "
            "`openssl rand -hex 32`"
        )
    return hashlib.blake2b(stripped, digest_size=32, person=b"socialsent-key").digest()


def pseudonym(key: bytes, kind: PseudonymKind, value: str) -> str:
    """Of an id or a name, 32 hex digits. Names are compared without case, as networks do.

    >>> key = key_of(b"sixteen bytes or more")
    >>> pseudonym(key, "name", "Ann") == pseudonym(key, "name", "ann") != pseudonym(key, "user", "ann")
    True
    """
    content = value.casefold() if kind == "name" else value
    spelled = content.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(spelled, digest_size=16, key=key, person=kind.encode()).hexdigest()


def pseudonymous_text(key: bytes, text: str) -> str:
    """The text with pseudonyms for whom it addresses (@name, u/name, did:…), and without addresses.

    >>> pseudonymous_text(key_of(b"sixteen bytes or more"), "@ann see https://x.example/ann")[-13:]
    ' see (address)'[1:]
    """
    masked = text
    if ":" in text or "@" in text or "www." in text:
        masked = _DIDS.sub(lambda found: pseudonym(key, "user", found[0]), _ADDRESSES.sub(_masked, text))
    if "u/" in masked:
        masked = _REDDIT.sub(lambda found: f"u/{pseudonym(key, 'name', found[1])}", masked)
    return replace_mentions(masked, lambda name: f"@{pseudonym(key, 'name', name)}")


def _masked(found: re.Match[str]) -> str:
    # @lena@fedi.example is a mention, although most of it looks like an address.
    before = found.string[found.start() - 1 : found.start()]
    return found[0] if before == "@" else ADDRESS
