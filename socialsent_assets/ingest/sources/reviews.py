"""Reviews with stars: app stores and shops. One and two stars are negative, three neutral, four and five positive.

The stars are the author's own word, so they land as human labels.

Not here: reviews in other columns; plain tables with `--label COLUMN` read those.
"""

from __future__ import annotations

from socialsent_assets.ingest.source import TableSource

_STARS = {
    f"{stars}{end}": label
    for stars, label in ((1, "negative"), (2, "negative"), (3, "neutral"), (4, "positive"), (5, "positive"))
    for end in ("", ".0")
}

SOURCES = (
    TableSource(
        "play-reviews",
        "Google Play reviews",
        columns=("content", "score", "at"),
        fields={
            "post_id": "reviewId",
            "event_time": "at",
            "author_id": "userName",
            "text": "content",
            "topic": ("appId", "app"),
        },
        label="score",
        meanings=_STARS,
        drop=("userImage",),
    ),
    TableSource(
        "food-reviews",
        "Amazon food reviews",
        columns=("Id", "ProductId", "UserId", "Score", "Time", "Summary", "Text"),
        fields={"post_id": "Id", "event_time": "Time", "author_id": "UserId", "topic": "ProductId"},
        label="Score",
        meanings=_STARS,
        joined_text=("Summary", "Text"),
        drop=("ProfileName",),
    ),
    TableSource(
        "amazon-reviews",
        "Amazon reviews",
        columns=("reviewerID", "asin", "reviewText", "overall", "unixReviewTime"),
        fields={"event_time": "unixReviewTime", "author_id": "reviewerID", "topic": "asin"},
        label="overall",
        meanings=_STARS,
        joined_text=("summary", "reviewText"),
        drop=("reviewTime", "reviewerName"),
    ),
    TableSource(
        "yelp-reviews",
        "Yelp reviews",
        columns=("review_id", "user_id", "business_id", "stars", "text", "date"),
        fields={
            "post_id": "review_id",
            "event_time": "date",
            "author_id": "user_id",
            "text": "text",
            "topic": "business_id",
        },
        label="stars",
        meanings=_STARS,
    ),
)
