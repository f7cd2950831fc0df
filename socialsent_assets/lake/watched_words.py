"""Watched words of a lake: what the dashboard counts and filters by beside topics; one object of the artifacts tier.

    watch/words.json    {"format": 1, "words": ["tram", "night bus"]}

Not here: how a text is searched for them (dashboard/filters.py), the command (cli/watch.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.lake.storage.base import Storage

__all__ = ["KEY", "change_watched", "normal_form", "read_watched"]

KEY = "watch/words.json"
MOST_WORDS = 20
"""Each is searched for in every text when the dashboard reads a new build."""
LONGEST = 100  # characters
_FORMAT = 1


def normal_form(written: str) -> str:
    """The form in which a word is kept: lower case, single spaces, without the sign of a hashtag.

    Raises:
        UserError: nothing that could be searched for, or too long.
    """
    word = " ".join(written.lower().split()).removeprefix("#")
    if not any(map(str.isalnum, word)):
        raise UserError(f"{written[:40]!r} has no letter or digit, so it cannot be watched")
    if len(word) > LONGEST:
        raise UserError(f"{word[:40]}… is longer than {LONGEST} characters: watch a part of it")
    return word


def read_watched(artifacts: Storage) -> tuple[str, ...]:
    """The watched words, in the order in which they were added.

    Raises:
        UserError: the object is damaged, or of a later version; the message names the next step.
    """
    try:
        content = artifacts.read(KEY)
    except FileNotFoundError:
        return ()
    where = artifacts.path(KEY)
    try:
        found = json.loads(content)
        is_later = found["format"] > _FORMAT
        words = tuple(dict.fromkeys(normal_form(word) for word in found["words"]))[:MOST_WORDS]
    except (UserError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{where} is damaged: restore it, or delete it and add the words again (socialsent watch add)"
        ) from error
    if is_later:
        raise UserError(f"{where} is of a later version of SocialSent: upgrade this one")
    return words


def change_watched(artifacts: Storage, *, add: Collection[str] = (), remove: Collection[str] = ()) -> tuple[str, ...]:
    """Add and remove words in one atomic write, and return all that are watched then; no change writes nothing.

    Raises:
        UserError: a word that cannot be watched or is not watched, too many of them, or as `read_watched`.
    """
    before = read_watched(artifacts)
    going = {normal_form(word) for word in remove}
    unknown = sorted(going - set(before))
    if unknown:
        raise UserError(f"not watched: {', '.join(unknown)}. See what is: socialsent watch list")
    words = tuple(dict.fromkeys((*(word for word in before if word not in going), *map(normal_form, add))))
    if len(words) > MOST_WORDS:
        raise UserError(f"{len(words)} watched words are too many: {MOST_WORDS} can be kept")
    if words != before:
        content = {"format": _FORMAT, "words": words}
        artifacts.write(KEY, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
    return words
