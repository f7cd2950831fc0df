"""A user profile. A later event for the same user is a new version of the profile.

Not here: the history of profiles (the mart user_profile_history).
"""

from socialsent_assets.domain.events.kinds.kind import Field, Kind, id_field

KIND = Kind(
    name="user",
    meaning="A user signed up or changed the profile.",
    identity="user_id",
    fields=(
        id_field("user_id", "The user.", required=True),
        Field(
            "user_name",
            "string",
            "Handle.",
            required=True,
            pattern=r"(?s).*\S.*",
            pattern_meaning="a name is not empty",
        ),
        Field("display_name", "string", "Display name."),
        Field("age", "integer", "Years.", minimum=0, maximum=130),
        Field("location", "string", "Free text."),
        Field("joined_at", "timestamp", "When the account was made."),
    ),
    example={
        "schema_version": 1,
        "event_id": "e-1003",
        "event_type": "user",
        "event_time": "2026-11-22T09:00:00Z",
        "source": "mock",
        "data": {
            "user_id": "u-3",
            "user_name": "ada",
            "display_name": "Ada L.",
            "age": 36,
            "location": "Ghent",
            "joined_at": "2024-02-29T12:00:00Z",
        },
    },
)
