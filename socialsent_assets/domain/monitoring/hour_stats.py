"""Statistics of one event hour: the counts that the rules compare, small enough to store weeks in one object.

Not here: where they come from (monitoring/history.py), what is unusual about them (volume.py, proportions.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from socialsent_assets.domain.events.layout import EventHour


@dataclass(frozen=True)
class HourStats:
    """Counts of one event hour.

    Attributes:
        records: landed lines; accepted + duplicates + quarantined.
        quarantined: of those, quarantined while cleansing.
        quarantined_on_arrival: quarantined on arrival in this hour of the clock, whatever the event time.
        texts: scored rows; `negative` of them are negative.
        topics: topic -> (texts, negative), for frequent topics.
        version: changes with any of these.
    """

    hour: EventHour
    records: int = 0
    quarantined: int = 0
    quarantined_on_arrival: int = 0
    texts: int = 0
    negative: int = 0
    topics: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    version: str = ""

    def to_json(self) -> list[Any]:
        """Compact form; the hour is the key of its entry."""
        numbers = [self.records, self.quarantined, self.quarantined_on_arrival, self.texts, self.negative]
        return [*numbers, {topic: list(counts) for topic, counts in self.topics.items()}, self.version]

    @classmethod
    def from_json(cls, key: str, values: Any) -> HourStats:
        """The inverse of `to_json`. Raises ValueError for anything else."""
        try:
            *numbers, topics, version = values
            records, quarantined, quarantined_on_arrival, texts, negative = (int(number) for number in numbers)
            by_topic = {
                str(topic): (int(texts_of), int(negative_of)) for topic, (texts_of, negative_of) in topics.items()
            }
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not the statistics of an hour: {error}") from error
        hour = EventHour.from_key(key)
        return cls(hour, records, quarantined, quarantined_on_arrival, texts, negative, by_topic, str(version))


History = Mapping[EventHour, HourStats]
"""Built hours and their statistics; an hour without records may be missing."""
