"""Single values as people's files hold them, in the types of the contract: ids, flags, lists, languages.

Not here: times (times.py), which column holds what (columns.py).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence

from socialsent_assets.domain.events.kinds.kind import MAX_ID_CHARACTERS
from socialsent_assets.domain.events.layout import content_digest
from socialsent_assets.domain.events.rejection import RefusalError, shown
from socialsent_assets.ingest.languages import LANGUAGES

_MISSING = {"", "nan", "null", "none", "na", "n/a", "<na>", "nat", "\\n"}
_MISSING_STARTS = frozenset("nN<\\")
_LONGEST_MISSING = 10  # with some blanks around it
_TRUE = {"true", "t", "1", "1.0", "yes", "y"}
_FALSE = {"false", "f", "0", "0.0", "no", "n"}
_ROUNDED = re.compile(r"\d(?:[.,]\d+[eE]\+?|[eE]\+)\d+")  # 5e17 alone may be an id of letters and digits
_WHOLE = re.compile(r"(\d{1,15})\.0*")
_LIST_SIGNS = re.compile(r"[\s,;|]+")
_LIST_ITEM = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_TAG_NAMES = ("text", "tag", "name")
_EXACT = 2**53


def is_missing(value: object) -> bool:
    """Whether a value means "missing": empty, nan, null, none, n/a."""
    if isinstance(value, str):
        if len(value) >= _LONGEST_MISSING or (value and value[0] not in _MISSING_STARTS and not value[0].isspace()):
            return False
        return value.strip().lower() in _MISSING
    return value is None or value != value


def id_value(value: object, name: str) -> str:
    """An id as text.

    Raises:
        RefusalError: invalid_field for a number that a spreadsheet or a table library has rounded, because several
            people's posts then have one id.
    """
    if isinstance(value, float):
        if value.is_integer() and abs(value) < _EXACT:
            return str(int(value))
        raise _rounded(repr(value), name)
    text = str(value).strip()
    if text.isalnum():
        return text
    if _ROUNDED.fullmatch(text):
        raise _rounded(text, name)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def short_id(uri: str) -> str:
    """An address as an id: itself, or a digest of it if it is longer than an id may be."""
    return uri if len(uri) <= MAX_ID_CHARACTERS else f"sha256-{content_digest(uri.encode('utf-8', 'replace'), 64)}"


def flag(value: object) -> object:
    """True, False, None for a missing value; anything else as it came, to be left out by the contract's rule."""
    if is_missing(value):
        return None
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else value


def whole_number(value: object) -> object:
    """An integer for a number without a fraction; None for a missing value; anything else as it came."""
    if is_missing(value):
        return None
    try:
        number = float(str(value))
    except ValueError:
        return value
    return int(number) if number.is_integer() and abs(number) < _EXACT else value


def strings(value: object) -> object:
    """A list of strings from a list, from JSON or Python text of one, or from words between signs.

    Items that are objects, as hashtags in dumps of networks are, give their `text`, `tag` or `name`.
    """
    if is_missing(value):
        return None
    if isinstance(value, str):
        value = _listed(value.strip())
    if isinstance(value, Mapping) or not isinstance(value, Sequence):
        return value
    return [item for entry in value if (item := _item(entry))]


def language(value: object) -> object:
    """A BCP 47 tag from codes of two or three letters, names, and locales; None if the language is not stated.

    >>> language("eng"), language("English"), language("zh_CN"), language("nan")
    ('en', 'en', 'zh-CN', None)
    """
    return _tag(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=1024)
def _tag(value: str) -> str | None:
    if is_missing(value) or value.strip().lower() in ("und", "unknown", "undefined"):
        return None
    tag = value.strip().replace("_", "-")
    first, dash, rest = tag.partition("-")
    return f"{LANGUAGES.get(first.lower(), first)}{dash}{rest.partition('.')[0]}"


def _rounded(text: str, name: str) -> RefusalError:
    return RefusalError(
        "invalid_field",
        f"{name} is {shown(text)}: a spreadsheet has rounded this number, so that several posts share it; export ids "
        f"as text, or go without: --map {name}=",
    )


def _listed(text: str) -> object:
    if not text.startswith("["):
        return [item for item in _LIST_SIGNS.split(text) if item]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the repr of a Python list
        return [one or other for one, other in _LIST_ITEM.findall(text)]


def _item(entry: object) -> str | None:
    if isinstance(entry, Mapping):
        entry = next((entry[name] for name in _TAG_NAMES if isinstance(entry.get(name), str)), None)
    return entry if isinstance(entry, str) else None
