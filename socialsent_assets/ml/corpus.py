"""Training corpus: the current version of every post and comment, without deleted ones.

Of very many, the same share is taken every time: whether a text belongs to it depends on its id alone, so memory
is bounded whatever the history. All hours are read; training is rare.

Not here: what is learned (domain/learning/, domain/language/bigram/model.py), labels (training_set.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from socialsent_assets.domain.events.kinds.moderation_label import TAKEDOWNS
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import COMMENTS, DELETIONS, MODERATION_LABELS, POSTS
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.duckdb.connection import connected
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.table_rows import rows_sql

if TYPE_CHECKING:
    import duckdb

MOST_TEXTS = 200_000
"""Texts that are learned from at most: about 300 MB of memory at the usual length."""


@dataclass(frozen=True)
class Corpus:
    """Texts of the lake, in a fixed order.

    Attributes:
        texts: clean text of each current post or comment.
        authors: who wrote each.
        ids: of the post or comment.
        langs: language tag of each, as the source gave it, or None.
        versions: rows in the cleansed tables, all versions and tombstones.
        share: of the ids that was looked at, 0..1.
        first, last: event hours with a cleansed post or comment; None for an empty lake.
    """

    texts: list[str]
    authors: list[str]
    langs: list[str | None]
    versions: int
    share: float
    first: EventHour | None
    last: EventHour | None
    ids: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def as_card_data(self) -> dict[str, Any]:
        """Summary for a model card."""
        return {
            "window": f"{self.first}..{self.last}" if self.first else "none",
            "texts": len(self),
            "share_of_texts": self.share,
        }


@dataclass(frozen=True)
class CurrentText:
    """The latest version of a post or comment; `is_deleted` for a tombstone, or if a deletion or takedown holds."""

    clean_text: str
    author_id: str
    is_deleted: bool
    lang: str | None = None
    topic: str | None = None


def read_corpus(lake: Lake, most: int = MOST_TEXTS) -> Corpus:
    """At most about `most` current texts, in the order of their ids."""
    with _versions(lake) as (connection, hours):
        versions = _count(connection)
        share = min(1.0, most / versions) if versions else 1.0
        latest = _LATEST.format(where="where md5_number_lower(text_id) <= ?")
        rows = connection.execute(
            f"select clean_text, author_id, lang, text_id from ({latest}) "  # noqa: S608
            "where not deleted and clean_text <> '' order by kind, text_id",
            [int(share * (2**64 - 1))],
        ).fetchall()
    return Corpus(
        texts=[text for text, _, _, _ in rows],
        authors=[author or "" for _, author, _, _ in rows],
        langs=[lang for _, _, lang, _ in rows],
        ids=[text_id for _, _, _, text_id in rows],
        versions=versions,
        share=share,
        first=min(hours, default=None),
        last=max(hours, default=None),
    )


def current_texts(lake: Lake, text_ids: Iterable[str]) -> dict[str, CurrentText]:
    """The latest version of the posts and comments of these ids that the lake holds; a post before a comment."""
    import pyarrow as pa

    wanted = pa.table({"wanted": pa.array(sorted(set(text_ids)), pa.string())})
    with _versions(lake) as (connection, _):
        connection.register("ids", wanted)
        rows = connection.execute(
            f"select text_id, clean_text, author_id, deleted, lang, topic "  # noqa: S608
            f"from ({_LATEST.format(where='where text_id in (select wanted from ids)')}) order by kind"
        ).fetchall()
    # "comment" sorts before "post", and the later of two entries wins.
    return {
        text_id: CurrentText(text, author or "", deleted, lang, topic)
        for text_id, text, author, deleted, lang, topic in rows
    }


_COLUMNS = "event_id, event_time, author_id, clean_text, lang"
# The rules of the dbt model int_deleted_subjects and of the macro not_deleted.
_GONE = """
    create view gone as select subject_id, subject_kind from (
        select * from ({deletions})
        qualify row_number() over (partition by subject_id, subject_kind order by event_time desc, event_id desc) = 1
    ) where not restored
    union all select subject_id, subject_kind from (
        select * from ({labels}) qualify row_number() over (
            partition by subject_id, subject_kind, labeler_id, label_value order by event_time desc, event_id desc
        ) = 1
    ) where not withdrawn and label_value in {takedowns}
"""
_IS_DELETED = """
    deleted or {kind}_id in (select subject_id from gone where coalesce(subject_kind, '{kind}') = '{kind}')
    or coalesce(author_id, '') in (select subject_id from gone where subject_kind = 'user') as deleted
"""
# The rule of domain/events/versions.py, and of the macro latest_version.
_LATEST = """
    select * from versions {where}
    qualify row_number() over (partition by kind, text_id order by event_time desc, event_id desc) = 1
"""


@contextmanager
def _versions(lake: Lake) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[EventHour]]]:
    """A connection with the view `versions` over all hours, and the hours that hold any."""
    builds = read_builds(lake)
    parts = [
        f"select '{kind}' as kind, {kind}_id as text_id, {topic} as topic, {_COLUMNS}, "  # noqa: S608
        f"{_IS_DELETED.format(kind=kind)} from ({rows_sql(lake, table, builds.pins)})"
        for table, kind, topic in ((POSTS, "post", "topic"), (COMMENTS, "comment", "null::varchar"))
    ]
    held = [h for h, r in builds.cleanse.items() if r.rows.get(POSTS.name, 0) or r.rows.get(COMMENTS.name, 0)]
    with connected([lake.cleansed], memory_limit="1GB") as connection:
        taken_back = {
            name: rows_sql(lake, table, builds.pins)
            for name, table in (("deletions", DELETIONS), ("labels", MODERATION_LABELS))
        }
        connection.execute(_GONE.format(**taken_back, takedowns=TAKEDOWNS))
        connection.execute(f"create view versions as {' union all '.join(parts)}")
        yield connection, held


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("select count(*) from versions").fetchone()
    return int(row[0]) if row else 0
