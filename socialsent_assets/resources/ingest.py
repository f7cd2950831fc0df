"""The way events come in, as a Dagster resource: mock server -> Kinesis -> consumer -> landing.

Not here: the Lambdas themselves (lambdas/), the embedded AWS (local_aws/), files of a user (cli/ingest.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime

import dagster as dg


class Ingest(dg.ConfigurableResource[None], ABC):
    """Something that can bring a feed of simulated events into landing."""

    @abstractmethod
    def simulate(self, events: int, hours: int, seed: int, until: datetime) -> dict[str, int]:
        """Send a feed that ends at `until`; returns how many records were sent and what became of them."""


class EmbeddedKinesis(Ingest):
    """Producer, stream and consumer in this process, against an embedded AWS; landing is the real one.

    Attributes:
        landing: URI of the landing tier.
        start: first accepted event time, RFC 3339.
    """

    landing: str
    start: str

    def simulate(self, events: int, hours: int, seed: int, until: datetime) -> dict[str, int]:
        """See `Ingest.simulate`. Raises UserError for numbers that cannot be simulated."""
        from socialsent_assets.local_aws.feed import FeedPlan, simulate

        plan = FeedPlan(events, hours, seed, until)
        start = datetime.fromisoformat(self.start)
        plan.check(start, datetime.now(UTC))
        result = simulate(plan, self.landing, start)
        return {
            "sent": result.sent,
            "accepted": result.counts.accepted,
            "duplicates": result.counts.duplicates,
            "quarantined": result.counts.quarantined,
            "objects": len(result.objects),
            "labels": result.labels,
        }
