"""Writes polarity.jsonl: scores of posts that we wrote, as vaderSentiment 3.3.2 gives them on Python 3.11.

    .venv/bin/python tests/golden/write_polarity.py

Only when posts are added: the stored scores are what "equal bit for bit" means, also on later interpreters.
"""

import json
import sys
from pathlib import Path

POSTS = {
    "plain": ["VADER is smart, handsome, and funny.", "The book was good.", "Today SUX!", "Nothing to report."],
    "emphasis": [
        "great",
        "great!",
        "great!!",
        "great!!!!",
        "great!!!!!!!!",
        "great?",
        "great??",
        "great???",
        "great????",
    ],
    "capitals": ["this is GOOD", "THIS IS GOOD", "GOOD and bad", "VERY good day", "a Good Day, ISN'T it"],
    "boosters": [
        "a very good day",
        "a kinda good day",
        "a really quite very good day",
        "an EXTREMELY bad day here",
        "he is sort of nice",
        "it was just enough good",
        "kind of good",
        "it was only kind of good",
    ],
    "negation": [
        "not good",
        "it is not a good idea",
        "don't love it",
        "isnt nice",
        "never so good",
        "it was never this good",
        "without doubt a good plan",
        "without a doubt, an excellent idea",
        "no good",
        "no problem at all",
        "no good or bad",
        "nobody said no nor good",
        "ISN'T GREAT",
        "hasn’t been good",
    ],
    "least": ["the least good option", "at least good food", "very least good", "least good"],
    "but": [
        "good but bad",
        "the plot was good, but the dialog is not great",
        "good good but bad bad",
        "but good",
        "good but good but good",
        "good BUT nice but good good awful",
        "love but nothing else",
    ],
    "idioms": [
        "this is the shit",
        "you are the bomb today",
        "he is a bad ass now",
        "such a badass",
        "wait at the bus stop",
        "oh well yeah right",
        "it was the kiss of death",
        "a movie to die for",
        "feel my beating heart now",
        "the shit",
        "bus stop",
        "they say yeah right good",
    ],
    "emoticons": [
        ":)",
        ":-(",
        "<3 you",
        ":D",
        "XD",
        ":P ok",
        "(great)",
        '"great"',
        "***great***",
        "great--bad",
        "ok :-) :-) :(",
    ],
    "emoji": [
        "😁",
        "hi😁there",
        "😁😁😁",
        "love it ❤️❤️",
        "👍🏽 nice",
        "💔",
        "great 😢 day",
        "© good",
        "12 o'clock 🕛 good",
    ],
    "white space": [
        "",
        " ",
        "\n\t",
        "good\u00a0bad",
        "good\u3000bad",
        "good\x85bad",
        "good\x1cbad",
        "good\u200bbad",
        " good ",
    ],
    "scripts": [
        "ß good",
        "İSTANBUL good",
        "ΑΣ good ΟΔΟΣ",
        "ǅ good GREAT",
        "das ist good",
        "très GOOD ÉTÉ",
        "good。bad",
        "великолепно good",
        "\u212aIND words",
        "“great”",
        "great…",
        "it’s not good",
    ],
    "hostile": [
        "\x00good\x00 bad",
        "half \ud83d good",
        "!" * 50,
        "good " * 300,
        "x" * 5000 + " good",
        "a.b.c good//bad",
    ],
    # Left to right these sum to zero, or to a residue; since Python 3.12 the builtin sum gives the other of the two,
    # and the exclamation mark turns that into another class.
    "sums that cancel": [
        "Sorry bad win!",
        "Lose thanks fun bad!",
        "Cry lose good best boring!",
        "Smile boring sorry angry kind!",
        "Win great problem fear awful!",
        "Pretty cry boring sorry smile!",
    ],
}


def scored_lines() -> list[str]:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    polarity_scores = SentimentIntensityAnalyzer().polarity_scores
    return [
        json.dumps({"kind": kind, "text": text, **polarity_scores(text)})
        for kind, texts in POSTS.items()
        for text in texts
    ]


if __name__ == "__main__":
    if sys.version_info[:2] != (3, 11):
        sys.exit("write_polarity.py: run it with Python 3.11, whose sums the scores are defined by")
    Path(__file__).with_name("polarity.jsonl").write_text("\n".join(scored_lines()) + "\n", "utf-8")
