"""Columns, types, keys, meaning and lineage of every table of the lake: the only schema.

Spark schemas, Dagster column metadata and the dbt sources follow from here, or a drift test fails.

Not here: partitioning and field ids (lake/iceberg/schema.py), the marts (dbt_project/).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from socialsent_assets.domain.events.event import ENVELOPE
from socialsent_assets.domain.events.kinds import KINDS, Field, FieldType

Type = Literal["string", "timestamp", "boolean", "double", "bigint", "int", "array<string>"]
Tier = Literal["landing", "cleansed", "analytics"]


@dataclass(frozen=True)
class Column:
    """One column: `type` in Spark SQL's words; timestamps are UTC with microseconds.

    `derived_from` names the columns (`tier/table.column`) that it is computed from: the column lineage.
    """

    name: str
    type: Type
    meaning: str
    required: bool = False
    derived_from: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of the lake; `event_hour` is the hour of a row, `key` identifies it in the whole table."""

    tier: Tier
    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def asset_key(self) -> tuple[str, str]:
        """Dagster asset key and dbt source: `<tier>/<table>`."""
        return (self.tier, self.name)

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.tier}/{self.name} has no column {name}")


# Landing keeps JSON: a time is text there, in its one spelling.
_LANDED_TYPES: dict[FieldType, Type] = {
    "string": "string",
    "integer": "int",
    "boolean": "boolean",
    "timestamp": "string",
    "list of strings": "array<string>",
}


def _landed_columns() -> Iterable[Column]:
    """The envelope, then every field that a kind of event has in `data`, once, with its meaning in each kind."""
    for field in ENVELOPE:
        yield Column(field.name, _LANDED_TYPES[field.type], field.meaning, field.required)
    in_data: dict[str, dict[str, Field]] = {}
    for kind in KINDS.values():
        for field in kind.fields:
            in_data.setdefault(field.name, {})[kind.name] = field
    for name, by_kind in in_data.items():
        kinds_of: dict[str, list[str]] = {}
        for kind_name, field in by_kind.items():
            kinds_of.setdefault(field.meaning, []).append(kind_name)
        meaning = " ".join(f"{', '.join(kinds)}: {meaning}" for meaning, kinds in kinds_of.items())
        yield Column(f"data.{name}", _LANDED_TYPES[next(iter(by_kind.values())).type], meaning)


def _of_event(kind: str, columns: Iterable[Column]) -> tuple[Column, ...]:
    """`columns` of a kind's cleansed table, each derived from the landed field of its name, where the kind has it."""
    landed = {field.name: field.name for field in ENVELOPE}
    landed |= {field.name: f"data.{field.name}" for field in KINDS[kind].fields}
    landed |= {"clean_text": "data.text"} if "text" in landed else {}
    landed[EVENT_HOUR] = "event_time"
    return tuple(
        replace(column, derived_from=(f"landing/events.{landed[column.name]}",)) if column.name in landed else column
        for column in columns
    )


def _of_texts(column: str) -> tuple[str, str]:
    return (f"cleansed/posts.{column}", f"cleansed/comments.{column}")


EVENT_HOUR = "event_hour"
"""Column of every table: an hour of a table is what a run replaces."""

_HOUR = Column(EVENT_HOUR, "timestamp", "Start of the event hour of the row, UTC.", required=True)

_ENVELOPE = (
    _HOUR,
    Column("event_id", "string", "Identity of the event; a redelivery repeats it.", required=True),
    Column("event_time", "timestamp", "Time of the event, UTC.", required=True),
    Column("source", "string", "Short slug of the system that sent it.", required=True),
)

# Posts and comments share one shape, so that scoring and the current-version rule are written once.
_TEXT_COLUMNS = (
    *_ENVELOPE,
    Column("post_id", "string", "Id of the post, or of the comment's post.", required=True),
    Column("comment_id", "string", "Id of the comment; null for posts."),
    Column("parent_comment_id", "string", "Id of the parent comment; null if it replies to the post."),
    Column("author_id", "string", "Id of the author; null only in a tombstone."),
    Column("text", "string", "Text as written, without NUL characters; null only in a tombstone."),
    Column("clean_text", "string", "Text as scored: entities decoded, links and control characters removed, spaces collapsed.", required=True),
    Column("lang", "string", "Language tag (BCP 47) given by the source, lower case; null if none."),
    Column("topic", "string", "Topic given by the source; null for comments."),
    Column("hashtags", "array<string>", "Lower case, without #, in order of appearance; null if none given."),
    Column("place", "string", "Place given by the source, free text."),
    Column("deleted", "boolean", "True for a tombstone, which removes the text from every mart.", required=True),
)  # fmt: skip

LANDED_EVENTS = Table(
    "landing",
    "events",
    "Accepted events as they arrived, one JSON object per line; `data` has the fields of the event's kind.",
    ("event_id",),
    tuple(_landed_columns()),
)
POSTS = Table("cleansed", "posts", "Every version of every post, one row per event.", ("event_id",), _of_event("post", _TEXT_COLUMNS))  # fmt: skip
COMMENTS = Table("cleansed", "comments", "Every version of every comment, one row per event.", ("event_id",), _of_event("comment", _TEXT_COLUMNS))  # fmt: skip
USERS = Table(
    "cleansed",
    "users",
    "Every version of every user profile, one row per event.",
    ("event_id",),
    _of_event(
        "user",
        (
            *_ENVELOPE,
            Column("user_id", "string", "The user.", required=True),
            Column("user_name", "string", "Handle.", required=True),
            Column("display_name", "string", "Display name."),
            Column("age", "int", "Years, 0 to 130."),
            Column("location", "string", "Free text."),
            Column("joined_at", "timestamp", "Time of the account's creation, UTC."),
        ),
    ),
)
INTERACTIONS = Table(
    "cleansed",
    "interactions",
    "Likes, shares, comments and follows, one row per event.",
    ("event_id",),
    _of_event(
        "interaction",
        (
            *_ENVELOPE,
            Column("interaction_id", "string", "The interaction.", required=True),
            Column("action", "string", "like, share, comment or follow.", required=True),
            Column("actor_id", "string", "Id of the acting user.", required=True),
            Column("post_id", "string", "Id of the post; null for a follow."),
            Column("target_user_id", "string", "Id of the target user; null for an interaction with a post."),
        ),
    ),
)
DELETIONS = Table(
    "cleansed",
    "deletions",
    "Deletions that networks sent: texts, interactions and accounts, one row per event.",
    ("event_id",),
    _of_event(
        "deletion",
        (
            *_ENVELOPE,
            Column("subject_id", "string", "Id of the deleted subject.", required=True),
            Column("subject_kind", "string", "post, comment, interaction or user; null for any of the first three."),
            Column("restored", "boolean", "True if the subject was restored.", required=True),
        ),
    ),
)
MODERATION_LABELS = Table(
    "cleansed",
    "moderation_labels",
    "Moderation labels of texts and accounts that networks sent, and their withdrawals, one row per event.",
    ("event_id",),
    _of_event(
        "moderation_label",
        (
            *_ENVELOPE,
            Column("subject_id", "string", "Id of the labelled subject.", required=True),
            Column("subject_kind", "string", "post, comment, interaction or user; null for any of the first three."),
            Column("labeler_id", "string", "Id of the labeler.", required=True),
            Column("label_value", "string", "Value of the label: spam, porn, !hide, !takedown.", required=True),
            Column("withdrawn", "boolean", "True if the labeler withdrew the label.", required=True),
        ),
    ),
)
CLEANSED_EVENTS = (POSTS, COMMENTS, USERS, INTERACTIONS, DELETIONS, MODERATION_LABELS)
_ACCEPTED = tuple(f"cleansed/{table.name}.event_id" for table in CLEANSED_EVENTS)

# What a job records about an hour, so that later runs can decide whether it is stale (lake/builds.py).
_RECEIPT = (
    Column("input_version", "string", "Fingerprint of the input of the hour.", True),
    Column("output_version", "string", "Output version; changes if any written row changes.", True),
    Column("code_version", "string", "Version of the code that wrote the rows.", True),
    Column("rows_by_table", "string", "JSON: rows written, by table.", True),
    Column("measures", "string", "JSON: measures for plots.", True),
    Column(
        "held_version",
        "string",
        "Input and code version of an undone build; the hour is not rebuilt while both are unchanged.",
    ),
)

QUARANTINE = Table(
    "cleansed",
    "quarantine",
    "Landed records that cleansing quarantined, with the reason.",
    ("source_object", "raw"),
    (
        _HOUR,
        Column("event_id", "string", "Id of the event, if it could be read.", False, ("landing/events.event_id",)),
        Column("reason", "string", "One of the nine quarantine reasons.", required=True),
        Column("detail", "string", "A sentence that describes the error.", required=True),
        Column("source_object", "string", "Landing object that contains the record.", required=True),
        Column(
            "raw", "string", "The record in base64; null if it was JSON or too large, and can be read in landing."
        ),
    ),
)
SENTIMENT = Table(
    "analytics",
    "sentiment",
    "Polarity and sentiment of every post and comment version.",
    ("event_id",),
    (
        replace(_HOUR, derived_from=_of_texts(EVENT_HOUR)),
        Column("event_id", "string", "Id of the scored event (version).", True, _of_texts("event_id")),
        Column("text_id", "string", "post_id or comment_id.", True, ("cleansed/posts.post_id", "cleansed/comments.comment_id")),
        Column("text_kind", "string", "post or comment.", True),
        Column("post_id", "string", "Id of the post, or of the comment's post.", True, _of_texts("post_id")),
        Column("author_id", "string", "Id of the author.", False, _of_texts("author_id")),
        Column("event_time", "timestamp", "Time of the event, UTC.", True, _of_texts("event_time")),
        Column("topic", "string", "Topic given by the source; null for comments.", False, ("cleansed/posts.topic",)),
        Column("lang", "string", "Language tag, lower case.", False, _of_texts("lang")),
        Column("detected_lang", "string", "Language detected from the script of the text if the source gave none: ISO 639-1, or und- and a script; null if the source gave one or none was detected.", False, _of_texts("clean_text")),
        Column("deleted", "boolean", "True for a tombstone.", True, _of_texts("deleted")),
        Column("clean_text", "string", "The text that was scored.", True, _of_texts("clean_text")),
        Column("tokens", "array<string>", "Model tokens: lower case, no stop words, stemmed.", True, _of_texts("clean_text")),
        Column("polarity", "double", "VADER compound score, -1 to 1; null where the text was not scored.", False, _of_texts("clean_text")),
        Column("pos", "double", "Share of positive words, 0 to 1; null where the text was not scored.", False, _of_texts("clean_text")),
        Column("neu", "double", "Share of neutral words, 0 to 1; null where the text was not scored.", False, _of_texts("clean_text")),
        Column("neg", "double", "Share of negative words, 0 to 1; null where the text was not scored.", False, _of_texts("clean_text")),
        Column("sentiment", "string", "positive from 0.05, negative from -0.05, neutral between; null where the text was not scored.", False, _of_texts("clean_text")),
        Column("unscored_reason", "string", "Why the text was not scored (language_not_supported); null if it was.", False, _of_texts("lang")),
        Column("predicted_sentiment", "string", "Most likely class by the champion classifier; null without a champion, or if the text was not scored.", False, _of_texts("clean_text")),
        Column("predicted_probability", "double", "The champion's probability of that class, 0 to 1.", False, _of_texts("clean_text")),
        Column("predicted_negative_probability", "double", "The champion's probability of negative, 0 to 1; null if it made no prediction.", False, _of_texts("clean_text")),
        Column("predicted_neutral_probability", "double", "The champion's probability of neutral, 0 to 1; null if it made no prediction.", False, _of_texts("clean_text")),
        Column("predicted_positive_probability", "double", "The champion's probability of positive, 0 to 1; null if it made no prediction.", False, _of_texts("clean_text")),
        Column("predicted_polarity", "double", "Probability of positive minus that of negative, -1 to 1, four decimals; null if the champion made no prediction.", False, _of_texts("clean_text")),
        Column("scorer_version", "string", "Version of the lexicon scorer that computed polarity.", True),
        Column("model_version", "string", "Digest of the champion, with -linear if the linear classifier of a cascade answered alone; null without one."),
    ),
)  # fmt: skip
LAKE_HOURS = Table(
    "analytics",
    "lake_hours",
    "One row per scored event hour: its receipt, with counts and the version of the hour.",
    (EVENT_HOUR,),
    (
        _HOUR,
        Column("records", "bigint", "Number of landed records of the hour.", True),
        Column("accepted", "bigint", "Number of rows in the cleansed event tables.", True, _ACCEPTED),
        Column("duplicates", "bigint", "Number of duplicates dropped.", True),
        Column("quarantined", "bigint", "Number of quarantined records.", True, ("cleansed/quarantine.reason",)),
        Column("scored", "bigint", "Number of rows in analytics/sentiment.", True, _of_texts("event_id")),
        Column("lake_version", "string", "Digest of all rows of the hour; changes if any row changes.", True),
        *_RECEIPT,
    ),
)  # fmt: skip
BUILDS = Table(
    "cleansed",
    "builds",
    "One row per cleansed event hour: its receipt, with the version of its input in landing, and counts.",
    (EVENT_HOUR,),
    (
        _HOUR,
        Column("records", "bigint", "Number of landed records of the hour.", True),
        Column("accepted", "bigint", "Number of rows in the cleansed event tables.", True, _ACCEPTED),
        Column("duplicates", "bigint", "Number of duplicates dropped.", True),
        Column(
            "quarantined",
            "bigint",
            "Number of records quarantined with a reason.",
            True,
            ("cleansed/quarantine.reason",),
        ),
        *_RECEIPT,
    ),
)

TABLES = (*CLEANSED_EVENTS, QUARANTINE, BUILDS, SENTIMENT, LAKE_HOURS)
