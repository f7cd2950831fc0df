"""Replacement of emoji by words, for a model that has only seen emoticons.

Labelled posts are often older than emoji, or were stripped of them: the training set measured here holds
1,900 emoticons and no emoji. A model cannot learn a sign it never met, so each common emoji is read as the
emoticon or word that people typed for the same thing, for the lexicon features too: VADER's descriptions go by
the name of the picture, and call 🔥 bad.

Not here: VADER's descriptions of emoji (language/lexicon/).
"""

from __future__ import annotations

__all__ = ["without_emoji"]

# By use, not by name: 😭 and 😱 accompany joy as often as grief, 🔥 is seldom about fire.
_STAND_INS = {
    ":)": "😀😃😊☺🙂😇🤗😌😅👍👏🙌👌💪🎉🎊🎈🎂🎁🏆🥇🌟⭐✨🌞☀🌈🌹🌸🌺🌷💐🌻🥂🍾💃🕺😎🤘✌💫🥳😺👑💎🤩🙆🤠🍀🌼✅",
    ":D": "😁😄😆😸",
    "haha": "😂🤣😹😝",
    ";)": "😉😜😏😈",
    ":p": "😋😛🤪",
    "<3": "❤♥💕💖💗💓💞💘💙💚💛💜🖤💝💟❣😍😘🥰😻💋😚😙😽💏💑🧡🤍🤎",
    ":(": "😞😔😟🙁☹😣😖😩😫😿😥😓🥺👎😪🤕🤒😷🥀😧😦🙍",
    ":'(": "😢",
    "</3": "💔",
    ":/": "😒😕🙄😐😑🤨",
    "omg": "😭😱😳😮😲😯🤯😨😰😬",
    "hmm": "🤔🤷🤦",
    "angry": "😡😠🤬👿💢😤😾",
    "sick": "🤢🤮",
    "fuck": "🖕",
    "shit": "💩",
    "tired": "😴💤🥱",
    "bless": "🙏",
    "100%": "💯",
    "hot": "🔥",
}
_DROPPED = "\ufe0e\ufe0f\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # variants, joiner, skin tones
_APART = " ; ; ; "  # VADER looks three words back for a negation: "can't stop 😂" does not negate the laugh
_TABLE = {ord(emoji): f"{_APART}{word} " for word, emojis in _STAND_INS.items() for emoji in emojis} | {
    ord(sign): "" for sign in _DROPPED
}


def without_emoji(text: str) -> str:
    """The text with each known emoji replaced by its word, set apart from the clause before it.

    >>> without_emoji("missed it 😢👍🏾")
    "missed it  ; ; ; :'(  ; ; ; :) "
    """
    return text if text.isascii() else text.translate(_TABLE)
