"""Folder of the reports as a Dagster resource.

Not here: what a report shows (insights/).
"""

from __future__ import annotations

import dagster as dg


class ReportFolder(dg.ConfigurableResource[None]):
    """The folder of the insights report, and whose sentiment leads it: "champion" or "lexicon"."""

    path: str
    sentiment: str = "champion"
