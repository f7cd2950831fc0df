"""What the rules know of an event hour: a handful of counts, small enough to keep weeks of them in one object.

Not here: where they come from (monitoring/history.py), what is unusual about them (volume.py, proportions.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from socialsent_assets.domain.events.layout import EventHour


@dataclass(frozen=True)
class HourFacts:
    """Counts of one event hour.

    Attributes:
        records: landed lines; accepted + duplicates + quarantined.
        quarantined: of those, set aside while cleansing.
        refused: records that were set aside on arrival during this hour of the clock, whatever their event time.
        texts: scored rows; `negative` of them are negative.
        topics: topic -> (texts, negative), of the frequent ones.
        version: changes with any of these.
    """

    hour: EventHour
    records: int = 0
    quarantined: int = 0
    refused: int = 0
    texts: int = 0
    negative: int = 0
    topics: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    version: str = ""

    def to_json(self) -> list[Any]:
        """Compact; the hour is the key under which it is kept."""
        numbers = [self.records, self.quarantined, self.refused, self.texts, self.negative]
        return [*numbers, {topic: list(moods) for topic, moods in self.topics.items()}, self.version]

    @classmethod
    def from_json(cls, key: str, values: Any) -> HourFacts:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            *numbers, topics, version = values
            records, quarantined, refused, texts, negative = (int(number) for number in numbers)
            moods = {str(topic): (int(texts_of), int(bad)) for topic, (texts_of, bad) in topics.items()}
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not the facts of an hour: {error}") from error
        hour = EventHour.from_key(key)
        return cls(hour, records, quarantined, refused, texts, negative, moods, str(version))


History = Mapping[EventHour, HourFacts]
"""Hours that were built, each with its facts; an hour without records may be missing."""
