"""Corrections of the lexicon: what can be corrected, and that every scorer reads them alike."""

import numpy as np
import pytest

from socialsent_assets.domain.events.errors import UserError
from socialsent_assets.domain.language.polarity import SCORER_VERSION, score_text, score_texts, scorer_version
from socialsent_assets.domain.language.vader import arrow as vader_columns
from socialsent_assets.domain.language.vader import reference as vader_rules
from socialsent_assets.domain.language.vader.corrections import NO_CORRECTIONS, Corrections, parse_correction
from socialsent_assets.domain.language.vader.explanation import explain_polarity
from socialsent_assets.domain.learning.features import documents

OWN = Corrections.of({"sick": 2.1, "good": 0.0, "🔥": 2.5, "x1": -3.0, "terrible": 1.0, "city": -1.5})


def test_a_correction_changes_the_score_and_its_reasons():
    """Prevents a correction that is kept and not used."""
    assert score_text("that is sick").polarity < 0 < score_text("that is sick", OWN).polarity
    assert score_text("good", OWN).polarity == 0
    assert score_text("🔥").polarity < 0 < score_text("🔥", OWN).polarity
    [word] = explain_polarity("that is sick", corrections=OWN).words
    assert word.valence == 2.1
    assert explain_polarity("🔥", corrections=OWN).words[0].emoji == "🔥"


def test_compiled_and_plain_rules_agree_on_corrected_texts(hostile_posts):
    """Prevents scores that depend on the number of texts in a batch."""
    posts = [
        f"{post} {word}" for post in hostile_posts(5, 300) for word in ("sick", "good 🔥", "x1!", "not terrible")
    ]
    plain = [vader_rules.score(post, OWN) for post in posts]
    np.testing.assert_array_equal(np.array(plain), vader_columns.score_column(posts, OWN))
    np.testing.assert_array_equal(score_texts(posts[:50], corrections=OWN).polarity, [row[0] for row in plain[:50]])


def test_scores_without_corrections_stay_the_references():
    """Prevents one lake's words in another's scores, by a memo that both share."""
    before = score_text("that is sick and good 🔥")
    score_text("that is sick and good 🔥", OWN)
    assert score_text("that is sick and good 🔥") == before
    assert score_text("that is sick and good 🔥", NO_CORRECTIONS) == before


def test_a_model_reads_the_lexicon_that_it_learned_with():
    """Prevents features that change under a champion when a word is corrected."""
    numbers = documents(["that is sick"])[0].numbers
    score_text("that is sick", OWN)
    assert documents(["that is sick"])[0].numbers.tolist() == numbers.tolist()


def test_equal_corrections_are_one_version():
    """Prevents texts that are scored again although nothing changed."""
    assert scorer_version(NO_CORRECTIONS) == SCORER_VERSION
    assert Corrections.of({"b": 1.0, "a": 2.0}).version == Corrections.of({"a": 2.0, "b": 1.0}).version
    assert Corrections.of({"a": 2.0}).version != Corrections.of({"a": 2.5}).version


@pytest.mark.parametrize(
    ("written", "word", "valence"),
    [
        ("sick=+2.1", "sick", 2.1),
        ("SICK=-4", "sick", -4),
        ("🔥=2", "🔥", 2),
        ("a=b=1", "a=b", 1),
        ("crude=0", "crude", 0),
    ],
)
def test_a_correction_is_read(written, word, valence):
    assert parse_correction(written) == (word, valence)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("sick", "write WORD=VALENCE"),
        ("=2", "write WORD=VALENCE"),
        ("sick=", "not a valence"),
        ("sick=good", "not a valence"),
        ("sick=nan", "not a valence"),
        ("sick=5", "from -4"),
        ("sick=1e999", "from -4"),
        ("spill the tea=-1", "phrase"),
        ("not=1", "word of the rules"),
        ("very=1", "word of the rules"),
        ("isn't=1", "word of the rules"),
        ("sick!=1", "Try 'sick'"),
        ("café=1", "ASCII"),
        ("💀=1", "correct that"),
        ("\u202esick=1", "ASCII"),
        ("a" * 70_000 + "=1", "at most"),
        ("😀" * 60_000 + "=1", "one sign"),
    ],
)
def test_what_cannot_be_corrected_is_said_in_one_short_line(written, problem):
    """Prevents a correction that no text ever meets, and a message as long as the input."""
    with pytest.raises(UserError) as error:
        parse_correction(written)
    assert problem in str(error.value)
    assert len(str(error.value)) < 400
