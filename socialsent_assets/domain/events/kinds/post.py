"""A post: someone wrote something. An edit is a new event with the same `post_id`.

Not here: which version is current (versions.py).
"""

from socialsent_assets.domain.events.kinds.kind import DELETED, LANG, TEXT, Field, Kind, id_field

KIND = Kind(
    name="post",
    meaning="A user wrote a post, edited it or deleted it.",
    identity="post_id",
    fields=(
        id_field("post_id", "The post; an edit repeats it.", required=True),
        id_field("author_id", "Id of the author.", required=True, tombstone_may_lack=True),
        TEXT,
        LANG,
        Field("topic", "string", "Subject given by the source."),
        Field("hashtags", "list of strings", "With or without #."),
        Field("place", "string", "Place given by the source, free text."),
        DELETED,
    ),
    example={
        "schema_version": 1,
        "event_id": "e-1001",
        "event_type": "post",
        "event_time": "2026-11-22T09:40:28.123Z",
        "source": "mock",
        "data": {
            "post_id": "p-17",
            "author_id": "u-3",
            "text": "The new tram is NOT slow at all 😍 #tram",
            "lang": "en",
            "topic": "transport",
            "hashtags": ["tram"],
            "place": "Ghent",
        },
    },
)
