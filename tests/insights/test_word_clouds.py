"""Word clouds show what sets a mood apart, in words that the font can draw."""

from socialsent_assets.insights.word_clouds import Cloud, cloud_png, cloud_svg, distinctive_words

FILLER = "the train leaves from platform seven today"
TEXTS = [
    *[(f"{FILLER} wonderful picnic", "positive")] * 30,
    *[(f"{FILLER} awful delay", "negative")] * 30,
    *[(FILLER, "neutral")] * 30,
]


def names(cloud):
    return [word for word, _ in cloud.words]


def test_words_that_every_mood_uses_are_in_no_cloud():
    """Prevents three clouds of the same everyday words."""
    clouds = distinctive_words(TEXTS)
    assert set(names(clouds["positive"])) == {"wonderful", "picnic"}
    assert set(names(clouds["negative"])) == {"awful", "delay"}
    assert clouds["negative"].texts == 30


def test_a_word_shouted_in_one_text_counts_once():
    """Prevents one spammer from filling a cloud."""
    clouds = distinctive_words([*TEXTS, ("spam " * 500, "positive")])
    assert "spam" not in names(clouds["positive"])


def test_mentions_numbers_emoji_stop_words_and_undrawable_words_are_left_out():
    text = "@ann 2026 😀 :) the and 日本語 ab #picnic wonderful"
    clouds = distinctive_words([*[(text, "positive")] * 20, *[("awful delay", "negative")] * 20])
    assert set(names(clouds["positive"])) == {"#picnic", "wonderful"}


def test_no_text_gives_no_word():
    assert all(cloud.words == () for cloud in distinctive_words([]).values())


def test_texts_of_one_and_the_same_word_set_nothing_apart():
    """Prevents a division by zero in the report of a feed with a single text."""
    clouds = distinctive_words([*[("wonderful", "positive")] * 30, *[("wonderful", "negative")] * 5])
    assert all(cloud.words == () for cloud in clouds.values())


def test_a_cloud_is_the_same_each_time_and_holds_its_words_to_their_place():
    """Prevents overlapping words in a font that is wider than the one that was measured."""
    cloud = Cloud("positive", (("wonderful", 9.0), ("picnic", 5.0), ("r&b", 3.0)), 30)
    svg = cloud_svg(cloud)
    assert svg == cloud_svg(cloud)
    assert cloud_png(cloud) == cloud_png(cloud)
    assert svg.count("textLength=") == 3
    assert ">r&amp;b</text>" in svg
    assert "var(--positive)" in svg
