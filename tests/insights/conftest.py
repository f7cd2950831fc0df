"""A warehouse with the marts' own columns (their dbt contracts), filled by hand: no Spark and no dbt."""

import itertools

import pytest

from tests.warehouse_file import lake_hour, make_warehouse, text_row

WORDS = {"positive": "wonderful sunny picnic", "negative": "awful rainy delay", "neutral": "train platform seven"}


@pytest.fixture(scope="session")
def warehouse_of():
    """`make_warehouse`, for fixtures that outlive a test."""
    return make_warehouse


@pytest.fixture
def marts(tmp_path):
    """Makes a warehouse file from rows; a new one at each call."""
    numbers = itertools.count()
    return lambda **rows: make_warehouse(tmp_path / f"warehouse{next(numbers)}.duckdb", **rows)


@pytest.fixture(scope="session")
def usual():
    """Rows of two days with a gap: every section of the report has data."""
    posts = [
        {"post_id": f"p{n}", **text_row(n, f"{words} {n}", hours=hours, author=f"u{n % 3}", topic=topic)}
        for n, (mood, hours, topic) in enumerate(
            (mood, hours, topic)
            for mood in WORDS
            for hours in (0.5, 1, 2, 40)
            for topic in ("coffee", "trains", None)
        )
        for words in [WORDS[mood]]
    ]
    comments = [{"comment_id": "c1", "post_id": "p1", **text_row(99, "lovely, thanks", author="u1")}]
    users = [{"user_id": f"u{n}", "user_name": f"user{n}"} for n in range(3)]
    likes = [{"interaction_id": f"i{n}", "action": "like", "actor_id": "u9", "post_id": f"p{n}"} for n in range(7)]
    return {
        "posts": posts,
        "comments": comments,
        "users": users,
        "interactions": likes,
        "lake_hours": [lake_hour(hours, quarantined=1) for hours in (0, 1, 2, 40)],
    }
