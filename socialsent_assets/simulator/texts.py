"""Turns (topic, mood, person) into a post or a comment as people write it.

`Draft.mood` is what the writer means; sarcasm and mixed feelings are the cases in which the words mean
something else.

Not here: the sentences themselves (topics.py, phrases.py), who writes when (world.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from socialsent_assets.simulator import phrases
from socialsent_assets.simulator.chance import pick
from socialsent_assets.simulator.people import Person
from socialsent_assets.simulator.phrases import NEGATIVE, NEUTRAL, POSITIVE
from socialsent_assets.simulator.topics import TOPICS, Topic

_WORD = re.compile(r"[A-Za-z]{4,}")
_SENTENCE_START = re.compile(r"(?<=[.!?] )[a-z]")
_ORDINALS = ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def _common_first_words() -> frozenset[str]:
    """Words that begin a sentence with a capital only because they begin it; names are not among them."""
    sentences = [
        sentence
        for topic in TOPICS
        for sentence in (*topic.positive, *topic.negative, *topic.neutral, *topic.sarcastic)
        if not sentence.startswith("{")
    ]
    inserted = [text for topic in TOPICS for text in topic.things if text[0].islower()]
    words = {text.split()[0].rstrip(",:.!?") for text in (*sentences, *inserted, *phrases.WHOS)}
    return frozenset(word.capitalize() for word in words) - {"I"}


_COMMON_FIRST_WORDS = _common_first_words()


@dataclass(frozen=True)
class Draft:
    """A text, the mood its writer means, its language (BCP 47) and its hashtags without `#`."""

    text: str
    mood: str
    lang: str
    hashtags: tuple[str, ...]


def write_post(rng: Random, topic_index: int, mood: str, writer: Person) -> Draft:
    """A post: one or two sentences, decorated the way its writer likes it."""
    topic = TOPICS[topic_index]
    if writer.language != "en" and rng.random() < 0.8:
        return _other_language(rng, mood, writer)
    text, mood = _core(rng, topic, mood)
    if rng.random() < 0.25:
        text = _opened(rng, text, mood)
    if rng.random() < 0.45:
        text = _joined(text, pick(rng, phrases.ENDINGS[mood]), rng)
    hashtags = _hashtags(rng, topic, mood, writer)
    text = _decorated(rng, text, mood, writer)
    if rng.random() < 0.06:
        text = f"{text} https://{pick(rng, ('example.org', 'news.example.com', 'pics.example.net'))}/{_slug(rng)}"
    return Draft(" ".join([text, *(f"#{tag}" for tag in hashtags)]), mood, "en", hashtags)


def write_comment(rng: Random, topic_index: int, mood: str, writer: Person, addressed: str | None) -> Draft:
    """A comment; `addressed` is the user name of whom it answers, if they are mentioned."""
    topic = TOPICS[topic_index]
    if writer.language != "en" and rng.random() < 0.8:
        return _other_language(rng, mood, writer)
    style = rng.random()
    if mood == NEGATIVE and style < 0.1:
        text = _filled(rng, pick(rng, phrases.SARCASTIC_REPLIES), topic)
    elif style < 0.6:
        text = _filled(rng, pick(rng, phrases.REPLIES[mood]), topic)
    else:
        text, mood = _core(rng, topic, mood)
    if rng.random() < 0.3:
        text = _joined(text, pick(rng, phrases.ENDINGS[mood]), rng)
    text = _decorated(rng, text, mood, writer)
    return Draft(f"@{addressed} {text}" if addressed else text, mood, "en", ())


def edited(rng: Random, topic_index: int, draft: Draft) -> str:
    """The text of the draft after its writer came back to it."""
    if draft.lang != "en":
        return f"{draft.text} ✏️"
    return f"{draft.text} {_filled(rng, pick(rng, phrases.EDITS[draft.mood]), TOPICS[topic_index])}"


def _core(rng: Random, topic: Topic, mood: str) -> tuple[str, str]:
    """The sentence that matters, and the mood it ends up with."""
    style = rng.random()
    if mood == NEGATIVE and style < 0.09:
        return _filled(rng, pick(rng, topic.sarcastic), topic), NEGATIVE
    sentences = {POSITIVE: topic.positive, NEGATIVE: topic.negative, NEUTRAL: topic.neutral}
    text = _filled(rng, pick(rng, sentences[mood]), topic)
    if mood != NEUTRAL and style > 0.93:
        # Mixed feelings: the writer ends where the mood is; what comes before is the opposite.
        other = topic.negative if mood == POSITIVE else topic.positive
        before = _filled(rng, pick(rng, other), topic).rstrip(".!?")
        return f"{before}, {pick(rng, phrases.TURNS)} {_lower_first(text)}", mood
    return text, mood


def _filled(rng: Random, template: str, topic: Topic) -> str:
    if "{" not in template:
        return template
    number = int(8 * rng.random())
    text = template.format(
        thing=pick(rng, topic.things).replace("{n}", str(2 + number)),
        place=pick(rng, topic.places),
        when=pick(rng, phrases.WHENS),
        who=pick(rng, phrases.WHOS),
        n=2 + number,
        nth=_ORDINALS[number],
    )
    return _SENTENCE_START.sub(lambda match: match[0].upper(), text[0].upper() + text[1:])


def _opened(rng: Random, text: str, mood: str) -> str:
    opener = pick(rng, phrases.OPENERS[mood])
    return f"{opener} {_lower_first(text) if opener.endswith((',', ':')) else text}"


def _joined(text: str, ending: str, rng: Random) -> str:
    if text.endswith(("?", "!", ".")):
        return f"{text} {ending[0].upper()}{ending[1:]}"
    return f"{text}{pick(rng, (', ', '. ', ' – ', '... '))}{ending}"


def _lower_first(text: str) -> str:
    first = text.split()[0].rstrip(",:.!?")
    return text[0].lower() + text[1:] if first in _COMMON_FIRST_WORDS else text


def _decorated(rng: Random, text: str, mood: str, writer: Person) -> str:
    if rng.random() < writer.shouting:
        text = _shouted(rng, text)
    if mood != NEUTRAL and rng.random() < 0.08:
        text = _stretched(rng, text)
    if mood != NEUTRAL and rng.random() < 0.22 and not text.endswith("?"):
        text = text.rstrip(".") + "!" * (1 + int(3 * rng.random()))
    if rng.random() < 0.12:
        text = text[0].lower() + text[1:]
    if "&" in text or rng.random() < 0.02:
        text = text.replace(" & ", " &amp; ").replace(" and ", " &amp; ")
    if rng.random() < 0.55 * writer.emoji_share:
        text += " " + pick(rng, phrases.EMOJI[mood]) * (1 + int(2.2 * rng.random()))
    return text


def _shouted(rng: Random, text: str) -> str:
    if rng.random() < 0.3:
        return text.upper()
    words = _WORD.findall(text)
    return text.replace(word := pick(rng, words), word.upper(), 1) if words else text


def _stretched(rng: Random, text: str) -> str:
    candidates = [pair for pair in phrases.STRETCHED if re.search(rf"\b{pair[0]}\b", text, re.IGNORECASE)]
    if not candidates:
        return text
    word, stretched = pick(rng, candidates)
    return re.sub(rf"\b{word}\b", stretched, text, count=1, flags=re.IGNORECASE)


def _hashtags(rng: Random, topic: Topic, mood: str, writer: Person) -> tuple[str, ...]:
    if rng.random() > 0.15 + 0.6 * writer.tag_share:
        return ()
    tags = [pick(rng, topic.hashtags)]
    if rng.random() < 0.3:
        tags.append(pick(rng, topic.hashtags))
    if rng.random() < 0.15:
        tags.append(pick(rng, phrases.HEADLINE_TAGS[mood]))
    return tuple(dict.fromkeys(tags))


def _other_language(rng: Random, mood: str, writer: Person) -> Draft:
    text = pick(rng, phrases.OTHER_LANGUAGES[writer.language][mood])
    if rng.random() < 0.3:
        text = f"{text} {pick(rng, phrases.EMOJI[mood])}"
    return Draft(text, mood, writer.language, ())


def _slug(rng: Random) -> str:
    return f"{int(rng.random() * 16**6):06x}"
