"""An interaction: a like, share, comment or follow, aimed at a post or at a user.

Not here: the text of a comment (comment.py).
"""

from socialsent_assets.domain.events.kinds.kind import Field, Kind, id_field

KIND = Kind(
    name="interaction",
    meaning="A user liked, shared, commented on or followed something.",
    identity="interaction_id",
    fields=(
        id_field("interaction_id", "The interaction.", required=True),
        Field("action", "string", "What was done.", required=True, allowed=("like", "share", "comment", "follow")),
        id_field("actor_id", "Id of the acting user.", required=True),
        id_field("post_id", "To which post."),
        id_field("target_user_id", "To which user."),
    ),
    at_least_one_of=("post_id", "target_user_id"),
    example={
        "schema_version": 1,
        "event_id": "e-1004",
        "event_type": "interaction",
        "event_time": "2026-11-22T09:45:10Z",
        "source": "mock",
        "data": {"interaction_id": "i-9", "action": "like", "actor_id": "u-8", "post_id": "p-17"},
    },
)
