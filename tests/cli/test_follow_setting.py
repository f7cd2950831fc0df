"""SOCIALSENT_FOLLOW: what `make ui` follows."""

import pytest

from socialsent_assets.cli.ui import feed_command
from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.settings import FollowSettings


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("hackernews", ["hackernews"]),
        ("bluesky?match=tram,train&lang=en", ["bluesky", "--match", "tram,train", "--lang", "en"]),
        ("mastodon/mastodon.social?match=tram", ["mastodon", "mastodon.social", "--match", "tram"]),
        ("reddit/askscience", ["reddit", "askscience"]),
        ("bluesky?server=ws://127.0.0.1:1/subscribe", ["bluesky", "--server", "ws://127.0.0.1:1/subscribe"]),
    ],
)
def test_the_ui_follows_what_the_setting_says(text: str, arguments: list[str]) -> None:
    """Prevents a setting whose words or languages get lost on the way to the command."""
    command = feed_command(60, FollowSettings.from_env({"SOCIALSENT_FOLLOW": text}))
    assert command[3:] == ["follow", *arguments]


def test_without_the_setting_the_network_is_simulated() -> None:
    """Prevents a UI without a feed."""
    assert "simulate" in feed_command(60, FollowSettings.from_env({}))


@pytest.mark.parametrize(
    "text",
    [
        "twitter",
        "bluesky?words=x",
        "mastodon",
        "bluesky/x",
        "reddit/--help me",
        "reddit/x?server=http://y",
        "file.jsonl",
    ],
)
def test_a_setting_that_says_nothing_is_refused_with_an_example(text: str) -> None:
    """Prevents a UI that starts and follows something else."""
    with pytest.raises(UserError, match=r"SOCIALSENT_FOLLOW=.*write"):
        FollowSettings.from_env({"SOCIALSENT_FOLLOW": text})
