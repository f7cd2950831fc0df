"""Texts that a token grammar can trip over: signs, scripts, addresses, escapes, emoticons; for the compiled paths."""

import random

from hypothesis import strategies as st

PIECES = [
    *("good", "BAD", "isn't", "N'T", "can’t", "not", "never", "but", "Sooooo", "loooove", "ÉTÉ", "ΣΑΣ", "İstanbul"),
    *("ǅungla", "\u212aind", "ªº", "ﬁne", "ＧＯＯＤ", "!!", "¡hola!", "①", "٣", "²", "x" * 300, "a_b", "_", "n't"),
    *("@user", "@ann", "@", "@@x", "@usera", "#BestDayEver", "#été", "##x", "#", "#1", "a#b", "me@x.org", "#can't"),
    *(":)", ":-D", "=P", ":'(", ">:o", "<3", "</3", "<33", ":dd", ":ddx", "(((:", ")-:", "x:)", ":)x", ":3", ";)))"),
    *(".", "..", "...", "....", "!", "?!", "?", "…", ";", ";;", ",", "''", "'", "a'b'c", "'tis", "it''s", '"', '""'),
    *("\\u2019", '\\"\\"', "&amp;", "&amp;lt;", "&#39;", "&", "http", "https", "http:", "HTTP", "xhttpx", "\\"),
    *(
        "<br>",
        "</P>",
        "<b>good</b>",
        "<a href='x'>",
        "<i",
        "a<b",
        "@user@x.org",
        "@user.a.io",
        "@user_",
        "me@user.org",
    ),
    *("https://t.co/a!", "www.x.org", "WWW.", "pic.twitter.com/q", "x.com/a", "a//b", "m/s"),
    *(
        "😀",
        "😭",
        "👍🏾",
        "👩‍❤️‍💋‍👨",
        "🇺🇸",
        "🇺",
        "❤️",
        "☺",
        "™",
        "ℹ️",
        "Ⓐ",
        "🄰",
        "\u200d",
        "\ufe0f",
        "🏾",
        "⭐⭐",
        "🔥x",
    ),
    *(
        "素晴らしい",
        "मज़ा",
        "ไทย",
        "שלום",
        "مرحبا،",
        "می\u200cشود",
        "\u202egnol",
        "𝔊𝔬𝔬𝔡",
        "𠮷野",
        "\U000e0041",
        "e\u0301",
    ),
    *(
        "\x00",
        "\x07",
        "\ufeff",
        "\x85",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\t",
        "\n",
        "\x1c",
        "\ud83d",
        "\udc00",
        "\ufffd",
    ),
]
SPACES = [" "] * 12 + ["", "", "  ", "\n", "\u00a0", "\u3000"]


def hostile_texts(seed: int, count: int) -> list[str]:
    """The same texts for the same seed."""
    rng = random.Random(seed)
    return [_text(rng) for _ in range(count)]


def _text(rng: random.Random) -> str:
    if rng.random() < 0.1:  # characters from anywhere, half surrogate pairs included
        return "".join(chr(rng.randrange(rng.choice([0x80, 0x250, 0x3000, 0x110000]))) for _ in range(30))
    pieces = rng.choices(PIECES, k=rng.randint(0, 16))
    return "".join(_bent(rng, piece) + rng.choice(SPACES) for piece in pieces)


def _bent(rng: random.Random, piece: str) -> str:
    shape = rng.random()
    return piece.upper() if shape < 0.05 else piece.title() if shape < 0.08 else piece * 3 if shape < 0.12 else piece


TEXTS = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.lists(st.sampled_from(PIECES + SPACES), max_size=12).map("".join),
    st.text(":;=<>)(][-o*'dpP/\\|3@#.!?a ", max_size=12),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40),
)
"""Strategy of texts; half surrogate pairs included."""
