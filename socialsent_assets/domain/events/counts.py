"""The conservation law: records in = accepted + duplicates + quarantined + erased.

Not here: where the counts are kept (lake/builds.py) or shown (cli/, defs/).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """What became of the records of one batch, hour or tier; each field is a number of records.

    Raises:
        ValueError: a sum that does not close cannot be built.

    >>> Counts(records=3, accepted=1, duplicates=1, quarantined=1) + Counts.none()
    Counts(records=3, accepted=1, duplicates=1, quarantined=1, erased=0)
    """

    records: int
    accepted: int
    duplicates: int
    quarantined: int
    erased: int = 0

    def __post_init__(self) -> None:
        parts = self.accepted + self.duplicates + self.quarantined + self.erased
        if self.records != parts or min(self.accepted, self.duplicates, self.quarantined, self.erased) < 0:
            raise ValueError(
                f"records do not add up: {self.records} in, but {self.accepted} accepted "
                f"+ {self.duplicates} duplicates + {self.quarantined} quarantined + {self.erased} erased = {parts}"
            )

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            records=self.records + other.records,
            accepted=self.accepted + other.accepted,
            duplicates=self.duplicates + other.duplicates,
            quarantined=self.quarantined + other.quarantined,
            erased=self.erased + other.erased,
        )

    @classmethod
    def none(cls) -> Counts:
        """The counts of nothing: the start of every sum."""
        return cls(records=0, accepted=0, duplicates=0, quarantined=0)
