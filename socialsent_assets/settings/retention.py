"""Settings of retention: for how many days the events of each source are kept.

Not here: taking out what is older (erasure/retention.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from socialsent_assets.domain.events.errors import UserError

SETTING = "SOCIALSENT_RETENTION"
OTHERS = "*"
_ENTRY = re.compile(r"(\*|[a-z0-9][a-z0-9_-]{0,63})=([1-9]\d{0,4})")


@dataclass(frozen=True)
class RetentionSettings:
    """Days by source; `*` is every source that has none of its own. A source without days is kept.

    >>> RetentionSettings.from_env({"SOCIALSENT_RETENTION": "bluesky=30 *=400"}).days
    {'bluesky': 30, '*': 400}
    """

    days: Mapping[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything is ever over."""
        return bool(self.days)

    def days_of(self, source: str) -> int | None:
        """Days that events of the source are kept; None: they stay."""
        return self.days.get(source, self.days.get(OTHERS))

    def is_over(self, source: str, end: datetime, now: datetime) -> bool:
        """Whether events of the source, in an hour that ended then, have been kept long enough."""
        days = self.days_of(source)
        return days is not None and end <= now - timedelta(days=days)

    def over(self, end: datetime, now: datetime) -> list[str]:
        """The named sources, and `*`, of which an hour that ended then is over; sorted."""
        return sorted(name for name in self.days if self.is_over(name, end, now))

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> RetentionSettings:
        """Raises UserError for anything but `source=days` entries, each source once."""
        text = env.get(SETTING) or ""
        days: dict[str, int] = {}
        for entry in text.replace(",", " ").split():
            found = _ENTRY.fullmatch(entry)
            if found is None or found[1] in days:
                raise UserError(f"{SETTING}={text}: write each source once, with days, like bluesky=30 *=400")
            days[found[1]] = int(found[2])
        return cls(days)
