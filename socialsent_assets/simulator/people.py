"""The people of the mock network: who they are, how they write, how often they post.

A person is a function of (seed, number), so that the same people recur in every feed of a seed.

Not here: what they do and when (world.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from socialsent_assets.simulator.chance import dice, hex_name, pick
from socialsent_assets.simulator.moods import popular_topic
from socialsent_assets.simulator.phrases import OTHER_LANGUAGES

ACTIVE = 5000  # people who are around at the same time; newcomers replace the oldest
_ZIPF_SHIFT = 4.0
_JOINED_FROM = datetime(2023, 3, 1, tzinfo=UTC)
_JOINED_DAYS = 1000  # all of them before the first event that the default start accepts

_FIRST = (
    "Ada", "Amir", "Aoife", "Bruno", "Carla", "Chidi", "Dana", "Deniz", "Elif", "Emeka", "Eva", "Farah", "Finn",
    "Greta", "Hana", "Hugo", "Ines", "Ivo", "Jana", "Jonas", "Kaito", "Kofi", "Lena", "Liam", "Lucia", "Mads",
    "Maya", "Mei", "Nadia", "Nils", "Noor", "Olga", "Omar", "Paula", "Priya", "Quinn", "Rafa", "Rosa", "Sami",
    "Sofia", "Tariq", "Tess", "Tomas", "Uma", "Vera", "Wes", "Yara", "Yusuf", "Zoe", "Zuri",
)  # fmt: skip
_LAST = (
    "Abara", "Berg", "Costa", "Demir", "Evans", "Ferrari", "Garcia", "Haddad", "Ito", "Jensen", "Kaya", "Lopez",
    "Moreau", "Novak", "Okafor", "Patel", "Quist", "Rossi", "Silva", "Tanaka", "Ueda", "Virtanen", "Walsh",
    "Yilmaz", "Zeman",
)  # fmt: skip
_HANDLE_WORDS = (
    "pixel", "moss", "turbo", "quiet", "lemon", "night", "river", "paper", "cloud", "disco", "maple", "orbit",
    "salty", "tiny", "velvet", "zebra",
)  # fmt: skip
_CITIES = (
    "Amsterdam", "Barcelona", "Berlin", "Bristol", "Chicago", "Cork", "Dakar", "Gothenburg", "Istanbul", "Kyiv",
    "Lagos", "Leeds", "Lisbon", "Lyon", "Melbourne", "Milan", "Montréal", "Mumbai", "Nairobi", "Osaka", "Porto",
    "Seoul", "Vienna", "Wrocław", "Zürich",
)  # fmt: skip


@dataclass(frozen=True)
class Person:
    """One person: `temperament` (-0.35 to 0.35) shifts their mood; the shares, 0 to 1, describe the style."""

    user_id: str
    user_name: str
    display_name: str
    age: int
    location: str
    joined_at: datetime
    favourites: tuple[int, ...]
    temperament: float
    emoji_share: float
    tag_share: float
    shouting: float
    language: str


@lru_cache(maxsize=20_000)
def person(seed: int, number: int) -> Person:
    """The person of that number."""
    rng = dice(seed, "person", number)
    first, last = pick(rng, _FIRST), pick(rng, _LAST)
    return Person(
        user_id=f"{int(hex_name(seed, digits=4), 16) % 900 + 100}{number:07d}",
        user_name=_user_name(rng, first, number),
        display_name=f"{first} {last}",
        age=16 + int(60 * rng.random() ** 1.7),
        location=pick(rng, _CITIES),
        joined_at=_JOINED_FROM + timedelta(seconds=int(rng.random() * _JOINED_DAYS * 86_400)),
        favourites=tuple(popular_topic(rng) for _ in range(3)),
        temperament=0.7 * (rng.random() - 0.5),
        emoji_share=rng.random() ** 2,
        tag_share=rng.random() ** 1.5,
        shouting=0.25 * rng.random() ** 3,
        language=pick(rng, tuple(OTHER_LANGUAGES)) if rng.random() < 0.07 else "en",
    )


def _user_name(rng: Random, first: str, number: int) -> str:
    style = rng.random()
    if style < 0.4:
        return f"{pick(rng, _HANDLE_WORDS)}_{first.lower()}{number % 97}"
    if style < 0.7:
        return f"{first.lower()}{pick(rng, _HANDLE_WORDS)}{number}"
    return f"{pick(rng, _HANDLE_WORDS)}.{pick(rng, _HANDLE_WORDS)}.{number}"


def active_person(rng: Random, introduced: int) -> int:
    """Number of a person among the first `introduced` ones; a few post most of the time (Zipf).

    A seat of activity belongs to one person until `ACTIVE` newcomers later someone else takes it over.
    """
    seats = min(introduced, ACTIVE)
    seat = int((seats + _ZIPF_SHIFT) ** (draw := rng.random()) * _ZIPF_SHIFT ** (1 - draw) - _ZIPF_SHIFT)
    seat = min(max(0, seat), seats - 1)
    return seat + (introduced - 1 - seat) // ACTIVE * ACTIVE


def profile(someone: Person, rng: Random | None) -> dict[str, object]:
    """The data of a `user` event; with `rng` a later version, in which something changed."""
    data: dict[str, object] = {
        "user_id": someone.user_id,
        "user_name": someone.user_name,
        "display_name": someone.display_name,
        "age": someone.age,
        "location": someone.location,
        "joined_at": someone.joined_at.isoformat().replace("+00:00", "Z"),
    }
    if rng is not None:
        change = rng.random()
        if change < 0.5:
            data["location"] = pick(rng, _CITIES)
        elif change < 0.85:
            data["display_name"] = f"{someone.display_name} {pick(rng, ('🌻', '⚽', '🎧', '(hiring)', '🚲', '✈️'))}"
        else:
            data["age"] = someone.age + 1
    if int(someone.user_id) % 10 in (3, 7):
        del data["age"]
    if int(someone.user_id) % 10 == 5:
        del data["location"]
    return data
