"""The way events come in, as a Dagster resource: mock server -> Kinesis -> consumer -> landing.

Not here: the Lambdas themselves (lambdas/), the embedded AWS (local_aws/), files of a user (cli/ingest.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg


class Ingest(dg.ConfigurableResource, ABC):
    """Something that can bring a feed of simulated events into landing."""

    @abstractmethod
    def simulate(self, events: int, hours: int, seed: int, until: datetime) -> Mapping[str, Any]:
        """Send a feed that ends at `until`; returns what was sent, landed, dropped and quarantined."""


class EmbeddedKinesis(Ingest):
    """Producer, stream and consumer in this process, against an embedded AWS; landing is the real one."""

    home: str

    def simulate(self, events: int, hours: int, seed: int, until: datetime) -> Mapping[str, Any]:
        """See `Ingest.simulate`."""
        from dataclasses import asdict

        from socialsent_assets.local_aws.feed import simulate

        return asdict(simulate(home=Path(self.home), events=events, hours=hours, seed=seed, until=until))
