import random

import pytest

from socialsent_assets.domain.learning.labels import from_pairs

MOODS = {
    "positive": ["love", "great", "happy", "sunny", "win", ":)", "thanks", "beautiful"],
    "neutral": ["tomorrow", "train", "station", "monday", "meeting", "report", "street", "open"],
    "negative": ["hate", "awful", "sad", "broken", "lost", ":(", "worst", "angry"],
}
FILLER = ["the", "a", "of", "in", "we", "today", "with", "game", "it", "and", "they", "city", "song", "food"]


def invented_posts(count, seed):
    """Posts of our own making whose mood shows in two words of ten; one in ten is labelled at random."""
    rng = random.Random(seed)
    texts, labels = [], []
    for number in range(count):
        label = rng.choice(list(MOODS))
        words = rng.choices(MOODS[label], k=2) + rng.choices(FILLER, k=7) + [f"nr{number}s{seed}"]
        rng.shuffle(words)
        texts.append(" ".join(words))
        labels.append(rng.choice(list(MOODS)) if rng.random() < 0.1 else label)
    return from_pairs(texts, labels)


@pytest.fixture(scope="session")
def posts():
    return invented_posts(300, seed=1)


@pytest.fixture(scope="session")
def held_out():
    return invented_posts(150, seed=2)
