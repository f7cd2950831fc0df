"""A deletion: a network's notice that something was taken back, an account too. Often it names an id and no more.

It holds for every version of its subject, whenever that arrives and whatever its time, until a later deletion of the
same subject has `restored`. Ids identify, whatever the source, as in every mart.

Not here: a post or comment event with `"deleted": true` (post.py, comment.py), which is one version among
others; the rule over several deletions (../versions.py); removing bytes (erasure).
"""

from socialsent_assets.domain.events.kinds.kind import Field, Kind, id_field

KIND = Kind(
    name="deletion",
    meaning="A post, comment or interaction was taken back, or an account was deleted or deactivated.",
    identity="subject_id",
    fields=(
        id_field("subject_id", "What is gone: a post, comment, interaction or user.", required=True),
        Field(
            "subject_kind",
            "string",
            "post, comment, interaction or user; absent where only an id is known, of any of the first three.",
            allowed=("post", "comment", "interaction", "user"),
        ),
        Field("restored", "boolean", "True if it is there again: an account that was reactivated."),
    ),
    example={
        "schema_version": 1,
        "event_id": "e-1005",
        "event_type": "deletion",
        "event_time": "2026-11-22T09:50:00Z",
        "source": "mock",
        "data": {"subject_id": "c-5"},
    },
)
