"""A moderation label: a statement of a labeler about a text or an account, such as `spam` or `!takedown`.

It is in force, whatever the times of its subject's own events, until the same labeler withdraws the same value from
the same subject by a later event. While `!takedown` or `!hide` is in force, its subject counts as deleted; any other
value is kept and changes no mart.

Not here: labels of sentiment that people gave to train models (ingest/source.py), the rule over several labels
(../versions.py).
"""

from socialsent_assets.domain.events.kinds.kind import Field, Kind, id_field

TAKEDOWNS = ("!takedown", "!hide")
"""Values that take their subject out of every mart; the dbt model int_deleted_subjects names them too."""

KIND = Kind(
    name="moderation_label",
    meaning="A labeler said something of a post, comment, interaction or account, or withdrew it.",
    identity="subject_id",
    fields=(
        id_field("subject_id", "What is labelled: a post, comment, interaction or user.", required=True),
        Field(
            "subject_kind",
            "string",
            "post, comment, interaction or user; absent where only an id is known, of any of the first three.",
            allowed=("post", "comment", "interaction", "user"),
        ),
        id_field("labeler_id", "Who says so: a moderation service or a user.", required=True),
        id_field("label_value", "What it says: spam, porn, !hide, !takedown.", required=True),
        Field("withdrawn", "boolean", "True if the labeler takes this value back from this subject."),
    ),
    example={
        "schema_version": 1,
        "event_id": "e-1006",
        "event_type": "moderation_label",
        "event_time": "2026-11-22T09:55:00Z",
        "source": "mock",
        "data": {"subject_id": "p-9", "subject_kind": "post", "labeler_id": "moderation", "label_value": "!hide"},
    },
)
