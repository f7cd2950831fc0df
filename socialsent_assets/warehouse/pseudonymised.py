"""Rows of a mart for export, as they are or pseudonymised: what each column holds, and batches of Arrow.

A column that no list here names stops an export: a new one is looked at before it leaves the house.

Not here: pseudonyms (domain/language/pseudonyms.py), files (cli/export.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.pseudonyms import PseudonymKind, pseudonym, pseudonymous_text
from socialsent_assets.domain.readers import MOODS
from socialsent_assets.warehouse.duckdb.database import reading

if TYPE_CHECKING:
    import pyarrow as pa

MARTS = (
    *("fct_posts", "fct_comments", "fct_interactions", "dim_users", "user_profile_history", "agg_user_engagement"),
    *("agg_sentiment_hourly", "agg_sentiment_daily", "agg_topic_sentiment_daily"),
)
IDS: dict[str, PseudonymKind] = {
    **dict.fromkeys(("author_id", "user_id", "actor_id", "target_user_id"), "user"),
    **dict.fromkeys(("post_id", "comment_id", "parent_comment_id", "interaction_id", "event_id"), "text"),
    **dict.fromkeys(("user_name", "display_name"), "name"),
}
TEXTS = frozenset(("text", "clean_text"))
LEFT_OUT = frozenset(("place", "location"))
"""Free texts that say where a person is: null in a pseudonymised export."""

_TIMES = "event_time event_hour event_day created_at edited_at joined_at first_seen_at valid_from valid_to "
_ACTIVE = "first_active_at last_active_at is_edited version_count source action age "
_OF_A_TEXT = "lang detected_lang topic hashtags polarity pos neu neg sentiment unscored_reason "
_ANSWERS = "predicted_sentiment predicted_polarity predicted_probability scorer_version model_version "
_MEASURES = (
    "text_count post_count comment_count author_count scored_count unscored_count scored_share mean_polarity "
    "predicted_count mean_predicted_polarity likes_given shares_given follows_given likes_received shares_received "
    "comments_received followers_gained engagement_received engagement_per_post"
)
PLAIN = frozenset((_TIMES + _ACTIVE + _OF_A_TEXT + _ANSWERS + _MEASURES).split()) | {
    f"{prefix}{mood}_{what}"
    for prefix in ("", "predicted_")
    for mood in MOODS
    for what in ("count", "share", "probability")
}
_ROWS = 50_000


def mart_batches(path: Path, mart: str, key: bytes | None) -> Iterator[pa.RecordBatch]:
    """Rows of a mart in batches, at least one; with a key, pseudonymised.

    Raises:
        UserError: there is no such mart, or it has a column that is not known here.
        WarehouseBusyError, WarehouseDamagedError: see `reading`.
    """
    import duckdb

    if mart not in MARTS:
        raise UserError(f"{mart} is not a mart that can be exported; choose from {', '.join(MARTS)}")
    try:
        with reading(path) as connection:
            batches = connection.sql(f"select * from main.{mart}").to_arrow_reader(_ROWS)  # noqa: S608
            known = {*IDS, *TEXTS, *LEFT_OUT, *PLAIN}
            unknown = [name for name in batches.schema.names if name not in known]
            if unknown and key is not None:
                raise UserError(f"{mart} has columns whose content is not declared: {', '.join(unknown)}")
            for batch in batches:
                yield batch if key is None else _pseudonymised(batch, key)
    except (FileNotFoundError, duckdb.CatalogException):
        raise UserError("there are no marts yet; run socialsent materialize first") from None


def _pseudonymised(batch: pa.RecordBatch, key: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    columns = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if name in IDS:
            columns.append(_mapped(column, partial(pseudonym, key, IDS[name])))
        elif name in TEXTS:
            columns.append(_mapped(column, partial(pseudonymous_text, key)))
        elif name in LEFT_OUT:
            columns.append(pa.nulls(len(column), column.type))
        else:
            columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _mapped(column: pa.Array, change: Callable[[str], str]) -> pa.Array:
    """Every distinct value changed once."""
    import pyarrow as pa

    encoded = column.dictionary_encode()
    changed = pa.array([None if v is None else change(v) for v in encoded.dictionary.to_pylist()], column.type)
    return changed.take(encoded.indices)
