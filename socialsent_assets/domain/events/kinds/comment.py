"""A comment: a reply to a post, or to another comment under it.

Not here: whether the post exists; it may arrive later, so that is a check on the marts.
"""

from socialsent_assets.domain.events.kinds.kind import DELETED, LANG, TEXT, Kind, id_field

KIND = Kind(
    name="comment",
    meaning="A user replied, edited the reply or deleted it.",
    identity="comment_id",
    fields=(
        id_field("comment_id", "The comment; an edit repeats it.", required=True),
        id_field("post_id", "Its post.", required=True),
        id_field("author_id", "Id of the author.", required=True, tombstone_may_lack=True),
        TEXT,
        id_field("parent_comment_id", "The comment that it replies to; absent if it replies to the post."),
        LANG,
        DELETED,
    ),
    example={
        "schema_version": 1,
        "event_id": "e-1002",
        "event_type": "comment",
        "event_time": "2026-11-22T09:42:00Z",
        "source": "mock",
        "data": {
            "comment_id": "c-5",
            "post_id": "p-17",
            "parent_comment_id": "c-4",
            "author_id": "u-8",
            "text": "not on Mondays…",
            "lang": "en",
        },
    },
)
