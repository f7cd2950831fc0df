"""What stands in for an emoji when a model has only seen emoticons.

Labelled posts are often older than emoji, or were stripped of them: the training set measured here holds
1,900 emoticons and no emoji. A model cannot learn a sign it never met, so each common emoji is read as the
emoticon or word that people typed for the same thing. VADER's own scores still see the emoji itself.

Not here: VADER's descriptions of emoji (language/lexicon/).
"""

from __future__ import annotations

__all__ = ["without_emoji"]

_STAND_INS = {
    ":)": "😀😃😊☺🙂😇🤗😌👍👏🙌👌💪🎉🎊🎈🎂🎁🏆🥇🌟⭐✨🌞☀🌈🌹🌸🌺🌷💐🌻🥂🍾💃🕺😎🤘✌💫🥳😺👑💎🤩🙆🤠🍀🌼✅",
    ":D": "😁😄😆😂🤣😹😸😝",
    ";)": "😉😜😏",
    ":p": "😋😛🤪",
    "<3": "❤♥💕💖💗💓💞💘💙💚💛💜🖤💝💟❣😍😘🥰😻💋😚😙😽💏💑🧡🤍🤎",
    ":(": "😞😔😟🙁☹😣😖😩😫😿😥😓😰😨🥺👎😪🤕🤒😷🥀😧😦😱🙍",
    ":'(": "😢😭",
    "</3": "💔",
    ":/": "😒😕🙄😐😑😬🤔🤨🤷🤦",
    "angry": "😡😠🤬👿💢😤😾",
    "sick": "🤢🤮",
    "fuck": "🖕",
    "shit": "💩",
    "wow": "😳😮😲😯🤯",
    "tired": "😴💤🥱",
    "bless": "🙏",
    "100%": "💯",
    "fire": "🔥",
}
_DROPPED = "\ufe0e\ufe0f\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # variants, joiner, skin tones
_TABLE = {ord(emoji): f" {word} " for word, emojis in _STAND_INS.items() for emoji in emojis} | {
    ord(sign): "" for sign in _DROPPED
}


def without_emoji(text: str) -> str:
    """The text with each known emoji replaced by its stand-in, set apart by spaces.

    >>> without_emoji("missed it 😢👍🏾").split()
    ['missed', 'it', ":'(", ':)']
    """
    return text if text.isascii() else text.translate(_TABLE)
