"""Pairs that set groups of posts apart."""

from socialsent_assets.domain.language.bigram.distinctive import typical_bigrams

COMMON = [["in", "the", "house"]] * 100


def test_a_pair_that_is_common_everywhere_is_typical_of_nothing():
    """Prevents a chart per sentiment that lists "in the" three times."""
    found = typical_bigrams(
        {
            "positive": COMMON + [["so", "happy", "today"]] * 20,
            "negative": COMMON + [["so", "sad", "today"]] * 20,
        }
    )
    assert {b[:2] for b in found["positive"]} == {("so", "happy"), ("happy", "today")}
    assert {b[:2] for b in found["negative"]} == {("so", "sad"), ("sad", "today")}
    assert all(b.times == 20 and b.z > 1.96 for group in found.values() for b in group)


def test_a_rare_pair_does_not_win_by_being_in_one_group_alone():
    groups = {
        "positive": COMMON + [["rare", "pair"]] * 2 + [["good", "day"]] * 60,
        "negative": COMMON + [["good", "day"]] * 5,
    }
    assert typical_bigrams(groups)["positive"][0][:2] == ("good", "day")
    assert typical_bigrams(groups, at_least=1)["positive"][0][:2] == ("good", "day")


def test_punctuation_is_no_word():
    groups = {"positive": [["well", "!", "done", "😀"]] * 10, "negative": [["other", "words"]] * 10}
    assert typical_bigrams(groups)["positive"] == []


def test_one_group_or_none_has_nothing_typical():
    assert typical_bigrams({"positive": COMMON}) == {"positive": []}
    assert typical_bigrams({"positive": [], "negative": []}) == {"positive": [], "negative": []}
