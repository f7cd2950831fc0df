"""The lake as a Dagster resource: which roots the tiers have.

Not here: what is done with them (lake/).
"""

from __future__ import annotations

import dagster as dg

from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.storage.open import storage_at


class LakeResource(dg.ConfigurableResource):
    """The four tiers by URI (a folder, `file:` or `s3://`)."""

    landing: str
    cleansed: str
    analytics: str
    artifacts: str

    def open(self) -> Lake:
        """Handles on the tiers; opens nothing. Raises UserError for a URI that cannot be used."""
        return Lake(
            landing=storage_at(self.landing),
            cleansed=storage_at(self.cleansed),
            analytics=storage_at(self.analytics),
            artifacts=storage_at(self.artifacts),
        )
